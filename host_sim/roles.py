"""The roles of a VIHF, judged against the directory, or against the value sets for those whom it does not know."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from dossier import codes

from .call import HostFault
from .directory import Practitioner
from .vihf import Coded

PROFESSIONS = "1.2.250.1.71.1.2.7"
IN_TRAINING = "1.2.250.1.71.1.2.8"
SPECIALTIES = "1.2.250.1.71.4.2.5"
OTHERS = "1.2.250.1.213.1.1.4.6"
SECRETARY = "SECRETARIAT_MEDICAL"
MACHINES = frozenset({"AUTOMATE", "DISPOSITIF", "ALIM_AM"})
_FIRST: dict[str, list[str]] = tomllib.loads((Path(__file__).parent / "data" / "roles.toml").read_text("utf-8"))
_WITH_SPECIALTY = frozenset({"10", "21"})
_OID = re.compile(r"^[0-2](\.\d+)+$")


def of_person(roles: tuple[Coded, ...], person: Practitioner) -> None:
    """Judge the roles of somebody in the directory: they must be the ones written there. Raises HostFault."""
    first, *others = roles
    if not person.profession:
        if others or (first.code, first.system) != (SECRETARY, OTHERS):
            raise HostFault("DMPInvalidRole")
        return
    student = person.card_kind == "CPF" and not person.specialty and person.profession in _FIRST[IN_TRAINING]
    if first.code != person.profession or first.system != (IN_TRAINING if student else _system_of(first.code)):
        raise HostFault("DMPInvalidRole")
    specialties = _specialties(others)
    if person.profession in _WITH_SPECIALTY and not student and not specialties:
        raise HostFault("DMPMissingSpecialty")
    if specialties != ([person.specialty] if person.specialty else []):
        raise HostFault("DMPInvalidRole", "the specialty is not the one of the directory")


def of_staff(roles: tuple[Coded, ...]) -> tuple[str, str]:
    """Judge the roles of somebody whom only the establishment knows; gives profession and specialty ("" for none).

    Raises HostFault.
    """
    first, *others = roles
    if first.code not in _FIRST.get(first.system, ()):
        raise HostFault("DMPInvalidRole")
    specialties = _specialties(others)
    if first.system == OTHERS:
        if others:
            raise HostFault("DMPInvalidRole", "this role stands alone")
        return "", ""
    if first.system != PROFESSIONS or first.code not in _WITH_SPECIALTY:
        if specialties:
            raise HostFault("DMPInvalidRole", "this profession has no specialty")
        return first.code, ""
    if not specialties:
        raise HostFault("DMPMissingSpecialty")
    if len(specialties) > 1 or f"G15_{first.code}/{specialties[0]}" not in codes.load(codes.SPECIALTY):
        raise HostFault("DMPInvalidRole", "the specialty is not one of the profession")
    return first.code, specialties[0]


def _system_of(profession: str) -> str:
    systems = [system for system, known in _FIRST.items() if profession in known and system != IN_TRAINING]
    return systems[0] if systems else PROFESSIONS


def _specialties(others: list[Coded]) -> list[str]:
    if not all(_OID.match(each.system) for each in others):
        raise HostFault("DMPInvalidRole", "a role of an unknown system")
    return [each.code for each in others if each.system == SPECIALTIES]
