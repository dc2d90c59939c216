"""The pages of the window: where they stand in the rail, and where their code is, loaded when first shown."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gui.pieces.rail import Place

if TYPE_CHECKING:
    from gui.flows import Flows
    from gui.pages.page import Page
    from gui.stage import Stage

PLACES = (
    Place("counter", "Comptoir", "counter", True),
    Place("consultation", "Consultation", "consultation", True),
    Place("imaging", "Radiologie", "imaging", True),
    Place("emergency", "Urgence", "emergency", True),
    Place("followed", "Mes dossiers", "folder", True),
    Place("outbox", "Envois", "send"),
    Place("journal", "Journal", "journal"),
    Place("diagnostic", "Diagnostic", "diagnostic"),
    Place("settings", "Réglages", "settings"),
    Place("help", "Aide", "help"),
)
DESKS = tuple(each.key for each in PLACES if each.is_desk)
_CLASSES = {
    "home": "HomePage",
    "counter": "CounterPage",
    "consultation": "ConsultationPage",
    "imaging": "ImagingPage",
    "emergency": "EmergencyPage",
    "followed": "FollowedPage",
    "outbox": "OutboxPage",
    "journal": "JournalPage",
    "diagnostic": "DiagnosticPage",
    "settings": "SettingsPage",
    "help": "HelpPage",
}


def make_page(key: str, stage: Stage, flows: Flows) -> Page:
    """Make a page of the window; its module has the name of its key."""
    made: Page = getattr(import_module(f"gui.pages.{key}"), _CLASSES[key])(stage, flows)
    return made
