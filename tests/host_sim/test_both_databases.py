"""The main transactions on each database: every right request is answered, and what it wrote is found again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from gate_requests import BY_NAME, REQUESTS, Request, fed, outcome
from host_wire import Stage
from lxml import etree
from registry_lots import APPROVED, ARCHIVED, Lot, Paper, Place, errors, ins_of

from card_sim import cast
from card_sim.authority import Authority
from host_sim import audit_check, dispatch, dossiers, registry
from host_sim.call import Reply
from host_sim.house import House
from host_sim.repository import sweep
from host_sim.store import Store
from host_sim.transactions import repository

JEAN = ins_of("jean")


@pytest.fixture
def place(tmp_path: Path, authority: Authority, either_database: str) -> Iterator[Place]:
    made = Place(tmp_path / "data", authority, either_database)
    yield made
    made.house.close()


def test_every_right_request_is_answered(either_stage: Stage) -> None:
    fed(either_stage)
    found = {each.name: _ask(either_stage, each) for each in REQUESTS if each.name != "TD1.4"}
    found["TD1.4"] = _ask(either_stage, BY_NAME["TD1.4"])
    assert set(found.values()) == {"ok"}, found
    assert not audit_check.verify(either_stage.house.audit).problem


def _ask(stage: Stage, request: Request) -> str:
    return outcome(request.ask(stage, now=stage.house.clock.now()))


def test_a_document_is_deposited_found_read_masked_and_archived(place: Place) -> None:
    paper = Paper(JEAN, title="Bilan")
    assert place.deposit(Lot(JEAN, (paper,))) == []
    (entry,) = place.find("generaliste")
    reply = place.retrieve("generaliste", paper.unique_id)
    assert [part.read_bytes() for part in reply.parts.values()] == [paper.content()]
    assert place.change_codes("generaliste", entry, ("N", "MASQUE_PS")) == []
    (masked,) = place.find("generaliste")
    assert masked.get("lid") == entry.get("id")
    assert place.change_status("generaliste", masked.get("id"), APPROVED, ARCHIVED) == []
    assert place.find("generaliste") == []


def test_a_replacement_makes_the_former_document_obsolete(place: Place) -> None:
    old = Paper(JEAN)
    assert place.deposit(Lot(JEAN, (old,))) == []
    uuid = place.find("generaliste")[0].get("id")
    new = Paper(JEAN, replaces=uuid, replaced_id=old.unique_id)
    assert place.deposit(Lot(JEAN, (new,))) == []
    assert len(place.find("generaliste")) == 1
    with place.house.store.reading() as cursor:
        former = registry.find_entry(cursor, uuid=uuid)
    assert former is not None
    assert former.status == registry.DEPRECATED


def test_the_same_lot_at_once_from_many_is_registered_once(place: Place) -> None:
    lot = Lot(JEAN, (Paper(JEAN),))
    lot.parts(place.authority)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: place.deposit(lot), range(6)))
    assert sorted(map(tuple, answers)) == [(), *[("XDSDuplicateUniqueIdInRegistry",) * 3] * 5]
    assert len(list(place.house.store.blobs.iterdir())) == 2


def test_two_who_replace_the_same_document_at_once_do_not_both(place: Place) -> None:
    old = Paper(JEAN)
    assert place.deposit(Lot(JEAN, (old,))) == []
    uuid = place.find("generaliste")[0].get("id")
    lots = [Lot(JEAN, (Paper(JEAN, replaces=uuid, replaced_id=old.unique_id),)) for _ in range(4)]
    for lot in lots:
        lot.parts(place.authority)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda lot: errors(_dispatched(place, lot)), lots))
    assert sorted(map(tuple, answers)) == [(), *[("XDSReplaceFailed",)] * 3]


def test_a_query_is_not_held_up_by_who_writes(place: Place) -> None:
    assert place.deposit(Lot(JEAN, (Paper(JEAN),))) == []
    with ThreadPoolExecutor(1) as other, place.house.store.transaction() as cursor:
        place.house.store.lock(f"dossier {JEAN}")
        cursor.execute("DELETE FROM authorisations WHERE ins = ?", (JEAN,))
        assert len(other.submit(place.find, "generaliste").result(60)) == 1


def test_the_judgement_of_a_lot_is_not_held_up_by_who_writes_elsewhere(place: Place) -> None:
    bad = Lot(JEAN, (Paper(JEAN, title="Titre du CDA"),))
    bad.spoil = lambda text: text.replace("Titre du CDA", "Titre des métadonnées")
    with ThreadPoolExecutor(1) as other, place.house.store.transaction() as cursor:
        cursor.execute("DELETE FROM authorisations WHERE ins = ?", (ins_of("paul"),))
        assert other.submit(place.deposit, bad).result(60) == ["XDSRegistryMetadataError"]


def _dispatched(place: Place, lot: Lot) -> Reply:
    """A deposit as the server runs it: calls on one dossier take their turn."""
    parts = {}
    for name, data in lot.parts(place.authority).items():
        path = place.house.store.incoming / uuid4().hex
        path.write_bytes(data)
        parts[f"{name.lower()}@test"] = path
    to = ("repository", repository.PROVIDE)
    return dispatch.run(place.call("generaliste", etree.fromstring(lot.request()), to=to, parts=parts), place.house)


def test_the_cast_is_written_whole_and_found_again(tmp_path: Path, either_database: str) -> None:
    House.open(tmp_path, either_database).close()
    house = House.open(tmp_path, either_database)
    for patient in cast.patients().values():
        known = dossiers.person(house.store, patient.key)
        assert known is not None
        assert (known.ins, known.birth_name, known.insi) == (patient.ins, patient.birth_name, patient.insi == "found")
    house.close()


def test_documents_of_a_deposit_that_was_not_committed_are_removed_at_start(place: Place) -> None:
    assert place.deposit(Lot(JEAN, (Paper(JEAN),))) == []
    store: Store = place.house.store
    (store.blobs / ("0" * 32)).write_bytes(b"left over")
    sweep(store)
    assert len(list(store.blobs.iterdir())) == 2
