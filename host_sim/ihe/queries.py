"""The stored queries of ITI-18: what each finds (ITI TF-2 3.18.4.1.2.3.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from host_sim.registry_errors import RegistryRefusal
from host_sim.store import Cursor

from . import filters, registry
from . import vocabulary as v
from .asked import Asked
from .context import Context
from .registry import Stored

_E, _S, _F = "$XDSDocumentEntry", "$XDSSubmissionSet", "$XDSFolder"


@dataclass(frozen=True)
class Query:
    """One query being answered."""

    asked: Asked
    cursor: Cursor
    context: Context

    def patient(self, name: str) -> str:
        """The patient asked for, if the registry knows him or her."""
        key = self.asked.patient(name)
        self.context.admit(key)
        return key

    def shown(self, found: Iterable[Stored]) -> list[Stored]:
        """Each once; former versions only at metadata level 2."""
        level = self.asked.metadata_level
        once = {each.id: each for each in found}
        return [each for each in once.values() if each.newest or level == 2]

    def links(self, ids: Iterable[str]) -> list[Stored]:
        """The associations at some objects, of the status asked for (approved when nothing is said)."""
        wanted = self.asked.many("$XDSAssociationStatus") or (v.APPROVED,)
        return [each for each in registry.links_of(self.cursor, ids) if each.status in wanted]

    def named(self, kind: str, prefix: str, *, by_lid: bool = False) -> list[Stored]:
        """The objects of a kind that EntryUUID or UniqueId (or LogicalID) names."""
        names = [f"{prefix}EntryUUID", f"{prefix}UniqueId", *([f"{prefix}LogicalID"] if by_lid else [])]
        name, values = self.asked.choice(*names)
        if name.endswith("EntryUUID"):
            return [each for each in registry.by_ids(self.cursor, values) if each.kind == kind]
        find = registry.by_lids if name.endswith("LogicalID") else registry.by_unique_ids
        return self.shown(find(self.cursor, kind, values))

    def named_one(self, kind: str, prefix: str) -> list[Stored]:
        """The same, when one object alone may be named."""
        name, _ = self.asked.choice(f"{prefix}EntryUUID", f"{prefix}UniqueId")
        self.asked.one(name)
        return self.named(kind, prefix)

    def documents(self, found: Iterable[Stored]) -> list[Stored]:
        """The entries among some objects that pass type, format and confidentiality."""
        wanted = filters.types(self.asked)
        entries = [each for each in found if each.kind == v.ENTRY and wanted(each)]
        return filters.kept(entries, filters.of_contents(self.asked))


def run(asked: Asked, cursor: Cursor, context: Context) -> list[Stored]:
    """Answer a stored query; raises RegistryRefusal."""
    function = _QUERIES.get(asked.id.removeprefix("urn:uuid:").lower())
    if function is None:
        raise RegistryRefusal.because("XDSUnknownStoredQuery", asked.id[:80])
    return function(Query(asked, cursor, context))


def _find_documents(query: Query) -> list[Stored]:
    return _documents_found(query, [])


def _find_by_reference(query: Query) -> list[Stored]:
    if not query.asked.groups(f"{_E}ReferenceIdList"):
        raise RegistryRefusal.because("XDSStoredQueryMissingParam", f"{_E}ReferenceIdList is missing")
    return _documents_found(query, filters.of_references(query.asked))


def _documents_found(query: Query, tests: list[filters.Test]) -> list[Stored]:
    patient = query.patient(f"{_E}PatientId")
    statuses = query.asked.many(f"{_E}Status", required=True)
    wanted = filters.types(query.asked)
    tests = [*filters.of_documents(query.asked), *tests]
    found = query.shown(registry.of_patient(query.cursor, patient, v.ENTRY))
    return filters.kept([each for each in found if each.status in statuses and wanted(each)], tests)


def _find_sets(query: Query) -> list[Stored]:
    patient = query.patient(f"{_S}PatientId")
    statuses = query.asked.many(f"{_S}Status", required=True)
    tests = filters.of_sets(query.asked)
    found = registry.of_patient(query.cursor, patient, v.SET)
    return filters.kept([each for each in found if each.status in statuses], tests)


def _find_folders(query: Query) -> list[Stored]:
    patient = query.patient(f"{_F}PatientId")
    statuses = query.asked.many(f"{_F}Status", required=True)
    tests = filters.of_folders(query.asked)
    found = query.shown(registry.of_patient(query.cursor, patient, v.FOLDER))
    return filters.kept([each for each in found if each.status in statuses], tests)


def _get_all(query: Query) -> list[Stored]:
    patient = query.patient("$patientId")
    statuses = {
        kind: query.asked.many(f"{prefix}Status", required=True)
        for kind, prefix in ((v.ENTRY, _E), (v.SET, _S), (v.FOLDER, _F))
    }
    found: list[Stored] = []
    for kind, wanted in statuses.items():
        objects = query.shown(registry.of_patient(query.cursor, patient, kind))
        objects = [each for each in objects if each.status in wanted]
        found += query.documents(objects) if kind == v.ENTRY else objects
    return [*found, *_between(query, found)]


def _between(query: Query, found: list[Stored]) -> list[Stored]:
    """The associations whose two ends are in the answer, or are such associations themselves."""
    ids = {each.id for each in found}
    links = [each for each in query.links(ids) if {each.source, each.target} <= ids]
    inner = {each.id for each in links}
    more = [each for each in query.links(inner) if each.source in ids and each.target in inner]
    return [*links, *more]


def _get_documents(query: Query) -> list[Stored]:
    return query.named(v.ENTRY, _E, by_lid=True)


def _get_folders(query: Query) -> list[Stored]:
    return query.named(v.FOLDER, _F, by_lid=True)


def _get_associations(query: Query) -> list[Stored]:
    return query.links(query.asked.many("$uuid", required=True))


def _documents_and_associations(query: Query) -> list[Stored]:
    found = query.named(v.ENTRY, _E)
    return [*found, *query.links(each.id for each in found)]


def _get_sets(query: Query) -> list[Stored]:
    wanted = query.asked.many("$uuid", required=True)
    links = [each for each in query.links(wanted) if each.type == v.HAS_MEMBER and each.target in wanted]
    sets = [each for each in registry.by_ids(query.cursor, (each.source for each in links)) if each.kind == v.SET]
    ids = {each.id for each in sets}
    return [*sets, *(each for each in links if each.source in ids)]


def _set_and_contents(query: Query) -> list[Stored]:
    found = query.named_one(v.SET, _S)
    members = _members(query, found)
    folders = [each for each in members if each.kind == v.FOLDER]
    contents = [*found, *query.documents(members), *folders]
    return [*contents, *_between(query, contents)]


def _folder_and_contents(query: Query) -> list[Stored]:
    found = query.named_one(v.FOLDER, _F)
    contents = [*found, *query.documents(_members(query, found))]
    ids = {each.id for each in contents}
    links = query.links(each.id for each in found)
    inside = [each for each in links if each.type == v.HAS_MEMBER and {each.source, each.target} <= ids]
    return [*contents, *inside]


def _members(query: Query, packages: list[Stored]) -> list[Stored]:
    ids = [each.id for each in packages]
    links = [each for each in query.links(ids) if each.type == v.HAS_MEMBER and each.source in ids]
    return query.shown(registry.by_ids(query.cursor, (each.target for each in links)))


def _folders_for_document(query: Query) -> list[Stored]:
    ids = [each.id for each in query.named_one(v.ENTRY, _E)]
    links = [each for each in query.links(ids) if each.type == v.HAS_MEMBER and each.target in ids]
    found = registry.by_ids(query.cursor, (each.source for each in links))
    return query.shown(each for each in found if each.kind == v.FOLDER)


def _related_documents(query: Query) -> list[Stored]:
    ids = [each.id for each in query.named_one(v.ENTRY, _E)]
    types = query.asked.many("$AssociationTypes", required=True)
    wanted = filters.types(query.asked)
    links, ends = [], {}
    for each in query.links(ids):
        if each.type not in types:
            continue
        both = registry.by_ids(query.cursor, (each.source, each.target))
        if len(both) == 2 and all(end.kind == v.ENTRY and wanted(end) for end in both):
            links.append(each)
            ends.update({end.id: end for end in both})
    return [*ends.values(), *links]


_QUERIES: dict[str, Callable[[Query], list[Stored]]] = {
    "14d4debf-8f97-4251-9a74-a90016b0af0d": _find_documents,
    "12941a89-e02e-4be5-967c-ce4bfc8fe492": _find_by_reference,
    "f26abbcb-ac74-4422-8a30-edb644bbc1a9": _find_sets,
    "958f3006-baad-4929-a4de-ff1114824431": _find_folders,
    "10b545ea-725c-446d-9b95-8aeb444eddf3": _get_all,
    "5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4": _get_documents,
    "5737b14c-8a1a-4539-b659-e03a34a5e1e4": _get_folders,
    "a7ae438b-4bc2-4642-93e9-be891f7bb155": _get_associations,
    "bab9529a-4a10-40b3-a01f-f68a615d247a": _documents_and_associations,
    "51224314-5390-4169-9b91-b1980040715a": _get_sets,
    "e8e3cb2c-e39c-46b9-99e4-c12f57260b83": _set_and_contents,
    "b909a503-523d-4517-8acf-8e5834dfc4c7": _folder_and_contents,
    "10cae35a-c7f9-4cf5-b61e-fc3278ffb578": _folders_for_document,
    "d90e5407-b356-4d91-a89f-873917b4b0e6": _related_documents,
}
