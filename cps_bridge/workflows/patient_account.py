"""The patient's internet account after its opening: channels of the codes (TD1.5b), new identifiers (TD1.5d)."""

from __future__ import annotations

from dataclasses import dataclass, field

from cps_bridge.documents import printing
from cps_bridge.workflows.acts import Act
from cps_bridge.workflows.consult_dossier import look_up_dossier, open_dossier
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.manage_dossier import check_not_attached
from cps_bridge.workflows.user import ConfirmAct, User
from dossier.access import ChannelKind, Contact
from dossier.failure import Cancelled, Failure
from soap_clients import patient_access

_ACTIONS = {"add": "AJOUT", "change": "MODIFICATION", "remove": "SUPPRESSION"}


@dataclass(frozen=True)
class RenewedSecrets:
    """The sheet with the new identifiers (PDF): printed once, kept nowhere."""

    secrets: bytes = field(repr=False)


def set_channel(desk: Desk, user: User, *, action: str = "add", email: str = "", mobile: str = "") -> Contact:
    """Add, change or remove the e-mail address or the mobile that receives the patient's one-time codes.

    action: "add", "change" or "remove". Raises Failure CHANNEL_ACTION_UNKNOWN, CONTACT_MISSING, ATTACHED_TO_ENS,
    ACCOUNT_ABSENT, CHANNEL_EXISTS, CHANNEL_ABSENT, CONTACT_EMAIL_INVALID, CONTACT_MOBILE_INVALID; Cancelled.
    """
    session, context = desk.require_session(), desk.require_patient()
    if action not in _ACTIONS:
        raise Failure("CHANNEL_ACTION_UNKNOWN", action=action[:20])
    if bool(email) == bool(mobile):
        raise Failure("CONTACT_MISSING")
    contact = Contact(ChannelKind.EMAIL, email) if email else Contact(ChannelKind.SMS, mobile)
    _needs_account(desk, user)
    if action == "remove" and not user.ask(ConfirmAct(Act.REMOVE_CHANNEL, context.identity.traits, contact.value)):
        raise Cancelled
    desk.still(session, context)
    subject = f"{_ACTIONS[action]} {contact.kind.value}"
    desk.write("channel", "begun", patient=context.ins, subject=subject)
    patient_access.set_channel(session.host, context.ins, contact, _ACTIONS[action])
    desk.write("channel", "done", patient=context.ins, subject=subject)
    return contact


def renew_secrets(desk: Desk, user: User) -> RenewedSecrets:
    """Give the patient new identifiers of the account, on a sheet to print once.

    Raises Failure ACCOUNT_ABSENT, ATTACHED_TO_ENS; Cancelled.
    """
    session, context = desk.require_session(), desk.require_patient()
    _needs_account(desk, user)
    traits = context.identity.traits
    if not user.ask(ConfirmAct(Act.RENEW_SECRETS, traits)):
        raise Cancelled
    desk.look_again(context)
    desk.still(session, context)
    desk.write("renew-secrets", "begun", patient=context.ins)
    secrets = patient_access.renew_secrets(session.host, context.ins)
    desk.write("renew-secrets", "done", patient=context.ins)
    return RenewedSecrets(
        printing.secrets_sheet(traits, context.ins, secrets, session.professional, session.activity, desk.clock())
    )


def _needs_account(desk: Desk, user: User) -> None:
    look_up_dossier(desk, user)
    dossier = open_dossier(desk, user)
    check_not_attached(dossier)
    if not dossier.account_open:
        raise Failure("ACCOUNT_ABSENT", code="", detail="")
