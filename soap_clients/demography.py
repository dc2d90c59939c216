"""The person inside the host's HL7 v3 patient messages: traits, channels, address, representatives, closing."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from lxml import etree

from dossier.access import ChannelKind, Contact
from dossier.administration import TITLES, Address, LegalRepresentative
from dossier.failure import Failure
from dossier.patient import Sex, Traits
from dossier.timestamp import Timestamp
from soap_clients.hl7v3 import attribute, find, find_all, text

RELATIONSHIPS = "2.16.840.1.113883.1.11.19579"
_MOST_REPRESENTATIVES = 20


def read_traits(patient: etree._Element) -> Traits:
    """Read the strict traits of a patientPerson; raises Failure HOST_ANSWER_INVALID when there is none."""
    person = find(patient, "patientPerson")
    if person is None:
        raise Failure("HOST_ANSWER_INVALID", field="patientPerson")
    families = {
        attribute(each, ".", "qualifier"): (each.text or "").strip() for each in find_all(person, "name/family")
    }
    birth = families.get("BR") or families.get("SP") or families.get("", "")
    usage = families.get("SP", "")
    sex = attribute(person, "administrativeGenderCode", "code")
    born = attribute(person, "birthTime", "value")[:8]
    return Traits(
        birth_name=birth,
        given_names=tuple(filter(None, ((each.text or "").strip() for each in find_all(person, "name/given")))),
        birth_date=born if born.isdecimal() else "",
        sex=Sex(sex) if sex in ("M", "F") else Sex.UNKNOWN,
        birth_place=text(person, "birthPlace/addr/city"),
        usage_name=usage if usage != birth else "",
    )


def read_title(patient: etree._Element) -> str:
    """Give the title of the person (M, MME, MLLE), "" for none or another."""
    title = text(patient, "patientPerson/name/prefix").rstrip(".").upper()
    return title if title in TITLES else ""


def read_contacts(holder: etree._Element) -> tuple[Contact, ...]:
    """Read the e-mail address and mobile number of a person or a representative."""
    found = []
    for each in find_all(holder, "telecom"):
        scheme, _, value = attribute(each, ".", "value").partition(":")
        kind = {"tel": ChannelKind.SMS, "mailto": ChannelKind.EMAIL}.get(scheme)
        if kind is not None and attribute(each, ".", "use") != "HP":
            # A landline or a malformed address is no channel for codes: it is left out.
            with suppress(Failure):
                found.append(Contact(kind, "".join(value.split())))
    return tuple(found)


def read_home_phone(holder: etree._Element) -> str:
    """Give the landline (use HP, or a number that is no mobile), as written, at most 30 characters."""
    numbers = [
        (attribute(each, ".", "use"), value.strip()[:30])
        for each in find_all(holder, "telecom")
        for scheme, _, value in [attribute(each, ".", "value").partition(":")]
        if scheme == "tel"
    ]
    mobiles = {each.value for each in read_contacts(holder)}
    return next((value for use, value in numbers if use == "HP" or "".join(value.split()) not in mobiles), "")


def read_address(holder: etree._Element) -> Address:
    """Read an addr: its lines in order, the additional one included."""
    lines = [
        (each.text or "").strip()
        for name in ("addr/streetAddressLine", "addr/additionalLocator")
        for each in find_all(holder, name)
    ]
    return Address(
        tuple(filter(None, lines)),
        text(holder, "addr/postalCode"),
        text(holder, "addr/city"),
        text(holder, "addr/country"),
    )


def read_representatives(person: etree._Element) -> tuple[LegalRepresentative, ...]:
    """Read the legal representatives of a minor; raises Failure HOST_ANSWER_INVALID."""
    relations = find_all(person, "personalRelationship")
    if len(relations) > _MOST_REPRESENTATIVES:
        raise Failure("HOST_ANSWER_INVALID", field="personalRelationship")
    return tuple(
        LegalRepresentative(
            link=attribute(each, "code", "code"),
            family_name=text(each, "relationshipHolder1/name/family"),
            given_name=text(each, "relationshipHolder1/name/given"),
            address=read_address(each),
            contacts=read_contacts(each),
        )
        for each in relations
    )


def read_closing(act: etree._Element) -> tuple[str, datetime | None]:
    """Read why and when a dossier was closed; only that it is told is published, so both may be missing."""
    for path in ("reasonOf/detectedIssueEvent", "subject/registrationEvent/reasonOf/detectedIssueEvent"):
        event = find(act, path)
        if event is not None:
            said = text(event, "text") or attribute(event, "code", "displayName") or attribute(event, "code", "code")
            return said, _moment(event)
    return "", None


def _moment(event: etree._Element) -> datetime | None:
    value = attribute(event, "effectiveTime", "value") or attribute(event, "effectiveTime/low", "value")
    if not value:
        return None
    try:
        return Timestamp.parse(value).to_datetime()
    except (Failure, OverflowError) as error:
        raise Failure("HOST_ANSWER_INVALID", field="effectiveTime") from error
