"""After a creation: the acknowledgement, the secrets sheet blurred until asked, the sticker, the next person."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from dossier.failure import Failure
from gui import tokens as t
from gui.pieces.boxes import Panel, column, row
from gui.pieces.buttons import Button
from gui.pieces.message import Message
from gui.pieces.sheets import SheetPreview
from gui.pieces.text import Picture, Text
from gui.rendering import Rendered, render
from gui.stage import Stage

CHANNEL_MISSING = (
    "Le compte est ouvert, mais le second moyen de contact n'a peut-être pas été ajouté.",
    "Le patient pourra l'ajouter lui-même dans son espace.",
)


class HandOver(QWidget):
    """Two sheets side by side; the second is printed once and then forgotten."""

    next_wanted = Signal()

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._pages: dict[str, Rendered] = {}
        self._busy = False
        self._first = SheetPreview("sheet.acknowledgement", "Accusé de création")
        self._second = SheetPreview("sheet.secrets", "Identifiants du patient", secret=True)
        self.print_first = Button("Imprimer l'accusé", name="acknowledgement.print", icon="print")
        self.print_first.clicked.connect(lambda: self._print("first"))
        self._first_printed = Text("", "secondary", tone="success", name="acknowledgement.printed")
        self.show_second = Button("Afficher", name="secrets.show", icon="eye", on_click=self._reveal)
        self.print_second = Button("Imprimer une fois", name="secrets.print", icon="print")
        self.print_second.clicked.connect(lambda: self._print("second"))
        self.message = Message("hand_over.message")
        next_one = Button("Client suivant", "primary", name="counter.next", shortcut="Ctrl+N")
        next_one.clicked.connect(lambda: self.next_wanted.emit())
        sheets = row(
            self._sheet("Accusé de création", self._first, self.print_first, self._first_printed),
            self._sheet("Identifiants du patient", self._second, self.show_second, self.print_second),
            self._reminders(next_one),
            gap=t.BETWEEN,
        )
        sheets.setStretch(2, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.message)
        outer.addLayout(sheets)
        outer.addStretch(1)

    def _sheet(self, title: str, sheet: SheetPreview, *under: QWidget) -> Panel:
        panel = Panel(margin=t.INNER, gap=t.GROUP)
        panel.column.addWidget(Text(title, "strong"))
        panel.column.addWidget(sheet, 0, Qt.AlignmentFlag.AlignHCenter)
        for each in under:
            panel.column.addWidget(each)
        panel.column.addStretch(1)
        return panel

    def _reminders(self, next_one: Button) -> QWidget:
        made = QWidget()
        title = Text("Le dossier est créé", "title", wrap=True, name="hand_over.title")
        lines = (
            ("document", "Remettez l'accusé et les identifiants en main propre, sur papier."),
            ("vitale", "Collez la pastille « DMP » sur la carte Vitale."),
            ("eye-off", "Les identifiants ne sont gardés nulle part : ils s'impriment une seule fois."),
        )
        body = column(title, gap=t.BETWEEN)
        for icon, sentence in lines:
            picture = Picture(icon, "primary")
            line = row(picture, Text(sentence, wrap=True), gap=t.INNER)
            line.setStretch(1, 1)
            line.setAlignment(picture, Qt.AlignmentFlag.AlignTop)
            body.addLayout(line)
        body.addStretch(1)
        body.addLayout(row(1, next_one))
        made.setLayout(body)
        return made

    def is_busy(self) -> bool:
        """Whether sheets of a patient are on the counter."""
        return self._busy

    def show_outcome(self, outcome: object) -> None:
        """Take the two PDF of a creation and render them on a worker."""
        self.clear()
        self._busy = True
        self._render("first", getattr(outcome, "acknowledgement", b""), self._first)
        self._render("second", getattr(outcome, "secrets", None) or b"", self._second)
        if getattr(outcome, "channels_missing", ()):
            self.message.say(*CHANNEL_MISSING, "warning")

    def _render(self, which: str, pdf: bytes, sheet: SheetPreview) -> None:
        if not pdf:
            return  # no account at that age: one sheet only
        job = self._stage.work(f"sheet.{which}", lambda: render(pdf, "application/pdf"))
        job.done.connect(self._taker(which, sheet))
        job.failed.connect(self.message.say_failure)

    def _taker(self, which: str, sheet: SheetPreview) -> Callable[[Rendered], None]:
        def take(rendered: Rendered) -> None:
            if not self._busy:
                return
            self._pages[which] = rendered
            sheet.show_sheet(rendered.pages[0] if rendered.pages else None)
            self._enable()

        return take

    def clear(self) -> None:
        """Forget both sheets."""
        self._busy = False
        self._pages.clear()
        self._first.show_sheet(None)
        self._second.show_sheet(None)
        self.show_second.say("Afficher")
        self._first_printed.say("")
        self.message.clear()
        self._enable()

    def _enable(self) -> None:
        self.print_first.setEnabled("first" in self._pages)
        for button in (self.show_second, self.print_second):
            button.setEnabled("second" in self._pages)

    def _reveal(self) -> None:
        self._second.reveal(not self._second.is_revealed())
        self.show_second.say("Masquer" if self._second.is_revealed() else "Afficher")

    def _print(self, which: str) -> None:
        pages = self._pages.get(which)
        if pages is None:
            return
        try:
            self._stage.printer.print_pages(pages.pages)
        except Failure as failure:
            self.message.say_failure(failure)
            return
        self.message.clear()
        if which == "first":
            self._first_printed.say("L'accusé est imprimé.")
        else:
            del self._pages["second"]
            self._second.destroy_sheet("Imprimé une fois. Les identifiants ne sont plus sur ce poste.")
            self._enable()
