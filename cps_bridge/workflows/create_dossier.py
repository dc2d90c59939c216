"""Create a dossier at the counter: information, consent, emergency boxes, contact, creation, the two sheets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cps_bridge.documents import printing
from cps_bridge.storage.consents import KeptConsent
from cps_bridge.workflows.consult_dossier import look_up_dossier
from cps_bridge.workflows.desk import Desk, Session
from cps_bridge.workflows.user import (
    AskConsent,
    AskContact,
    AskEmergencyChoices,
    ConfirmCreation,
    ConfirmInformation,
    ConfirmReactivation,
    Step,
    User,
)
from dossier.access import AccountSecrets, Consent, ConsentMode, Contact, Dossier, DossierState, EmergencyChoices
from dossier.context import PatientContext
from dossier.failure import Cancelled, Failure
from dossier.patient import PatientIdentity
from soap_clients import patient_access, patients


@dataclass(frozen=True)
class CreationOutcome:
    """What the counter hands over: the dossier, and two sheets as PDF. The secrets are printed once, kept nowhere."""

    dossier: Dossier
    acknowledgement: bytes = field(repr=False)
    secrets: bytes = field(repr=False)


def create_dossier(desk: Desk, user: User) -> CreationOutcome:
    """Create the dossier of the patient on screen (TD1.1), then the patient's account (TD1.5a, TD1.5b).

    Without the consent box nothing is created and no request leaves: Failure CONSENT_MISSING.
    Raises Failure VITALE_NEEDED, DOSSIER_EXISTS, DOSSIER_CLOSED, INFORMATION_MISSING, CONTACT_MISSING, Cancelled.
    """
    session, context = desk.require_session(), desk.require_patient()
    _vitale_is_there(desk, context)
    _nothing_there_yet(desk, user)
    traits = context.identity.traits
    consent = _consent(desk, user, session, context)
    choices = user.ask(AskEmergencyChoices(EmergencyChoices()))
    contacts = _contacts(user)
    if not user.ask(ConfirmCreation(traits, contacts)):
        raise Cancelled
    desk.look_again(context)
    desk.still(session, context)
    _vitale_is_there(desk, context)
    desk.consents.keep(KeptConsent(context.ins, "create", consent, choices))
    desk.write("create", "begun", patient=context.ins, subject=consent.mode.name)
    user.tell(Step("create"))
    assert context.beneficiary is not None
    patients.create(session.host, context.identity, consent, choices, contacts[0], context.beneficiary)
    desk.write("create", "done", patient=context.ins)
    user.tell(Step("account"))
    secrets = _account(session, context, contacts)
    desk.write("account", "done", patient=context.ins)
    user.tell(Step("hand_over"))
    sheets = _sheets(session, context.identity, secrets, consent, choices, desk.clock())
    return CreationOutcome(look_up_dossier(desk, user), *sheets)


def _vitale_is_there(desk: Desk, context: PatientContext) -> None:
    if context.epoch is None or not desk.cards.is_current(context.epoch):
        raise Failure("VITALE_NEEDED")


def _nothing_there_yet(desk: Desk, user: User) -> None:
    state = look_up_dossier(desk, user).state
    if state is DossierState.OPEN:
        raise Failure("DOSSIER_EXISTS")
    if state is DossierState.CLOSED:
        raise Failure("DOSSIER_CLOSED")


def _consent(desk: Desk, user: User, session: Session, context: PatientContext) -> Consent:
    traits = context.identity.traits
    if not user.ask(ConfirmInformation(traits)):
        raise Failure("INFORMATION_MISSING")
    holder = session.professional
    mode: ConsentMode | None = user.ask(AskConsent(traits, f"{holder.given_name} {holder.family_name}".strip()))
    if mode is None:
        raise Failure("CONSENT_MISSING")
    return Consent(mode, holder.id_nat, desk.clock())


def _contacts(user: User) -> tuple[Contact, ...]:
    contacts = user.ask(AskContact())
    if not contacts:
        raise Failure("CONTACT_MISSING")
    return contacts


def _account(session: Session, context: PatientContext, contacts: tuple[Contact, ...]) -> AccountSecrets:
    """Open the account on the first channel (TD1.5a), add the others (TD1.5b)."""
    secrets = patient_access.open_account(session.host, context.ins, contacts[0])
    for other in contacts[1:]:
        patient_access.set_channel(session.host, context.ins, other)
    return secrets


def _sheets(
    session: Session,
    identity: PatientIdentity,
    secrets: AccountSecrets,
    consent: Consent,
    choices: EmergencyChoices,
    now: datetime,
) -> tuple[bytes, bytes]:
    holder, place = session.professional, session.activity
    return (
        printing.acknowledgement_sheet(identity, holder, place, consent, choices, now),
        printing.secrets_sheet(identity.traits, identity.qualified_ins(), secrets, holder, place, now),
    )


def reactivate_dossier(desk: Desk, user: User) -> Dossier:
    """Reactivate a closed dossier with the patient's agreement (TD1.2).

    Raises Failure DOSSIER_NOT_CLOSED, INFORMATION_MISSING, CONSENT_MISSING, or Cancelled.
    """
    session, context = desk.require_session(), desk.require_patient()
    dossier = desk.dossier or look_up_dossier(desk, user)
    if dossier.state is not DossierState.CLOSED:
        raise Failure("DOSSIER_NOT_CLOSED")
    if not user.ask(ConfirmReactivation(context.identity.traits, dossier.closing_reason)):
        raise Cancelled
    consent = _consent(desk, user, session, context)
    choices = user.ask(AskEmergencyChoices(EmergencyChoices()))
    desk.still(session, context)
    desk.consents.keep(KeptConsent(context.ins, "reactivate", consent, choices))
    patients.reactivate(session.host, context.identity, consent, choices)
    desk.write("reactivate", "done", patient=context.ins)
    return look_up_dossier(desk, user)
