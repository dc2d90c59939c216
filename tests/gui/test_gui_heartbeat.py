"""The window never waits for a card: real card service, slow cards, cards held by another program."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_driver import Driver
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from card_sim.authority import Authority
from card_sim.deck import Deck
from card_sim.faults import Fault
from card_sim.reader import DEFAULT_NAMES, InProcessReaders
from cps_bridge.house import House
from cps_bridge.storage.settings import Settings
from gui.heartbeat import Heartbeat, heartbeat
from gui.window import Window

CPS, VITALE = DEFAULT_NAMES


class Watched:
    """The readers of a process, noting on which threads they and their links are asked anything."""

    def __init__(self, inner: object, asked: set[str]) -> None:
        self._inner, self._asked = inner, asked

    def __getattr__(self, name: str) -> object:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def ask(*arguments: object, **named: object) -> object:
            if name not in ("wake", "close"):
                self._asked.add(threading.current_thread().name)
            given = found(*arguments, **named)
            return Watched(given, self._asked) if name == "connect" else given

        return ask


class Desk:
    """A window over a real house with virtual cards; what a person does to its readers."""

    def __init__(self, authority: Path, place: Path) -> None:
        self.asked: set[str] = set()
        self.readers = InProcessReaders()
        self.deck = Deck(Authority.open(authority))
        self.house = House(Settings(), Watched(self.readers, self.asked), place, bytes(32))
        self.window = Window()
        self.window.show()
        self.window.attach(self.house)
        self.driver = Driver(self.window, self.house)

    def insert(self, reader: str, name: str, *, slow: float = 0.0) -> None:
        card = self.deck.card(name)
        card.repair()
        if slow:
            card.break_down(Fault.SLOW, 1, seconds=slow)
        self.readers.insert(reader, card)

    def close(self) -> None:
        self.window.close()
        self.house.close()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()


@pytest.fixture
def desk(app: QApplication, authority_dir: Path, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(authority_dir, tmp_path)
    yield made
    made.close()


def nothing_on_a_card(beats: Heartbeat) -> None:
    assert beats.beats
    assert beats.on_card == []


def open_session(desk: Desk, *, slow: float = 0.0) -> None:
    driver = desk.driver
    desk.insert(CPS, "pharmacien", slow=slow)
    driver.until(lambda: driver.find("pin.box"), 60)
    driver.type("pin.box", "1234")
    driver.click("pin.go")


def test_a_slow_card_leaves_the_window_free(desk: Desk) -> None:
    with heartbeat() as beats:
        open_session(desk, slow=0.02)
        desk.driver.until(lambda: desk.driver.find("notice.sentence") or desk.house.session, 60)
        desk.driver.settle()
    nothing_on_a_card(beats)


def test_a_vitale_is_read_while_the_window_goes_on(desk: Desk) -> None:
    with heartbeat() as beats:
        desk.insert(VITALE, "famille-marchand", slow=0.02)
        desk.driver.until(lambda: desk.window.frame.strip.vitale.state() == "present", 60)
    nothing_on_a_card(beats)


def test_a_card_held_by_another_program_leaves_the_window_free(desk: Desk) -> None:
    desk.insert(CPS, "pharmacien")
    desk.driver.until(lambda: desk.driver.find("pin.box"), 60)
    held = desk.readers.connect(CPS)
    with heartbeat() as beats, held.transaction():
        desk.driver.type("pin.box", "1234")
        desk.driver.click("pin.go")
        desk.driver.until(lambda: desk.driver.find("notice.sentence"), 60)
    held.close()
    assert desk.house.session is None
    nothing_on_a_card(beats)


def test_a_mute_card_leaves_the_window_free(desk: Desk) -> None:
    card = desk.deck.card("pharmacien")
    card.break_down(Fault.MUTE)
    with heartbeat() as beats:
        desk.readers.insert(CPS, card)
        desk.driver.until(lambda: desk.window.frame.strip.cps.state() == "error", 60)
    card.repair()
    nothing_on_a_card(beats)


def test_no_reader_is_ever_asked_on_the_thread_of_the_window(desk: Desk) -> None:
    open_session(desk)
    desk.driver.until(lambda: desk.driver.find("notice.sentence") or desk.house.session, 60)
    desk.driver.settle()
    desk.insert(VITALE, "famille-marchand")
    desk.driver.until(lambda: desk.window.frame.strip.vitale.state() == "present", 60)
    for page in ("diagnostic", "settings", "home"):
        desk.window.frame.go(page)
        desk.driver.settle()
    desk.readers.remove(CPS)
    desk.driver.until(lambda: desk.window.frame.strip.cps.state() == "absent", 60)
    assert desk.asked
    assert threading.main_thread().name not in desk.asked


def test_a_late_beat_is_seen_and_named(app: QApplication) -> None:
    with heartbeat() as beats:
        time.sleep(0.2)
        QCoreApplication.processEvents()
    assert beats.largest >= 0.2
    assert beats.late
    assert beats.on_card == []


def test_a_window_that_waits_for_a_card_is_found_out(desk: Desk) -> None:
    desk.insert(VITALE, "famille-marchand")
    desk.driver.until(lambda: desk.window.frame.strip.vitale.state() == "present", 60)
    epoch = next(each.epoch for each in desk.house.cards.slots() if each.epoch)
    desk.deck.card("famille-marchand").break_down(Fault.SLOW, 1, seconds=0.1)
    with heartbeat() as beats:
        desk.house.cards.read_vitale(epoch)  # what no page may do
        QCoreApplication.processEvents()
    assert beats.on_card
