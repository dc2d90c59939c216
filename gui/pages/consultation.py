"""The consultation: the patient's dossier, what it allows, its documents, and the drawer to deposit one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtWidgets import QLineEdit, QStackedWidget, QWidget

from dossier.access import AccessMode, AuthorisationState, Dossier, DossierState
from dossier.metadata import DocumentEntry
from dossier.patient import IdentityStatus
from dossier.professional import CardKind
from gui import tokens as t
from gui.pages.counter import UNQUALIFIED
from gui.pages.deposit import DepositDrawer
from gui.pages.documents_view import DocumentsView
from gui.pages.page import Page
from gui.pages.sent import tell_item
from gui.pieces.boxes import Panel, column, row
from gui.pieces.buttons import Button
from gui.pieces.empty_state import EmptyState
from gui.pieces.other_ways import OtherWays
from gui.pieces.preview import PreviewPanel
from gui.pieces.progress import Progress
from gui.pieces.text import Rule, Text


class ConsultationPage(Page):
    """Without patient: how to name one. With one: state of the access, then the list and the preview."""

    key = "consultation"
    title = "Consultation"

    def parts(self) -> Iterator[None]:
        """Make the actions, the list of documents beside its preview, and the ways to name a patient."""
        self._listed_for: tuple[object, object] = (None, None)
        self._nothing = False
        self.deposit = Button("Déposer un document", "primary", name="consultation.deposit", shortcut="Ctrl+D")
        self.deposit.clicked.connect(self._open_drawer)
        self.declare = Button("Déclarer l'accès", name="consultation.declare", on_click=self._declare)
        self.again = Button("Actualiser", name="consultation.refresh", icon="refresh", shortcut="F5")
        self.again.clicked.connect(self._list_again)
        self.rights = Button("Qui lit quoi ?", "link", name="consultation.rights.more", icon="help")
        self.rights.clicked.connect(lambda: self.stage.go("help"))
        for each in (self.rights, self.again, self.declare, self.deposit):
            self.head.addWidget(each)
        yield
        self.progress = Progress("consultation.progress")
        self.progress.cancelled.connect(self._cancel)
        self.body.addWidget(self.progress)
        yield
        preview = PreviewPanel()
        yield
        self.documents = DocumentsView(self.stage, "consultation", preview, whole=True)
        self.documents.read_again.connect(self._list_again)
        self.documents.acts.replacing.connect(self._open_replacing)
        yield
        self._state = EmptyState("patient", "", name="consultation.state")
        self._state.acted.connect(self._act)
        self._action = ""
        self._stack = QStackedWidget()
        search = self._search_panel()
        yield
        pages: tuple[QWidget, ...] = (search, self._state, self.documents)
        for page in pages:
            self._stack.addWidget(page)
            yield
        self.body.addWidget(self._stack, 1)
        yield
        self.refresh()

    def _search_panel(self) -> QWidget:
        self.ins = QLineEdit()
        self.ins.setObjectName("consultation.ins")
        self.ins.setAccessibleName("INS du patient, 15 caractères")
        self.ins.setPlaceholderText("15 caractères, clé comprise")
        self.ins.setMaxLength(22)
        self.ins.returnPressed.connect(self._by_ins)
        go = Button("Chercher ce patient", "primary", name="consultation.ins.go", on_click=self._by_ins)
        self._vitale = Button("Lire la carte Vitale", name="consultation.vitale", icon="vitale")
        self._vitale.clicked.connect(lambda: self.flows.identify())
        panel = Panel(margin=t.PAGE, gap=t.BETWEEN)
        panel.setFixedWidth(t.PANEL_WIDTH)
        self._hint = Text("", "muted", wrap=True, name="consultation.hint")
        panel.column.addWidget(Text("Quel patient recevez-vous ?", "title"))
        panel.column.addWidget(self._hint)
        panel.column.addLayout(row(self._vitale, 1))
        panel.column.addWidget(Text("Ou saisissez son INS, déjà qualifié :", "strong"))
        panel.column.addWidget(self.ins)
        panel.column.addLayout(row(1, go))
        ways = OtherWays("consultation")
        ways.chosen.connect(self.flows.identify)
        panel.column.addWidget(Rule())
        panel.column.addWidget(Text("Ou, sans carte ni INS :", "strong"))
        panel.column.addLayout(row(ways, 1))
        made = QWidget()
        made.setLayout(row(1, column(1, panel, 2), 1))
        return made

    def refresh(self) -> None:
        """Show what the patient on screen allows."""
        dossier = self.house.dossier
        seen = (self.house.patient, dossier.authorisation if dossier else None)
        ready = self._may_read(dossier)
        self.deposit.setVisible(dossier is not None and dossier.state is DossierState.OPEN)
        refused = dossier is not None and dossier.authorisation is AuthorisationState.FORBIDDEN
        self.deposit.become("primary" if ready or refused else "quiet")
        self.declare.setVisible(self.deposit.isVisibleTo(self) and not ready and refused)
        self.again.setVisible(ready)
        session = self.house.session
        self.rights.setVisible(ready and session is not None and not session.professional.is_doctor)
        if seen != self._listed_for:
            self.documents.clear()
            self._nothing = False
        if self.house.patient is None:
            self._show_search()
        elif self.house.patient.identity.status is not IdentityStatus.QUALIFIED:
            self._say(*UNQUALIFIED)
        elif dossier is None:
            self._show_looking()
        elif ready:
            self._show_documents()
            if seen != self._listed_for and self.isVisible():
                self._listed_for = seen
                self._list()
            return
        else:
            self._show_closed(dossier)
        self._listed_for = (None, None)

    def shown(self) -> None:
        """List at the first look, not before."""
        self.refresh()
        if self.house.patient is None:
            self.ins.setFocus()

    def clear(self) -> None:
        """Forget the documents and what was typed."""
        super().clear()
        self.documents.clear()
        self.ins.clear()
        self._listed_for = (None, None)

    def _may_read(self, dossier: Dossier | None) -> bool:
        if dossier is None or dossier.state is not DossierState.OPEN:
            return False
        return dossier.authorisation is AuthorisationState.VALID or self.house.access.mode is not AccessMode.NORMAL

    def _show_documents(self) -> None:
        if self._nothing and not self.documents.with_archived:
            action = ("Voir les documents archivés", "archived")
            self._say("Aucun document dans ce dossier", "Les documents déposés apparaîtront ici.", *action)
        elif self._nothing:
            self._say("Aucun document dans ce dossier", "Il n'y en a pas d'archivé non plus.")
        else:
            self._stack.setCurrentIndex(2)

    def _show_search(self) -> None:
        if self.flows.is_busy("patient"):
            self._say(*self.flows.patient_words())
            return
        broken = self.flows.broken_vitale()
        card = broken is None and self.flows.slot(CardKind.VITALE) is not None
        self._vitale.setVisible(card)
        here = "Insérez sa carte Vitale dans un lecteur, ou scannez son datamatrix INS."
        if broken is not None:
            here = f"{broken.sentence('fr')} {broken.remedy('fr')}"
        self._hint.say("Une carte Vitale est dans le lecteur." if card else here)
        self._stack.setCurrentIndex(0)

    def _show_looking(self) -> None:
        if self.flows.is_busy("dossier"):
            self._say("Recherche du dossier…", "L'hôte cherche le dossier de cette personne.")
        else:
            self._say("Dossier non recherché", "", "Rechercher le dossier", "look_up")

    def _show_closed(self, dossier: Dossier) -> None:
        if dossier.state is DossierState.ABSENT:
            hint = "Avec sa carte Vitale et son accord, vous pouvez le créer au comptoir."
            self._say("Ce patient n'a pas de dossier", hint, "Aller au comptoir", "counter")
        elif dossier.state is DossierState.CLOSED:
            reason = f"Motif donné : « {dossier.closing_reason} ». " if dossier.closing_reason else ""
            hint = f"{reason}Il peut être réactivé au comptoir, si le patient le demande."
            self._say("Le dossier de ce patient est fermé", hint, "Aller au comptoir", "counter")
        elif dossier.authorisation is AuthorisationState.FORBIDDEN:
            self._say("Le patient refuse votre accès", "Vous pouvez déposer un document, pas lire le dossier.")
        else:
            expired = dossier.authorisation is AuthorisationState.EXPIRED
            words = "Votre autorisation a expiré" if expired else "Vous n'êtes pas encore autorisé"
            hint = "Demandez son accord au patient, puis déclarez l'accès. Vous pouvez déposer sans lire."
            self._say(words, hint, "Déclarer l'accès", "declare")

    def _say(self, words: str, hint: str = "", action: str = "", does: str = "") -> None:
        self._action = does
        self._state.say(words, hint, action)
        self._stack.setCurrentIndex(1)

    def _act(self) -> None:
        acts = {
            "look_up": self.flows.look_up,
            "counter": lambda: self.stage.go("counter"),
            "declare": self._declare,
            "archived": self.documents.turn_archived,
        }
        if self._action:
            acts[self._action]()

    def _by_ins(self) -> None:
        if self.ins.text().strip():
            self.flows.identify("ins", ins=self.ins.text())

    def _declare(self) -> None:
        job = self.stage.start("authorise")
        if job is not None:
            job.failed.connect(self.fail)
            job.ended.connect(self.refresh)

    def _list_again(self) -> None:
        self.message.clear()
        self._list()

    def _list(self) -> None:
        more = {"archived": True, "obsolete": True} if self.documents.with_archived else {}
        job = self.stage.start("list", None, **more)
        if job is None:
            return
        self.progress.begin("Lecture de la liste des documents…")
        job.done.connect(self._listed)
        job.failed.connect(self.fail)
        job.ended.connect(self.progress.end)

    def _listed(self, entries: tuple[Any, ...]) -> None:
        view = self.documents
        row_now = view.list.currentIndex()
        chosen = view.model.row_at(row_now).entry if row_now.isValid() else None
        view.show_entries(tuple(entries))
        if chosen is not None:
            view.list.setCurrentIndex(view.model.index_of(chosen.unique_id))
        self._nothing = not entries
        self.refresh()
        self._read_news()

    def _read_news(self) -> None:
        patient = self.house.patient
        job = self.stage.start("news")
        if job is None:
            return

        def show(news: Any) -> None:
            if self.house.patient is patient:
                self.documents.show_news(news.since, news.documents)

        job.done.connect(show)
        job.failed.connect(lambda _: self.documents.say_no_news())

    def _open_drawer(self) -> None:
        session = self.house.session
        if session is None or self.house.patient is None:
            return
        drawer = DepositDrawer(session.professional, self.house.patient.identity.traits)
        drawer.sent.connect(self._send)
        self.stage.drawer.emit(drawer)

    def _open_replacing(self, entry: DocumentEntry) -> None:
        session, patient = self.house.session, self.house.patient
        if session is None or patient is None:
            return
        drawer = DepositDrawer(session.professional, patient.identity.traits, entry.title)
        kept = {"unique_id": entry.unique_id}
        drawer.sent.connect(
            lambda request: self._send({**kept, "path": request["path"], "title": request["title"]}, "replace")
        )
        self.stage.drawer.emit(drawer)

    def _send(self, request: dict[str, object], use_case: str = "deposit") -> None:
        job = self.stage.start(use_case, None, **request)
        if job is None:
            self.message.say("Un dépôt est déjà en cours.", "Attendez sa fin, puis recommencez.", "warning")
            return
        self.progress.begin("Envoi du document…")
        job.done.connect(self._sent)
        job.failed.connect(self.fail)
        job.cancelled.connect(lambda: self.message.say("Envoi abandonné : rien n'a été envoyé."))
        job.ended.connect(self.progress.end)

    def _sent(self, item: Any) -> None:
        tell_item(self, item)
        # Without an answer of the host, a list that fails too would say "nothing was sent" over what must be read.
        if item.state.value == "envoyé" and self._may_read(self.house.dossier):
            self._list()

    def _cancel(self) -> None:
        for use_case in ("deposit", "replace", "list"):
            job = self.stage.jobs.running(use_case)
            if job is not None:
                job.cancel()
