"""The host's store: FindDocuments on one dossier, with many other dossiers beside it, over the same with few.

What is timed is the handler of the stored query, from the parsed request to the bytes of the answer.
"""

from __future__ import annotations

import atexit
import gc
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from lxml import etree

from bench.cast import DOCTOR, lot_of
from bench.measure import Result, interleaved, milliseconds
from card_sim import cast
from host_sim import ebrim, profile, registry, seed
from host_sim.call import Call, Caller
from host_sim.ebrim import Link, RegistryObject
from host_sim.house import House
from host_sim.registry import APPROVED, HAS_MEMBER, Entry
from host_sim.store import Cursor
from host_sim.transactions.registry import STORED_QUERY, answer_query
from soap_clients.xds.ebxml import to_ebxml

_FEW, _MANY, _QUICK_FEW, _QUICK_MANY = 1_000, 100_000, 5, 20
_BATCH = 500
_NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
_RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"


def find(case: str, documents: int, rounds: int, goal: float) -> Result:
    """List a dossier of `documents` documents among 100,000 other dossiers, over the same among 1,000."""
    few, many = (_FEW, _MANY) if documents >= 50 else (_QUICK_FEW, _QUICK_MANY)
    sizes = (50, 5_000) if documents >= 50 else (documents,)
    small, large = (_filled(others, sizes) for others in (few, many))
    value, reference = interleaved(_timed(large, documents), _timed(small, documents), rounds)
    return Result.of(case, value, "ms", reference, goal)


@dataclass(frozen=True)
class _Stage:
    """A filled host; `patients`: a matricule for each size of dossier."""

    house: House
    patients: dict[int, str]


def _timed(stage: _Stage, documents: int) -> Callable[[], float]:
    call = _call(stage.house, stage.patients[documents])

    def once() -> float:
        gc.collect()
        return milliseconds(lambda: _list(call, stage.house, documents))

    return once


def _list(call: Call, house: House, documents: int) -> None:
    body = answer_query(call, house).body
    etree.tostring(body)
    if len(body[-1]) != documents:
        raise RuntimeError(f"{len(body[-1])} documents were found")


def _call(house: House, patient: str) -> Call:
    slots = {
        "$XDSDocumentEntryPatientId": f"'{patient}^^^&amp;{cast.TEST_INS_OID}&amp;ISO^NH'",
        "$XDSDocumentEntryStatus": f"('{APPROVED}')",
    }
    query = (
        f'<query:AdhocQueryRequest xmlns:query="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns:rim="{_RIM}">'
        '<query:ResponseOption returnComposedObjects="true" returnType="LeafClass"/>'
        '<rim:AdhocQuery id="urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d">'
        f"{''.join(_slot(name, value) for name, value in slots.items())}"
        "</rim:AdhocQuery></query:AdhocQueryRequest>"
    )
    who = cast.professionals()[DOCTOR]
    place = who.activities[0]
    caller = Caller(
        who.id_nat, who.family_name, who.given_name, who.profession, who.specialty, place.structure.id_nat, place.sector
    )
    return Call(
        "registry", STORED_QUERY, etree.fromstring(query), caller, "normal", "", patient, cast.TEST_INS_OID,
        "urn:uuid:1", {}, house.clock.now(),
    )  # fmt: skip


def _slot(name: str, value: str) -> str:
    return f'<rim:Slot name="{name}"><rim:ValueList><rim:Value>{value}</rim:Value></rim:ValueList></rim:Slot>'


@cache
def _filled(others: int, sizes: tuple[int, ...]) -> _Stage:
    """A host of `others` dossiers of one document each, and one dossier of each size, scattered among them."""
    directory = tempfile.TemporaryDirectory()
    atexit.register(directory.cleanup)
    house = House.open(Path(directory.name))
    atexit.register(house.close)
    patients = {size: _matricule(99_000_000 + number) for number, size in enumerate(sizes)}
    deposits = _spread(others, patients)
    model = _model()
    with house.store.transaction() as cursor:
        for patient in patients.values():
            _dossier(cursor, patient)
    done = False
    while not done:
        with house.store.transaction() as cursor:
            done = not _batch(cursor, deposits, model)
    return _Stage(house, patients)


def _batch(cursor: Cursor, deposits: Iterator[tuple[str, bool]], model: RegistryObject) -> bool:
    for _ in range(_BATCH):
        patient, fresh = next(deposits, ("", False))
        if not patient:
            return False
        if fresh:
            _dossier(cursor, patient)
        _deposit(cursor, patient, model)
    return True


def _spread(others: int, patients: dict[int, str]) -> Iterator[tuple[str, bool]]:
    """Whose document comes next, and whether the dossier is to be made first."""
    left = dict.fromkeys(patients, 0)
    for number in range(others):
        yield _matricule(number), True
        for size, patient in patients.items():
            while left[size] * others < size * (number + 1):
                left[size] += 1
                yield patient, False


def _matricule(number: int) -> str:
    digits = f"2800175{number // 1000 % 1000:03d}{number % 1000:03d}" if number < 1_000_000 else f"1{number:012d}"
    return f"{digits}{97 - int(digits) % 97:02d}"


def _dossier(cursor: Cursor, patient: str) -> None:
    facts = {
        "ins": patient, "birth_name": "ESSAI", "given_names": ["CAMILLE"], "birth_date": "19800101", "sex": "F",
        "state": "open", "authorisations": {DOCTOR: {"state": "VALIDE", "attending": False}},
        "address": "1 rue des Essais 75001 Paris",
    }  # fmt: skip
    seed.add_patient(cursor, facts, datetime.now(UTC), 365)


def _model() -> RegistryObject:
    with tempfile.NamedTemporaryFile() as file:
        return ebrim.read_object(to_ebxml(lot_of(Path(file.name)).documents[0].entry))


def _deposit(cursor: Cursor, patient: str, model: RegistryObject) -> None:
    """One document and its association, as a deposit writes them."""
    name = f"urn:uuid:{uuid.uuid4()}"
    unique_id = f"2.25.{uuid.uuid4().int}"
    values = {profile.UNIQUE: unique_id, profile.PATIENT: f"{patient}^^^&{cast.TEST_INS_OID}&ISO^NH"}
    identifiers = tuple(replace(each, value=values.get(each.scheme, each.value)) for each in model.identifiers)
    item = replace(model, id=name, lid=name, status=APPROVED, version="1", identifiers=identifiers)
    who = cast.professionals()[DOCTOR]
    registry.insert_entry(
        cursor,
        Entry(
            name, name, 1, True, unique_id, patient, APPROVED, _NOW, who.id_nat, who.activities[0].structure.id_nat,
            "0" * 40, 1000, uuid.uuid4().hex, item,
        ),
    )  # fmt: skip
    slots = {"SubmissionSetStatus": ("Original",)}
    registry.insert_link(cursor, Link(HAS_MEMBER, f"urn:uuid:{uuid.uuid4()}", name, slots))
