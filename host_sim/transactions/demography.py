"""The demographic part of HL7 v3 patient requests, read strictly."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from host_sim.administrative import LINKS, Representative
from host_sim.call import Call, HostFault
from host_sim.routes import HL7

from .hl7 import OBSERVATIONS, XSI, bad, every, one

IDNPS = "1.2.250.1.71.4.2.1"
IDNST = "1.2.250.1.71.4.2.2"
RELATIONSHIPS = "2.16.840.1.113883.1.11.19579"
_QUALIFIERS = {"SP", "BR", "CL", ""}
_OBSERVED = frozenset(
    {
        "CONSENTEMENT_OUVERTURE_DMP", "CONSENTEMENT_REACTIVATION_DMP", "OPPOSITION_BRIS_DE_GLACE",
        "OPPOSITION_ACCES_URGENCE",
    }
)  # fmt: skip
_BIRTH_DATE = re.compile(r"^\d{8}$", re.ASCII)


def folded(text: str) -> str:
    """A name compared: capitals, no accents, hyphens and apostrophes as spaces."""
    plain = unicodedata.normalize("NFD", text.upper())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(letters.replace("-", " ").replace("'", " ").replace("’", " ").split())


@dataclass(frozen=True)
class PersonRead:
    """What a request says of a person; contacts and address as sent, "" when absent.

    representatives: None when the request has no personalRelationship at all.
    """

    title: str
    birth_name: str
    usage_name: str
    given_names: str
    sex: str
    birth_date: str
    birth_place: str
    street: str
    additional: str
    postal_code: str
    city: str
    country: str
    home_phone: str
    mobile: str
    mail: str
    representatives: tuple[Representative, ...] | None


@dataclass(frozen=True)
class _Place:
    street: str
    additional: str
    postal_code: str
    city: str
    country: str


@dataclass(frozen=True)
class _Telecoms:
    home: str = ""
    mobile: str = ""
    mail: str = ""


def read_person(element: Any) -> PersonRead:
    """Read a patientPerson; HostFault DMPInvalidMessage for a name, address or telecom of another shape."""
    name = one(element, "name")
    families = {each.get("qualifier", ""): (each.text or "").strip() for each in every(name, "family")}
    if not families.keys() <= _QUALIFIERS:
        raise bad("qualifier of a family name")
    birth, usage = families.get("BR", ""), families.get("SP", "")
    given = " ".join((each.text or "").strip() for each in every(name, "given")).strip()
    if not (birth or usage) or not given:
        raise bad("a name without family or given")
    place, telecoms = _read_place(element), _read_telecoms(element)
    people = tuple(_read_representative(each) for each in every(element, "personalRelationship"))
    return PersonRead(
        title=_text(name, "prefix"),
        birth_name=birth or usage,
        usage_name=usage if usage != birth else "",
        given_names=given,
        sex=_attribute(element, "administrativeGenderCode", "code"),
        birth_date=_attribute(element, "birthTime", "value"),
        birth_place=_text(element, "birthPlace/addr/city"),
        street=place.street,
        additional=place.additional,
        postal_code=place.postal_code,
        city=place.city,
        country=place.country,
        home_phone=telecoms.home,
        mobile=telecoms.mobile,
        mail=telecoms.mail,
        representatives=people or None,
    )


def need_traits(said: PersonRead) -> None:
    """Sex and birth date must be there and have their form; HostFault DMPInvalidMessage."""
    if said.sex not in ("M", "F", "U") or not _BIRTH_DATE.match(said.birth_date):
        raise bad("administrativeGenderCode or birthTime")


def _read_place(element: Any) -> _Place:
    if len(every(element, "addr")) > 1:
        raise bad("one addr")
    lines = [(each.text or "").strip() for each in every(element, "addr/streetAddressLine")]
    more = _text(element, "addr/additionalLocator")
    return _Place(
        lines[0] if lines else "",
        "\n".join(filter(None, (*lines[1:], more))),
        _text(element, "addr/postalCode"),
        _text(element, "addr/city"),
        _text(element, "addr/country"),
    )


def _read_telecoms(element: Any) -> _Telecoms:
    found = {"home": "", "mobile": "", "mail": ""}
    for each in every(element, "telecom"):
        scheme, _, value = str(each.get("value", "")).partition(":")
        kind = "mail" if scheme == "mailto" else {"HP": "home"}.get(each.get("use", "MC"), "mobile")
        if scheme not in ("tel", "mailto") or not value.strip() or each.get("use", "MC") not in ("HP", "MC"):
            raise bad("a telecom is tel: (HP or MC) or mailto:")
        found[kind] = found[kind] or value.strip()
    return _Telecoms(**found)


def _read_representative(element: Any) -> Representative:
    link = one(element, "code")
    if link.get("code") not in LINKS or link.get("codeSystem") != RELATIONSHIPS:
        raise bad("code of a personalRelationship")
    name = one(element, "relationshipHolder1/name")
    family, given = _text(name, "family"), _text(name, "given")
    if not family:
        raise bad("a representative without name")
    place, telecoms = _read_place(element), _read_telecoms(element)
    return Representative(
        str(link.get("code")), family, given, place.street, place.additional, place.postal_code, place.city,
        place.country, telecoms.mobile or telecoms.home, telecoms.mail,
    )  # fmt: skip


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
        known = code.get("codeSystem") == OBSERVATIONS and code.get("code") in _OBSERVED
        if not known or value.get("value") not in ("true", "false") or value.get(f"{{{XSI}}}type") != "BL":
            raise bad("an observation is not a known boolean")
        if code.get("code") in found:
            raise bad("an observation occurs twice")
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
    """The author of a registration is the caller, at the structure of the assertion, both named."""
    entity = one(request, "author/assignedEntity")
    who, place = one(entity, "id"), one(entity, "representedOrganization/id")
    if (who.get("root"), who.get("extension")) != (IDNPS, call.caller.id_nat):
        raise HostFault("DMPIdentityMismatch", "the author is not the caller")
    if (place.get("root"), place.get("extension")) != (IDNST, call.caller.structure_id):
        raise HostFault("DMPIdentityMismatch", "the author's organization is not the one of the VIHF")
    if not _text(entity, "assignedPerson/name/family") or not _text(entity, "representedOrganization/name"):
        raise bad("the author or the organization has no name")
    # Establishment cards and cards in training have no specialty; the official samples put an OID in @code.
    if call.caller.profession and call.caller.card_kind == "CPS" and not one(entity, "code").get("code"):
        raise bad("the author has no specialty")
