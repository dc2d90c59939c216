"""What the registry keeps: every object as XML, with the columns that finding one needs; where documents are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from host_sim.store import Cursor, Row, Store

from . import vocabulary as v
from .objects import Item, parse

_SCHEMA = """
CREATE TABLE IF NOT EXISTS ihe_objects (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, lid TEXT NOT NULL, version BIGINT NOT NULL,
    newest BIGINT NOT NULL, unique_id TEXT NOT NULL, patient TEXT NOT NULL, status TEXT NOT NULL, type TEXT NOT NULL,
    source TEXT NOT NULL, target TEXT NOT NULL, object TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ihe_objects_patient ON ihe_objects (patient, kind, seq);
CREATE INDEX IF NOT EXISTS ihe_objects_unique ON ihe_objects (unique_id);
CREATE INDEX IF NOT EXISTS ihe_objects_lid ON ihe_objects (lid);
CREATE INDEX IF NOT EXISTS ihe_objects_source ON ihe_objects (source);
CREATE INDEX IF NOT EXISTS ihe_objects_target ON ihe_objects (target);
CREATE TABLE IF NOT EXISTS ihe_documents (
    unique_id TEXT PRIMARY KEY, hash TEXT NOT NULL, size BIGINT NOT NULL, mime TEXT NOT NULL, blob_name TEXT NOT NULL);
"""
_NAMES = "id, kind, lid, version, newest, unique_id, patient, status, type, source, target, object"
_COLUMNS = f"seq, {_NAMES}"


@dataclass(frozen=True)
class Stored:
    """One version of an object in the registry; `patient` as `id^^^&oid&ISO`, `newest` False for a former version."""

    seq: int
    id: str
    kind: str
    lid: str
    version: int
    newest: bool
    unique_id: str
    patient: str
    status: str
    type: str
    source: str
    target: str
    text: str

    def item(self) -> Item:
        """The object itself, over an element of its own."""
        return Item(parse(self.text), self.kind)


@dataclass(frozen=True)
class Kept:
    """One document of the repository."""

    unique_id: str
    hash: str
    size: int
    mime: str
    blob: str


def ensure_tables(store: Store) -> None:
    """Make the tables."""
    store.ensure(_SCHEMA)


def _stored(row: Row) -> Stored:
    seq, name, kind, lid, version, newest, *others = row
    return Stored(seq, name, kind, lid, version, bool(newest), *others)


def _select(cursor: Cursor, condition: str, values: Iterable[object]) -> list[Stored]:
    query = f"SELECT {_COLUMNS} FROM ihe_objects WHERE {condition} ORDER BY seq"  # noqa: S608
    return [_stored(row) for row in cursor.execute(query, tuple(values)).fetchall()]


def _among(cursor: Cursor, column: str, values: Iterable[str], more: str = "") -> list[Stored]:
    found: list[Stored] = []
    wanted = list(dict.fromkeys(values))
    for start in range(0, len(wanted), 200):
        page = wanted[start : start + 200]
        found += _select(cursor, f"{column} IN ({','.join('?' * len(page))}){more}", page)
    return found


def by_ids(cursor: Cursor, ids: Iterable[str]) -> list[Stored]:
    """The objects of some entryUUIDs, in the order of the registry."""
    return _among(cursor, "id", ids)


def by_id(cursor: Cursor, identifier: str) -> Stored | None:
    """One object by entryUUID."""
    return next(iter(by_ids(cursor, [identifier])), None)


def by_unique_ids(cursor: Cursor, kind: str, unique_ids: Iterable[str]) -> list[Stored]:
    """The objects of one kind and some uniqueIds, all versions."""
    return [each for each in _among(cursor, "unique_id", unique_ids) if each.kind == kind]


def by_lids(cursor: Cursor, kind: str, lids: Iterable[str]) -> list[Stored]:
    """The objects of one kind and some logical ids, all versions."""
    return [each for each in _among(cursor, "lid", lids) if each.kind == kind]


def of_patient(cursor: Cursor, patient: str, kind: str) -> list[Stored]:
    """The objects of one kind of a patient (`id^^^&oid&ISO`), all versions."""
    return _select(cursor, "patient = ? AND kind = ?", (patient, kind))


def links_of(cursor: Cursor, ids: Iterable[str]) -> list[Stored]:
    """The associations that start or end at one of `ids`, each once."""
    ids = list(ids)
    found = {each.id: each for column in ("source", "target") for each in _among(cursor, column, ids)}
    return sorted(found.values(), key=lambda each: each.seq)


def insert(cursor: Cursor, item: Item, patient: str, *, lid: str, version: int = 1) -> None:
    """Write one version, approved, whose id is already one of the registry."""
    item.element.set("lid", lid)
    item.element.set("status", v.APPROVED)
    item.set_version(version)
    values = (
        item.id, item.kind, lid, version, 1, item.unique_id, patient, v.APPROVED, item.type, item.source, item.target,
        item.text(),
    )  # fmt: skip
    cursor.execute(f"INSERT INTO ihe_objects ({_NAMES}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", values)  # noqa: S608


def set_status(cursor: Cursor, stored: Stored, status: str, *, newest: bool = True) -> None:
    """Change the availability status of a version; newest False: another version follows it."""
    item = stored.item()
    item.element.set("status", status)
    cursor.execute(
        "UPDATE ihe_objects SET status = ?, newest = ?, object = ? WHERE id = ?",
        (status, int(newest), item.text(), stored.id),
    )


def touch_folder(cursor: Cursor, identifier: str, now: str) -> None:
    """Give a folder another lastUpdateTime (digits, UTC)."""
    stored = by_id(cursor, identifier)
    if stored is None or stored.kind != v.FOLDER:
        return
    item = stored.item()
    item.set_slot("lastUpdateTime", now)
    cursor.execute("UPDATE ihe_objects SET object = ? WHERE id = ?", (item.text(), identifier))


def add_link(cursor: Cursor, item: Item, patient: str, now: str) -> None:
    """Write an association; a folder that gains a member is touched."""
    insert(cursor, item, patient, lid=item.id)
    if item.type == v.HAS_MEMBER:
        touch_folder(cursor, item.source, now)


def documents(cursor: Cursor, unique_ids: Iterable[str]) -> Iterator[Kept]:
    """The documents of the repository among some uniqueIds."""
    query = "SELECT unique_id, hash, size, mime, blob_name FROM ihe_documents WHERE unique_id = ?"
    for each in dict.fromkeys(unique_ids):
        row = cursor.execute(query, (each,)).fetchone()
        if row is not None:
            yield Kept(*row)


def keep_document(cursor: Cursor, kept: Kept) -> None:
    """Write where a document is."""
    cursor.execute(
        "INSERT INTO ihe_documents (unique_id, hash, size, mime, blob_name) VALUES (?,?,?,?,?)",
        (kept.unique_id, kept.hash, kept.size, kept.mime, kept.blob),
    )
