"""The passphrase of the vault, asked at the start where the system has no keyring."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from dossier.failure import Failure
from gui import tokens as t
from gui.pieces.boxes import column, row
from gui.pieces.buttons import Button
from gui.pieces.message import Message
from gui.pieces.text import Text

_WIDTH = 460


class PassphraseAsk(QWidget):
    """Gives what was typed as a bytearray, once, and empties the field."""

    given = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("passphrase")
        self._wrong = Message("passphrase.message")
        self._field = _secret_field("passphrase.value", "Phrase de passe du coffre")
        self._again = _secret_field("passphrase.again", "La même phrase, encore une fois")
        self._again.setPlaceholderText("La même phrase, encore une fois")
        self._again.hide()
        self._field.returnPressed.connect(self._next)
        self._again.returnPressed.connect(self._give)
        self._go = Button("Ouvrir le coffre", "primary", name="passphrase.go", on_click=self._give)
        title = Text("Phrase de passe du coffre", "title", name="passphrase.title")
        hint = Text(
            "Ce poste n'a pas de trousseau système. La phrase choisie à la première ouverture protège les envois et"
            " le journal ; sans elle, ils ne peuvent pas être relus.",
            "muted",
            wrap=True,
        )
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        sheet = QWidget()
        sheet.setFixedWidth(_WIDTH)
        sheet.setLayout(column(title, hint, self._wrong, self._field, self._again, self._go, gap=t.BETWEEN, margin=0))
        centred = row(1, sheet, 1)
        self.setLayout(column(1, centred, 1, margin=t.PAGE))

    def ask(self, wrong: Failure | None, *, first: bool = False) -> None:
        """Ask anew, with what was wrong with the answer before; first: it is chosen now, and typed twice."""
        self._again.setVisible(first)
        if wrong is not None:
            self._wrong.say_failure(wrong)
        self._go.setEnabled(True)
        self._field.setFocus()

    def _next(self) -> None:
        if self._again.isHidden():
            self._give()
        else:
            self._again.setFocus()

    def _give(self) -> None:
        typed, again = self._field.text(), self._again.text()
        self._field.clear()
        self._again.clear()
        if not self._again.isHidden() and typed != again:
            self.ask(Failure("PASSPHRASES_DIFFER"), first=True)
        elif typed:
            self._go.setEnabled(False)
            self.given.emit(bytearray(typed.encode()))


def _secret_field(name: str, told: str) -> QLineEdit:
    field = QLineEdit()
    field.setObjectName(name)
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setAccessibleName(told)
    return field
