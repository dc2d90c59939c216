"""The examination around an open house: simulated cards, a real TLS host, a session or none."""

from __future__ import annotations

import threading

from doctor_stage import BAD, GOOD, WARNING, Person, by_id

from cps_bridge.doctor import examine
from cps_bridge.doctor.words import ORDER
from cps_bridge.house import House
from cps_bridge.simulated import Simulation


def test_around_an_open_session_every_row_is_good(house: House, simulation: Simulation) -> None:
    simulation.insert(0, "generaliste")
    house.run("session", Person()).result(60)
    found = examine(house)
    assert [each.id for each in found] == list(ORDER)
    assert {each.id: each.state for each in found} == dict.fromkeys(ORDER, GOOD)
    assert house.session is not None, "an examination ends no session"
    assert all(each.remedy == "" for each in found)


def test_without_session_nothing_is_bad_and_the_clock_waits_for_one(house: House, simulation: Simulation) -> None:
    simulation.insert(0, "generaliste")
    found = by_id(examine(house))
    assert {each.id for each in found.values() if each.state is not GOOD} == {"clock"}
    assert "session" in found["clock"].remedy


def test_a_host_that_stopped_is_bad_while_the_cards_are_good(house: House, simulation: Simulation) -> None:
    simulation.insert(0, "generaliste")
    simulation.host.stop()
    found = by_id(examine(house))
    assert found["host"].state is BAD and found["tls"].state is found["clock"].state is WARNING
    assert found["card"].state is found["pin"].state is found["certificates"].state is GOOD


def test_an_examination_does_not_disturb_a_use_case_under_way(house: House, simulation: Simulation) -> None:
    simulation.insert(0, "generaliste")
    opening = house.run("session", Person())
    found = by_id(examine(house))
    assert opening.result(60) is house.session
    assert found["card"].state is not BAD


def test_two_examinations_at_once_find_the_same(house: House, simulation: Simulation) -> None:
    simulation.insert(0, "generaliste")
    house.run("session", Person()).result(60)
    both: list[tuple] = []
    threads = [threading.Thread(target=lambda: both.append(examine(house))) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    first, second = ({each.id: each.state for each in found} for found in both)
    assert first == second
