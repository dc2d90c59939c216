"""Which panel answers which question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cps_bridge.workflows import user as q
from gui.questions.acts import ActPanel, ChangesPanel, TypedPanel
from gui.questions.choices import AccessPanel, ActivityPanel, BeneficiaryPanel
from gui.questions.confirmations import DepositPanel, MaskPanel
from gui.questions.creation import (
    ConsentPanel,
    ContactPanel,
    CreationPanel,
    EmergencyChoicesPanel,
    InformationPanel,
    ReactivationPanel,
)
from gui.questions.emergency import BreakGlassPanel, ConfirmBreakGlassPanel
from gui.questions.identification import ApplicationPanel, DatamatrixPanel, TraitsPanel
from gui.questions.panel import QuestionPanel
from gui.questions.pin import LastTryPanel, NewPinPanel, PinPanel, UnblockingPanel

PANELS: dict[type[q.Question[Any]], Callable[[Any], QuestionPanel]] = {
    q.AskPin: PinPanel,
    q.AskNewPin: NewPinPanel,
    q.AskUnblockingCode: UnblockingPanel,
    q.ConfirmLastTry: LastTryPanel,
    q.ChooseActivity: ActivityPanel,
    q.ChooseBeneficiary: BeneficiaryPanel,
    q.AskDatamatrix: DatamatrixPanel,
    q.AskTraits: TraitsPanel,
    q.AskVitaleApplication: ApplicationPanel,
    q.ConfirmInformation: InformationPanel,
    q.AskConsent: ConsentPanel,
    q.AskEmergencyChoices: EmergencyChoicesPanel,
    q.AskContact: ContactPanel,
    q.ConfirmCreation: CreationPanel,
    q.ConfirmReactivation: ReactivationPanel,
    q.AskAccess: AccessPanel,
    q.AskBreakGlass: BreakGlassPanel,
    q.ConfirmBreakGlass: ConfirmBreakGlassPanel,
    q.ConfirmDeposit: DepositPanel,
    q.ConfirmMask: MaskPanel,
    q.ConfirmAct: ActPanel,
    q.ConfirmTyped: TypedPanel,
    q.ConfirmChanges: ChangesPanel,
}


def panel_for(question: q.Question[Any]) -> QuestionPanel:
    """Make the panel of a question."""
    return PANELS[type(question)](question)
