"""What breaks in a card, by hand and by order: the same in readers inside the process and behind vpcd."""

import threading

import pytest
from card_sim_driver import PATIENCE, Driver

from card_sim.control import Bench
from card_sim.deck import Deck
from card_sim.faults import PUK, Fault
from card_sim.reader import DEFAULT_NAMES, InProcessReaders, InProcessSlot
from card_sim.vpcd import VpcdSlot

LEFT, RIGHT = DEFAULT_NAMES
STATUS, VERIFY = bytes.fromhex("00200001"), bytes.fromhex("002000010431323334")


@pytest.fixture
def readers():
    return InProcessReaders()


@pytest.fixture
def deck(authority):
    return Deck(authority)


@pytest.fixture
def bench(readers, deck):
    one = Bench([InProcessSlot(readers, name) for name in DEFAULT_NAMES], deck)
    one.do({"do": "insert", "slot": 0, "card": "pharmacien"})
    return one


@pytest.fixture
def link(bench, readers):
    return readers.connect(LEFT)


def broken(bench, fault: str, **facts) -> dict:
    answer = bench.do({"do": "break", "slot": 0, "fault": fault, **facts})
    assert answer["ok"], answer
    return answer["slots"][0]


def test_a_card_that_is_replaced_leaves_its_place_to_the_other_one(bench, readers, link, deck):
    broken(bench, "swap_at", after=1, card="jean")
    assert link.transmit(STATUS) == b"\x63\xc3"
    with pytest.raises(ConnectionAbortedError):
        link.transmit(STATUS)
    assert readers.readers()[0] == (LEFT, deck.card("jean").atr, 3)
    assert bench.do({"do": "state"})["slots"][0]["card"] == "jean"


def test_a_card_that_waits_to_replace_another_is_not_free(bench):
    broken(bench, "swap_at", card="jean")
    answer = bench.do({"do": "insert", "slot": 1, "card": "jean"})
    assert answer == {"ok": False, "error": "Cette carte est dans une autre fente."}


def test_hands_that_are_faster_than_a_replacement_win(bench, readers, deck):
    broken(bench, "swap_at", card="jean")
    bench.do({"do": "remove", "slot": 0})
    assert readers.readers()[0][1] == b""


def test_a_slow_card_answers_all_the_same_and_later(bench, link):
    assert broken(bench, "slow", ms=1)["fault"] == "slow"
    assert [link.transmit(STATUS) for _ in range(2)] == [b"\x63\xc3"] * 2


def test_a_slow_card_that_is_taken_out_holds_nobody(bench, readers, link):
    broken(bench, "slow", ms=60_000)
    ended = []

    def ask():
        with pytest.raises(ConnectionAbortedError):
            link.transmit(STATUS)
        ended.append(True)

    asker = threading.Thread(target=ask)
    asker.start()
    while asker.is_alive():
        bench.do({"do": "remove", "slot": 0})
        asker.join(0.01)
    assert ended


def test_after_counts_the_commands_that_still_go_well(bench, link):
    broken(bench, "wrong_sw", after=2)
    assert [link.transmit(STATUS).hex() for _ in range(4)] == ["63c3", "63c3", "6f00", "63c3"]


def test_the_tries_of_both_codes_are_set_and_told(bench, link):
    seen = broken(bench, "tries", n=1)
    assert (seen["tries_left"], seen["puk_tries_left"]) == (1, 5)
    assert link.transmit(STATUS) == b"\x63\xc1"
    assert broken(bench, "tries", n=2, code="puk")["puk_tries_left"] == 2
    link.transmit(VERIFY)
    assert broken(bench, "tries", n=0)["tries_left"] == 0
    assert link.transmit(STATUS) == b"\x69\x83"


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"fault": "swap_at"}, "Il manque le nom ou le fichier de la carte."),
        ({"fault": "swap_at", "card": "pharmacien"}, "Une carte ne peut pas se remplacer elle-même."),
        ({"fault": "slow", "ms": -1}, "ms est un nombre entier de 0 à 60000."),
        ({"fault": "wrong_sw", "sw": "6F"}, "sw est fait de quatre chiffres hexadécimaux."),
        ({"fault": "tries", "n": 4}, "Cette carte n'accepte pas autant d'essais."),
        ({"fault": "tries", "code": "can"}, "code est pin ou puk."),
        ({"fault": "mute", "after": -1}, "after est un nombre entier de 0 à 1000000."),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(bench, order, reason):
    assert bench.do({"do": "break", "slot": 0, **order}) == {"ok": False, "error": reason}


def test_a_card_without_a_code_has_no_tries(bench):
    bench.do({"do": "insert", "slot": 1, "card": "jean"})
    answer = bench.do({"do": "break", "slot": 1, "fault": "tries", "n": 1})
    assert answer == {"ok": False, "error": "Cette carte n'a pas de code."}


def test_the_counters_of_a_card_are_seen_without_asking_it(deck):
    assert (deck.card("generaliste").tries_left(), deck.card("generaliste").tries_left(PUK)) == (3, 5)
    assert deck.card("jean").tries_left() is None


@pytest.fixture
def driver():
    one = Driver()
    yield one
    one.close()


def test_behind_vpcd_the_next_card_connects_after_the_one_it_replaces(driver, deck, monkeypatch):
    monkeypatch.setattr("card_sim.vpcd._POLLS", 0.0)
    first, second, slot = deck.card("generaliste"), deck.card("jean"), VpcdSlot(driver.address)
    acceptor = threading.Thread(target=driver.accept)
    acceptor.start()
    slot.insert(first)
    acceptor.join(PATIENCE)
    first.break_down(Fault.SWAP_AT, replacement=second)
    driver.send(STATUS)
    assert driver.receive() == b""
    driver.accept()
    assert driver.atr == second.atr
    slot.remove()
    assert slot.card is None


def test_behind_vpcd_a_slow_card_that_is_taken_out_holds_nobody(driver, deck):
    card, slot = deck.card("generaliste"), VpcdSlot(driver.address)
    acceptor = threading.Thread(target=driver.accept)
    acceptor.start()
    slot.insert(card)
    acceptor.join(PATIENCE)
    asked, answer = threading.Event(), card.apdu

    def apdu(command: bytes) -> bytes:
        asked.set()
        return answer(command)

    card.apdu = apdu
    card.break_down(Fault.SLOW, seconds=3600)
    driver.send(STATUS)
    assert asked.wait(PATIENCE)
    slot.remove()
    assert not slot.occupied
