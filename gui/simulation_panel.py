"""The tray of the simulation: fictional cards go into the readers, come out, are swapped, and break."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from gui import tokens as t
from gui.pieces.boxes import Panel, column, holder, row, scrolled
from gui.pieces.buttons import Button
from gui.pieces.marks import Select
from gui.pieces.message import Message
from gui.pieces.number import NumberField
from gui.pieces.text import Text
from gui.stage import Stage
from gui.words import fr

_VITALE = "Vitale"
_SLOTS = 2
_NUMBERS = {
    "mute": ("n", "échanges avant", 0, 0, 999),
    "slow": ("ms", "ms par échange", 300, 0, 10_000),
    "die_at": ("n", "échanges avant", 3, 0, 999),
    "swap_at": ("n", "échanges avant", 3, 0, 999),
    "wrong_sw": ("n", "échanges avant", 0, 0, 999),
    "tries": ("n", "essais restants", 1, 0, 3),
}
"""The fact of a fault that is a number: its name, its words, the value at first, the least and the greatest."""


class _Reader:
    """The widgets of one reader."""

    def __init__(self, slot: int) -> None:
        self.state = Text("", wrap=True, name=f"simulation.state.{slot}")
        self.choice = Select(f"simulation.card.{slot}", f"Carte du lecteur {slot + 1}")
        self.insert = Button("Insérer", name=f"simulation.insert.{slot}", icon="card")
        self.remove = Button("Retirer", name=f"simulation.remove.{slot}")

    def card(self) -> str:
        """Give the name of the card that is chosen."""
        return str(self.choice.currentData())


class SimulationPanel(Panel):
    """One block per reader: the card that is in, the one to put in; then what may break, and cards of one's own."""

    closed = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__("drawer", margin=t.BETWEEN, gap=t.INNER, name="simulation")
        self._stage = stage
        self._busy = False
        self._pressed: Button | None = None
        self._inserted: tuple[str, ...] = ("",) * _SLOTS
        self._readers = [_Reader(slot) for slot in range(_SLOTS)]
        self.message = Message("simulation.message")
        blocks: list[QWidget] = [self._block(slot, each) for slot, each in enumerate(self._readers)]
        self._fill()
        inside = column(*blocks, self._faults(), self._files(), 1, gap=t.INNER)
        close = Button("Fermer", name="simulation.close", on_click=self.closed.emit)
        self.column.addWidget(Text("Cartes simulées", "trait"))
        self.column.addWidget(self.message)
        self.column.addWidget(scrolled(holder(inside), "simulation.area", on="paper"), 1)
        self.column.addLayout(row(1, close))
        stage.changed.connect(self._look)
        self.setFocusProxy(close)
        self._look("slots")

    def _block(self, slot: int, reader: _Reader) -> Panel:
        block = Panel("well", margin=t.INNER, gap=t.GROUP)
        reader.insert.clicked.connect(lambda: self._insert(slot))
        reader.remove.clicked.connect(lambda: self._remove(slot))
        block.column.addWidget(Text(f"Lecteur {slot + 1}", "strong"))
        block.column.addWidget(reader.state)
        block.column.addWidget(reader.choice)
        block.column.addLayout(row(reader.insert, reader.remove, 1))
        return block

    def _faults(self) -> Panel:
        block = Panel("well", margin=t.INNER, gap=t.GROUP)
        self._fault = Select("simulation.fault", "Panne de la carte")
        for key, words in self._stage.house.simulation.faults():
            self._fault.addItem(fr(words), key)
        self._where = Select("simulation.fault.slot", "Lecteur de la panne")
        for slot in range(len(self._readers)):
            self._where.addItem(f"Lecteur {slot + 1}", slot)
        self._sentence = Text("", "muted", wrap=True, name="simulation.fault.sentence")
        self._number = NumberField("simulation.fault.number")
        self._number_words = Text("", "muted", name="simulation.fault.words")
        self._break = Button("Provoquer", name="simulation.break", icon="warning", on_click=self._break_card)
        self._fault.view().setMinimumWidth(t.CHIP_MAXIMUM)
        self._fault.currentIndexChanged.connect(lambda _: self._choose_fault())
        self._where.currentIndexChanged.connect(lambda _: self._draw())
        block.column.addWidget(Text("Panne", "strong"))
        block.column.addWidget(self._where)
        block.column.addWidget(self._fault)
        block.column.addWidget(self._sentence)
        block.column.addLayout(row(self._number, self._number_words, 1))
        block.column.addLayout(row(self._break, 1))
        block.setVisible(self._fault.count() > 0)
        self._choose_fault()
        return block

    def _files(self) -> QWidget:
        made = Button("Carte d'un fichier…", name="simulation.file", icon="folder", on_click=self._browse)
        return holder(row(made, 1))

    def _fill(self) -> None:
        """Offer every card, professional ones first in the first reader, Vitale ones first in the second."""
        for slot, reader in enumerate(self._readers):
            chosen = reader.choice.currentData()
            reader.choice.clear()
            for name in self._ordered(slot):
                reader.choice.addItem(self._words(name), name)
            reader.choice.setCurrentIndex(max(0, reader.choice.findData(chosen)))

    def _ordered(self, slot: int) -> list[str]:
        names = list(self._stage.house.simulation.names())
        return sorted(names, key=lambda name: self._words(name).startswith(_VITALE) is (slot == 0))

    def _words(self, name: str) -> str:
        describe = getattr(self._stage.house.simulation, "describe", None)
        return fr(describe(name)) if describe else name

    def _insert(self, slot: int) -> None:
        simulation, reader = self._stage.house.simulation, self._readers[slot]
        name = reader.card()
        put = simulation.swap if self._inserted[slot] else simulation.insert
        self._do(f"simulation.{slot}", reader.insert, lambda: put(slot, name))

    def _remove(self, slot: int) -> None:
        self._do(f"simulation.{slot}", self._readers[slot].remove, lambda: self._stage.house.simulation.remove(slot))

    def _break_card(self) -> None:
        slot, fault = int(self._where.currentData()), str(self._fault.currentData())
        facts: dict[str, object] = {_NUMBERS[fault][0]: self._number.value()} if fault in _NUMBERS else {}
        other = self._readers[slot].card()
        if fault == "swap_at" and other != self._inserted[slot]:
            facts["card"] = other
        said = f"Panne prête dans le lecteur {slot + 1}."
        hint = f"{self._fault.currentText()}."
        self._do(
            "simulation.break",
            self._break,
            lambda: self._stage.house.simulation.break_card(slot, fault, **facts),
            lambda _: self.message.say(said, hint),
        )

    def _choose_fault(self) -> None:
        known = _NUMBERS.get(str(self._fault.currentData()))
        self._sentence.say(f"{self._fault.currentText()}.")
        for each in (self._number, self._number_words):
            each.setVisible(known is not None)
        if known is not None:
            _, words, value, least, greatest = known
            self._number.begin(value, least, greatest)
            self._number.setAccessibleName(fr(words))
            self._number_words.say(words)

    def _browse(self) -> None:
        dialog = QFileDialog(self, fr("Choisir un fichier de carte"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(fr("Cartes simulées (*.json *.toml)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda chosen: self.take_file(Path(chosen)))
        dialog.open()

    def take_file(self, path: Path) -> None:
        """Add the card of a file to those that are offered."""
        self._do("simulation.file", None, lambda: self._stage.house.simulation.add_file(path), self._added)

    def _added(self, name: Any) -> None:
        self._fill()
        for slot, reader in enumerate(self._readers):
            if self._words(str(name)).startswith(_VITALE) is (slot == 1):
                reader.choice.setCurrentIndex(max(0, reader.choice.findData(name)))
        self.message.say(f"Carte ajoutée : {self._words(str(name))}.", tone="success")

    def _do(
        self, name: str, pressed: Button | None, act: Callable[[], Any], then: Callable[[Any], None] | None = None
    ) -> None:
        """Move a card away from the GUI thread: PC/SC may take seconds to see it; one gesture at a time."""
        if self._busy:
            return
        self.message.clear()
        self._busy, self._pressed = True, pressed if pressed is not None and pressed.hasFocus() else None
        self._then = then
        self._draw()
        simulation = self._stage.house.simulation
        job = self._stage.errand(name, lambda: (act(), simulation.inserted))
        # Bound methods, not lambdas: they are let go with a tray that was closed meanwhile.
        job.done.connect(self._after)
        job.failed.connect(self.message.say_failure)
        job.ended.connect(self._moved)

    def _after(self, found: tuple[Any, tuple[str, ...]]) -> None:
        result, self._inserted = found
        if self._then is not None:
            self._then(result)

    def _moved(self) -> None:
        self._busy = False
        self._draw()
        pressed, now = self._pressed, QApplication.focusWidget()
        self._pressed = None
        if pressed is not None and pressed.isEnabled() and now is not None and self.isAncestorOf(now):
            pressed.setFocus()

    def _look(self, what: str) -> None:
        """Ask what is in the readers: the cards are in another process, which may be busy."""
        if what == "slots":
            simulation = self._stage.house.simulation
            job = self._stage.errand("simulation.look", lambda: simulation.inserted)
            job.done.connect(self._seen)

    def _seen(self, inserted: tuple[str, ...]) -> None:
        self._inserted = inserted
        self._draw()

    def _draw(self) -> None:
        for reader, name in zip(self._readers, self._inserted, strict=False):
            reader.state.say(self._words(name) if name else "Vide")
            reader.insert.say("Échanger" if name else "Insérer")
            reader.insert.setEnabled(not self._busy)
            reader.remove.setEnabled(bool(name) and not self._busy)
        where = self._where.currentData()
        self._break.setEnabled(not self._busy and where is not None and bool(self._inserted[int(where)]))
