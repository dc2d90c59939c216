"""What every chapter holds in its hands: the window, the house, the cards, the host's operator, the album."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from cps_bridge.house import House
from cps_bridge.simulated import Simulation
from gui.tour.album import Album
from gui.tour.paper import PaperTray
from gui.tour.person import Person
from gui.tour.story import Story, Wait
from gui.window import Window


class Tour:
    """One practice with its window, and the means to act on both ends of its wires."""

    def __init__(
        self,
        window: Window,
        house: House,
        simulation: Simulation,
        album: Album,
        papers: Path,
        say: Callable[[str], None],
    ) -> None:
        self.window, self.house, self.simulation = window, house, simulation
        self.album, self.papers, self.say = album, papers, say
        self.person = Person(window)
        self.tray = PaperTray(album.folder("prints"))
        self.sophie = ""
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="tour")

    def tell(self, sentence: str) -> None:
        """Say one step of the story."""
        self.say(f"   {sentence}")

    def screen(self, name: str, widget: QWidget | None = None) -> Story[None]:
        """Keep the window as it is once settled; another widget when one is given."""
        if widget is None:
            yield from self.person.settled()
        path = self.album.screen(widget or self.window, name)
        self.say(f"      écran : {path.name}")

    def aside(self, what: str, work: Callable[[], Any]) -> Story[Any]:
        """Do something slow away from the window's thread, and wait for it; what: in French."""
        future: Future[Any] = self._aside.submit(work)
        yield Wait(what, future.done)
        return future.result()

    def host_log(self, transaction: str = "", purpose: str = "") -> Story[list[dict[str, Any]]]:
        """Read the host's access log, of one transaction or purpose when given."""
        lines = yield from self.aside("le journal de l'hôte", lambda: self.simulation.host.operate("log"))
        wanted = {"transaction": transaction, "purpose": purpose}
        return [each for each in lines if all(each[name] == value for name, value in wanted.items() if value)]

    def host_documents(self, patient: str) -> Story[list[str]]:
        """Ask the host's operator for the titles of all documents of a patient."""
        operate = self.simulation.host.operate
        found = yield from self.aside("les documents de l'hôte", lambda: operate("documents", patient=patient))
        return [each["title"] for each in found]

    def host_shows(self, *arguments: str) -> Story[str]:
        """Look at the host as one person would: the patient, a professional."""
        shown: str = yield from self.aside("la vue de l'hôte", lambda: self.simulation.host.show(*arguments))
        return shown

    def what_it_says(self) -> str:
        """Give what the window says at this moment, for whoever must mend a story that stopped."""
        page = self.window.frame.current()
        names = ("notice.sentence", f"{page}.message.sentence", "question.title", f"{page}.state.sentence")
        said = [words for name in names if (words := self.person.words(name))]
        return f" La fenêtre montre : {' / '.join(said) or 'rien'} (page « {page} »)."

    def close(self) -> None:
        """Wait for what is done aside."""
        self._aside.shutdown(wait=True, cancel_futures=True)
