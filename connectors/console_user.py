"""A person at a terminal: questions answered by options given beforehand, or by prompts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future, InvalidStateError
from queue import SimpleQueue
from typing import Any, TypeVar, cast

from connectors.answers import Answers
from connectors.card_codes import CardCodes
from connectors.patient_options import read_traits
from connectors.terminal import ask_line, at_terminal
from cps_bridge.cards.slots import Slot
from cps_bridge.workflows import user as words
from dossier.access import BreakGlass, BreakGlassReason, ChannelKind, ConsentMode, Contact, EmergencyChoices
from dossier.failure import Cancelled, Failure
from dossier.patient import Traits
from dossier.professional import CardKind

T = TypeVar("T")
_YES = frozenset({"o", "oui", "y", "yes"})


class _Asked:
    """A question on its way from a worker to the terminal; the first outcome counts."""

    def __init__(self, question: words.Question[Any]) -> None:
        self.question = question
        self.answer: Future[object] = Future()

    def settle(self, answer: object = None, error: Exception | None = None) -> None:
        """Give the worker an answer or an error, unless it has one; a code that comes too late is wiped."""
        try:
            if error is None:
                self.answer.set_result(answer)
            else:
                self.answer.set_exception(error)
        except InvalidStateError:
            if isinstance(answer, bytearray):
                answer[:] = bytes(len(answer))


class ConsoleUser:
    """Asks on the terminal what the options do not answer; without a terminal, raises Failure ANSWER_MISSING.

    Workers ask; the thread that follows them answers: an interruption of the terminal reaches that one only.
    """

    def __init__(self, answers: Answers, *, quiet: bool = False, slots: Callable[[], Iterable[Slot]] = tuple) -> None:
        """Prepare the answers; slots: the present state of the readers, every card that is there identified."""
        self._answers, self._quiet, self._slots = answers, quiet, slots
        self._codes = CardCodes(answers)
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._pending: _Asked | None = None
        self._left = False

    def follow(self, work: Future[Any]) -> Any:
        """Answer the questions of a use case until it ends; gives its result, raises what it raises."""
        work.add_done_callback(lambda _: self._asked.put(None))
        try:
            while (asked := self._asked.get()) is not None:
                self._reply(asked)
        except BaseException:
            self._left = True
            self.interrupt(Cancelled())
            raise
        return work.result()

    def _reply(self, asked: _Asked) -> None:
        try:
            answer = self._answer(asked.question)
        except (Failure, Cancelled) as error:
            asked.settle(error=error)
        else:
            asked.settle(answer)

    def _answer(self, question: words.Question[Any]) -> object:
        answer = _ANSWERS.get(type(question))
        if answer is None:
            raise Failure("ANSWER_MISSING", option=type(question).__name__)
        return answer(self, question)

    def ask(self, question: words.Question[T]) -> T:
        """Wait for the answer of the thread that follows; raises Cancelled when it has left."""
        asked = self._pending = _Asked(question)
        self._asked.put(asked)
        if self._left:
            raise Cancelled
        return cast(T, asked.answer.result())

    def interrupt(self, error: Exception) -> None:
        """Make the pending question raise an error; callable from any thread."""
        if self._pending:
            self._pending.settle(error=error)

    def tell(self, news: words.News) -> None:
        """Say which card is wanted and not there, and when to type on the reader; other news are for windows."""
        if self._quiet:
            return
        told = ""
        if isinstance(news, words.CardWanted) and not self._is_there(news.kind):
            told = f"Carte attendue : {news.kind.value}"
        elif isinstance(news, words.PinOnReader):
            told = f"Tapez le code porteur de {news.holder} sur le lecteur."
        if told:
            print(told, file=sys.stderr)  # noqa: T201 - the terminal is this door

    def _is_there(self, kind: CardKind) -> bool:
        """Tell whether a usable card of the family is in a reader: any professional's will do for a professional."""
        is_vitale = kind is CardKind.VITALE
        try:
            return any(slot.epoch and (slot.kind is CardKind.VITALE) == is_vitale for slot in self._slots())
        except Failure:
            return False  # whoever waits for the card will say what is the matter

    def _prompt(self, text: str, option: str) -> str:
        if not at_terminal():
            raise Failure("ANSWER_MISSING", option=option)
        return ask_line(f"{text} ")

    def _pick(self, given: int | None, option: str, text: str, choices: tuple[T, ...], shown: Callable[[T], str]) -> T:
        if given is None:
            lines = "\n".join(f"  {number}. {shown(choice)}" for number, choice in enumerate(choices, 1))
            answer = self._prompt(f"{text}\n{lines}\n?", option)
            given = int(answer) if answer.isdecimal() else 0
        if not 1 <= given <= len(choices):
            raise Failure("CHOICE_INVALID", last=len(choices))
        return choices[given - 1]

    def code(self, question: words.Question[Any]) -> object:
        """Give a code of the card, or the word that confirms its last try."""
        return _CODES[type(question)](self._codes, question)

    def datamatrix(self, question: words.AskDatamatrix) -> str:
        """Have the datamatrix scanned at the terminal."""
        return self._prompt("Scannez le datamatrix INS :", "--datamatrix")

    def traits(self, question: words.AskTraits) -> Traits:
        """Have the traits typed on one line."""
        return read_traits(self._prompt("NOM;PRENOMS;JJ/MM/AAAA;M|F[;INSEE] :", "--traits"))

    def application(self, question: words.AskVitaleApplication) -> str:
        """Give the text of the QR code that the application shows; nothing for NFC."""
        given = self._answers.application
        return given if given is not None else self._prompt("Scannez le QR de l'application :", "--application")

    def activity(self, question: words.ChooseActivity) -> object:
        """Choose the practice situation by its number."""
        return self._pick(
            self._answers.activity,
            "--activity",
            "Situation d'exercice :",
            question.activities,
            lambda each: f"{each.structure.name} ({each.sector})",
        )

    def beneficiary(self, question: words.ChooseBeneficiary) -> object:
        """Choose the person of the Vitale card by its number."""
        return self._pick(
            self._answers.beneficiary,
            "--beneficiary",
            "Bénéficiaire :",
            question.beneficiaries,
            lambda each: f"{each.family_name} {each.given_name}, {each.birth_date}",
        )

    def consent(self, question: words.AskConsent) -> ConsentMode | None:
        """Give the consent mode: oral, written, or none."""
        given = self._answers.consent or self._prompt("Consentement du patient (oral, ecrit, aucun) ?", "--consent")
        return {"oral": ConsentMode.ORAL, "ecrit": ConsentMode.WRITTEN, "écrit": ConsentMode.WRITTEN}.get(given)

    def choices(self, question: words.AskEmergencyChoices) -> EmergencyChoices:
        """Keep the two boxes as shown unless an option unticks one."""
        shown, given = question.shown, self._answers
        return EmergencyChoices(
            shown.allow_break_glass if given.break_glass_allowed is None else given.break_glass_allowed,
            shown.allow_regulation if given.regulation_allowed is None else given.regulation_allowed,
        )

    def contact(self, question: words.AskContact) -> tuple[Contact, ...]:
        """Give the e-mail address, the mobile number, or both."""
        email, mobile = self._answers.email, self._answers.mobile
        if not email and not mobile:
            value = self._prompt("Adresse électronique ou mobile du patient :", "--email, --mobile")
            email, mobile = (value, None) if "@" in value else (None, value)
        channels = ((ChannelKind.EMAIL, email), (ChannelKind.SMS, mobile))
        return tuple(Contact(kind, value) for kind, value in channels if value)

    def access(self, question: words.AskAccess) -> words.AccessChoice:
        """Declare the access that the option names; never by default."""
        given = self._answers.access or self._prompt("Accès (autorise, medecin-traitant, non) ?", "--as")
        choices = {"autorise": words.AccessChoice.AUTHORISED, "medecin-traitant": words.AccessChoice.ATTENDING}
        return choices.get(given, words.AccessChoice.NOT_NOW)

    def break_glass(self, question: words.AskBreakGlass) -> BreakGlass:
        """Give the reason and the text of the emergency access."""
        reasons = tuple(BreakGlassReason)
        given = self._answers.reason
        if given is not None and given.upper() not in BreakGlassReason.__members__:
            raise Failure("BREAK_GLASS_REASON_MISSING")
        if given is None:
            reason = self._pick(None, "--reason", "Motif :", reasons, lambda each: each.value)
        else:
            reason = BreakGlassReason[given.upper()]
        because = self._answers.because
        return BreakGlass(reason, because if because is not None else self._prompt("Justification :", "--because"))

    def typed(self, question: words.ConfirmTyped) -> str:
        """Give the word that confirms what cannot be undone: --yes does not stand for it."""
        given = self._answers.word
        if given is not None:
            return given
        about = f" ({question.about})" if question.about else ""
        return self._prompt(f"{question.act.value}{about}\nRecopiez {question.word} pour continuer :", "--word")

    def confirm(self, question: words.Question[Any]) -> bool:
        """Confirm by --yes, or by a typed answer."""
        informed = isinstance(question, words.ConfirmInformation)
        if self._answers.yes or (informed and self._answers.informed):
            return True
        text = f"{_CONFIRMATIONS[type(question)](question)} (o/n)"
        return self._prompt(text, "--informed" if informed else "--yes").lower() in _YES


_CONFIRMATIONS: dict[type, Callable[[Any], str]] = {
    words.ConfirmInformation: lambda q: "Le patient a-t-il reçu l'information sur le DMP ?",
    words.ConfirmCreation: lambda q: f"Créer le DMP de {q.patient.shown_name} {q.patient.first_given_name} ?",
    words.ConfirmReactivation: lambda q: f"Réactiver le DMP fermé ({q.closing_reason}) ?",
    words.ConfirmBreakGlass: lambda q: "L'accès sera tracé et le patient en sera averti. Continuer ?",
    words.ConfirmDeposit: lambda q: f"Déposer pour {q.patient.shown_name} : {', '.join(q.titles)} ?",
    words.ConfirmMask: lambda q: f"{'Masquer' if q.mask else 'Rendre visible'} « {q.title} » ?",
    words.ConfirmAct: lambda q: f"{q.act.value} {f'({q.about}) ' if q.about else ''}Continuer ?",
    words.ConfirmChanges: lambda q: "\n".join(
        [*(f"{each.field} : {each.before or '(rien)'} -> {each.after or '(rien)'}" for each in q.changes), "Envoyer ?"]
    ),
}
_CODES: dict[type, Callable[[CardCodes, Any], object]] = {
    words.AskPin: CardCodes.pin,
    words.AskNewPin: CardCodes.new_pin,
    words.AskUnblockingCode: CardCodes.unblocking_code,
    words.ConfirmLastTry: CardCodes.last_try,
}
_ANSWERS: dict[type, Callable[[ConsoleUser, Any], object]] = {
    **dict.fromkeys(_CODES, ConsoleUser.code),
    words.AskDatamatrix: ConsoleUser.datamatrix,
    words.AskTraits: ConsoleUser.traits,
    words.AskVitaleApplication: ConsoleUser.application,
    words.ChooseActivity: ConsoleUser.activity,
    words.ChooseBeneficiary: ConsoleUser.beneficiary,
    words.AskConsent: ConsoleUser.consent,
    words.AskEmergencyChoices: ConsoleUser.choices,
    words.AskContact: ConsoleUser.contact,
    words.AskAccess: ConsoleUser.access,
    words.AskBreakGlass: ConsoleUser.break_glass,
    words.ConfirmTyped: ConsoleUser.typed,
    **dict.fromkeys(_CONFIRMATIONS, ConsoleUser.confirm),
}
