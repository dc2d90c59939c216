"""My dossiers: the patients who authorised this professional, what is new in them, and the way to each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListView, QStackedWidget

from dossier.failure import Failure
from dossier.patient import Ins
from gui.pages.page import Page
from gui.pieces.boxes import column, holder
from gui.pieces.buttons import Button
from gui.pieces.documents import DocumentDelegate
from gui.pieces.empty_state import EmptyState
from gui.pieces.followed import FollowedModel
from gui.pieces.progress import Progress
from gui.pieces.text import Text
from gui.words import count, fr


class FollowedPage(Page):
    """Read once a session, then on demand: reading it is a look, after which nothing is new any more.

    What was new stays marked until the session ends or the dossier is opened from here.
    """

    key = "followed"
    title = "Mes dossiers"

    def parts(self) -> Iterator[None]:
        """Make the actions, the list, and what is said when there is none."""
        self._read_for: object = None
        self._new: set[Ins] = set()
        self.again = Button("Actualiser", name="followed.refresh", icon="refresh", shortcut="F5", on_click=self._read)
        self.head.addWidget(self.again)
        self.progress = Progress("followed.progress")
        self.progress.cancelled.connect(self._cancel)
        self.body.addWidget(self.progress)
        yield
        self.model = FollowedModel()
        self.search = QLineEdit()
        self.search.setObjectName("followed.search")
        self.search.setPlaceholderText("Rechercher un nom")
        self.search.setAccessibleName("Rechercher dans mes dossiers")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _: self._filter())
        self.list = self._make_list()
        self._count = Text("", "secondary", name="followed.count")
        yield
        self._state = EmptyState("folder", "", name="followed.state")
        self._stack = QStackedWidget()
        for each in (self._state, holder(column(self.search, self.list, self._count))):
            self._stack.addWidget(each)
            yield
        self.body.addWidget(self._stack, 1)
        self._state.say("Dossiers non lus")

    def _make_list(self) -> QListView:
        made = QListView()
        made.setObjectName("followed.list")
        made.setAccessibleName(fr("Mes dossiers : Entrée ouvre celui qui est choisi"))
        made.setModel(self.model)
        made.setItemDelegate(DocumentDelegate(made))
        made.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        made.clicked.connect(self._open)
        made.activated.connect(self._open)
        return made

    def refresh(self) -> None:
        """Reading needs a session; what was read belongs to the one it was read in."""
        if self._read_for is not None and self._whose() != self._read_for:
            self._forget()
        self.again.setEnabled(self.house.session is not None)

    def shown(self) -> None:
        """Read at the first look of a session."""
        if self._whose() != self._read_for:
            self._forget()
            self._read()

    def take_keyboard(self) -> None:
        """Give the keyboard to the list, on its first line."""
        if self._stack.currentIndex() == 1:
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().take_keyboard()

    def clear(self) -> None:
        """Forget all patients when the session is over; one who leaves the screen changes nothing here."""
        super().clear()
        self.refresh()

    def _whose(self) -> object:
        session = self.house.session
        return None if session is None else (session.professional.id_nat, session.opened_at)

    def _forget(self) -> None:
        self._read_for, self._new = None, set()
        self.model.show_lines(())
        self.search.clear()
        self._count.say("")
        self._state.say("Dossiers non lus")
        self._stack.setCurrentIndex(0)

    def _read(self) -> None:
        whose = self._whose()
        job = self.stage.start("followed") if whose is not None else None
        if job is None:
            return
        self.message.clear()
        self.progress.begin("Lecture de vos dossiers…")
        job.done.connect(lambda lines: self._listed(whose, lines))
        job.failed.connect(self.fail)
        job.ended.connect(self.progress.end)

    def _cancel(self) -> None:
        job = self.stage.jobs.running("followed")
        if job is not None:
            job.cancel()

    def fail(self, failure: Failure) -> None:
        """Say why the list could not be read; what was read before stays."""
        super().fail(failure)
        self._state.say("La liste n'a pas pu être lue")

    def _listed(self, whose: object, lines: tuple[Any, ...]) -> None:
        if whose != self._whose():
            return
        self._read_for = whose
        self.model.show_lines(lines, self._new)
        self._new = self.model.new()
        if not lines:
            hint = "Les patients qui vous autorisent à consulter leur dossier seront ici, pendant un an."
            self._state.say("Aucun dossier suivi", hint)
        self._stack.setCurrentIndex(1 if lines else 0)
        self._filter()
        if lines and self.isVisible():
            self.take_keyboard()

    def _filter(self) -> None:
        self.model.keep(self.search.text())
        shown, new = count(self.model.rowCount(), "dossier"), len(self._new)
        self._count.say(f"{shown} · {new} avec du nouveau" if new else shown)
        if self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(0))

    def _open(self, index: QModelIndex) -> None:
        ins = self.model.ins_at(index)
        self._new.discard(ins)
        self.flows.identify("ins", ins=ins.matricule, oid=ins.oid)
        self.stage.go("consultation")
