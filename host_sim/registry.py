"""The registry: every version of every entry as ebRIM, with the columns that queries need beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from dossier import codes
from dossier.timestamp import Timestamp

from . import ebrim, ebrim_text, profile, visibility
from .ebrim import Link, RegistryObject
from .store import Cursor, Row, Sealed, Store
from .visibility import Viewer

APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
DEPRECATED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"
ARCHIVED = "urn:asip:ci-sis:2010:StatusType:Archived"
DELETED = "urn:asip:ci-sis:2010:StatusType:Deleted"
STATE_WORDS = {APPROVED: "actif", DEPRECATED: "obsolète", ARCHIVED: "archivé", DELETED: "supprimé"}

HAS_MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
SIGNS = "urn:ihe:iti:2007:AssociationType:signs"
REPLACES = ("urn:ihe:iti:2007:AssociationType:RPLC", "urn:ihe:iti:2010:AssociationType:RPLC")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS registry_sets (
    seq INTEGER PRIMARY KEY, entry_uuid TEXT NOT NULL UNIQUE, unique_id TEXT NOT NULL UNIQUE,
    patient TEXT NOT NULL, source_id TEXT NOT NULL, submission_time TEXT NOT NULL, content_type TEXT NOT NULL,
    received_at TEXT NOT NULL, depositor TEXT NOT NULL, object TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS registry_sets_patient ON registry_sets (patient, seq);
CREATE TABLE IF NOT EXISTS registry_entries (
    seq INTEGER PRIMARY KEY, entry_uuid TEXT NOT NULL UNIQUE, lid TEXT NOT NULL, version INTEGER NOT NULL,
    newest INTEGER NOT NULL, unique_id TEXT NOT NULL, patient TEXT NOT NULL, status TEXT NOT NULL,
    received_at TEXT NOT NULL, depositor TEXT NOT NULL, structure TEXT NOT NULL, hash TEXT NOT NULL,
    size INTEGER NOT NULL, blob TEXT NOT NULL, object TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS registry_newest ON registry_entries (unique_id) WHERE newest = 1;
CREATE UNIQUE INDEX IF NOT EXISTS registry_versions ON registry_entries (lid, version);
CREATE INDEX IF NOT EXISTS registry_patient ON registry_entries (patient, seq) WHERE newest = 1;
CREATE TABLE IF NOT EXISTS registry_links (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, source TEXT NOT NULL,
    target TEXT NOT NULL, object TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS registry_links_source ON registry_links (source);
CREATE INDEX IF NOT EXISTS registry_links_target ON registry_links (target);
"""
_COLUMNS = (
    "entry_uuid, lid, version, newest, unique_id, patient, status, received_at, depositor, structure, hash, size, blob,"
    " object"
)


@dataclass(frozen=True)
class Entry:
    """One version of a document entry; `item` is the ebRIM object, `received_at` when its first version came.

    `element` is its XML as kept, on entries that were read from the store.
    """

    entry_uuid: str
    lid: str
    version: int
    newest: bool
    unique_id: str
    patient: str
    status: str
    received_at: datetime
    depositor: str
    structure: str
    hash: str
    size: int
    blob: str
    item: RegistryObject
    element: Any = field(default=None, compare=False, repr=False)

    @property
    def author_ids(self) -> frozenset[str]:
        """Identifiers of the authors."""
        return frozenset(person.id for person, _ in profile.authors(self.item) if person is not None)

    @property
    def confidentiality(self) -> frozenset[str]:
        """Confidentiality codes."""
        return profile.confidentiality(self.item)

    @property
    def type_code(self) -> str:
        """The typeCode."""
        return profile.code_of(self.item, profile.TYPE)

    @property
    def is_signature(self) -> bool:
        """Whether the entry is the signature of its lot."""
        return profile.is_signature(self.item)


def ensure_tables(store: Store) -> None:
    """Make the tables of the registry."""
    store.ensure(_SCHEMA)


def _entry(row: Row) -> Entry:
    facts = dict(row)
    element = ebrim_text.parse(facts.pop("object"))
    facts["received_at"] = datetime.fromisoformat(facts["received_at"])
    facts["newest"] = bool(facts["newest"])
    return Entry(**facts, item=ebrim.read_object(element), element=element)


def entries_of(cursor: Cursor, patient: str) -> list[Entry]:
    """The newest version of every entry of a patient (INS matricule), in order of arrival."""
    query = f"SELECT {_COLUMNS} FROM registry_entries WHERE patient = ? AND newest = 1 ORDER BY seq"  # noqa: S608
    # What has no object any more was sealed by a key that was destroyed.
    return [_entry(row) for row in cursor.execute(query, (patient,)).fetchall() if row["object"]]


def find_entry(cursor: Cursor, *, uuid: str = "", unique_id: str = "", lid: str = "") -> Entry | None:
    """One entry by entryUUID (of any version), or the newest by uniqueId or by lid."""
    name, value = ("entry_uuid", uuid) if uuid else ("unique_id", unique_id) if unique_id else ("lid", lid)
    newest = "" if uuid else " AND newest = 1"
    query = f"SELECT {_COLUMNS} FROM registry_entries WHERE {name} = ?{newest}"  # noqa: S608
    row = cursor.execute(query, (value,)).fetchone()
    return _entry(row) if row and row["object"] else None


def insert_entry(cursor: Cursor, entry: Entry) -> None:
    """Write one version."""
    values = (
        entry.entry_uuid, entry.lid, entry.version, entry.newest, entry.unique_id, entry.patient, entry.status,
        entry.received_at.isoformat(), entry.depositor, entry.structure, entry.hash, entry.size, entry.blob,
        Sealed(ebrim_text.to_text(entry.item), entry.patient),
    )  # fmt: skip
    cursor.execute(f"INSERT INTO registry_entries ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", values)  # noqa: S608


def set_status(cursor: Cursor, entry: Entry, status: str, *, newest: bool = True) -> None:
    """Change the availability status of a version; newest False: another version follows it."""
    item = replace(entry.item, status=status)
    cursor.execute(
        "UPDATE registry_entries SET status = ?, newest = ?, object = ? WHERE entry_uuid = ?",
        (status, newest, Sealed(ebrim_text.to_text(item), entry.patient), entry.entry_uuid),
    )


def insert_set(cursor: Cursor, item: RegistryObject, patient: str, depositor: str, now: datetime) -> None:
    """Write a submission set whose id is already a registry's."""
    content = item.of_scheme(profile.SET_CONTENT)
    cursor.execute(
        "INSERT INTO registry_sets (entry_uuid, unique_id, patient, source_id, submission_time, content_type,"
        " received_at, depositor, object) VALUES (?,?,?,?,?,?,?,?,?)",
        (
            item.id, item.identifier(profile.SET_UNIQUE), patient, item.identifier(profile.SET_SOURCE),
            item.slot("submissionTime"), content[0].representation if content else "", now.isoformat(), depositor,
            Sealed(ebrim_text.to_text(item), patient),
        ),
    )  # fmt: skip


def set_exists(cursor: Cursor, unique_id: str) -> bool:
    """Whether a submission set of that uniqueId was registered."""
    return cursor.execute("SELECT 1 FROM registry_sets WHERE unique_id = ?", (unique_id,)).fetchone() is not None


def sets_of(cursor: Cursor, patient: str) -> list[RegistryObject]:
    """The submission sets of a patient, in order of arrival."""
    rows = cursor.execute("SELECT object FROM registry_sets WHERE patient = ? ORDER BY seq", (patient,)).fetchall()
    return [ebrim_text.object_from_text(row["object"]) for row in rows if row["object"]]


def insert_link(cursor: Cursor, link: Link) -> None:
    """Write an association whose ends are registry ids."""
    link = replace(link, id=ebrim.new_id())
    cursor.execute(
        "INSERT INTO registry_links (id, type, source, target, object) VALUES (?,?,?,?,?)",
        (link.id, link.type, link.source, link.target, ebrim_text.to_text(link)),
    )


def links_of(cursor: Cursor, ids: Iterable[str]) -> list[Link]:
    """The associations that start or end at one of `ids`, each once."""
    found: dict[str, Link] = {}
    for each in ids:
        query = "SELECT object FROM registry_links WHERE source = ? OR target = ? ORDER BY seq"
        for row in cursor.execute(query, (each, each)).fetchall():
            link = ebrim_text.link_from_text(row["object"])
            found.setdefault(link.id, link)
    return list(found.values())


@dataclass(frozen=True)
class Listed:
    """One document as a person reads it; state is a French word, hidden_until None when the patient may see it now."""

    unique_id: str
    entry_uuid: str
    version: int
    title: str
    type_code: str
    type_name: str
    created: str
    author: str
    institution: str
    state: str
    masked: bool
    hidden_until: datetime | None
    received_at: datetime
    mime_type: str
    size: int


def listed_for(store: Store, patient: str, viewer: Viewer) -> tuple[Listed, ...]:
    """The documents of a patient (INS matricule) that a viewer sees, oldest first.

    Signatures and deleted documents are for the host alone (visibility.as_host).
    """
    with store.transaction() as cursor:
        entries = entries_of(cursor, patient)
    if viewer.kind != visibility.HOST:
        entries = [each for each in entries if each.status != DELETED and not each.is_signature]
    return tuple(_listed(each, viewer) for each in entries if visibility.sees(viewer, each))


def _listed(entry: Entry, viewer: Viewer) -> Listed:
    item = entry.item
    people = profile.authors(item)
    person, place = people[0] if people else (None, None)
    until = visibility.hidden_until(entry, viewer.hidden_days)
    known = codes.load(codes.TYPE).get(entry.type_code)
    return Listed(
        entry.unique_id,
        entry.entry_uuid,
        entry.version,
        item.title,
        entry.type_code,
        known.display if known else entry.type_code,
        Timestamp(item.slot("creationTime")).to_datetime().isoformat(),
        f"{person.given_name} {person.family_name}".strip() if person else "",
        place.name if place else "",
        STATE_WORDS[entry.status],
        profile.MASKED in entry.confidentiality,
        until if until and viewer.now < until else None,
        entry.received_at,
        item.mime_type,
        entry.size,
    )
