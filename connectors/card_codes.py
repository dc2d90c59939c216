"""The codes of a card, from a file descriptor once, or from a prompt that does not echo; and the word of a last try."""

from __future__ import annotations

from connectors.answers import Answers
from connectors.terminal import ask_line, ask_secret, at_terminal, read_secret, typed_again
from cps_bridge.workflows import user as words
from cps_bridge.workflows.present_pin import is_the_word
from dossier.failure import Failure


class CardCodes:
    """Answers the questions about PIN and PUK; every code is a bytearray, wiped by the one who asked."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._read: set[str] = set()

    def pin(self, question: words.AskPin) -> bytearray:
        """Give the present PIN."""
        text = f"Code porteur de {question.holder}{_left(question.tries_left)} : "
        return self._code(self._answers.pin_fd, "--pin-fd", text)

    def unblocking_code(self, question: words.AskUnblockingCode) -> bytearray:
        """Give the unblocking code (PUK)."""
        text = f"Code de déblocage de {question.holder}{_left(question.tries_left)} : "
        return self._code(self._answers.puk_fd, "--puk-fd", text)

    def new_pin(self, question: words.AskNewPin) -> bytearray:
        """Give the new PIN, typed twice at a terminal; raises Failure PINS_DIFFER."""
        given = self._code(self._answers.new_pin_fd, "--new-pin-fd", "Nouveau code porteur : ")
        if self._answers.new_pin_fd is None and not typed_again(given, "Le même code, encore une fois : "):
            raise Failure("PINS_DIFFER")
        return given

    def last_try(self, question: words.ConfirmLastTry) -> str:
        """Give what was typed before a try that may block the card; a program gives it by --last-try.

        Raises Failure LAST_TRY_UNCONFIRMED where nobody can type and the option does not say the word: an option that
        is merely said to miss would be added without a thought.
        """
        given = self._answers.last_try
        if given is not None and is_the_word(given, question.word):
            return given
        if given is not None or not at_terminal():
            raise Failure("LAST_TRY_UNCONFIRMED", word=question.word)
        code = "code porteur" if question.code == "pin" else "code de déblocage"
        return ask_line(
            f"Dernier essai peut-être : un {code} faux bloquerait la carte de {question.holder}.\n"
            f"Tapez « {question.word} » pour continuer : "
        )

    def _code(self, descriptor: int | None, option: str, text: str) -> bytearray:
        # A descriptor answers once: a second question for the same code must not get the next line by accident.
        if descriptor is not None and option not in self._read:
            self._read.add(option)
            return read_secret(descriptor)
        if descriptor is not None or not at_terminal():
            raise Failure("ANSWER_MISSING", option=option)
        return ask_secret(text)


def _left(tries: int | None) -> str:
    return "" if tries is None else f" (essais restants : {tries})"
