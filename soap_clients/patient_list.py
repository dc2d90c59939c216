"""The dossiers that a professional, or an establishment, follows (TD0.4)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dossier.failure import Failure
from dossier.following import FollowedDossier, ListBasis
from dossier.patient import INS_OIDS, Ins
from soap_clients.host import Host
from soap_clients.small_answers import check_status, flag, items, moment, texts

ACTION = "urn:si-dmp-patients:PatientSpecificEndPoint:patientList"
_FORMER = frozenset({"1.2.250.1.213.1.4.1", "1.2.250.1.213.1.4.2"})


def list_dossiers(host: Host, since: datetime, basis: ListBasis, owner: str = "") -> tuple[FollowedDossier, ...]:
    """List the dossiers authorised, or changed, since a date (aware).

    owner: PS_IdNat of a professional of one's structure, for an establishment card or certificate. A dossier whose
    identities are of former kinds only (INS-C) cannot be opened and is left out. Raises Failure as Host.call does, that
    of the host's status, HOST_ANSWER_INVALID.
    """
    values = {"startDate": since.astimezone(UTC).strftime("%Y%m%d%H%M%S"), "dateType": basis.value}
    if owner:
        values["psOwnerId"] = owner
    output = host.invoke("patients_specific", ACTION, values, transaction="TD0.4")
    check_status(output)
    found = (_read(each) for each in items(output, "patientlistData"))
    return tuple(each for each in found if each is not None)


def _read(item: Any) -> FollowedDossier | None:
    identities = [found for each in items(item, "patientIdentifier") if (found := _identity(each)) is not None]
    if not identities:
        return None
    said = texts(item, "lastName", "patronymicalName", "firstName", "civility", "dateOfBirth")
    born = said["dateOfBirth"][:8]
    return FollowedDossier(
        ins=identities[0],
        family_name=said["lastName"] or said["patronymicalName"],
        birth_name=said["patronymicalName"] or said["lastName"],
        given_name=said["firstName"],
        civility=said["civility"],
        birth_date=born if born.isdecimal() else "",
        is_attending_doctor=flag(item, "MT"),
        has_message=flag(item, "message"),
        last_access=moment(item, "lastAccessDate"),
        last_update=moment(item, "lastUpdateDate"),
        last_added=moment(item, "lastAddDate"),
        other_ids=tuple(identities[1:]),
    )


def _identity(item: Any) -> Ins | None:
    said = texts(item, "nationalId", "nationalIdType")
    if said["nationalIdType"] in _FORMER:
        return None
    if said["nationalIdType"] not in INS_OIDS:
        raise Failure("HOST_ANSWER_INVALID", field="patientIdentifier")
    try:
        return Ins.parse(said["nationalId"], said["nationalIdType"])
    except Failure as failure:
        raise Failure("HOST_ANSWER_INVALID", field="patientIdentifier") from failure
