"""The demographic part of the host's HL7 v3 answers: identifiers, person, administrative data, observations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from host_sim.administrative import Details, Representative
from host_sim.dossiers import DossierRow

from .demography import RELATIONSHIPS
from .hl7 import DMP_DEVICE, put

ACCOUNT_OBSERVATION = "1.2.250.1.213.4.1.2.9"
INS_C = "1.2.250.1.213.1.4.2"


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


def write_ids(patient: Any, row: DossierRow, known: Details) -> None:
    """The identifiers of a patient: the former one (INS-C) when it is known, then the INS."""
    if known.ins_c:
        put(patient, "id", root=INS_C, extension=known.ins_c)
    put(patient, "id", root=row.oid, extension=row.ins)


def title_of(row: DossierRow, known: Details) -> str:
    """M, Mme or Mlle: as written, or by the sex."""
    return known.title or {"M": "M", "F": "Mme"}.get(row.sex, "")


def write_person(patient: Any, row: DossierRow, known: Details) -> Any:
    """Open patientPerson with the name; give it."""
    person = put(patient, "patientPerson", classCode="PSN", determinerCode="INSTANCE")
    name = put(person, "name")
    if title := title_of(row, known):
        put(name, "prefix", title)
    for given in row.given_names.split():
        put(name, "given", given)
    put(name, "family", row.usage_name or row.birth_name, qualifier="SP")
    put(name, "family", row.birth_name, qualifier="BR")
    return person


def _write_telecoms(parent: Any, *, home: str = "", mobile: str = "", mail: str = "") -> None:
    if home:
        put(parent, "telecom", value=f"tel:{home}", use="HP")
    if mobile:
        put(parent, "telecom", value=f"tel:{mobile}", use="MC")
    if mail:
        put(parent, "telecom", value=f"mailto:{mail}")


def write_traits(person: Any, row: DossierRow, known: Details) -> None:
    """Telecoms, sex and birth date."""
    _write_telecoms(person, home=known.home_phone, mobile=row.mobile, mail=row.mail)
    put(person, "administrativeGenderCode", code=row.sex)
    put(person, "birthTime", value=row.birth_date)


def _write_place(parent: Any, place: DossierRow | Representative, additional: str, country: str) -> None:
    address = put(parent, "addr")
    texts = [
        ("streetAddressLine", place.street),
        *(("additionalLocator", line) for line in additional.splitlines()),
        ("postalCode", place.postal_code),
        ("city", place.city),
        ("country", country),
    ]
    for name, text in texts:
        if text:
            put(address, name, text)


def write_administration(
    person: Any, row: DossierRow, known: Details, representatives: tuple[Representative, ...]
) -> None:
    """What TD1.3a adds: living or not, address, legal representatives, place of birth."""
    put(person, "deceasedInd", value="true" if known.deceased else "false")
    _write_place(person, row, known.additional, known.country)
    for each in representatives:
        relation = put(person, "personalRelationship", classCode="PRS")
        put(relation, "code", code=each.link, codeSystem=RELATIONSHIPS)
        _write_place(relation, each, each.additional, each.country)
        _write_telecoms(relation, mobile=each.phone, mail=each.mail)
        holder = put(relation, "relationshipHolder1", classCode="PSN", determinerCode="INSTANCE")
        name = put(holder, "name")
        if each.given_name:
            put(name, "given", each.given_name)
        put(name, "family", each.family_name)
    place = put(person, "birthPlace", classCode="BIRTHPL")
    address = put(place, "addr")
    if row.birth_place:
        put(address, "city", row.birth_place)


def write_observations(patient: Any, values: Mapping[tuple[str, str], bool]) -> None:
    """Boolean observations of a patient: (code, codeSystem) to value."""
    for (code, system), value in values.items():
        observation = put(patient, "subjectOf", typeCode="SBJ")
        observation = put(observation, "administrativeObservation", classCode="OBS", moodCode="EVN")
        put(observation, "code", code=code, codeSystem=system)
        put(observation, "value", xsi_type="BL", value="true" if value else "false")
