"""The patient's internet account: its creation (TD1.5a), the channel of codes (TD1.5b), new identifiers (TD1.5d).

TD1.5c (unblocking) has no published message: it is done on paper and at the host's desk.
"""

from __future__ import annotations

from typing import Any

from dossier.access import AccountSecrets, Contact
from dossier.failure import Failure
from dossier.patient import Ins
from soap_clients.host import Host
from soap_clients.small_answers import check_status

_ENDPOINT = "urn:si-dmp-patients:PatientSpecificEndPoint"
CREATE_ACCOUNT = f"{_ENDPOINT}:createPatientAccess"
UPDATE_CHANNEL = f"{_ENDPOINT}:patientOTPUpdate"
RENEW = f"{_ENDPOINT}:updatePatientAccess"
_CHANNEL_ACTIONS = frozenset({"AJOUT", "MODIFICATION", "SUPPRESSION"})


def open_account(host: Host, ins: Ins, contact: Contact) -> AccountSecrets:
    """Open the account and give its identifier and password, to be printed once (TD1.5a).

    Raises Failure as Host.call does, ACCOUNT_EXISTS, HOST_ANSWER_INVALID.
    """
    values = {"type": contact.kind.value, "canal": contact.value}
    return _secrets(host.invoke("patients_specific", CREATE_ACCOUNT, values, patient=ins, transaction="TD1.5a"))


def renew_secrets(host: Host, ins: Ins) -> AccountSecrets:
    """Give the account new identifiers, to be printed once; the former ones are worth nothing from then on (TD1.5d).

    Raises Failure as Host.call does, ACCOUNT_ABSENT, HOST_ANSWER_INVALID.
    """
    return _secrets(host.invoke("patients_specific", RENEW, {}, patient=ins, transaction="TD1.5d"))


def set_channel(host: Host, ins: Ins, contact: Contact, action: str = "AJOUT") -> None:
    """Add, change or remove the channel of one-time codes: AJOUT, MODIFICATION, SUPPRESSION (TD1.5b).

    Raises Failure as Host.call does, CHANNEL_EXISTS, CHANNEL_ABSENT, CHANNEL_REFUSED, CHANNEL_ACTION_UNKNOWN.
    """
    if action not in _CHANNEL_ACTIONS:
        raise Failure("CHANNEL_ACTION_UNKNOWN", action=action[:20])
    values = {"type": contact.kind.value, "canal": contact.value, "action": action}
    check_status(host.invoke("patients_specific", UPDATE_CHANNEL, values, patient=ins, transaction="TD1.5b"))


def _secrets(output: Any) -> AccountSecrets:
    check_status(output)
    login, password = getattr(output, "login", None), getattr(output, "password", None)
    if not isinstance(login, str) or not isinstance(password, str) or not login or not password:
        raise Failure("HOST_ANSWER_INVALID", field="login")
    return AccountSecrets(login, password)
