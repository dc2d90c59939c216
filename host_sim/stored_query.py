"""The stored queries of ITI-18 (ITI TF-2 3.18): their parameters, their filters, what they find."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dossier.failure import Failure
from dossier.timestamp import Timestamp

from . import profile, registry
from .consultation import Reading
from .ebrim import RIM, Link, RegistryObject, text_of
from .hl7_ids import parse_cx
from .registry import Entry
from .registry_errors import RegistryRefusal
from .store import Cursor

Found = Entry | RegistryObject | Link
Params = dict[str, tuple[str, ...]]

_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(\d+(?:\.\d+)?))\s*")
_ENTRY, _SET = "$XDSDocumentEntry", "$XDSSubmissionSet"
_MAX_VALUES = 1000

_CODED = {
    "ClassCode": profile.CLASS,
    "TypeCode": profile.TYPE,
    "FormatCode": profile.FORMAT,
    "PracticeSettingCode": profile.PRACTICE,
    "HealthcareFacilityTypeCode": profile.FACILITY,
    "ConfidentialityCode": profile.CONFIDENTIALITY,
    "EventCodeList": profile.EVENTS,
}
_TIMES = {"CreationTime": "creationTime", "ServiceStartTime": "serviceStartTime", "ServiceStopTime": "serviceStopTime"}


@dataclass(frozen=True)
class Query:
    """One request: the id of the stored query and its parameters; a repeated slot gives several groups (AND)."""

    id: str
    params: dict[str, tuple[tuple[str, ...], ...]]

    def values(self, name: str) -> tuple[str, ...]:
        """All the values of a parameter, groups joined; empty when absent."""
        return tuple(value for group in self.params.get(name, ()) for value in group)

    def need(self, name: str) -> tuple[str, ...]:
        """The values of a mandatory parameter; raises RegistryRefusal XDSStoredQueryParamNumber."""
        values = self.values(name)
        if not values:
            raise RegistryRefusal.because("XDSStoredQueryParamNumber", f"{name} is missing")
        return values

    def need_one(self, name: str) -> str:
        """The only value of a mandatory parameter."""
        values = self.need(name)
        if len(values) != 1:
            raise RegistryRefusal.because("XDSStoredQueryParamNumber", f"{name} has one value")
        return values[0]


def read_query(element: Any) -> Query:
    """Read a rim:AdhocQuery; raises RegistryRefusal."""
    params: dict[str, tuple[tuple[str, ...], ...]] = {}
    for slot in element.iterchildren(f"{{{RIM}}}Slot"):
        name = slot.get("name", "")
        texts = [text_of(value) for value in slot.iterfind(f"{{{RIM}}}ValueList/{{{RIM}}}Value")]
        group = tuple(value for text in texts for value in split_values(text, name))
        params[name] = (*params.get(name, ()), group)
    return Query(element.get("id", ""), params)


def split_values(text: str, name: str = "") -> list[str]:
    """Read `'a'`, `12`, `('a','b')`: quotes doubled inside a text (ITI TF-2 3.18.4.1.2.3.5); raises RegistryRefusal."""
    inner = text.strip()
    if inner.startswith("(") and inner.endswith(")"):
        inner = inner[1:-1]
    values: list[str] = []
    position = 0
    while True:
        found = _TOKEN.match(inner, position)
        if found is None or len(values) >= _MAX_VALUES:
            raise RegistryRefusal.because("XDSRegistryError", f"the value of {name[:60]} cannot be read")
        values.append(found.group(2) if found.group(1) is None else found.group(1).replace("''", "'"))
        position = found.end()
        if position == len(inner):
            return values
        if inner[position] != ",":
            raise RegistryRefusal.because("XDSRegistryError", f"the value of {name[:60]} cannot be read")
        position += 1


def run(query: Query, cursor: Cursor, reading: Reading) -> list[Found]:
    """Give what a query finds and the reader may see; raises RegistryRefusal."""
    try:
        function = _QUERIES[query.id.removeprefix("urn:uuid:")]
    except KeyError as error:
        raise RegistryRefusal.because("XDSUnknownStoredQuery", query.id[:60]) from error
    return function(query, cursor, reading)


def _same_patient(value: str, reading: Reading) -> None:
    cx = parse_cx(value)
    if cx is None or cx.id != reading.patient:
        raise RegistryRefusal.because("XDSPatientIdDoesNotMatch", "the patient of the query is not the one of the VIHF")


def _find_documents(query: Query, cursor: Cursor, reading: Reading) -> list[Found]:
    _same_patient(query.need_one(f"{_ENTRY}PatientId"), reading)
    statuses = query.need(f"{_ENTRY}Status")
    asked = [value.partition("^^")[0] for value in query.values(f"{_ENTRY}ClassCode")]
    with_signatures = profile.SIGNATURE_CLASS in asked
    keep = _filters(query)
    return [
        each
        for each in registry.entries_of(cursor, reading.patient)
        if each.status in statuses
        and (with_signatures or not each.is_signature)
        and all(test(each) for test in keep)
        and reading.shows(each)
    ]


def _find_by_reference(query: Query, cursor: Cursor, reading: Reading) -> list[Found]:
    query.need(f"{_ENTRY}ReferenceIdList")
    return _find_documents(query, cursor, reading)


def _filters(query: Query) -> list[Callable[[Entry], bool]]:
    tests: list[Callable[[Entry], bool]] = []
    for name, scheme in _CODED.items():
        for group in query.params.get(f"{_ENTRY}{name}", ()):
            tests.append(_coded(scheme, frozenset(_code(value, name) for value in group)))
    for name, slot in _TIMES.items():
        low, high = (_moment(query, f"{_ENTRY}{name}{end}") for end in ("From", "To"))
        if low or high:
            tests.append(_between(slot, low, high))
    for group in query.params.get(f"{_ENTRY}AuthorPerson", ()):
        tests.append(_written_by([_like(pattern) for pattern in group]))
    for group in query.params.get(f"{_ENTRY}ReferenceIdList", ()):
        tests.append(_refers_to(frozenset(group)))
    return tests


def _code(value: str, name: str) -> str:
    code, _, system = value.partition("^^")
    if not code or not system or "^" in system:
        raise RegistryRefusal.because("XDSRegistryError", f"{name} is not of the form code^^scheme")
    return value


def _coded(scheme: str, wanted: frozenset[str]) -> Callable[[Entry], bool]:
    def test(entry: Entry) -> bool:
        return any(f"{each.representation}^^{each.system}" in wanted for each in entry.item.of_scheme(scheme))

    return test


def _between(slot: str, low: str, high: str) -> Callable[[Entry], bool]:
    def test(entry: Entry) -> bool:
        value = entry.item.slot(slot)
        moment = _full(value) if value else ""
        return bool(moment) and (not low or low <= moment) and (not high or moment < high)

    return test


def _written_by(patterns: Sequence[re.Pattern[str]]) -> Callable[[Entry], bool]:
    return lambda entry: _is_author(entry.item, profile.AUTHOR, patterns)


def _is_author(item: RegistryObject, scheme: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    people = [name for each in item.of_scheme(scheme) for name in each.slots.get("authorPerson", ())]
    return any(pattern.fullmatch(name) for pattern in patterns for name in people)


def _refers_to(wanted: frozenset[str]) -> Callable[[Entry], bool]:
    return lambda entry: bool(wanted.intersection(entry.item.slots.get(profile.REFERENCES, ())))


def _like(pattern: str) -> re.Pattern[str]:
    pieces = {"%": ".*", "_": "."}
    return re.compile("".join(pieces.get(letter, re.escape(letter)) for letter in pattern[:200]), re.IGNORECASE)


def _moment(query: Query, name: str) -> str:
    values = query.values(name)
    if not values:
        return ""
    try:
        return _full(query.need_one(name))
    except Failure as error:
        raise RegistryRefusal.because("XDSRegistryError", f"{name} is not a time") from error


def _full(digits: str) -> str:
    return Timestamp.parse(digits).to_datetime().strftime("%Y%m%d%H%M%S")


def _get_documents(query: Query, cursor: Cursor, reading: Reading) -> list[Found]:
    return list(_named_documents(query, cursor, reading))


def _named_documents(query: Query, cursor: Cursor, reading: Reading) -> list[Entry]:
    uuids, unique_ids = query.values(f"{_ENTRY}EntryUUID"), query.values(f"{_ENTRY}UniqueId")
    if bool(uuids) == bool(unique_ids):
        raise RegistryRefusal.because("XDSStoredQueryParamNumber", "EntryUUID or UniqueId is expected, not both")
    entries = [registry.find_entry(cursor, uuid=each) for each in uuids]
    entries += [registry.find_entry(cursor, unique_id=each) for each in unique_ids]
    return [each for each in _unique(entries) if _shows_version(each, cursor, reading)]


def _shows_version(entry: Entry, cursor: Cursor, reading: Reading) -> bool:
    """A former version is judged by the masks of the newest: else masking would hide nothing."""
    newest = entry if entry.newest else registry.find_entry(cursor, lid=entry.lid)
    return newest is not None and reading.shows(newest)


def _unique(entries: Iterable[Entry | None]) -> list[Entry]:
    return list({each.entry_uuid: each for each in entries if each is not None}.values())


def _visible_links(ids: Iterable[str], cursor: Cursor, reading: Reading) -> list[Link]:
    links = registry.links_of(cursor, ids)
    sets = {each.id for each in registry.sets_of(cursor, reading.patient)}

    def shown(end: str) -> bool:
        entry = registry.find_entry(cursor, uuid=end)
        return end in sets if entry is None else _shows_version(entry, cursor, reading)

    return [each for each in links if shown(each.source) and shown(each.target)]


def _get_associations(query: Query, cursor: Cursor, reading: Reading) -> list[Found]:
    return list(_visible_links(query.need("$uuid"), cursor, reading))


def _documents_and_associations(query: Query, cursor: Cursor, reading: Reading) -> list[Found]:
    entries = _named_documents(query, cursor, reading)
    return [*entries, *_visible_links([each.entry_uuid for each in entries], cursor, reading)]


def _find_sets(query: Query, cursor: Cursor, reading: Reading) -> list[Found]:
    _same_patient(query.need_one(f"{_SET}PatientId"), reading)
    statuses = query.need(f"{_SET}Status")
    low, high = (_moment(query, f"{_SET}SubmissionTime{end}") for end in ("From", "To"))
    sources, contents = query.values(f"{_SET}SourceId"), query.values(f"{_SET}ContentType")
    authors = [_like(pattern) for pattern in query.values(f"{_SET}AuthorPerson")]
    found: list[Found] = []
    for each in registry.sets_of(cursor, reading.patient) if registry.APPROVED in statuses else ():
        moment = _full(each.slot("submissionTime"))
        content = {f"{code.representation}^^{code.system}" for code in each.of_scheme(profile.SET_CONTENT)}
        if (low and moment < low) or (high and moment >= high):
            continue
        if (sources and each.identifier(profile.SET_SOURCE) not in sources) or (contents and not content & {*contents}):
            continue
        if authors and not _is_author(each, profile.SET_AUTHOR, authors):
            continue
        if _members(each, cursor, reading):
            found.append(each)
    return found


def _members(item: RegistryObject, cursor: Cursor, reading: Reading) -> list[Entry]:
    targets = [each.target for each in registry.links_of(cursor, [item.id]) if each.type == registry.HAS_MEMBER]
    entries = _unique(registry.find_entry(cursor, uuid=each) for each in targets)
    return [each for each in entries if not each.is_signature and _shows_version(each, cursor, reading)]


def _set_and_contents(query: Query, cursor: Cursor, reading: Reading) -> list[Found]:
    uuids, unique_ids = query.values(f"{_SET}EntryUUID"), query.values(f"{_SET}UniqueId")
    if len(uuids) + len(unique_ids) != 1:
        raise RegistryRefusal.because("XDSStoredQueryParamNumber", "one EntryUUID or one UniqueId is expected")
    for each in registry.sets_of(cursor, reading.patient):
        if each.id in uuids or each.identifier(profile.SET_UNIQUE) in unique_ids:
            members = _members(each, cursor, reading)
            shown = {member.entry_uuid for member in members}
            links = [link for link in registry.links_of(cursor, [each.id]) if link.target in shown]
            return [each, *members, *links] if members else []
    return []


_QUERIES: dict[str, Callable[[Query, Cursor, Reading], list[Found]]] = {
    "14d4debf-8f97-4251-9a74-a90016b0af0d": _find_documents,
    "12941a89-e02e-4be5-967c-ce4bfc8fe492": _find_by_reference,
    "f26abbcb-ac74-4422-8a30-edb644bbc1a9": _find_sets,
    "5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4": _get_documents,
    "a7ae438b-4bc2-4642-93e9-be891f7bb155": _get_associations,
    "bab9529a-4a10-40b3-a01f-f68a615d247a": _documents_and_associations,
    "e8e3cb2c-e39c-46b9-99e4-c12f57260b83": _set_and_contents,
}
