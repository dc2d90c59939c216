"""Readers inside the process: views, events, connections, and what goes wrong."""

import threading

import pytest

from card_sim.faults import Fault
from card_sim.reader import InProcessReaders, InProcessSlot

LEFT, RIGHT = "Lecteur simulé 1", "Lecteur simulé 2"
STATUS = bytes.fromhex("00200001")
FOREVER = 60.0


@pytest.fixture
def readers():
    return InProcessReaders()


@pytest.fixture
def cps(card):
    return card("generaliste")


@pytest.fixture
def link(readers, cps):
    readers.insert(LEFT, cps)
    return readers.connect(LEFT)


def test_a_view_gives_names_atrs_and_counters_that_grow_at_each_event(readers, cps):
    assert readers.readers() == ((LEFT, b"", 0), (RIGHT, b"", 0))
    readers.insert(LEFT, cps)
    assert readers.readers() == ((LEFT, cps.atr, 1), (RIGHT, b"", 0))
    readers.remove(LEFT)
    assert readers.readers()[0] == (LEFT, b"", 2)


def test_a_card_put_in_the_place_of_another_counts_as_two_events(readers, cps, card):
    readers.insert(LEFT, cps)
    readers.insert(LEFT, card("jean"))
    assert readers.readers()[0] == (LEFT, card("jean").atr, 3)


def test_waiting_ends_with_an_insertion(readers, cps):
    known, views = readers.readers(), []
    waiter = threading.Thread(target=lambda: views.append(readers.wait(known, FOREVER)))
    waiter.start()
    readers.insert(LEFT, cps)
    waiter.join(FOREVER)
    assert views == [readers.readers()]


def test_waiting_for_an_old_view_ends_at_once(readers, cps):
    known = readers.readers()
    readers.insert(LEFT, cps)
    readers.remove(LEFT)
    assert readers.wait(known, FOREVER)[0][2] == 2


def test_waiting_ends_when_it_is_woken(readers):
    known, views = readers.readers(), []
    waiter = threading.Thread(target=lambda: views.append(readers.wait(known, FOREVER)))
    waiter.start()
    while waiter.is_alive():
        readers.wake()
        waiter.join(0.01)
    assert views == [known]


def test_waiting_ends_with_its_timeout(readers):
    known = readers.readers()
    assert readers.wait(known, 0) == known


def test_a_command_goes_through_a_connection(link):
    assert link.transmit(STATUS) == b"\x63\xc3"


def test_a_connection_to_an_empty_reader_or_to_none_is_refused(readers):
    with pytest.raises(ConnectionAbortedError):
        readers.connect(RIGHT)
    with pytest.raises(ConnectionError):
        readers.connect("Lecteur absent")


def test_a_removal_ends_connections_even_when_the_card_comes_back(readers, link, cps):
    readers.remove(LEFT)
    with pytest.raises(ConnectionAbortedError):
        link.transmit(STATUS)
    readers.insert(LEFT, cps)
    with pytest.raises(ConnectionAbortedError):
        link.transmit(STATUS)
    assert readers.connect(LEFT).transmit(STATUS) == b"\x63\xc3"


def test_a_removal_closes_the_card(readers, link, cps):
    link.transmit(bytes.fromhex("002000010431323334"))
    readers.remove(LEFT)
    readers.insert(LEFT, cps)
    assert readers.connect(LEFT).transmit(STATUS) == b"\x63\xc3"


def test_a_reset_by_another_program_ends_connections_and_leaves_the_card(readers, link, cps):
    readers.reset_by_another(LEFT)
    with pytest.raises(ConnectionAbortedError):
        link.transmit(STATUS)
    assert readers.readers()[0] == (LEFT, cps.atr, 1)


def test_a_card_held_by_another_program_refuses_connections(readers, cps):
    readers.insert(LEFT, cps)
    readers.hold(LEFT)
    with pytest.raises(ConnectionRefusedError):
        readers.connect(LEFT)
    readers.hold(LEFT, held=False)
    assert readers.connect(LEFT)


def test_a_transaction_keeps_other_connections_waiting(readers, link):
    order, inside = [], threading.Event()
    other = readers.connect(LEFT)

    def intrude():
        inside.wait(FOREVER)
        other.transmit(STATUS)
        order.append("other")

    intruder = threading.Thread(target=intrude)
    intruder.start()
    with link.transaction():
        inside.set()
        link.transmit(STATUS)
        order.append("first")
    intruder.join(FOREVER)
    assert order == ["first", "other"]


def test_a_mute_card_is_a_timeout(link, cps):
    cps.break_down(Fault.MUTE)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            link.transmit(STATUS)


def test_a_card_that_dies_at_the_third_command_is_gone(readers, link, cps):
    cps.break_down(Fault.DIE_AT, at=3)
    assert [link.transmit(STATUS) for _ in range(2)] == [b"\x63\xc3"] * 2
    with pytest.raises(ConnectionAbortedError):
        link.transmit(STATUS)
    assert readers.readers()[0] == (LEFT, b"", 2)


def test_a_wrong_status_word_strikes_once(link, cps):
    cps.break_down(Fault.WRONG_SW, at=1, sw=0x6581)
    assert link.transmit(STATUS) == b"\x65\x81"
    assert link.transmit(STATUS) == b"\x63\xc3"


def test_a_card_that_crashes_answers_6f00(readers, card):
    broken = card("jean")
    broken.card.handlers().clear()
    broken.card.handlers = None
    readers.insert(LEFT, broken)
    assert readers.connect(LEFT).transmit(STATUS) == b"\x6f\x00"


def test_an_unplugged_reader_is_an_error_and_a_new_one_is_empty(readers, link):
    readers.unplug(LEFT)
    assert [name for name, _, _ in readers.readers()] == [RIGHT]
    with pytest.raises(ConnectionError):
        link.transmit(STATUS)
    readers.plug(LEFT)
    assert (LEFT, b"", 0) in readers.readers()


def test_a_stopped_service_answers_nothing(readers, link):
    readers.stop_service()
    for ask in (readers.readers, lambda: readers.connect(LEFT), lambda: link.transmit(STATUS)):
        with pytest.raises(ConnectionError):
            ask()
    readers.stop_service(stopped=False)
    assert link.transmit(STATUS) == b"\x63\xc3"


def test_a_closed_connection_sends_nothing(link):
    link.close()
    with pytest.raises(ConnectionAbortedError):
        link.transmit(STATUS)


def test_a_slot_is_a_hand_on_one_reader(readers, cps):
    slot = InProcessSlot(readers, RIGHT)
    slot.insert(cps)
    assert slot.occupied
    assert readers.readers()[1][1] == cps.atr
    slot.remove()
    assert not slot.occupied
