"""The registration requests of TD1.1 to TD1.4 (PRPA_MT201301, PRPA_MT201302): patient, consent, author, closing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from dossier.access import ChannelKind, Contact, EmergencyChoices
from dossier.administration import TITLES, Address, Administration, LegalRepresentative
from dossier.codes import SPECIALTY
from dossier.codes import load as load_codes
from dossier.failure import Failure
from dossier.patient import Beneficiary, Ins, PatientIdentity, Traits
from dossier.professional import Activity, Professional
from soap_clients.demography import RELATIONSHIPS
from soap_clients.hl7v3 import OBSERVATIONS, digits, put

CONTACT_PARTY = "1.2.250.1.213.4.1.2.5"
CLOSING_REASONS = "1.2.250.1.213.4.1.2.4"
_TITLES = dict(zip(TITLES, ("M", "Mme", "Mlle"), strict=True))
_IDNPS, _IDNST = "1.2.250.1.71.4.2.1", "1.2.250.1.71.4.2.2"
_NOWHERE = Address()
_AUTHOR_SPECIALTY = "1.2.250.1.213.1.1.4.5"


@dataclass(frozen=True)
class Agreement:
    """What the patient agreed to: the code of the consent, when it was collected, and the emergency choices."""

    code: str
    collected_at: datetime
    choices: EmergencyChoices


@dataclass(frozen=True)
class Sheet:
    """What may be told of a person beside the traits."""

    contacts: tuple[Contact, ...] = ()
    address: Address = _NOWHERE
    representatives: tuple[LegalRepresentative, ...] = ()
    title: str = ""
    home_phone: str = ""


_NOTHING = Sheet()


def add_registration(
    act: etree._Element,
    identity: PatientIdentity,
    agreement: Agreement,
    professional: Professional,
    activity: Activity,
    sheet: Sheet = _NOTHING,
    beneficiary: Beneficiary | None = None,
) -> None:
    """Append subject/registrationRequest to a control act (creation, reactivation).

    beneficiary: the person of the Vitale card that was read; its birth date is written as the card prints it (yyMMdd).
    Raises Failure IDENTITY_NOT_QUALIFIED.
    """
    request, patient = _open_request(act, identity.qualified_ins())
    _add_person(patient, identity.traits, sheet, beneficiary)
    put(patient, "providerOrganization", classCode="ORG", determinerCode="INSTANCE", nullFlavor="NI")
    consent = _add_observation(patient, agreement.code, moment=agreement.collected_at)
    put(consent, "value", xsi_type="BL", value="true")
    _add_choices(patient, agreement.choices)
    _add_author(request, professional, activity)


def add_modification(
    act: etree._Element, administration: Administration, professional: Professional, activity: Activity
) -> None:
    """Append the request that replaces the editable data (MODIF_DATA); raises Failure ADMINISTRATION_INVALID."""
    traits = administration.traits
    if not traits.birth_date or not (traits.birth_name or traits.usage_name) or not traits.given_names:
        raise Failure("ADMINISTRATION_INVALID", field="traits")
    if any(not each.link or not each.family_name for each in administration.representatives):
        raise Failure("ADMINISTRATION_INVALID", field="représentant légal")
    request, patient = _open_request(act, administration.ins)
    sheet = Sheet(
        administration.contacts,
        administration.address,
        administration.representatives,
        administration.title,
        administration.home_phone,
    )
    _add_person(patient, traits, sheet, None)
    _add_choices(patient, administration.choices)
    _add_author(request, professional, activity)


def add_closing(
    act: etree._Element, identity: PatientIdentity, text: str, professional: Professional, activity: Activity
) -> None:
    """Append the request that closes a dossier for the patient's reason (FERM)."""
    request, patient = _open_request(act, identity.qualified_ins(), status="terminated")
    _add_name(put(patient, "patientPerson", classCode="PSN", determinerCode="INSTANCE"), identity.traits)
    _add_author(request, professional, activity)
    issue = put(put(act, "reasonOf", typeCode="RSON"), "detectedIssueEvent", classCode="ALRT", moodCode="EVN")
    put(issue, "code", code="FERMETURE_DEMANDE_PATIENT", codeSystem=CLOSING_REASONS)
    put(issue, "text", text)


def _open_request(act: etree._Element, ins: Ins, status: str = "active") -> tuple[etree._Element, etree._Element]:
    subject = put(act, "subject", typeCode="SUBJ", contextConductionInd="false")
    request = put(subject, "registrationRequest", classCode="REG", moodCode="RQO")
    put(request, "statusCode", code="active")
    patient = put(put(request, "subject1", typeCode="SBJ"), "patient", classCode="PAT")
    put(patient, "id", root=ins.oid, extension=ins.matricule)
    put(patient, "statusCode", code=status)
    return request, patient


def _add_person(patient: etree._Element, traits: Traits, sheet: Sheet, beneficiary: Beneficiary | None) -> None:
    person = put(patient, "patientPerson", classCode="PSN", determinerCode="INSTANCE")
    _add_name(person, traits, sheet.title)
    if sheet.home_phone:
        put(person, "telecom", value=f"tel:{sheet.home_phone}", use="HP")
    _add_contacts(person, sheet.contacts)
    put(person, "administrativeGenderCode", code=traits.sex.value)
    put(person, "birthTime", value=traits.birth_date)
    _add_address(person, sheet.address)
    if beneficiary is not None:
        _add_vitale(person, beneficiary)
    for each in sheet.representatives:
        _add_representative(person, each)
    if traits.birth_place:
        put(put(person, "birthPlace", classCode="BIRTHPL"), "addr/city", traits.birth_place)


def _add_name(person: etree._Element, traits: Traits, title: str = "") -> None:
    name = put(person, "name")
    if title in _TITLES:
        put(name, "prefix", _TITLES[title])
    for given in traits.given_names:
        put(name, "given", given)
    put(name, "family", traits.usage_name or traits.birth_name, qualifier="SP")
    put(name, "family", traits.birth_name or traits.usage_name, qualifier="BR")


def _add_contacts(holder: etree._Element, contacts: tuple[Contact, ...]) -> None:
    for contact in contacts:
        if contact.kind is ChannelKind.SMS:
            put(holder, "telecom", value=f"tel:{contact.value}", use="MC")
        else:
            put(holder, "telecom", value=f"mailto:{contact.value}")


def _add_address(holder: etree._Element, address: Address) -> None:
    if address == _NOWHERE:
        return
    element = put(holder, "addr")
    texts = {
        "streetAddressLine": "".join(address.lines[:1]),
        "additionalLocator": " ".join(address.lines[1:]),
        "postalCode": address.postal_code,
        "city": address.city,
        "country": address.country,
    }
    for name, text in texts.items():
        if text:
            put(element, name, text)


def _add_representative(person: etree._Element, representative: LegalRepresentative) -> None:
    relation = put(person, "personalRelationship", classCode="PRS")
    put(relation, "code", code=representative.link, codeSystem=RELATIONSHIPS)
    _add_address(relation, representative.address)
    _add_contacts(relation, representative.contacts)
    holder = put(relation, "relationshipHolder1", classCode="PSN", determinerCode="INSTANCE")
    name = put(holder, "name")
    if representative.given_name:
        put(name, "given", representative.given_name)
    put(name, "family", representative.family_name)


def _add_vitale(person: etree._Element, beneficiary: Beneficiary) -> None:
    party = put(person, "contactParty", classCode="CON")
    put(party, "code", code="CARTE_SESAM_VITALE", codeSystem=CONTACT_PARTY)
    holder = put(party, "contactPerson", classCode="PSN", determinerCode="INSTANCE")
    name = put(holder, "name")
    put(name, "given", beneficiary.given_name)
    put(name, "family", beneficiary.family_name, qualifier="BR")
    put(holder, "birthTime", value=beneficiary.birth_date[-6:])


def _add_choices(patient: etree._Element, choices: EmergencyChoices) -> None:
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
