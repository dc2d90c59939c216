"""The demographic part of HL7 v3 patient messages: read from requests, written in answers."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from host_sim.call import Call, HostFault
from host_sim.dossiers import DossierRow
from host_sim.routes import HL7

from .hl7 import DMP_DEVICE, OBSERVATIONS, bad, every, one, put

ACCOUNT_OBSERVATION = "1.2.250.1.213.4.1.2.9"
IDNPS = "1.2.250.1.71.4.2.1"
IDNST = "1.2.250.1.71.4.2.2"


def folded(text: str) -> str:
    """A name compared: capitals, no accents, hyphens and apostrophes as spaces."""
    plain = unicodedata.normalize("NFD", text.upper())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(letters.replace("-", " ").replace("'", " ").replace("’", " ").split())


@dataclass(frozen=True)
class PersonRead:
    """What a request says of a person; contacts and address as sent, "" when absent."""

    birth_name: str
    usage_name: str
    given_names: str
    sex: str
    birth_date: str
    birth_place: str
    street: str
    postal_code: str
    city: str
    mobile: str
    mail: str


def read_person(element: Any) -> PersonRead:
    """Read a patientPerson."""
    name = one(element, "name")
    families = {each.get("qualifier", ""): (each.text or "").strip() for each in every(name, "family")}
    birth, usage = families.get("BR", ""), families.get("SP", "")
    telecoms = [str(each.get("value", "")) for each in every(element, "telecom")]
    return PersonRead(
        birth_name=birth or usage or families.get("", ""),
        usage_name=usage if usage != birth else "",
        given_names=" ".join((each.text or "").strip() for each in every(name, "given")),
        sex=_attribute(element, "administrativeGenderCode", "code"),
        birth_date=_attribute(element, "birthTime", "value"),
        birth_place=_text(element, "birthPlace/addr/city"),
        street=_text(element, "addr/streetAddressLine"),
        postal_code=_text(element, "addr/postalCode"),
        city=_text(element, "addr/city"),
        mobile=next((each[4:] for each in telecoms if each.startswith("tel:")), ""),
        mail=next((each[7:] for each in telecoms if each.startswith("mailto:")), ""),
    )


def _attribute(element: Any, path: str, name: str) -> str:
    found = every(element, path)
    return str(found[0].get(name, "")) if found else ""


def _text(element: Any, path: str) -> str:
    found = every(element, path)
    return (found[0].text or "").strip() if found else ""


def read_observations(request: Any) -> dict[str, tuple[bool, str]]:
    """Read the boolean observations of a registration: code to (value, effective time); HostFault on a bad one."""
    found: dict[str, tuple[bool, str]] = {}
    for observation in request.iter(one_tag("administrativeObservation")):
        code, value = one(observation, "code"), one(observation, "value")
        if code.get("codeSystem") != OBSERVATIONS or value.get("value") not in ("true", "false"):
            raise bad("an observation is not a known boolean")
        found[str(code.get("code"))] = (value.get("value") == "true", _time(observation))
    return found


def one_tag(name: str) -> str:
    """The qualified tag of an HL7 name."""
    return f"{{{HL7}}}{name}"


def _time(observation: Any) -> str:
    found = every(observation, "effectiveTime")
    if not found:
        return ""
    low = every(found[0], "low")
    return str(found[0].get("value") or (low[0].get("value") if low else "") or "")


def check_author(request: Any, call: Call) -> None:
    """The author of a registration is the caller, at the structure of the assertion."""
    entity = one(request, "author/assignedEntity")
    who, place = one(entity, "id"), one(entity, "representedOrganization/id")
    if (who.get("root"), who.get("extension")) != (IDNPS, call.caller.id_nat):
        raise HostFault("DMPIdentityMismatch", "the author is not the caller")
    if (place.get("root"), place.get("extension")) != (IDNST, call.caller.structure_id):
        raise HostFault("DMPIdentityMismatch", "the author's organization is not the one of the VIHF")


def write_event(act: Any) -> tuple[Any, Any]:
    """Open subject/registrationEvent in a control act; give the event and its patient."""
    subject = put(act, "subject", typeCode="SUBJ", contextConductionInd="false")
    event = put(subject, "registrationEvent", classCode="REG", moodCode="EVN")
    put(event, "statusCode", code="completed")
    holder = put(event, "subject1", typeCode="SBJ")
    return event, put(holder, "patient", classCode="PAT")


def write_custodian(event: Any) -> None:
    """Close a registration event with its custodian, the DMP."""
    custodian = put(event, "custodian", typeCode="CST")
    entity = put(custodian, "assignedEntity", classCode="ASSIGNED")
    put(entity, "id", root=DMP_DEVICE)


def write_person(patient: Any, row: DossierRow) -> Any:
    """Open patientPerson with the name; give it."""
    person = put(patient, "patientPerson", classCode="PSN", determinerCode="INSTANCE")
    name = put(person, "name")
    put(name, "prefix", "M" if row.sex == "M" else "Mme")
    for given in row.given_names.split():
        put(name, "given", given)
    put(name, "family", row.usage_name or row.birth_name, qualifier="SP")
    put(name, "family", row.birth_name, qualifier="BR")
    return person


def write_traits(person: Any, row: DossierRow) -> None:
    """Telecoms, sex and birth date."""
    if row.mobile:
        put(person, "telecom", value=f"tel:{row.mobile}", use="MC")
    if row.mail:
        put(person, "telecom", value=f"mailto:{row.mail}")
    put(person, "administrativeGenderCode", code=row.sex)
    put(person, "birthTime", value=row.birth_date)


def write_administration(person: Any, row: DossierRow) -> None:
    """What TD1.3a adds: living, address, place of birth."""
    put(person, "deceasedInd", value="false")
    address = put(person, "addr")
    put(address, "streetAddressLine", row.street)
    put(address, "postalCode", row.postal_code)
    put(address, "city", row.city)
    put(address, "country", "FR")
    place = put(person, "birthPlace", classCode="BIRTHPL")
    put(place, "addr/city", row.birth_place)


def write_observations(patient: Any, values: Mapping[tuple[str, str], bool]) -> None:
    """Boolean observations of a patient: (code, codeSystem) to value."""
    for (code, system), value in values.items():
        observation = put(patient, "subjectOf", typeCode="SBJ")
        observation = put(observation, "administrativeObservation", classCode="OBS", moodCode="EVN")
        put(observation, "code", code=code, codeSystem=system)
        put(observation, "value", xsi_type="BL", value="true" if value else "false")
