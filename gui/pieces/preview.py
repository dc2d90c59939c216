"""The preview panel: what a document says of itself, then its pages or its text, as plain text always."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPlainTextEdit, QStackedWidget, QWidget

from dossier.metadata import DocumentEntry
from gui import tokens as t
from gui.pieces.act_bar import ActBar, Offer, close
from gui.pieces.boxes import Panel, column, holder, row, scrolled
from gui.pieces.buttons import Button
from gui.pieces.documents import author_of, states_of
from gui.pieces.empty_state import EmptyState
from gui.pieces.message import Message
from gui.pieces.progress import Progress
from gui.pieces.sheets import PageView
from gui.pieces.text import Text
from gui.words import day_of, foreign, size


class PreviewPanel(Panel):
    """One document at a time; ``clear`` drops pixels and text from memory.

    acted: the key of the action wanted on it; looked: its entry, or its other actions, come on screen.
    """

    acted = Signal(str)
    looked = Signal()
    print_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(margin=t.BETWEEN, gap=t.GROUP, name="preview")
        self.entry: DocumentEntry | None = None
        self._title = Text("", "trait", wrap=True, name="preview.title")
        self._facts = Text("", "muted", wrap=True, name="preview.facts")
        self._tags = [Text("", "tag", name=f"preview.tag.{number}") for number in range(3)]
        self.mask_button = Button("Masquer", name="preview.mask", icon="eye-off", on_click=self._ask_mask)
        self.more_button = Button("Autres actions", name="preview.more", icon="down", on_click=self._turn_acts)
        self.more_button.setCheckable(True)
        self._acts: ActBar | None = None
        self.print_button = Button("Imprimer", name="preview.print", icon="print", on_click=self.print_wanted.emit)
        self.message = Message("preview.message")
        self.progress = Progress("preview.progress")
        self._pages = PageView()
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setObjectName("preview.text")
        self._text.setAccessibleName("Texte du document")
        self._bodies = QStackedWidget()
        for each in (QWidget(), scrolled(self._pages, "preview.scroll"), self._text):
            self._bodies.addWidget(each)
        self._tag_line = holder(row(*self._tags, 1))
        buttons = row(1, self.more_button, self.mask_button, self.print_button)
        self._inside = column(self._title, self._facts, self._tag_line, buttons, gap=t.TIGHT)
        self._header = holder(self._inside)
        hint = "Choisissez un document de la liste pour le lire ici."
        self._empty = EmptyState("document", "Aucun document ouvert", hint, name="preview.empty")
        for each in (self._header, self.message, self.progress, self._bodies, self._empty):
            self.column.addWidget(each)
        self.column.setStretch(3, 1)
        self.clear()

    def begin(self, entry: DocumentEntry) -> None:
        """Show the header of a document whose body is on its way."""
        self.show_entry(entry)
        self.message.clear()
        self._drop_body()
        self.progress.begin("Lecture du document…")

    def show_entry(self, entry: DocumentEntry) -> None:
        """Show what the registry says of a document."""
        self.entry = entry
        self._empty.hide()
        self._bodies.show()
        self._header.show()
        self._title.say(foreign(entry.title or entry.type_code.display))
        place = entry.authors[0].institution.name if entry.authors and entry.authors[0].institution else ""
        what = (entry.type_code.display, day_of(entry.creation_time))
        whose = (author_of(entry), place, size(entry.size) if entry.size else "")
        lines = (" · ".join(foreign(each) for each in facts if each) for facts in (what, whose))
        self._facts.say("\n".join(each for each in lines if each))
        states = states_of(entry)
        for label, (text, tone) in zip(self._tags, states + (("", ""),) * 3, strict=False):
            label.say(text, tone)
            label.setVisible(bool(text))
        self._tag_line.setVisible(bool(states))
        self.mask_button.say("Démasquer" if entry.is_masked else "Masquer")
        self.mask_button.draw_icon("eye" if entry.is_masked else "eye-off")
        self.looked.emit()

    def allow_acts(self, allowed: bool) -> None:
        """Offer to change the document, or only to read it."""
        self.mask_button.setVisible(allowed)
        self.more_button.setVisible(allowed)
        if self._acts is not None:
            self._acts.setVisible(self.shows_acts())

    def shows_acts(self) -> bool:
        """Whether the other actions are unfolded."""
        return self.more_button.isChecked() and not self.more_button.isHidden()

    def offer(self, offers: Iterable[Offer]) -> None:
        """Show the other actions on the document, which are made at the first use."""
        if self._acts is None:
            self._acts = ActBar("preview.acts")
            self._acts.acted.connect(self.acted)
            self._inside.addWidget(self._acts)
        self._acts.offer(offers)
        self._acts.show()

    def close_mask(self, reason: str) -> None:
        """Grey the button that masks and say why; "" opens it."""
        close(self.mask_button, reason)

    def show_pages(self, pages: list[QImage]) -> None:
        """Show the pages of a PDF or of a picture."""
        self.progress.end()
        self._pages.show_pages(pages)
        self._bodies.setCurrentIndex(1)
        self.print_button.setEnabled(bool(pages))

    def show_text(self, text: str) -> None:
        """Show a text as it is, never as markup."""
        self.progress.end()
        self._text.setPlainText(text)
        self._bodies.setCurrentIndex(2)

    def pages(self) -> int:
        """Give the number of pages shown."""
        return self._pages.count() if self._bodies.currentIndex() == 1 else 0

    def clear(self) -> None:
        """Forget the document, its pixels and its text."""
        self.entry = None
        self.progress.end()
        self.message.clear()
        self._drop_body()
        self._header.hide()
        self._bodies.hide()
        self._empty.show()

    def _drop_body(self) -> None:
        self._pages.show_pages([])
        self._text.clear()
        self._bodies.setCurrentIndex(0)
        self.print_button.setEnabled(False)

    def _ask_mask(self) -> None:
        if self.entry is not None:
            self.acted.emit("unmask" if self.entry.is_masked else "mask")

    def _turn_acts(self) -> None:
        if self._acts is not None:
            self._acts.setVisible(self.shows_acts())
        self.looked.emit()
