"""Create a dossier at the counter: information, consent, emergency boxes, contact, creation, the two sheets."""

from __future__ import annotations

from dataclasses import dataclass, field

from cps_bridge.documents import printing
from cps_bridge.storage.consents import KeptConsent
from cps_bridge.workflows.consult_dossier import look_up_dossier, open_dossier
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
from dossier.failure import Cancelled, Failure, Kind
from soap_clients import patient_access, patients


@dataclass(frozen=True)
class CreationOutcome:
    """What the counter hands over: the dossier, and two sheets as PDF. The secrets are printed once, kept nowhere.

    acknowledgement: b"" when this practice keeps no consent of the patient; secrets: b"" for a patient too young to
    have an account, whose dossier is whole without; channels_missing: what the host could not be told any more for the
    one-time codes, once the account was open.
    """

    dossier: Dossier
    acknowledgement: bytes = field(repr=False)
    secrets: bytes = field(repr=False)
    channels_missing: tuple[Contact, ...] = ()


def create_dossier(desk: Desk, user: User) -> CreationOutcome:
    """Create the dossier of the patient on screen (TD1.1), then the patient's account (TD1.5a, TD1.5b).

    Without the consent box nothing is created and no request leaves: Failure CONSENT_MISSING. A dossier that was
    created while the account was not is told as such, CREATED_WITHOUT_ACCOUNT: ``open_account`` does the rest.
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
    return _hand_over(desk, user, session, context, contacts)


def open_account(desk: Desk, user: User) -> CreationOutcome:
    """Open the account of a dossier that has none, and print the sheets: the end of a creation that was interrupted.

    Raises Failure DOSSIER_ABSENT, DOSSIER_CLOSED, ACCOUNT_EXISTS, ACCOUNT_TOO_YOUNG, CONTACT_MISSING,
    CREATED_WITHOUT_ACCOUNT, CREATED_ACCOUNT_UNKNOWN.
    """
    session, context = desk.require_session(), desk.require_patient()
    look_up_dossier(desk, user)
    if open_dossier(desk, user).account_open:
        raise Failure("ACCOUNT_EXISTS")
    contacts = _contacts(user)
    desk.look_again(context)
    desk.still(session, context)
    outcome = _hand_over(desk, user, session, context, contacts)
    if not outcome.secrets:
        raise Failure("ACCOUNT_TOO_YOUNG")
    return outcome


def _hand_over(
    desk: Desk, user: User, session: Session, context: PatientContext, contacts: tuple[Contact, ...]
) -> CreationOutcome:
    """Open the account and print. From its opening on nothing may fail: its secrets are told once."""
    user.tell(Step("account"))
    secrets = _account(desk, session, context, contacts[0])
    missing: tuple[Contact, ...] = ()
    if secrets is not None:
        missing = _add_channels(session, context, contacts[1:])
        desk.write("account", "done", patient=context.ins)
    user.tell(Step("hand_over"))
    holder, place, now = session.professional, session.activity, desk.clock()
    kept = desk.consents.of(context.ins)
    acknowledgement = b""
    if kept:
        last = kept[-1]
        acknowledgement = printing.acknowledgement_sheet(
            context.identity, holder, place, last.consent, last.choices, now
        )
    sheet = b""
    if secrets is not None:
        sheet = printing.secrets_sheet(context.identity.traits, context.ins, secrets, holder, place, now)
    return CreationOutcome(_as_it_stands(desk, user, context, secrets is not None), acknowledgement, sheet, missing)


def _account(desk: Desk, session: Session, context: PatientContext, contact: Contact) -> AccountSecrets | None:
    """Open the account; None for a patient too young to have one, whose dossier is whole without."""
    desk.write("account", "begun", patient=context.ins)
    try:
        return patient_access.open_account(session.host, context.ins, contact)
    except (Failure, Cancelled) as error:
        cause = error.code if isinstance(error, Failure) else "CARD_REMOVED"
        desk.write("account", cause, patient=context.ins)
        if cause == "ACCOUNT_TOO_YOUNG":
            return None
        if isinstance(error, Failure) and error.kind is Kind.UNKNOWN_OUTCOME:
            raise Failure("CREATED_ACCOUNT_UNKNOWN") from error
        raise Failure("CREATED_WITHOUT_ACCOUNT", because=cause) from error


def _add_channels(session: Session, context: PatientContext, contacts: tuple[Contact, ...]) -> tuple[Contact, ...]:
    """Add the other channels (TD1.5b); gives those that could not be."""
    missing = []
    for contact in contacts:
        try:
            patient_access.set_channel(session.host, context.ins, contact)
        except (Failure, Cancelled):
            missing.append(contact)
    return tuple(missing)


def _as_it_stands(desk: Desk, user: User, context: PatientContext, account_open: bool) -> Dossier:
    """Ask the host once more; when it cannot be asked any more, say what its answers have said."""
    try:
        return look_up_dossier(desk, user)
    except (Failure, Cancelled):
        return Dossier(context.ins, DossierState.OPEN, account_open=account_open)


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
    desk.write("reactivate", "begun", patient=context.ins)
    patients.reactivate(session.host, context.identity, consent, choices)
    desk.write("reactivate", "done", patient=context.ins)
    return look_up_dossier(desk, user)
