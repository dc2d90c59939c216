"""The counter: from a Vitale card to a dossier and two sheets, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

from cps_bridge.workflows import user as q
from dossier.access import Dossier, DossierState
from dossier.failure import Failure
from dossier.patient import IdentityStatus
from dossier.professional import CardKind
from gui import tokens as t
from gui.jobs import Job
from gui.pages.hand_over import HandOver
from gui.pages.page import Page
from gui.pieces.boxes import Panel, column, empty, holder, row, scrolled
from gui.pieces.buttons import Button
from gui.pieces.empty_state import EmptyState
from gui.pieces.other_ways import OtherWays
from gui.pieces.progress import Progress
from gui.pieces.step_list import StepList

_STEPS = (
    "Identification",
    "Identité qualifiée",
    "Information donnée",
    "Consentement",
    "Urgences",
    "Contact",
    "Création",
    "Remise des documents",
)
_STEP_OF_QUESTION: dict[type[object], int] = {
    q.ConfirmInformation: 2,
    q.AskConsent: 3,
    q.AskEmergencyChoices: 4,
    q.AskContact: 5,
    q.ConfirmCreation: 6,
    q.ConfirmReactivation: 2,
}
_WORDS_OF_STEP = {
    "create": "Création du dossier chez l'hôte…",
    "account": "Ouverture de l'espace du patient…",
    "hand_over": "Préparation des deux feuilles…",
}
_CREATIONS = ("create", "open-account", "reactivate")
UNQUALIFIED = (
    "Identité non qualifiée : consultation et dépôt impossibles",
    "Insérez la carte Vitale de cette personne, ou scannez son datamatrix INS : l'INSi vérifiera l'identité.",
)


class CounterPage(Page):
    """Left, the steps; right, the current one, large."""

    key = "counter"
    title = "Comptoir"

    def parts(self) -> Iterator[None]:
        """Make the steps, what is shown without a question, the place of questions, the sheets."""
        self.steps = StepList(_STEPS, "counter.steps")
        side = Panel(margin=t.BETWEEN)
        left = scrolled(side, on="")
        left.setFixedWidth(t.STEP_LIST_WIDTH)
        side.column.addWidget(self.steps)
        side.column.addStretch(1)
        yield
        self._state = EmptyState("vitale", "", name="counter.state")
        self._state.acted.connect(self._act)
        yield
        self._next_one = Button("Client suivant", name="counter.next", shortcut="Ctrl+N", on_click=self._next)
        self._state.also(self._next_one)
        self._account = Button("Ouvrir le compte du patient", name="counter.account", on_click=self._open_account)
        self._state.also(self._account)
        self._ways = OtherWays("counter", "Sans carte Vitale :")
        self._ways.chosen.connect(self.flows.identify)
        self._state.also(self._ways)
        yield
        self._question = row(gap=0)
        yield
        self.progress = Progress("counter.progress")
        self.progress.cancelled.connect(self._cancel)
        self._hand_over = HandOver(self.stage)
        self._hand_over.next_wanted.connect(self._next)
        yield
        self._place = QStackedWidget()
        for each in (self._state, scrolled(holder(self._question)), self._hand_over):
            self._place.addWidget(each)
        yield
        right = QWidget()
        right.setLayout(column(self.progress, self._place, gap=t.INNER))
        self.body.addLayout(row(left, right, gap=t.BETWEEN), 1)
        self._action = ""
        yield
        self.refresh()

    def refresh(self) -> None:
        """Show where we stand with the patient on screen."""
        if any(self.stage.jobs.running(use_case) for use_case in _CREATIONS):
            return
        if self._hand_over.is_busy() and self.house.patient is not None:
            return
        self._question_gone()
        self._place.setCurrentWidget(self._state)
        self.progress.setVisible(False)
        self._ways.setVisible(self.house.patient is None and not self.flows.is_busy("patient"))
        if self.house.patient is None:
            self._hand_over.clear()
            self._show_no_patient()
        elif self.house.patient.identity.status is not IdentityStatus.QUALIFIED:
            self._ways.setVisible(not self.flows.is_busy("patient"))
            self._stand(1, *UNQUALIFIED, failed=True)
        elif self.flows.is_busy("dossier") or self.house.dossier is None:
            self._show_dossier_wanted()
        else:
            self._show_dossier(self.house.dossier)

    def clear(self) -> None:
        """Forget the sheets and the questions."""
        super().clear()
        self._hand_over.clear()
        self._question_gone()

    def _show_no_patient(self) -> None:
        failure = self.flows.patient_failure
        if self.flows.is_busy("patient"):
            self._stand(0, *self.flows.patient_words())
        elif (broken := self.flows.broken_vitale()) is not None:
            self._stand(0, broken.sentence("fr"), broken.remedy("fr"), failed=True)
        elif failure is not None:
            hint = "Rien n'a été créé. Le motif est écrit au-dessus de la page."
            self._stand(1, "L'identité n'est pas qualifiée", hint, self._again(), failed=True)
        elif self.flows.slot(CardKind.VITALE) is not None:
            self._stand(0, "Une carte Vitale est dans le lecteur", "", ("Lire la carte Vitale", "identify"))
        else:
            hint = "Elle est lue d'elle-même ; le datamatrix INS d'un document aussi, dès que vous le scannez."
            self._stand(0, "Insérez la carte Vitale du patient", hint)

    def _again(self) -> tuple[str, str]:
        return ("Relire la carte", "identify") if self.flows.slot(CardKind.VITALE) is not None else ("", "")

    def _show_dossier_wanted(self) -> None:
        if self.flows.is_busy("dossier"):
            self._stand(1, "Recherche du dossier…", "L'hôte cherche si cette personne a déjà un dossier.")
            return
        failed = self.flows.patient_failure is not None
        hint = "Le motif est écrit au-dessus de la page." if failed else ""
        self._stand(1, "Le dossier n'a pas encore été recherché", hint, ("Rechercher", "look_up"), failed=failed)

    def _show_dossier(self, dossier: Dossier) -> None:
        if dossier.state is DossierState.OPEN:
            hint = "Rien n'est à créer. Vous pouvez ouvrir la consultation ou passer au client suivant."
            self._stand(2, "Cette personne a déjà un dossier", hint, ("Ouvrir la consultation", "consult"), over=True)
            self._account.setVisible(not dossier.account_open)
        elif dossier.state is DossierState.CLOSED:
            reason = f"Motif donné : « {dossier.closing_reason} ». " if dossier.closing_reason else ""
            hint = f"{reason}Avec son accord, le patient retrouve son dossier et ses documents."
            self._stand(2, "Cette personne a un dossier fermé", hint, ("Réactiver le dossier", "reactivate"))
        else:
            hint = "L'identité est qualifiée et l'hôte ne connaît pas de dossier : vous pouvez le créer."
            self._stand(2, "Pas encore de dossier pour cette personne", hint, ("Créer le dossier", "create"))

    def _stand(
        self,
        step: int,
        words: str,
        hint: str = "",
        action: tuple[str, str] = ("", ""),
        *,
        failed: bool = False,
        over: bool = False,
    ) -> None:
        self.steps.at(step, failed=failed, over=over)
        self._next_one.setVisible(over)
        self._account.setVisible(False)
        self._action = action[1]
        self._state.say(words, hint, action[0])

    def _act(self) -> None:
        acts = {
            "identify": lambda: self.flows.identify(),
            "look_up": self.flows.look_up,
            "consult": lambda: self.stage.go("consultation"),
            "create": self._create,
            "reactivate": self._reactivate,
        }
        if self._action:
            acts[self._action]()

    def _create(self) -> None:
        self._hand_over_from(self._begin("create"))

    def _open_account(self) -> None:
        """Finish a creation that stopped before the patient's account."""
        self._hand_over_from(self._begin("open-account"))

    def _hand_over_from(self, job: Job | None) -> None:
        if job is not None:
            job.done.connect(self._hand_over.show_outcome)
            job.done.connect(lambda _: self._handed())

    def _reactivate(self) -> None:
        job = self._begin("reactivate")
        if job is not None:
            job.done.connect(lambda _: self.message.say("Le dossier est réactivé.", tone="success"))

    def _begin(self, use_case: str) -> Job | None:
        self.message.clear()
        job = self.stage.start(use_case, self._put_question)
        if job is not None:
            job.failed.connect(self._refused)
            job.cancelled.connect(self._given_up)
            job.ended.connect(self.refresh)
            self.progress.begin("Vérification avant de commencer…")
            self._state.say("Un instant…", "L'hôte vérifie l'état du dossier.")
        return job

    def _put_question(self, panel: QWidget) -> None:
        self._question_gone()
        self.progress.end()
        question = getattr(panel, "question", None)
        self.steps.at(_STEP_OF_QUESTION.get(type(question), self.steps.now()))
        self._question.addWidget(panel, 1, Qt.AlignmentFlag.AlignTop)
        self._place.setCurrentIndex(1)
        panel.setFocus()

    def news(self, job: Job, news: q.News) -> None:
        """Hear how far the creation is."""
        if isinstance(news, q.Step) and job.use_case in ("create", "open-account"):
            self.steps.at(7 if news.code == "hand_over" else 6)
            self.progress.begin(_WORDS_OF_STEP.get(news.code, "En cours…"), can_cancel=False)
            self._state.say("Création en cours", "Laissez les deux cartes dans leurs lecteurs.")
            self._place.setCurrentWidget(self._state)

    def _handed(self) -> None:
        self.steps.at(7)
        self._place.setCurrentWidget(self._hand_over)
        self.progress.end()

    def _refused(self, failure: Failure) -> None:
        self.steps.at(self.steps.now(), failed=True)
        self.fail(failure)

    def _given_up(self) -> None:
        self.message.say("Création abandonnée : rien n'a été envoyé.", tone="info")

    def _cancel(self) -> None:
        for use_case in _CREATIONS:
            job = self.stage.jobs.running(use_case)
            if job is not None:
                job.cancel()

    def _question_gone(self) -> None:
        empty(self._question)

    def _next(self) -> None:
        self._hand_over.clear()
        self.message.clear()
        self.flows.leave_patient()
