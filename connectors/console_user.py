"""A person at a terminal: questions answered by options given beforehand, or by prompts."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from cps_bridge.workflows import user as words
from dossier.access import BreakGlass, BreakGlassReason, ChannelKind, ConsentMode, Contact, EmergencyChoices
from dossier.failure import Cancelled, Failure

T = TypeVar("T")
_YES = frozenset({"o", "oui", "y", "yes"})


@dataclass(frozen=True)
class Answers:
    """What the command line already says; None means: ask."""

    pin_fd: int | None = None
    activity: int | None = None
    beneficiary: int | None = None
    informed: bool | None = None
    consent: str | None = None
    break_glass_allowed: bool | None = None
    regulation_allowed: bool | None = None
    email: str | None = None
    mobile: str | None = None
    access: str | None = None
    reason: str | None = None
    because: str | None = None
    yes: bool = False


class ConsoleUser:
    """Asks on the terminal what the options do not answer; without a terminal, raises Failure ANSWER_MISSING."""

    def __init__(self, answers: Answers, *, quiet: bool = False) -> None:
        self._answers, self._quiet = answers, quiet
        self._pin_read = False

    def ask(self, question: words.Question[T]) -> T:
        """Answer by the option of the question's kind, or prompt for it."""
        answer = _ANSWERS.get(type(question))
        if answer is None:
            raise Failure("ANSWER_MISSING", question=type(question).__name__)
        return cast(T, answer(self, question))

    def tell(self, news: words.News) -> None:
        """Say which card is wanted; other news are for windows."""
        if isinstance(news, words.CardWanted) and not self._quiet:
            print(f"Carte attendue : {news.kind.value}", file=sys.stderr)  # noqa: T201 - the terminal is this door

    def _prompt(self, text: str) -> str:
        if not sys.stdin.isatty():
            raise Failure("ANSWER_MISSING", question=text)
        try:
            return input(f"{text} ").strip()
        except (EOFError, KeyboardInterrupt) as error:
            raise Cancelled from error

    def _confirmed(self, given: bool | None, text: str) -> bool:
        if given is not None:
            return given
        return self._answers.yes or self._prompt(f"{text} (o/n)").lower() in _YES

    def _pick(self, given: int | None, text: str, choices: tuple[T, ...], shown: Callable[[T], str]) -> T:
        if given is None:
            lines = "\n".join(f"  {number}. {shown(choice)}" for number, choice in enumerate(choices, 1))
            answer = self._prompt(f"{text}\n{lines}\n?")
            given = int(answer) if answer.isdigit() else 0
        if not 1 <= given <= len(choices):
            raise Failure("CHOICE_INVALID", last=len(choices))
        return choices[given - 1]

    def pin(self, question: words.AskPin) -> bytearray:
        """Read the PIN from the file descriptor once, or from a prompt that does not echo."""
        if self._answers.pin_fd is not None:
            if self._pin_read:
                raise Failure("ANSWER_MISSING", question="--pin-fd")
            self._pin_read = True
            return read_secret(self._answers.pin_fd)
        if not sys.stdin.isatty():
            raise Failure("ANSWER_MISSING", question="--pin-fd")
        text = f"Code porteur de {question.holder} ({question.tries_left} essais) : "
        return bytearray(getpass.getpass(text), "ascii", "replace")

    def activity(self, question: words.ChooseActivity) -> object:
        """Choose the practice situation by its number."""
        return self._pick(
            self._answers.activity,
            "Situation d'exercice :",
            question.activities,
            lambda each: f"{each.structure.name} ({each.sector})",
        )

    def beneficiary(self, question: words.ChooseBeneficiary) -> object:
        """Choose the person of the Vitale card by its number."""
        return self._pick(
            self._answers.beneficiary,
            "Bénéficiaire :",
            question.beneficiaries,
            lambda each: f"{each.family_name} {each.given_name}, {each.birth_date}",
        )

    def consent(self, question: words.AskConsent) -> ConsentMode | None:
        """Give the consent mode: oral, written, or none."""
        given = self._answers.consent or self._prompt("Consentement du patient (oral, ecrit, aucun) ?")
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
            value = self._prompt("Adresse électronique ou mobile du patient :")
            email, mobile = (value, None) if "@" in value else (None, value)
        channels = ((ChannelKind.EMAIL, email), (ChannelKind.SMS, mobile))
        return tuple(Contact(kind, value) for kind, value in channels if value)

    def access(self, question: words.AskAccess) -> words.AccessChoice:
        """Declare the access that the option names; never by default."""
        given = self._answers.access or self._prompt("Accès (autorise, medecin-traitant, non) ?")
        choices = {"autorise": words.AccessChoice.AUTHORISED, "medecin-traitant": words.AccessChoice.ATTENDING}
        return choices.get(given, words.AccessChoice.NOT_NOW)

    def break_glass(self, question: words.AskBreakGlass) -> BreakGlass:
        """Give the reason and the text of the emergency access."""
        reasons = tuple(BreakGlassReason)
        given = self._answers.reason
        if given is not None and given.upper() not in BreakGlassReason.__members__:
            raise Failure("BREAK_GLASS_REASON_MISSING")
        reason = (
            BreakGlassReason[given.upper()] if given else self._pick(None, "Motif :", reasons, lambda each: each.value)
        )
        because = self._answers.because
        return BreakGlass(reason, because if because is not None else self._prompt("Justification :"))

    def confirm(self, question: words.Question[Any]) -> bool:
        """Confirm by --yes, or by a typed answer."""
        given = self._answers.informed if isinstance(question, words.ConfirmInformation) else None
        return self._confirmed(given, _CONFIRMATIONS[type(question)](question))


_CONFIRMATIONS: dict[type, Callable[[Any], str]] = {
    words.ConfirmInformation: lambda q: "Le patient a-t-il reçu l'information sur le DMP ?",
    words.ConfirmCreation: lambda q: f"Créer le DMP de {q.patient.shown_name} {q.patient.first_given_name} ?",
    words.ConfirmReactivation: lambda q: f"Réactiver le DMP fermé ({q.closing_reason}) ?",
    words.ConfirmBreakGlass: lambda q: "L'accès sera tracé et le patient en sera averti. Continuer ?",
    words.ConfirmDeposit: lambda q: f"Déposer pour {q.patient.shown_name} : {', '.join(q.titles)} ?",
    words.ConfirmMask: lambda q: f"{'Masquer' if q.mask else 'Rendre visible'} « {q.title} » ?",
}
_ANSWERS: dict[type, Callable[[ConsoleUser, Any], object]] = {
    words.AskPin: ConsoleUser.pin,
    words.ChooseActivity: ConsoleUser.activity,
    words.ChooseBeneficiary: ConsoleUser.beneficiary,
    words.AskConsent: ConsoleUser.consent,
    words.AskEmergencyChoices: ConsoleUser.choices,
    words.AskContact: ConsoleUser.contact,
    words.AskAccess: ConsoleUser.access,
    words.AskBreakGlass: ConsoleUser.break_glass,
    **dict.fromkeys(_CONFIRMATIONS, ConsoleUser.confirm),
}


def read_secret(descriptor: int, limit: int = 256) -> bytearray:
    """Read a secret from a file descriptor up to the end of its first line, without making a str of it."""
    secret, byte = bytearray(), bytearray(1)
    try:
        while len(secret) < limit and os.readv(descriptor, [byte]) == 1 and byte[0] not in b"\r\n":
            secret += byte
    except OSError as error:
        raise Failure("DESCRIPTOR_UNREADABLE", number=descriptor) from error
    finally:
        byte[:] = b"\0"
    return secret
