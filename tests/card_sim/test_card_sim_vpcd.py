"""The vpcd protocol, spoken by hand from the reader's side of the socket."""

import socket
import threading

import pytest
from card_sim_driver import ATR, PATIENCE, Driver

from card_sim.faults import Fault
from card_sim.vpcd import VpcdSlot, insert

STATUS, VERIFY = bytes.fromhex("00200001"), bytes.fromhex("002000010431323334")
OFF, ON, RESET = b"\x00", b"\x01", b"\x02"


@pytest.fixture
def driver():
    one = Driver()
    yield one
    one.close()


@pytest.fixture
def cps(card):
    return card("generaliste")


@pytest.fixture
def inserted(driver, cps):
    acceptor = threading.Thread(target=driver.accept)
    acceptor.start()
    one = insert(cps, driver.address)
    acceptor.join(PATIENCE)
    yield one
    one.remove()


def test_a_card_tells_its_atr_and_answers_commands(driver, inserted, cps):
    assert driver.atr == cps.atr
    assert inserted.inserted
    assert driver.exchange(STATUS) == b"\x63\xc3"


@pytest.mark.parametrize("control", [OFF, ON, RESET])
def test_power_and_reset_are_not_answered_and_close_the_card(driver, inserted, control):
    assert driver.exchange(VERIFY) == b"\x90\x00"
    driver.send(control)
    assert driver.exchange(STATUS) == b"\x63\xc3"


def test_a_removed_card_closes_its_socket(driver, inserted):
    inserted.remove()
    assert not inserted.inserted
    assert driver.receive() == b""


def test_a_card_that_dies_closes_its_socket(driver, inserted, cps):
    cps.break_down(Fault.DIE_AT)
    driver.send(STATUS)
    assert driver.receive() == b""


def test_a_mute_card_stays_and_says_nothing_until_it_is_removed(driver, inserted, cps):
    cps.break_down(Fault.MUTE)
    driver.send(STATUS)
    driver.send(ATR)
    assert driver.receive() == cps.atr  # the answer to the status never came
    assert inserted.inserted


def test_the_end_of_the_driver_is_the_end_of_the_insertion(driver, inserted):
    driver.close()
    inserted._thread.join(PATIENCE)
    assert not inserted.inserted


def test_a_slot_without_a_driver_refuses_the_card(cps):
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with pytest.raises(ConnectionError):
        insert(cps, address, timeout=0)


def test_a_slot_says_whether_it_is_occupied(driver, cps):
    slot = VpcdSlot(driver.address)
    assert not slot.occupied
    acceptor = threading.Thread(target=driver.accept)
    acceptor.start()
    slot.insert(cps)
    acceptor.join(PATIENCE)
    assert slot.occupied
    slot.remove()
    assert not slot.occupied
