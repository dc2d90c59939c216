"""The patient's space: the documents, read, added, masked, archived, deleted."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import Any

from lxml import etree

from dossier import codes
from dossier.timestamp import Timestamp

from . import made_documents, profile, registry, repository, visibility
from .ebrim import Classification, Link, new_id
from .house import House
from .made_documents import FORMATS, Made
from .patient_acts import note, noted, open_row
from .patient_nouns import Document, Opened, Refused, Visitor
from .profile import MASKED
from .registry import APPROVED, ARCHIVED, DELETED, DEPRECATED, STATE_WORDS, Entry
from .visibility import Viewer

PATIENT_TYPES = ("EXPPAT_1", "EXPPAT_2", "EXPPAT_3")
_MAGIC = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff"}
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "text/plain": "txt", "text/xml": "xml"}
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def _viewer(house: House, visitor: Visitor) -> Viewer:
    return visibility.as_patient(house.clock.now(), house.parameters.as_dict(), representative=visitor.representative)


def _seen(house: House, visitor: Visitor) -> list[Entry]:
    open_row(house, visitor)
    viewer = _viewer(house, visitor)
    with house.store.reading() as cursor:
        entries = registry.entries_of(cursor, visitor.ins)
    return [each for each in entries if each.status != DELETED and visibility.sees(viewer, each)]


def _found(house: House, visitor: Visitor, unique_id: str) -> Entry:
    for each in _seen(house, visitor):
        if each.unique_id == unique_id:
            return each
    raise Refused("NO_DOCUMENT")


def _is_mine(entry: Entry) -> bool:
    return entry.depositor == entry.patient


def documents(house: House, visitor: Visitor) -> tuple[Document, ...]:
    """The documents that the visitor may see, the newest first. Raises Refused CLOSED, as what follows."""
    return tuple(_document(each) for each in reversed(_seen(house, visitor)))


def _document(entry: Entry) -> Document:
    people = profile.authors(entry.item)
    person, place = people[0] if people else (None, None)
    known = codes.load(codes.TYPE).get(entry.type_code)
    formats = {value: name for name, value in FORMATS.items()}
    return Document(
        entry.unique_id,
        entry.item.title,
        entry.type_code,
        known.display if known else entry.type_code,
        _created(entry),
        f"{person.given_name} {person.family_name}".strip() if person else "",
        place.name if place else "",
        STATE_WORDS[entry.status],
        MASKED in entry.confidentiality,
        _is_mine(entry),
        formats.get(profile.code_of(entry.item, profile.FORMAT), entry.item.mime_type),
        entry.size,
    )


def _created(entry: Entry) -> datetime:
    found: datetime = Timestamp(entry.item.slot("creationTime")).to_datetime()
    return found


def read(house: House, visitor: Visitor, unique_id: str) -> Opened:
    """Open a document; Refused NO_DOCUMENT when there is none that the visitor may see."""
    entry = _found(house, visitor, unique_id)
    data = repository.document(house.store, entry.blob).read_bytes()
    note(house, visitor, "PATIENT_READ", unique_id)
    media_type, body = _body(data) if entry.item.mime_type == "text/xml" else (entry.item.mime_type, data)
    ending = _ENDINGS.get(media_type, "bin")
    return Opened(entry.item.title, media_type, f"document-{_created(entry):%Y-%m-%d}.{ending}", body)


def _body(data: bytes) -> tuple[str, bytes]:
    """The body of a level 1 CDA, or the CDA itself when it has sections."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root: Any = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return "text/xml", data
    text = root.find("{urn:hl7-org:v3}component/{urn:hl7-org:v3}nonXMLBody/{urn:hl7-org:v3}text")
    if text is None:
        return "text/xml", data
    written = "".join(text.itertext())
    media_type = str(text.get("mediaType", "text/plain"))
    if text.get("representation") != "B64":
        return media_type, written.encode()
    try:
        return media_type, base64.b64decode(written)
    except ValueError:
        return "text/xml", data


def add_document(
    house: House, visitor: Visitor, *, title: str, data: bytes, media_type: str, type_code: str = "EXPPAT_2"
) -> str:
    """Add a PDF, a JPEG photo or a plain text (checked by its first bytes); gives its uniqueId.

    type_code: one of PATIENT_TYPES. Raises Refused: NOT_THAT_FORMAT, TOO_LARGE, TITLE_MISSING, NOT_THAT_TYPE.
    """
    row = open_row(house, visitor)
    if not title.strip():
        raise Refused("TITLE_MISSING")
    if type_code not in PATIENT_TYPES:
        raise Refused("NOT_THAT_TYPE")
    if len(data) > int(house.parameters["patient_document_bytes"]):
        raise Refused("TOO_LARGE")
    if not _is(media_type, data):
        raise Refused("NOT_THAT_FORMAT")
    made = Made(title.strip()[:255], type_code, media_type, data)
    with noted(house, visitor, "PATIENT_ADD") as cursor:
        return made_documents.register(house, cursor, row, made_documents.patient_of(row), made)


def _is(media_type: str, data: bytes) -> bool:
    if media_type in _MAGIC:
        return data.startswith(_MAGIC[media_type])
    if media_type != "text/plain" or not data or _CONTROLS.search(data):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def remove_document(house: House, visitor: Visitor, unique_id: str) -> None:
    """Delete a document of one's own. Raises Refused: NO_DOCUMENT, NOT_YOURS."""
    _move(house, visitor, unique_id, DELETED, "PATIENT_DELETE")


def set_archived(house: House, visitor: Visitor, unique_id: str, *, archived: bool) -> None:
    """Put a document of one's own among the archives, or back. Raises Refused: NO_DOCUMENT, NOT_YOURS."""
    _move(house, visitor, unique_id, ARCHIVED if archived else APPROVED, "PATIENT_ARCHIVE")


def _move(house: House, visitor: Visitor, unique_id: str, status: str, act: str) -> None:
    with noted(house, visitor, act, unique_id) as cursor:
        entry = _found(house, visitor, unique_id)
        if not _is_mine(entry) or entry.status == DEPRECATED:
            raise Refused("NOT_YOURS")
        registry.set_status(cursor, entry, status)


def set_masked(house: House, visitor: Visitor, unique_id: str, *, masked: bool) -> None:
    """Mask a document to professionals (its author and the treating doctor keep it), or show it again."""
    with noted(house, visitor, "PATIENT_MASK" if masked else "PATIENT_UNMASK", unique_id) as cursor:
        entry = _found(house, visitor, unique_id)
        if (MASKED in entry.confidentiality) == masked:
            return
        kept = tuple(each for each in entry.item.classifications if each.representation != MASKED)
        known = codes.load(codes.CONFIDENTIALITY)[MASKED]
        mask = Classification(
            profile.CONFIDENTIALITY, representation=known.code, slots={"codingScheme": (known.system,)},
            name=known.display,
        )  # fmt: skip
        version = entry.version + 1
        facts = {**entry.item.__dict__, "classifications": (*kept, mask) if masked else kept}
        item = type(entry.item)(**{**facts, "id": new_id(), "version": str(version)})
        registry.set_status(cursor, entry, DEPRECATED, newest=False)
        facts = {**entry.__dict__, "entry_uuid": item.id, "version": version, "item": item, "element": None}
        registry.insert_entry(cursor, Entry(**facts))
        slots = {"SubmissionSetStatus": ("Original",), "PreviousVersion": (str(entry.version),)}
        set_id = _set_of(cursor, entry)
        if set_id:
            registry.insert_link(cursor, Link(registry.HAS_MEMBER, set_id, item.id, slots))


def _set_of(cursor: Any, entry: Entry) -> str:
    """The submission set that brought a version."""
    links = registry.links_of(cursor, (entry.entry_uuid,))
    return next((each.source for each in links if each.type == registry.HAS_MEMBER), "")
