"""Ways to know a patient other than the Vitale card: datamatrix, traits typed by hand, carte Vitale application."""

from __future__ import annotations

import re
from datetime import date

from PySide6.QtWidgets import QLineEdit, QWidget

from cps_bridge.workflows.user import AskDatamatrix, AskTraits, AskVitaleApplication
from dossier.failure import Failure
from dossier.patient import Sex, Traits
from gui import tokens as t
from gui.pieces.boxes import Panel, column, holder, row
from gui.pieces.buttons import Button
from gui.pieces.choice import RadioCards
from gui.pieces.text import Picture, Text
from gui.questions.panel import QuestionPanel
from gui.style import mark

_SEXES = (Sex.FEMALE, Sex.MALE, Sex.UNKNOWN)
_DAY = re.compile(r"^(\d{1,2})[/\-. ](\d{1,2})[/\-. ](\d{4})$")
_EIGHT = re.compile(r"^(\d{2})(\d{2})(\d{4})$")
_TOWN = re.compile(r"^\d[0-9AB]\d{3}$")
_OLDEST = 1850
_NOT_PUBLIC = (
    "Les formats de l'appli carte Vitale ne sont pas publiés : ce logiciel ne lit un vrai téléphone"
    " qu'avec le module du fournisseur agréé."
)
_SIMULATED = (
    "Les formats de l'appli carte Vitale ne sont pas publiés : ici le téléphone est simulé, avec un code qui n'est"
    " qu'à nous, par exemple CPSBRIDGE-SIMULATION-APCV:famille-marchand:1."
)


class _ScanPanel(QuestionPanel):
    """One field that a 2D scanner, or a hand, fills."""

    def field(self, name: str, title: str) -> QLineEdit:
        """Make the field; its text opens the action."""
        self.text = QLineEdit()
        self.text.setObjectName(name)
        self.text.setAccessibleName(title)
        self.text.setPlaceholderText(title)
        self.text.setMaxLength(4000)
        self.text.textChanged.connect(lambda typed: self.go.setEnabled(bool(typed.strip())))
        self.go.setEnabled(False)
        return self.text

    def take_scan(self, text: str) -> None:
        """Answer with what a scanner typed; its separators do not survive in a field."""
        self.scanned = text
        self.text.setText(text)
        self.go.click()

    def value(self) -> str:
        """Give what was scanned, or typed."""
        return getattr(self, "scanned", "") or self.text.text().strip()

    def wipe(self) -> None:
        """Clear the field."""
        self.scanned = ""
        self.text.clear()


class DatamatrixPanel(_ScanPanel):
    """The INS datamatrix of a document, under a 2D scanner."""

    def __init__(self, question: AskDatamatrix) -> None:
        explain = "C'est le petit carré de points imprimé près de l'identité, sur un document ou un bracelet."
        super().__init__(question, "Scannez le datamatrix INS du patient", "Chercher", "datamatrix.go", explain=explain)
        note = "L'identité lue est ensuite vérifiée auprès de l'INSi."
        self.body(self.field("datamatrix.text", "Le lecteur 2D écrit ici"), Text(note, "secondary", wrap=True))


class ApplicationPanel(_ScanPanel):
    """The carte Vitale application of the patient's phone: by its QR code, or put on the reader."""

    def __init__(self, question: AskVitaleApplication) -> None:
        super().__init__(question, _prompt(question), "Continuer", "application.go")
        self._nfc = Button("Le téléphone est sur le lecteur", name="application.nfc", on_click=self._by_nfc)
        self._note = Text(_NOT_PUBLIC, "secondary", wrap=True, name="application.note")
        field = self.field("application.text", "Le lecteur 2D écrit ici le contenu du QR code")
        self.body(field, holder(row(self._nfc, 1)), self._note)
        field.setVisible(question.by_qr)
        self.go.setVisible(question.by_qr)
        self._nfc.setVisible(question.by_nfc)
        self.setFocusProxy(field if question.by_qr else self._nfc)

    def simulated(self) -> None:
        """Say that the phone is a simulated one."""
        self._note.say(_SIMULATED)

    def _by_nfc(self) -> None:
        self.wipe()
        self.finish("")


def _prompt(question: AskVitaleApplication) -> str:
    if question.by_qr and question.by_nfc:
        return "Scannez le QR code de l'appli carte Vitale, ou posez le téléphone sur le lecteur"
    if question.by_nfc:
        return "Posez le téléphone du patient sur le lecteur"
    return "Scannez le QR code de l'appli carte Vitale"


class TraitsPanel(QuestionPanel):
    """The traits typed by hand, under a mark that says what such an identity cannot do."""

    def __init__(self, question: AskTraits) -> None:
        super().__init__(question, "Saisir l'identité à la main", "Afficher ce patient", "traits.go")
        self._birth_name = self._field("traits.birth_name", "Nom de naissance")
        self._usage_name = self._field("traits.usage_name", "Nom utilisé (facultatif)")
        self._given_names = self._field("traits.given_names", "Prénoms de naissance")
        self._born = self._field("traits.birth_date", "Date de naissance", "JJ/MM/AAAA", 10)
        self._place = self._field("traits.birth_place", "Lieu, code INSEE (facultatif)", "ex. 79191", 5)
        self._sex = RadioCards(
            (("traits.female", "Femme", ""), ("traits.male", "Homme", ""), ("traits.unknown", "Inconnu", "")),
            side_by_side=True,
        )
        self._sex.chosen.connect(lambda _: self._enable())
        self.column.setSpacing(t.INNER)
        self.body(
            _unqualified(),
            _pair(self._labelled(self._birth_name), self._labelled(self._usage_name)),
            self._labelled(self._given_names),
            _pair(self._labelled(self._born), self._labelled(self._place)),
            holder(column(Text("Sexe", "strong"), self._sex, gap=t.TIGHT)),
        )
        self.setFocusProxy(self._birth_name)
        self._enable()

    def value(self) -> Traits:
        """Give the traits; raises Failure BIRTH_DATE_SHAPE or BIRTH_PLACE_SHAPE."""
        place = self._place.text().strip().upper()
        if place and not _TOWN.match(place):
            self._wrong(self._place)
            raise Failure("BIRTH_PLACE_SHAPE")
        try:
            born = birth_digits(self._born.text())
        except Failure:
            self._wrong(self._born)
            raise
        return Traits(
            self._birth_name.text().strip().upper(),
            tuple(self._given_names.text().upper().replace(",", " ").split()),
            born,
            _SEXES[self._sex.index()],
            place,
            self._usage_name.text().strip().upper(),
        )

    def wipe(self) -> None:
        """Clear the fields."""
        for each in self._fields():
            each.clear()

    def _fields(self) -> tuple[QLineEdit, ...]:
        return self._birth_name, self._usage_name, self._given_names, self._born, self._place

    def _field(self, name: str, title: str, example: str = "", length: int = 100) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName(name)
        made.setAccessibleName(title)
        made.setPlaceholderText(example)
        made.setMaxLength(length)
        made.textChanged.connect(lambda _: mark(made, wrong=False))
        made.textChanged.connect(lambda _: self._enable())
        return made

    def _labelled(self, field: QLineEdit) -> QWidget:
        return holder(column(Text(field.accessibleName(), "strong"), field, gap=t.TIGHT))

    def _wrong(self, field: QLineEdit) -> None:
        mark(field, wrong=True)
        field.setFocus()

    def _enable(self) -> None:
        needed = (self._birth_name, self._given_names, self._born)
        self.go.setEnabled(self._sex.index() >= 0 and all(each.text().strip() for each in needed))


def birth_digits(typed: str) -> str:
    """Read JJ/MM/AAAA as yyyymmdd; raises Failure BIRTH_DATE_SHAPE for anything that is no day of the past."""
    found = _DAY.match(typed.strip()) or _EIGHT.match(typed.strip())
    if found is None:
        raise Failure("BIRTH_DATE_SHAPE")
    day, month, year = (int(each) for each in found.groups())
    try:
        born = date(year, month, day)
    except ValueError as error:
        raise Failure("BIRTH_DATE_SHAPE") from error
    if not date(_OLDEST, 1, 1) <= born <= date.today():
        raise Failure("BIRTH_DATE_SHAPE")
    return born.strftime("%Y%m%d")


def _unqualified() -> Panel:
    told = Panel("message", margin=t.INNER)
    told.setProperty("tone", "warning")
    words = column(
        Text("Identité non qualifiée : consultation et dépôt impossibles", "strong", wrap=True, name="traits.mark"),
        Text("Pour travailler dans le dossier, insérez la carte Vitale ou scannez le datamatrix INS.", wrap=True),
        gap=t.TIGHT,
    )
    line = row(Picture("warning", "warning"), words, gap=t.INNER)
    line.setStretch(1, 1)
    told.column.addLayout(line)
    return told


def _pair(left: QWidget, right: QWidget) -> QWidget:
    line = row(left, right, gap=t.BETWEEN)
    line.setStretch(0, 1)
    line.setStretch(1, 1)
    return holder(line)
