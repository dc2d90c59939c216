"""Documents that do not come from a professional's software: the patient's, Assurance Maladie's, a connected object's.

The host writes their CDA (level 1, or level 3 without entries) and registers them as if a lot had brought them.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lxml import etree

from dossier import codes

from . import profile, registry, repository
from .dossiers import DossierRow
from .ebrim import DOCUMENT_TYPE, SET_NODE, Classification, Identifier, Link, RegistryObject, new_id
from .registry import Entry
from .store import Cursor

if TYPE_CHECKING:
    from .house import House

_HL7 = "urn:hl7-org:v3"
_ROOT = "2.25"
_TEMPLATES = ("2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1")
_STRUCTURES = "1.2.250.1.71.4.2.2"
FORMATS = {
    "application/pdf": "urn:ihe:iti:xds-sd:pdf:2008",
    "image/jpeg": "urn:ihe:iti-fr:xds-sd:jpeg:2010",
    "text/plain": "urn:ihe:iti:xds-sd:text:2008",
}


@dataclass(frozen=True)
class Source:
    """Who makes a document: an identifier with its authority and type (NH, RI...), names, role, and a structure.

    role: a code of authorSpecialty (EXP_PATIENT, ALIM_AM...); facility, practice: codes of their value sets; depositor:
    what the registry keeps as depositor; `institution`: name and Struct_IdNat.
    """

    id: str
    authority: str
    kind: str
    family_name: str
    given_name: str
    role: str
    facility: str
    practice: str
    content: str
    depositor: str
    institution: tuple[str, str] = ("", "")

    @property
    def xcn(self) -> str:
        """The author as XDS writes a person."""
        name_type = "D" if self.kind in ("NH", "IDNPS") else "U"
        names = f"{self.id}^{self.family_name}^{self.given_name}"
        return f"{names}^^^^^^&{self.authority}&ISO^{name_type}^^^{self.kind}"


@dataclass(frozen=True)
class Section:
    """A section of a structured body: LOINC code, title, names of columns, rows."""

    code: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Made:
    """A document to make: a body of a media type, or sections; `replaces`: the entry it takes the place of."""

    title: str
    type_code: str
    media_type: str = ""
    data: bytes = b""
    sections: tuple[Section, ...] = ()
    format_code: str = ""
    confidentiality: tuple[str, ...] = ("N",)
    replaces: Entry | None = None
    created: datetime | None = None


def patient_of(row: DossierRow) -> Source:
    """The holder of a dossier as a source."""
    return Source(
        row.ins, row.oid, "NH", row.usage_name or row.birth_name, row.given_names.split(" ")[0],
        "EXP_PATIENT", "EXP_PATIENT", "EXP_PATIENT", "EXP_PATIENT", row.ins,
    )  # fmt: skip


def professional(house: House, key: str) -> Source:
    """A professional of the directory as a source, at the first place of practice; KeyError when unknown."""
    person = house.directory.practitioner(key)
    places = house.directory.places(person.id_nat) if person else []
    if person is None or not places:
        raise KeyError(key)
    structure, sector = places[0]
    with house.store.reading() as cursor:
        row = cursor.execute("SELECT name FROM structures WHERE id_nat = ?", (structure,)).fetchone()
    role = f"G15_{person.profession}" + (f"/{person.specialty}" if person.specialty else "")
    return Source(
        person.id_nat, "1.2.250.1.71.4.2.1", "IDNPS", person.family_name, person.given_name, role, sector,
        "AMBULATOIRE", "07", person.id_nat, (row["name"] if row else "", structure),
    )  # fmt: skip


def register(house: House, cursor: Cursor, row: DossierRow, source: Source, made: Made) -> str:
    """Keep a document in the dossier; gives its uniqueId. Inside a transaction that holds the dossier."""
    now = house.clock.now()
    unique_id, set_id = _oid(), _oid()
    data = _cda(row, source, made, unique_id, made.created or now)
    part = house.store.incoming / uuid.uuid4().hex
    part.write_bytes(data)
    try:
        digests = repository.digest(part, xml=True)
        blob = repository.keep(house.store, {"document": part}, row.ins)["document"]
    finally:
        part.unlink(missing_ok=True)
    try:
        _insert(cursor, row, source, made, (unique_id, set_id), digests, blob, now)
    except BaseException:
        repository.forget(house.store, [blob])
        raise
    return unique_id


def _insert(
    cursor: Cursor, row: DossierRow, source: Source, made: Made, ids: tuple[str, str], digests: repository.Digests,
    blob: str, now: datetime,
) -> None:  # fmt: skip
    package = _package(row, source, made, ids[1], now)
    item = _entry(row, source, made, ids[0], made.created or now)
    slots = {
        **item.slots, "hash": (digests.hash,), "size": (str(digests.size),),
        "repositoryUniqueId": (repository.repository_of(made.type_code),),
    }  # fmt: skip
    item = RegistryObject(**{**item.__dict__, "slots": slots})
    registry.insert_set(cursor, package, row.ins, source.depositor, now)
    registry.insert_entry(
        cursor,
        Entry(
            item.id, item.lid, 1, True, ids[0], row.ins, item.status, now, source.depositor, source.institution[1],
            digests.hash, digests.size, blob, item,
        ),
    )  # fmt: skip
    original = {"SubmissionSetStatus": ("Original",)}
    registry.insert_link(cursor, Link(registry.HAS_MEMBER, package.id, item.id, original))
    if made.replaces is not None:
        registry.insert_link(cursor, Link(registry.REPLACES[0], item.id, made.replaces.entry_uuid, original))
        registry.set_status(cursor, made.replaces, registry.DEPRECATED)


def _oid() -> str:
    """A new OID (ITU-T X.667: a UUID under 2.25)."""
    return f"{_ROOT}.{uuid.uuid4().int}"


def _package(row: DossierRow, source: Source, made: Made, unique_id: str, now: datetime) -> RegistryObject:
    identifier = new_id()
    return RegistryObject(
        "RegistryPackage", identifier, identifier,
        status=registry.APPROVED, version="1", title=made.title,
        slots={"submissionTime": (_digits(now),)},
        classifications=(
            Classification(node=SET_NODE),
            _author(source, profile.SET_AUTHOR),
            _coded(profile.SET_CONTENT, codes.CONTENT_TYPE, source.content),
        ),
        identifiers=(
            Identifier(profile.SET_PATIENT, _cx(row), "XDSSubmissionSet.patientId"),
            Identifier(profile.SET_SOURCE, repository.REPOSITORY_ID, "XDSSubmissionSet.sourceId"),
            Identifier(profile.SET_UNIQUE, unique_id, "XDSSubmissionSet.uniqueId"),
        ),
    )  # fmt: skip


def _entry(row: DossierRow, source: Source, made: Made, unique_id: str, now: datetime) -> RegistryObject:
    identifier = new_id()
    slots: Mapping[str, tuple[str, ...]] = {
        "creationTime": (_digits(now),),
        "serviceStartTime": (_digits(now),),
        "languageCode": ("fr-FR",),
        "legalAuthenticator": (source.xcn,),
        "sourcePatientId": (_cx(row),),
        "sourcePatientInfo": (
            f"PID-5|{row.birth_name}^{row.given_names.split(' ')[0]}^^^^^L", f"PID-7|{row.birth_date}",
            f"PID-8|{row.sex}",
        ),
    }  # fmt: skip
    code_of_class = codes.class_of(made.type_code)
    return RegistryObject(
        "ExtrinsicObject", identifier, identifier, DOCUMENT_TYPE, "text/xml",
        status=registry.APPROVED, version="1", title=made.title, slots=slots,
        classifications=(
            _author(source, profile.AUTHOR),
            _coded(profile.CLASS, codes.CLASS, code_of_class.code),
            _coded(profile.TYPE, codes.TYPE, made.type_code),
            _coded(profile.FORMAT, codes.FORMAT, made.format_code or FORMATS[made.media_type]),
            _coded(profile.FACILITY, codes.FACILITY, source.facility),
            _coded(profile.PRACTICE, codes.PRACTICE_SETTING, source.practice),
            *(_coded(profile.CONFIDENTIALITY, codes.CONFIDENTIALITY, each) for each in made.confidentiality),
        ),
        identifiers=(
            Identifier(profile.PATIENT, _cx(row), "XDSDocumentEntry.patientId"),
            Identifier(profile.UNIQUE, unique_id, "XDSDocumentEntry.uniqueId"),
        ),
    )  # fmt: skip


def _coded(scheme: str, value_set: str, value: str) -> Classification:
    known = codes.load(value_set)[value]
    return Classification(
        scheme, representation=known.code, slots={"codingScheme": (known.system,)}, name=known.display
    )


def _author(source: Source, scheme: str) -> Classification:
    role = codes.load(codes.SPECIALTY)[source.role]
    slots = {
        "authorPerson": (source.xcn,),
        "authorSpecialty": (f"{role.code}^{role.display}^{role.system}",),
    }
    if source.institution[1]:
        name, number = source.institution
        slots["authorInstitution"] = (f"{name}^^^^^&{_STRUCTURES}&ISO^IDNST^^^{number}",)
    return Classification(scheme, slots=slots)


def _cx(row: DossierRow) -> str:
    return f"{row.ins}^^^&{row.oid}&ISO^NH"


def _digits(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def _cda(row: DossierRow, source: Source, made: Made, unique_id: str, now: datetime) -> bytes:
    """A CDA R2 with the header that the metadata repeat (CI-SIS, structuration minimale)."""
    names: Any = {None: _HL7}
    root: Any = etree.Element(f"{{{_HL7}}}ClinicalDocument", nsmap=names)
    kind = codes.load(codes.TYPE)[made.type_code]
    _put(root, "realmCode", code="FR")
    _put(root, "typeId", root="2.16.840.1.113883.1.3", extension="POCD_HD000040")
    for each in _TEMPLATES:
        _put(root, "templateId", root=each)
    _put(root, "id", root=unique_id)
    _put(root, "code", code=kind.code, codeSystem=kind.system, displayName=kind.display)
    _put(root, "title", made.title)
    _put(root, "effectiveTime", value=f"{_digits(now)}+0000")
    _put(root, "confidentialityCode", code="N", codeSystem="2.16.840.1.113883.5.25", displayName="Normal")
    _put(root, "languageCode", code="fr-FR")
    _put(root, "setId", root=_oid())
    _put(root, "versionNumber", value="1")
    _record_target(root, row)
    author = _put(root, "author")
    _put(author, "time", value=f"{_digits(now)}+0000")
    _assigned(author, "assignedAuthor", "assignedPerson", source)
    keeper = _put(_put(_put(root, "custodian"), "assignedCustodian"), "representedCustodianOrganization")
    _put(keeper, "id", root=repository.REPOSITORY_ID)
    _put(keeper, "name", "Hébergeur du DMP (simulé)")
    legal = _put(root, "legalAuthenticator")
    _put(legal, "time", value=f"{_digits(now)}+0000")
    _put(legal, "signatureCode", code="S")
    _assigned(legal, "assignedEntity", "assignedPerson", source)
    if made.replaces is not None:
        parent = _put(_put(root, "relatedDocument", typeCode="RPLC"), "parentDocument")
        _put(parent, "id", root=made.replaces.unique_id)
    _body(_put(root, "component"), made)
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return data


def _record_target(root: Any, row: DossierRow) -> None:
    role = _put(_put(root, "recordTarget"), "patientRole")
    _put(role, "id", root=row.oid, extension=row.ins)
    _put(role, "addr", nullFlavor="NASK")
    _put(role, "telecom", nullFlavor="NASK")
    patient = _put(role, "patient")
    name = _put(patient, "name")
    _put(name, "family", row.birth_name, qualifier="BR")
    if row.usage_name:
        _put(name, "family", row.usage_name, qualifier="SP")
    for each in row.given_names.split(" "):
        _put(name, "given", each)
    _put(patient, "administrativeGenderCode", code=row.sex, codeSystem="2.16.840.1.113883.5.1")
    _put(patient, "birthTime", value=row.birth_date)


def _assigned(parent: Any, tag: str, person_tag: str, source: Source) -> None:
    assigned = _put(parent, tag)
    _put(assigned, "id", root=source.authority, extension=source.id)
    _put(assigned, "addr", nullFlavor="NASK")
    _put(assigned, "telecom", nullFlavor="NASK")
    name = _put(_put(assigned, person_tag), "name")
    _put(name, "family", source.family_name)
    if source.given_name:
        _put(name, "given", source.given_name)


def _body(component: Any, made: Made) -> None:
    if not made.sections:
        body = base64.b64encode(made.data).decode()
        _put(_put(component, "nonXMLBody"), "text", body, mediaType=made.media_type, representation="B64")
        return
    structured = _put(component, "structuredBody")
    for each in made.sections:
        section = _put(_put(structured, "component"), "section")
        _put(section, "code", code=each.code, codeSystem="2.16.840.1.113883.6.1")
        _put(section, "title", each.title)
        text = _put(section, "text")
        if not each.rows:
            _put(text, "paragraph", "Aucune donnée.")
            continue
        table = _put(text, "table")
        head = _put(_put(table, "thead"), "tr")
        for column in each.columns:
            _put(head, "th", column)
        rows = _put(table, "tbody")
        for cells in each.rows:
            line = _put(rows, "tr")
            for cell in cells:
                _put(line, "td", cell)


def _put(parent: Any, tag: str, text: str = "", /, **attributes: str) -> Any:
    element = etree.SubElement(parent, f"{{{_HL7}}}{tag}", attributes)
    if text:
        element.text = text
    return element
