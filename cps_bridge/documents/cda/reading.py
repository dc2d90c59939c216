"""Header and body of a CDA document from outside, read as a stream. Only Failure leaves this file."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import BinaryIO

from cps_bridge.documents.cda.header import PERSONS, PS3_20, STRUCTURES
from cps_bridge.documents.cda.incremental import Element, HeaderSeen, parse
from cps_bridge.documents.cda.report import Identifier
from dossier.document import Content
from dossier.failure import Failure
from dossier.metadata import Author, Code, Institution, Person
from dossier.patient import INS_OIDS, Ins, Sex, Traits
from dossier.timestamp import Timestamp

DEFAULT_LIMIT = 200 * 1024 * 1024
_SEXES = {"M": Sex.MALE, "F": Sex.FEMALE}
_BLANKS = {ord(each): None for each in " \t\r\n"}


@dataclass(frozen=True)
class CdaHeader:
    """What the header says. Absent texts are ""; patient is None when no valid INS names the patient.

    unique_id: root, or root^extension; media_type: of the unstructured body, "" for a structured one.
    """

    unique_id: str
    title: str
    type_code: Code
    created: Timestamp | None
    patient: Ins | None
    traits: Traits | None
    authors: tuple[Author, ...]
    legal_authenticator: Person | None
    custodian: str
    media_type: str
    set_id: str = ""
    version: str = ""
    language: str = ""
    confidentiality: str = ""
    replaces: str = ""
    service_start: Timestamp | None = None
    study_uid: str = ""
    accession: Identifier | None = None
    templates: tuple[str, ...] = ()

    @property
    def is_structured(self) -> bool:
        """Whether the body is made of sections, not of an embedded file."""
        return not self.media_type


def read_cda(content: Content) -> CdaHeader:
    """Read the header and stop where the body begins; raises Failure CDA_UNSAFE or CDA_INVALID."""
    media: list[str] = []

    def stop(body: Element) -> None:
        media.append("" if body.name == "structuredBody" else body.attributes.get("mediaType", "text/plain"))
        raise HeaderSeen

    root = parse(content, on_body=stop, on_text=lambda _: None)
    if not media:
        raise Failure("CDA_INVALID", reason="no body")
    return _header(root, media[0])


def extract_body(content: Content, sink: BinaryIO, *, limit: int = DEFAULT_LIMIT) -> str:
    """Write the embedded file of an unstructured document into sink and give its media type.

    limit: most bytes written. Raises Failure CDA_WITHOUT_FILE for a structured document, CDA_BODY_INVALID for broken
    base64, DOCUMENT_TOO_LARGE, CDA_UNSAFE, CDA_INVALID.
    """
    body = _Body(sink, limit)
    parse(content, on_body=body.open, on_text=body.take)
    return body.close()


class _Body:
    """Decodes a body piece by piece: base64 in whole groups of four, or plain text."""

    def __init__(self, sink: BinaryIO, limit: int) -> None:
        self._sink, self._limit, self._written = sink, limit, 0
        self._media: str | None = None
        self._encoded = False
        self._ended = False
        self._rest = ""

    def open(self, element: Element) -> None:
        if element.name == "structuredBody":
            raise Failure("CDA_WITHOUT_FILE")
        if self._media is not None:
            raise Failure("CDA_INVALID", reason="two bodies")
        self._media = element.attributes.get("mediaType", "text/plain")
        self._encoded = element.attributes.get("representation", "TXT") == "B64"

    def take(self, text: str) -> None:
        if not self._encoded:
            self._write(text.encode())
            return
        self._rest += text.translate(_BLANKS)
        whole = len(self._rest) - len(self._rest) % 4
        self._decode(self._rest[:whole])
        self._rest = self._rest[whole:]

    def close(self) -> str:
        if self._media is None:
            raise Failure("CDA_WITHOUT_FILE")
        if self._rest:
            raise Failure("CDA_BODY_INVALID")
        return self._media

    def _decode(self, text: str) -> None:
        if not text:
            return
        if self._ended:
            raise Failure("CDA_BODY_INVALID")
        self._ended = text.endswith("=")
        try:
            data = binascii.a2b_base64(text, strict_mode=True)
        except ValueError as error:
            raise Failure("CDA_BODY_INVALID") from error
        self._write(data)

    def _write(self, data: bytes) -> None:
        self._written += len(data)
        if self._written > self._limit:
            limit = f"{self._limit / 1024 / 1024:.0f}"
            raise Failure("DOCUMENT_TOO_LARGE", size=f"> {limit}", limit=limit)
        self._sink.write(data)


def _header(root: Element, media_type: str) -> CdaHeader:
    accession = root.first(f"inFulfillmentOf/order/{PS3_20}}}accessionNumber")
    return CdaHeader(
        unique_id=_identifier(root.first("id")),
        title=root.words("title"),
        type_code=_code(root.first("code")) or Code("", ""),
        created=_time(root.get("effectiveTime", "value")),
        patient=_ins(root),
        traits=_traits(root.first("recordTarget/patientRole/patient")),
        authors=tuple(_author(each) for each in root.all("author/assignedAuthor")),
        legal_authenticator=_legal_authenticator(root),
        custodian=root.words("custodian/assignedCustodian/representedCustodianOrganization/name"),
        media_type=media_type,
        set_id=_identifier(root.first("setId")),
        version=root.get("versionNumber", "value"),
        language=root.get("languageCode", "code"),
        confidentiality=root.get("confidentialityCode", "code"),
        replaces=_replaced(root),
        service_start=_time(root.get("documentationOf/serviceEvent/effectiveTime/low", "value")),
        study_uid=root.get("documentationOf/serviceEvent/id", "root") if accession else "",
        accession=Identifier(accession.attributes.get("extension", ""), accession.attributes.get("root", ""))
        if accession
        else None,
        templates=tuple(each.attributes.get("root", "") for each in root.all("templateId")),
    )


def _identifier(found: Element | None) -> str:
    if found is None:
        return ""
    root, extension = found.attributes.get("root", ""), found.attributes.get("extension", "")
    return f"{root}^{extension}" if extension else root


def _replaced(root: Element) -> str:
    links = [each for each in root.all("relatedDocument") if each.attributes.get("typeCode") == "RPLC"]
    return _identifier(links[0].first("parentDocument/id")) if links else ""


def _code(found: Element | None) -> Code | None:
    if found is None or "code" not in found.attributes:
        return None
    given = found.attributes
    return Code(given["code"], given.get("codeSystem", ""), given.get("displayName", ""))


def _time(text: str) -> Timestamp | None:
    try:
        found = Timestamp.parse(text)
        found.to_datetime()
    except (Failure, ValueError):
        return None
    return found


def _ins(root: Element) -> Ins | None:
    for each in root.all("recordTarget/patientRole/id"):
        if each.attributes.get("root") in INS_OIDS:
            try:
                return Ins.parse(each.attributes.get("extension", ""), each.attributes["root"])
            except Failure:
                return None
    return None


def _traits(patient: Element | None) -> Traits | None:
    if patient is None:
        return None
    families, given = patient.all("name/family"), patient.all("name/given")
    birth = [each.text.strip() for each in families if each.attributes.get("qualifier") in (None, "BR")]
    usage = [each.text.strip() for each in families if each.attributes.get("qualifier") in ("CL", "SP")]
    first = [each.text.strip() for each in given if each.attributes.get("qualifier") == "BR"]
    plain = [name for each in given if "qualifier" not in each.attributes for name in each.text.split()]
    return Traits(
        birth_name=next(iter(birth or usage), ""),
        given_names=tuple(plain or first),
        birth_date=patient.get("birthTime", "value")[:8],
        sex=_SEXES.get(patient.get("administrativeGenderCode", "code"), Sex.UNKNOWN),
        birth_place=patient.words("birthplace/place/addr/county"),
        usage_name=next((name for name in usage if birth and name != birth[0]), ""),
    )


def _author(assigned: Element) -> Author:
    return Author(
        _person(assigned, "assignedPerson/name"),
        _code(assigned.first("code")),
        Institution(
            assigned.words("representedOrganization/name"),
            _extension(assigned, "representedOrganization/id", STRUCTURES),
        ),
    )


def _person(assigned: Element, name: str) -> Person:
    device = assigned.words("assignedAuthoringDevice/softwareName")
    return Person(
        _extension(assigned, "id", PERSONS) or assigned.get("id", "extension"),
        assigned.words(f"{name}/family") or device,
        assigned.words(f"{name}/given"),
        assigned.get("id", "root"),
        "RI" if device else "IDNPS",
    )


def _legal_authenticator(root: Element) -> Person | None:
    found = root.first("legalAuthenticator/assignedEntity")
    return _person(found, "assignedPerson/name") if found else None


def _extension(parent: Element, path: str, root: str) -> str:
    return next((each.attributes.get("extension", "") for each in parent.all(path) if _rooted(each, root)), "")


def _rooted(element: Element, root: str) -> bool:
    return element.attributes.get("root") == root
