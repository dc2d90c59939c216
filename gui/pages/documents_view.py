"""List and preview of the documents of the patient on screen: used by the consultation and by the emergency page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QBoxLayout, QLineEdit, QListView, QWidget

from dossier.access import AccessMode
from dossier.failure import Failure
from dossier.metadata import DocumentEntry
from gui import tokens as t
from gui.desks import profession_words
from gui.house_port import SessionView
from gui.pages.document_acts import DocumentActs
from gui.pieces.boxes import column, empty, holder
from gui.pieces.buttons import Button
from gui.pieces.documents import DocumentDelegate, DocumentModel
from gui.pieces.flow import Flow
from gui.pieces.preview import PreviewPanel
from gui.pieces.text import Text
from gui.rendering import Rendered, render
from gui.stage import Stage
from gui.words import count, day_and_hour, fr

_FILTERS_SHOWN = 8
_NEW = "new"


class DocumentsView(QWidget):
    """Search, kinds, list by year; the chosen document beside it, or under it when there is no room.

    whole: archived and obsolete documents may be listed too; ``read_again`` asks for another list.
    """

    listed = Signal(int)
    read_again = Signal()

    def __init__(self, stage: Stage, prefix: str, preview: PreviewPanel, *, whole: bool = False) -> None:
        super().__init__()
        self._whole = whole
        self._stage, self._prefix = stage, prefix
        self.model = DocumentModel()
        self._wanted, self._class = "", ""
        self._new: frozenset[str] = frozenset()
        self._news, self._told, self._first_look = "", "", False
        self.with_archived = False
        self._rendered: Rendered | None = None
        self._entries: tuple[DocumentEntry, ...] = ()
        self.search = QLineEdit()
        self.search.setObjectName(f"{prefix}.search")
        self.search.setPlaceholderText(fr("Rechercher un titre, un auteur (Ctrl+F)"))
        self.search.setAccessibleName("Rechercher dans les documents")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _: self._filter())
        QShortcut(QKeySequence("Ctrl+F"), self).activated.connect(self.search.setFocus)
        self._filters = Flow(t.TIGHT)
        self.list = self._make_list()
        self._count = Text("", "secondary", wrap=True, name=f"{prefix}.count")
        self._rights = Text("", "secondary", wrap=True, name=f"{prefix}.rights")
        self._rights.hide()  # until there is something to say
        self.preview = preview
        self.acts = DocumentActs(stage, preview)
        self.acts.changed.connect(self._changed)
        self.acts.gone.connect(self._gone)
        stage.changed.connect(self._allow_acts)
        self.preview.print_wanted.connect(self._print)
        self.preview.progress.cancelled.connect(self._forget_opening)
        self._left = holder(column(self.search, self._filters, self.list, self._count, self._rights, gap=t.GROUP))
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(t.BETWEEN)
        self._layout.addWidget(self._left)
        self._layout.addWidget(self.preview, 1)

    def _make_list(self) -> QListView:
        made = QListView()
        made.setObjectName(f"{self._prefix}.documents")
        made.setAccessibleName("Documents du dossier")
        made.setModel(self.model)
        made.setItemDelegate(DocumentDelegate(made))
        made.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        made.selectionModel().currentChanged.connect(self._chosen)
        return made

    def _allow_acts(self, _: str = "") -> None:
        """Changes are made at the patient's request, never in an emergency access (DMP TD3.3a)."""
        self.preview.allow_acts(self._stage.house.access.mode is AccessMode.NORMAL)

    def show_entries(self, entries: tuple[DocumentEntry, ...]) -> None:
        """Show the documents of a dossier."""
        self._entries = entries
        self.model.show_entries(entries, self._new)
        self._rights.say(rights_words(self._stage.house.session))
        self._rights.setVisible(bool(self._rights.text()))
        self._class = ""
        self._allow_acts()
        self._offer_filters()
        self._filter()
        self.listed.emit(len(entries))

    def show_news(self, since: datetime | None, entries: Iterable[DocumentEntry]) -> None:
        """Mark what came since the last look, of others; at the first look (None) nothing is new."""
        if since is None:
            self._first_look = True
            return
        session = self._stage.house.session
        me = session.professional.id_nat if session else ""
        of_others = (each for each in entries if all(author.person.id != me for author in each.authors))
        self._new |= {each.unique_id for each in of_others}
        number = sum(each.unique_id in self._new for each in self._entries)
        if self._first_look and not number:
            return  # "nothing new" since a moment ago would say nothing
        what = count(number, "nouveau", "nouveaux") if number else "rien de nouveau"
        self._news = self._news or f"depuis le {day_and_hour(since)}"
        self._told = f" · {what} {self._news}"
        self._show_again()

    def say_no_news(self) -> None:
        """Say that what is new could not be read."""
        self._told = " · nouveautés non lues"
        self._filter()

    def open_row(self, number: int) -> None:
        """Choose the document of a place in the list as shown, 0 first; what a click on it does."""
        entry = self.model.documents()[number].entry
        if entry is not None:
            self.list.setCurrentIndex(self.model.index_of(entry.unique_id))

    def clear(self) -> None:
        """Forget documents, pixels and search."""
        self._wanted, self._rendered, self._entries = "", None, ()
        self._new, self._news, self._told = frozenset(), "", ""
        self._first_look, self.with_archived = False, False
        self.model.show_entries(())
        self.search.clear()
        empty(self._filters)
        self._count.say("")
        self.preview.clear()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put the preview under the list when there is no room beside it."""
        super().resizeEvent(event)
        beside = self.width() >= t.PREVIEW_BESIDE_FROM
        wanted = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        self._layout.setDirection(wanted)
        share = max(t.LIST_MINIMUM, min(t.LIST_WIDTH, round(self.width() * t.LIST_SHARE)))
        self._left.setMinimumWidth(share if beside else 0)
        self._left.setMaximumWidth(share if beside else t.UNLIMITED)
        self._layout.setStretch(0, 0 if beside else 2)
        self._layout.setStretch(1, 1 if beside else 3)

    def _offer_filters(self) -> None:
        empty(self._filters)
        classes = sorted(self.model.classes().items(), key=lambda pair: pair[1])
        news = [(_NEW, "Depuis ma dernière visite")] if self._news else []
        if len(classes) > 1 or news:
            for code, words in [("", "Tous"), *news, *classes][: _FILTERS_SHOWN + 1]:
                self._filters.addWidget(self._filter_button(code, words))
        if self._whole and self._entries:
            archived = Button("Avec les archivés", "filter", name=f"{self._prefix}.archived")
            archived.setCheckable(True)
            archived.setChecked(self.with_archived)
            archived.clicked.connect(self.turn_archived)
            self._filters.addWidget(archived)

    def turn_archived(self) -> None:
        """List archived and obsolete documents too, or no more."""
        self.with_archived = not self.with_archived
        self.read_again.emit()

    def _filter_button(self, code: str, words: str) -> Button:
        button = Button(words, "filter", name=f"{self._prefix}.filter.{code or 'all'}")
        button.setCheckable(True)
        button.setAutoExclusive(True)
        button.setChecked(code == self._class)
        button.clicked.connect(lambda: self._keep_class(code))
        return button

    def _keep_class(self, code: str) -> None:
        self._class = code
        self._filter()

    def _filter(self) -> None:
        only_new = self._class == _NEW
        self.model.keep(self.search.text(), "" if only_new else self._class, only_new=only_new)
        self._count.say(count(len(self.model.documents()), "document") + self._told)

    def _chosen(self, now: QModelIndex, _: QModelIndex) -> None:
        entry = self.model.row_at(now).entry if now.isValid() else None
        if entry is None or entry.unique_id == self._wanted:
            return
        self._open(entry)

    def _open(self, entry: DocumentEntry) -> None:
        self._wanted, self._rendered = entry.unique_id, None
        self.preview.begin(entry)
        job = self._stage.start("open", unique_id=entry.unique_id)
        if job is None:
            return
        job.done.connect(self._opened)
        job.failed.connect(self._guard(entry.unique_id, self._refused))
        job.ended.connect(lambda: self._catch_up(entry.unique_id))

    def _catch_up(self, opened: str) -> None:
        """Open what was chosen while another one was on its way."""
        current = self.list.currentIndex()
        entry = self.model.row_at(current).entry if current.isValid() else None
        if entry is not None and entry.unique_id == self._wanted != opened:
            self._open(entry)

    def _opened(self, opened: Any) -> None:
        wanted = opened.entry.unique_id
        if wanted != self._wanted:
            return
        self.preview.show_entry(opened.entry)
        job = self._stage.work(f"render.{wanted}", lambda: render(opened.body, opened.media_type))
        job.done.connect(self._guard(wanted, self._rendered_now))
        job.failed.connect(self._guard(wanted, self._refused))

    def _guard(self, unique_id: str, then: Callable[[Any], None]) -> Callable[[Any], None]:
        return lambda value: then(value) if unique_id == self._wanted else None

    def _rendered_now(self, rendered: Rendered) -> None:
        self._rendered = rendered
        if rendered.pages:
            self.preview.show_pages(list(rendered.pages))
        else:
            self.preview.show_text(rendered.text)
        if rendered.pages_in_all > len(rendered.pages):
            shown = f"Les {len(rendered.pages)} premières pages sont affichées, sur {rendered.pages_in_all}."
            self.preview.message.say(shown)

    def _refused(self, failure: Failure) -> None:
        self.preview.progress.end()
        self.preview.message.say_failure(failure)

    def _forget_opening(self) -> None:
        self._wanted = ""
        self.list.clearSelection()
        self.list.setCurrentIndex(QModelIndex())
        self.preview.clear()

    def _show_again(self) -> None:
        """Show the same documents with what is known of them now; the one that is open stays open."""
        chosen = self._wanted
        self.model.show_entries(self._entries, self._new)
        self._offer_filters()
        self._filter()
        if chosen:
            self.list.setCurrentIndex(self.model.index_of(chosen))

    def _changed(self, entry: DocumentEntry, words: str) -> None:
        self._entries = tuple(entry if each.unique_id == entry.unique_id else each for each in self._entries)
        self._show_again()
        if entry.unique_id == self._wanted:
            self.preview.show_entry(entry)
        self.preview.message.say(words, tone="success")

    def _gone(self, entry: DocumentEntry, words: str) -> None:
        self._entries = tuple(each for each in self._entries if each.unique_id != entry.unique_id)
        if entry.unique_id == self._wanted:
            self._forget_opening()
        self._show_again()
        self.preview.message.say(words, tone="success")

    def _print(self) -> None:
        if self._rendered is None or not self._rendered.pages:
            return
        try:
            self._stage.printer.print_pages(self._rendered.pages)
        except Failure as failure:
            self.preview.message.say_failure(failure)


def rights_words(session: SessionView | None) -> str:
    """Say that the host shows some kinds of documents only; "" for doctors, whom the patient's masking alone limits."""
    if session is None or session.professional.is_doctor:
        return ""
    profession = profession_words(session.professional)
    return f"L'hôte montre les documents ouverts à votre profession ({profession}) ; le dossier peut en avoir d'autres."
