"""What the optional parameters of stored queries keep of entries, sets and folders (ITI TF-2 3.18.4.1.2.3.7)."""

from __future__ import annotations

from collections.abc import Callable

from . import vocabulary as v
from .asked import Asked, like, padded
from .objects import Item
from .registry import Stored

Test = Callable[[Item], bool]
_E, _S, _F = "$XDSDocumentEntry", "$XDSSubmissionSet", "$XDSFolder"
_ALTERNATIVES = {
    "ClassCode": v.ENTRY_CLASS,
    "TypeCode": v.ENTRY_TYPE,
    "PracticeSettingCode": v.ENTRY_PRACTICE,
    "HealthcareFacilityTypeCode": v.ENTRY_FACILITY,
    "FormatCode": v.ENTRY_FORMAT,
}
_ALL_OF = {"EventCodeList": v.ENTRY_EVENT, "ConfidentialityCode": v.ENTRY_CONFIDENTIALITY}
_TIMES = {"CreationTime": "creationTime", "ServiceStartTime": "serviceStartTime", "ServiceStopTime": "serviceStopTime"}


def of_documents(asked: Asked) -> list[Test]:
    """The tests of FindDocuments."""
    tests = of_contents(asked, ("ClassCode", "TypeCode", "PracticeSettingCode", "HealthcareFacilityTypeCode"))
    tests += [_coded(v.ENTRY_EVENT, group) for group in asked.groups(f"{_E}EventCodeList")]
    for name, slot in _TIMES.items():
        tests += _times(asked, f"{_E}{name}", slot)
    tests += _authors(asked.many(f"{_E}AuthorPerson"))
    available = asked.many(f"{_E}DocumentAvailability")
    if available:
        wanted = frozenset(value.rpartition(":")[2] for value in available)
        tests.append(lambda item: (item.slot("documentAvailability") or "Online").rpartition(":")[2] in wanted)
    return tests


def of_contents(asked: Asked, more: tuple[str, ...] = ()) -> list[Test]:
    """The tests of every query that gives documents: format, confidentiality, and the named codes."""
    tests = []
    for name in ("FormatCode", *more):
        if values := asked.many(f"{_E}{name}"):
            tests.append(_coded(_ALTERNATIVES[name], values))
    tests += [_coded(_ALL_OF["ConfidentialityCode"], group) for group in asked.groups(f"{_E}ConfidentialityCode")]
    return tests


def of_references(asked: Asked) -> list[Test]:
    """The tests of FindDocumentsByReferenceId: one value of each group."""
    return [_refers_to(frozenset(group)) for group in asked.groups(f"{_E}ReferenceIdList")]


def of_sets(asked: Asked) -> list[Test]:
    """The tests of FindSubmissionSets."""
    tests = _times(asked, f"{_S}SubmissionTime", "submissionTime")
    sources = frozenset(asked.many(f"{_S}SourceId"))
    if sources:
        tests.append(lambda item: bool(sources.intersection(item.identifiers(v.SET_SOURCE))))
    if contents := asked.many(f"{_S}ContentType"):
        tests.append(_coded(v.SET_CONTENT, contents))
    author = asked.one(f"{_S}AuthorPerson")
    return tests + _authors((author,) if author else ())


def of_folders(asked: Asked) -> list[Test]:
    """The tests of FindFolders."""
    tests = _times(asked, f"{_F}LastUpdateTime", "lastUpdateTime")
    return tests + [_coded(v.FOLDER_CODES, group) for group in asked.groups(f"{_F}CodeList")]


def types(asked: Asked) -> Callable[[Stored], bool]:
    """Which kinds of entries: stable ones when nothing is said."""
    wanted = asked.many(f"{_E}Type") or (v.STABLE,)
    return lambda stored: stored.kind != v.ENTRY or stored.type in wanted


def kept(found: list[Stored], tests: list[Test]) -> list[Stored]:
    """Those that pass every test; nothing is parsed when there is none."""
    if not tests:
        return found
    return [each for each in found if _passes(each.item(), tests)]


def _passes(item: Item, tests: list[Test]) -> bool:
    return all(test(item) for test in tests)


def _coded(scheme: str, values: tuple[str, ...]) -> Test:
    wanted = frozenset(values)
    return lambda item: bool(wanted.intersection(item.codes(scheme)))


def _refers_to(wanted: frozenset[str]) -> Test:
    return lambda item: bool(wanted.intersection(item.slots.get(v.REFERENCES, ())))


def _times(asked: Asked, name: str, slot: str) -> list[Test]:
    low, high = asked.moment(f"{name}From"), asked.moment(f"{name}To")
    if not low and not high:
        return []

    def test(item: Item) -> bool:
        moment = padded(item.slot(slot))
        return bool(moment) and (not low or low <= moment) and (not high or moment < high)

    return [test]


def _authors(patterns: tuple[str, ...]) -> list[Test]:
    if not patterns:
        return []
    matches = [like(pattern) for pattern in patterns]
    return [lambda item: any(match(name) for match in matches for name in item.authors())]
