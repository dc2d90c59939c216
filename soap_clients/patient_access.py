"""The patient's internet account: its creation (TD1.5a) and the channel of one-time codes (TD1.5b)."""

from __future__ import annotations

from dossier.access import AccountSecrets, Contact
from dossier.failure import Failure
from dossier.patient import Ins
from soap_clients.authorisations import check_status
from soap_clients.host import Host

_ENDPOINT = "urn:si-dmp-patients:PatientSpecificEndPoint"
CREATE_ACCOUNT = f"{_ENDPOINT}:createPatientAccess"
UPDATE_CHANNEL = f"{_ENDPOINT}:patientOTPUpdate"


def open_account(host: Host, ins: Ins, contact: Contact) -> AccountSecrets:
    """Open the account and give its identifier and password, to be printed once (TD1.5a).

    Raises Failure as Host.call does, ACCOUNT_EXISTS, HOST_ANSWER_INVALID.
    """
    values = {"type": contact.kind.value, "canal": contact.value}
    output = host.invoke("patients_specific", CREATE_ACCOUNT, values, patient=ins, transaction="TD1.5a")
    check_status(output)
    login, password = getattr(output, "login", None), getattr(output, "password", None)
    if not isinstance(login, str) or not isinstance(password, str) or not login or not password:
        raise Failure("HOST_ANSWER_INVALID", field="login")
    return AccountSecrets(login, password)


def set_channel(host: Host, ins: Ins, contact: Contact, action: str = "AJOUT") -> None:
    """Add, change or remove the channel of one-time codes: AJOUT, MODIFICATION, SUPPRESSION (TD1.5b).

    Raises Failure as Host.call does, CHANNEL_EXISTS.
    """
    values = {"type": contact.kind.value, "canal": contact.value, "action": action}
    check_status(host.invoke("patients_specific", UPDATE_CHANNEL, values, patient=ins, transaction="TD1.5b"))
