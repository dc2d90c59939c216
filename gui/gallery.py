"""Every piece of the window in its states, on one page: ``python -m gui.gallery [light|dark] [picture.png]``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cps_bridge.workflows import user as q
from dossier.access import (
    Access,
    AccessMode,
    AuthorisationState,
    BreakGlass,
    BreakGlassReason,
    Dossier,
    DossierState,
    EmergencyChoices,
)
from dossier.context import PatientContext, Source
from dossier.failure import Failure
from dossier.patient import INS_NIR_TEST, IdentityStatus, Ins, PatientIdentity, Sex, Traits
from gui import icons
from gui import tokens as t
from gui.app import application
from gui.pieces.boxes import Panel, column, holder, row, scrolled
from gui.pieces.buttons import Button
from gui.pieces.card_chip import CardChip
from gui.pieces.emergency_band import EmergencyBand
from gui.pieces.empty_state import EmptyState
from gui.pieces.flow import Flow
from gui.pieces.message import Message
from gui.pieces.outbox_line import Lot, OutboxLine
from gui.pieces.patient_bar import PatientBar
from gui.pieces.progress import Progress
from gui.pieces.ribbon import SimulationRibbon
from gui.pieces.sheets import SheetPreview
from gui.pieces.step_list import StepList
from gui.pieces.text import Picture, Text
from gui.pieces.thumbnails import Thumbnail, ThumbnailStrip
from gui.pieces.visibility import VisibilityChooser
from gui.questions.catalogue import panel_for
from gui.questions.pin import ReaderPanel
from gui.style import apply
from gui.words import day_and_hour

_TRAITS = Traits(
    "DE LA ROCHEFOUCAULD-MONTBEL", ("AMELIE",), "19550814", Sex.FEMALE, "81168", "CASTELBAJAC-DE-SAINT-AUBIN"
)
_INS = Ins("255081416802538", INS_NIR_TEST)


def build() -> QWidget:
    """Make the page of all pieces."""
    parts = (
        ("Boutons", _buttons()),
        ("Textes", _texts()),
        ("Icônes", _icons()),
        ("Puces de carte", _chips()),
        ("Barre du patient", _bars()),
        ("Bandeau d'urgence", _bands()),
        ("Messages", _messages()),
        ("Progression et étapes", _progress()),
        ("Envois", _outbox()),
        ("Visibilité, feuilles, vignettes", _choices()),
        ("Questions", _questions()),
    )
    body = column(SimulationRibbon(), gap=t.BETWEEN)
    for title, part in parts:
        body.addWidget(Text(title, "title"))
        body.addWidget(part)
    body.addStretch(1)
    body.setContentsMargins(t.PAGE, t.PAGE, t.PAGE, t.PAGE)
    return holder(body)


def _buttons() -> QWidget:
    kinds = ("primary", "quiet", "danger", "link", "filter", "band", "strip")
    made = [Button(f"Bouton {kind}", kind, name=f"gallery.{kind}", icon="check") for kind in kinds]
    off = [Button("Inactif", kind, name=f"gallery.off.{kind}") for kind in ("primary", "quiet")]
    for button in off:
        button.setEnabled(False)
    return holder(row(*made, *off, 1))


def _texts() -> QWidget:
    roles = ("title", "trait", "strong", "body", "muted", "secondary", "figure")
    tags = [Text(f"mot d'état {tone}", "tag", tone=tone) for tone in ("", "info", "success", "warning", "danger")]
    return holder(row(*[Text(f"Texte {role}", role) for role in roles], *tags, 1, gap=t.BETWEEN))


def _icons() -> QWidget:
    flow = Flow(t.BETWEEN)
    for name in icons.names():
        flow.addWidget(holder(column(Picture(name, "ink", t.PAGE), Text(name, "secondary"), gap=t.TIGHT)))
    return holder(flow)


def _chips() -> QWidget:
    chips = [CardChip("card", "CPS", f"gallery.chip.{number}") for number in range(5)]
    chips[1].present("Dr MARTIN Claire", "Médecine générale · Cabinet des Lilas")
    chips[1].opens("Votre carte")
    chips[1].show_test(True)
    chips[2].locked("Il reste 2 essais")
    chips[4].blocked("Il faut son code de déblocage")
    failure = Failure("CARD_MUTE")
    chips[3].error(failure.sentence("fr"), failure.remedy("fr"))
    return holder(row(*chips))


def _context(status: IdentityStatus) -> PatientContext:
    return PatientContext(PatientIdentity(_TRAITS, status, _INS), Source.VITALE)


def _bars() -> QWidget:
    bars = [PatientBar() for _ in range(4)]
    valid = Dossier(_INS, DossierState.OPEN, AuthorisationState.VALID, is_attending_doctor=True)
    bars[1].show_patient(_context(IdentityStatus.QUALIFIED), valid)
    bars[2].show_patient(_context(IdentityStatus.QUALIFIED), Dossier(_INS, DossierState.CLOSED), frozen=True)
    bars[3].show_patient(_context(IdentityStatus.RETRIEVED), None)
    return holder(column(*bars))


def _bands() -> QWidget:
    glass, regulation = EmergencyBand(), EmergencyBand()
    why = BreakGlass(BreakGlassReason.LIFE_THREAT, "Choc anaphylactique, patiente inconsciente")
    glass.begin(Access(AccessMode.BREAK_GLASS, why), "CASTELBAJAC Amélie")
    regulation.begin(Access(AccessMode.REGULATION), "CASTELBAJAC Amélie")
    return holder(column(glass, regulation))


def _messages() -> QWidget:
    made = []
    for tone in ("info", "success", "warning", "danger"):
        message = Message(f"gallery.message.{tone}")
        message.say("Ce qui s'est passé, en une phrase.", "Ce qu'il faut faire.", tone, "Code : EXEMPLE", "Agir")
        made.append(message)
    return holder(column(*made))


def _progress() -> QWidget:
    bar = Progress("gallery.progress")
    bar.begin("Envoi du document…")
    bar.advance(1_200_000, 3_400_000)
    steps = StepList(("Fait", "En cours", "À venir"), "gallery.steps")
    steps.at(1)
    failed = StepList(("Fait", "En échec", "À venir"), "gallery.failed")
    failed.at(1, failed=True)
    empty = EmptyState("document", "Rien à montrer", "Une phrase, une action.", "Agir", name="gallery.empty")
    return holder(row(bar, steps, failed, empty, gap=t.PAGE))


def _outbox() -> QWidget:
    failure = Failure("HOST_UNREACHABLE")
    when = day_and_hour(datetime(2026, 11, 23, 14, 5, tzinfo=UTC))
    words = (failure.sentence("fr"), failure.remedy("fr"))
    lots = (
        Lot(1, "Ordonnance", when, "à envoyer", *words, action="Envoyer"),
        Lot(2, "Compte rendu", when, "en cours"),
        Lot(3, "Bilan", when, "incertain", *words, action="Vérifier"),
        Lot(4, "Scanner", when, "refusé", *words),
        Lot(5, "Vaccination", when, "envoyé"),
    )
    return holder(column(*[OutboxLine(lot, lambda _: f"{when} · à envoyer") for lot in lots]))


def _choices() -> QWidget:
    image = QImage(620, 877, QImage.Format.Format_RGB32)
    image.fill(0xFFEEEEEE)
    shown, secret = SheetPreview("gallery.sheet", "Feuille"), SheetPreview("gallery.secret", "Secret", secret=True)
    for sheet in (shown, secret):
        sheet.show_sheet(image)
    strip = ThumbnailStrip("gallery.series")
    strip.show_series((Thumbnail("Sans injection", "CT · 40 images", b""), Thumbnail("Temps artériel", "CT", b"")))
    right = Panel()
    right.column.addWidget(strip)
    return holder(row(VisibilityChooser(), shown, secret, right, gap=t.BETWEEN))


def _questions() -> QWidget:
    why = BreakGlass(BreakGlassReason.UNCONSCIOUS, "Patiente trouvée inconsciente")
    questions: tuple[q.Question[object], ...] = (
        q.AskPin("Claire MARTIN", 2, 4, 8),
        q.ConfirmLastTry("Claire MARTIN", "DERNIER ESSAI"),
        q.AskUnblockingCode("Claire MARTIN", 3),
        q.AskNewPin("Claire MARTIN"),
        q.AskDatamatrix(),
        q.AskTraits(),
        q.AskVitaleApplication(by_qr=True, by_nfc=True),
        q.ConfirmInformation(_TRAITS),
        q.AskConsent(_TRAITS, "Claire MARTIN"),
        q.AskEmergencyChoices(EmergencyChoices()),
        q.AskContact(),
        q.ConfirmReactivation(_TRAITS, "Je ne veux plus de DMP"),
        q.AskAccess(_TRAITS, True),
        q.AskBreakGlass(_TRAITS),
        q.ConfirmBreakGlass(_TRAITS, why),
        q.ConfirmDeposit(_TRAITS, ("Ordonnance", "Compte rendu")),
        q.ConfirmMask("Ordonnance", True),
    )  # type: ignore[assignment]
    panels: list[QWidget] = [panel_for(each) for each in questions]
    panels.append(ReaderPanel(q.PinOnReader("Claire MARTIN", 3)))
    left, right = column(*panels[::2], 1, gap=t.BETWEEN), column(*panels[1::2], 1, gap=t.BETWEEN)
    return holder(row(holder(left), holder(right), gap=t.BETWEEN))


def main(argv: list[str]) -> int:
    """Show the gallery, or draw it into a file."""
    app = application()
    apply(app, argv[0] if argv else "light")
    page = build()
    if len(argv) > 1:
        page.resize(max(1400, page.sizeHint().width()), page.sizeHint().height())
        page.setProperty("ground", "ground")
        return 0 if page.grab().save(argv[1]) else 1
    area = scrolled(page)
    area.resize(*t.WINDOW)
    area.show()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
