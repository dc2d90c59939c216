"""Who may open a dossier: the professional's own authorisation (TD0.3), and everybody's (TD1.6)."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from dossier.failure import Failure
from dossier.following import AuthorisedParty, PartyFilter
from dossier.metadata import Code
from dossier.patient import Ins
from soap_clients.host import Host
from soap_clients.small_answers import check_status, items, moment, texts

_ENDPOINT = "urn:si-dmp-habilitations:HabilitationsEndPoint"
ACTION = f"{_ENDPOINT}:setAuthorization"
LIST = f"{_ENDPOINT}:listAuthorizationByPatient"
_ATTENDING = "MEDECIN_TRAITANT"
_SPECIALTIES = "1.2.250.1.213.1.1.4.5"
_IDNPS, _IDNST = "1.2.250.1.71.4.2.1", "1.2.250.1.71.4.2.2"


def authorise(host: Host, ins: Ins, attending: bool = False) -> None:
    """Declare that the patient authorises this professional, and makes them the attending doctor if said so.

    Idempotent at the host. Raises Failure as Host.call does, or that of the host's status.
    """
    _set(host, ins, "AJOUT", attending)


def withdraw(host: Host, ins: Ins, attending_only: bool = False) -> None:
    """Withdraw the authorisation, or only the attending doctor status; raises as ``authorise``."""
    _set(host, ins, "SUPPRESSION", attending_only)


def _set(host: Host, ins: Ins, action: str, attending: bool) -> None:
    values = {"action": action, **({"role": _ATTENDING} if attending else {})}
    check_status(host.invoke("habilitations", ACTION, values, patient=ins, transaction="TD0.3"))


def list_parties(host: Host, ins: Ins, which: PartyFilter = PartyFilter.ALL) -> tuple[AuthorisedParty, ...]:
    """List the professionals and structures that the patient authorised or blocked.

    Raises Failure as Host.call does, that of the host's status, HOST_ANSWER_INVALID.
    """
    output = host.invoke("habilitations", LIST, {"mode": which.value}, patient=ins, transaction="TD1.6")
    check_status(output)
    return tuple(_read(each) for each in items(output, "listOfAuthorizationByPatient"))


def _read(item: Any) -> AuthorisedParty:
    said = texts(item, "nationalId", "nationalIdType", "firstName", "lastName", "mode")
    if not said["nationalId"] or said["nationalIdType"] not in (_IDNPS, _IDNST):
        raise Failure("HOST_ANSWER_INVALID", field="nationalId")
    if said["mode"] not in ("", PartyFilter.ACTIVE.value, PartyFilter.FORBIDDEN.value):
        raise Failure("HOST_ANSWER_INVALID", field="mode")
    labels = zip_longest(items(item, "codeSpeciality"), items(item, "libSpeciality"), fillvalue="")
    return AuthorisedParty(
        id_nat=said["nationalId"],
        is_structure=said["nationalIdType"] == _IDNST,
        family_name=said["lastName"],
        given_name=said["firstName"],
        specialties=tuple(Code(str(code), _SPECIALTIES, str(label)) for code, label in labels if code or label),
        since=moment(item, "startOfAuthorization"),
        last_action=moment(item, "lastActionDate"),
        is_forbidden=said["mode"] == PartyFilter.FORBIDDEN.value,
        is_attending_doctor=_ATTENDING in items(item, "specificRight"),
    )
