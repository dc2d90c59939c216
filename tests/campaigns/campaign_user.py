"""A person who always agrees, and what that person deposits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cps_bridge.workflows import user as words
from dossier.access import BreakGlass, BreakGlassReason, ChannelKind, ConsentMode, Contact, EmergencyChoices

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\nxref\n0 4\n0000000000 65535 f \n"
    b"0000000009 00000 n \n0000000054 00000 n \n0000000105 00000 n \ntrailer<</Size 4/Root 1 0 R>>\nstartxref\n170\n"
    b"%%EOF\n"
)

OLD_PIN, NEW_PIN, UNBLOCKING = b"1234", b"4321", b"87654321"


def pdf(directory: Path) -> Path:
    """Write the report that is deposited."""
    path = directory / "compte-rendu.pdf"
    path.write_bytes(PDF)
    return path


class CampaignUser:
    """Answers every question at once, as somebody in a hurry."""

    contacts = (Contact(ChannelKind.EMAIL, "sophie@exemple.fr"), Contact(ChannelKind.SMS, "0612345678"))

    def __init__(self) -> None:
        self.pins: list[words.AskPin] = []
        self.holders: list[str] = []
        self.pin = OLD_PIN
        self._answers: dict[type, Any] = {
            words.AskPin: lambda question: bytearray(self.pin),
            words.AskNewPin: lambda question: bytearray(NEW_PIN),
            words.AskUnblockingCode: lambda question: bytearray(UNBLOCKING),
            words.ChooseActivity: lambda question: question.activities[0],
            words.ChooseBeneficiary: lambda question: question.beneficiaries[0],
            words.ConfirmInformation: lambda question: True,
            words.AskConsent: lambda question: ConsentMode.ORAL,
            words.AskEmergencyChoices: lambda question: EmergencyChoices(),
            words.AskContact: lambda question: self.contacts,
            words.ConfirmCreation: lambda question: True,
            words.ConfirmReactivation: lambda question: True,
            words.AskAccess: lambda question: words.AccessChoice.AUTHORISED,
            words.AskBreakGlass: lambda question: BreakGlass(BreakGlassReason.UNCONSCIOUS, "Malaise dans la rue"),
            words.ConfirmBreakGlass: lambda question: True,
            words.ConfirmDeposit: lambda question: True,
            words.ConfirmMask: lambda question: True,
            words.ConfirmAct: lambda question: True,
            words.ConfirmTyped: lambda question: question.word,
            words.ConfirmChanges: lambda question: True,
        }

    def ask(self, question: words.Question[Any]) -> Any:
        if isinstance(question, words.AskPin):
            self.pins.append(question)
        if isinstance(question, words.AskPin | words.AskNewPin | words.AskUnblockingCode):
            self.holders.append(question.holder)
        return self._answers[type(question)](question)

    def tell(self, news: words.News) -> None:
        """Nothing: this person looks elsewhere."""
