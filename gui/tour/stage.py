"""Sets the stage and clears it: application, window, house and simulators, and the story between them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from cps_bridge.house import House
from cps_bridge.simulated import Simulation
from dossier.failure import Failure
from gui.app import application
from gui.at_work import at_work
from gui.keeper import HouseKeeper
from gui.pieces.ribbon import READERS
from gui.tour.album import JOURNAL, Album
from gui.tour.chapters import chapters
from gui.tour.gestures import clear_desk
from gui.tour.play import Play
from gui.tour.practice import open_practice
from gui.tour.tour import Tour
from gui.window import Window
from gui.words import count

_UNAVAILABLE = 69
_PULSE_MILLISECONDS = 200


def show_window(authority: Path | None) -> int:
    """Open the window for people, a pharmacist's card and a family's Vitale card in the readers."""
    app, window = application(), Window()
    keeper = HouseKeeper(lambda _: open_practice(cps="pharmacien", vitale="famille-marchand", authority=authority))

    keeper.opened.connect(window.attach)
    keeper.failed.connect(window.fail_to_start)
    window.painted.connect(keeper.start)
    window.show()
    return _run(app, window, keeper)


def play_headless(directory: Path, authority: Path | None, say: Callable[[str], None]) -> int:
    """Play every chapter on the real window, leave the proofs in a directory, and say how it ended."""
    app, window, album = application(), Window(look="light"), Album(directory)
    keeper = HouseKeeper(lambda _: open_practice(trace=album.folder("wire"), authority=authority))
    headless = _Headless(app, window, album, say)
    keeper.opened.connect(headless.begin)
    keeper.failed.connect(headless.give_up)
    window.painted.connect(keeper.start)
    window.show()
    code = _run(app, window, keeper, headless.close)
    if headless.summary:
        say(f"\n{headless.summary}")
    return code


class _Headless(QObject):
    """From the opened house to the last proof."""

    def __init__(self, app: QApplication, window: Window, album: Album, say: Callable[[str], None]) -> None:
        super().__init__()
        self._app, self._window, self._album, self._say = app, window, album, say
        self._tour: Tour | None = None
        self._play: Play | None = None
        self.summary = ""

    def begin(self, house: House) -> None:
        """Play over a house that has just been opened."""
        simulation = house.simulation
        assert isinstance(simulation, Simulation)
        self._window.attach(house)
        self._say(f"CPS Bridge, visite guidée : {READERS[simulation.real_pcsc]}.")
        papers = house.directory / "papiers"
        papers.mkdir()
        tour = self._tour = Tour(self._window, house, simulation, self._album, papers, self._say)
        self._window.stage.printer = tour.tray
        self._play = Play(chapters(tour), lambda: clear_desk(tour), self._say, tour.what_it_says)
        self._play.ended.connect(self._ended)
        self._play.start()

    def give_up(self, failure: Failure) -> None:
        """Say why there is no tour."""
        self._say(f"{failure.sentence('fr')} {failure.remedy('fr')}")
        self._app.exit(_UNAVAILABLE)

    def close(self) -> None:
        """Stop playing, before the house closes."""
        if self._play is not None:
            self._play.stop()
        if self._tour is not None:
            self._tour.close()

    def _ended(self, held: int, failed: int) -> None:
        assert self._tour is not None
        house, simulation = self._tour.house, self._tour.simulation
        self.summary = f"{held} parcours {'réussi' if held < 2 else 'réussis'}, {count(failed, 'échoué')}".replace(
            "\u00a0", " "
        )
        try:
            self._album.host_log(simulation.host.operate("log"))
            house.journal.verify()
            house.journal.export(self._album.directory / JOURNAL)
        except Failure as failure:
            self._say(f"   ✗ {failure.sentence('fr')}")
            failed += 1
        self._app.exit(1 if failed else 0)


def _run(app: QApplication, window: Window, keeper: HouseKeeper, before: Callable[[], None] = lambda: None) -> int:
    """Run until the end, then close in order: story, window, house with its simulators."""
    pulse = QTimer()
    pulse.timeout.connect(lambda: None)  # lets Python hear signals while Qt waits
    pulse.start(_PULSE_MILLISECONDS)
    with at_work(window):
        code = app.exec()
        before()
        window.close()
        keeper.close()
    return code
