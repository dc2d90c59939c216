"""The registration request of TD1.1 and TD1.2 (PRPA_MT201301, PRPA_MT201302): patient, consent, author."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from dossier.access import ChannelKind, Contact, EmergencyChoices
from dossier.codes import SPECIALTY
from dossier.codes import load as load_codes
from dossier.patient import Beneficiary, Ins, PatientIdentity, Traits
from dossier.professional import Activity, Professional
from soap_clients.hl7v3 import OBSERVATIONS, digits, put

CONTACT_PARTY = "1.2.250.1.213.4.1.2.5"
_IDNPS, _IDNST = "1.2.250.1.71.4.2.1", "1.2.250.1.71.4.2.2"
_AUTHOR_SPECIALTY = "1.2.250.1.213.1.1.4.5"


@dataclass(frozen=True)
class Agreement:
    """What the patient agreed to: the code of the consent, when it was collected, and the emergency choices."""

    code: str
    collected_at: datetime
    choices: EmergencyChoices


def add_registration(
    act: etree._Element,
    identity: PatientIdentity,
    agreement: Agreement,
    professional: Professional,
    activity: Activity,
    *,
    contact: Contact | None = None,
    beneficiary: Beneficiary | None = None,
) -> None:
    """Append subject/registrationRequest to a control act.

    beneficiary: the person of the Vitale card that was read; its birth date is written as the card prints it (yyMMdd).
    Raises Failure IDENTITY_NOT_QUALIFIED.
    """
    subject = put(act, "subject", typeCode="SUBJ", contextConductionInd="false")
    request = put(subject, "registrationRequest", classCode="REG", moodCode="RQO")
    put(request, "statusCode", code="active")
    patient = put(put(request, "subject1", typeCode="SBJ"), "patient", classCode="PAT")
    _add_patient(patient, identity.qualified_ins(), identity.traits, contact, beneficiary)
    _add_agreement(patient, agreement)
    _add_author(request, professional, activity)


def _add_patient(
    patient: etree._Element, ins: Ins, traits: Traits, contact: Contact | None, beneficiary: Beneficiary | None
) -> None:
    put(patient, "id", root=ins.oid, extension=ins.matricule)
    put(patient, "statusCode", code="active")
    person = put(patient, "patientPerson", classCode="PSN", determinerCode="INSTANCE")
    name = put(person, "name")
    for given in traits.given_names:
        put(name, "given", given)
    put(name, "family", traits.usage_name or traits.birth_name, qualifier="SP")
    put(name, "family", traits.birth_name, qualifier="BR")
    if contact is not None and contact.kind is ChannelKind.SMS:
        put(person, "telecom", value=f"tel:{contact.value}", use="MC")
    elif contact is not None:
        put(person, "telecom", value=f"mailto:{contact.value}")
    put(person, "administrativeGenderCode", code=traits.sex.value)
    put(person, "birthTime", value=traits.birth_date)
    if beneficiary is not None:
        _add_vitale(person, beneficiary)
    if traits.birth_place:
        put(put(person, "birthPlace", classCode="BIRTHPL"), "addr/city", traits.birth_place)
    put(patient, "providerOrganization", classCode="ORG", determinerCode="INSTANCE", nullFlavor="NI")


def _add_vitale(person: etree._Element, beneficiary: Beneficiary) -> None:
    party = put(person, "contactParty", classCode="CON")
    put(party, "code", code="CARTE_SESAM_VITALE", codeSystem=CONTACT_PARTY)
    holder = put(party, "contactPerson", classCode="PSN", determinerCode="INSTANCE")
    name = put(holder, "name")
    put(name, "given", beneficiary.given_name)
    put(name, "family", beneficiary.family_name, qualifier="BR")
    put(holder, "birthTime", value=beneficiary.birth_date[-6:])


def _add_agreement(patient: etree._Element, agreement: Agreement) -> None:
    choices = agreement.choices
    consent = _add_observation(patient, agreement.code, moment=agreement.collected_at)
    put(consent, "value", xsi_type="BL", value="true")
    for code, allowed in (
        ("OPPOSITION_BRIS_DE_GLACE", choices.allow_break_glass),
        ("OPPOSITION_ACCES_URGENCE", choices.allow_regulation),
    ):
        put(_add_observation(patient, code), "value", xsi_type="BL", value="false" if allowed else "true")


def _add_observation(patient: etree._Element, code: str, moment: datetime | None = None) -> etree._Element:
    holder = put(patient, "subjectOf", typeCode="SBJ")
    observation = put(holder, "administrativeObservation", classCode="OBS", moodCode="EVN")
    put(observation, "code", code=code, codeSystem=OBSERVATIONS)
    if moment is not None:
        put(observation, "effectiveTime", value=digits(moment))
    return observation


def _add_author(request: etree._Element, professional: Professional, activity: Activity) -> None:
    entity = put(put(request, "author", typeCode="AUT"), "assignedEntity", classCode="ASSIGNED")
    put(entity, "id", root=_IDNPS, extension=professional.id_nat)
    known = load_codes(SPECIALTY).get(professional.specialty_code) if professional.profession else None
    if known is not None:
        put(entity, "code", code=known.code, codeSystem=_AUTHOR_SPECIALTY, displayName=known.display)
    person = put(entity, "assignedPerson", classCode="PSN", determinerCode="INSTANCE")
    name = put(person, "name")
    put(name, "given", professional.given_name)
    put(name, "family", professional.family_name)
    organisation = put(entity, "representedOrganization", classCode="ORG", determinerCode="INSTANCE")
    put(organisation, "id", root=_IDNST, extension=activity.structure.id_nat)
    put(organisation, "name", activity.structure.name)
    put(organisation, "contactParty", classCode="CON")
