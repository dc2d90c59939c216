"""Who speaks: the assertion, its signer and the TLS connection must tell the same person, or the same structure."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import distinguished, roles, vihf
from .call import Caller, HostFault
from .directory import Directory, Practitioner
from .distinguished import Name
from .signature import Holder
from .vihf import Vihf

_MODES: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "data" / "modes.toml").read_text("utf-8"))
_ORGANISATION_UNIT = "2.5.4.11"
_SECTOR_SYSTEM = "1.2.250.1.71.4.2.4"
# First digit of an identifier given by a structure to a user: the first digit of the structure (TRE_G08, TRE_G07).
_INTERNAL = {"1": "0", "3": "1", "4": "2", "5": "3", "6": "4"}


@dataclass(frozen=True)
class Speaker:
    """Who proved what: the holder of the TLS certificate, and the signer, None for an assertion without signature."""

    client: Holder
    signer: Holder | None


def identify(said: Vihf, speaker: Speaker, directory: Directory) -> Caller:
    """Judge the identity of a call; raises HostFault."""
    mode = _MODES.get(said.texts[vihf.MODE])
    if mode is None or said.texts[vihf.VERSION] != "3.0":
        raise HostFault("DMPInvalidAssertion", "Authentification_mode or VIHF_Version")
    _context(said, mode)
    if speaker.client.signs:
        raise HostFault("DMPInvalidCertificate", "a signature certificate does not open connections")
    if mode["structure"]:
        _same_structure(said, speaker)
    else:
        _same_person(said, speaker)
    return _caller(said, directory, answers_for_users=mode["structure"])


def _context(said: Vihf, mode: dict[str, Any]) -> None:
    if said.authentication not in mode["classes"]:
        raise HostFault("DMPInvalidAssertion", "AuthnContextClassRef is not one of this mode")
    if bool(said.declaration) != (mode["declaration"] == "always"):
        raise HostFault("DMPInvalidAssertion", "AuthnContextDecl is for INDIRECTE_RENFORCEE, and only for it")
    if mode["named"] and not said.texts.get(vihf.SUBJECT_ID):
        raise HostFault("DMPInvalidAssertion", "subject-id is missing")


def _issuer(said: Vihf, holder: Holder) -> None:
    try:
        issuer = distinguished.parse(said.issuer)
    except ValueError:
        raise HostFault("DMPInvalidAssertion", "Issuer is not a distinguished name") from None
    if issuer != holder.name:
        raise HostFault("DMPIdentityMismatch", "Issuer is not the holder of the certificate")


def _same_person(said: Vihf, speaker: Speaker) -> None:
    holder = speaker.signer or speaker.client
    if holder.is_structure or speaker.client.is_structure:
        raise HostFault("DMPInvalidCertificate", "DIRECTE is proved by a card")
    _issuer(said, holder)
    names = {distinguished.common_name(each.name) for each in (holder, speaker.client)}
    if names != {said.name_id.casefold()}:
        raise HostFault("DMPIdentityMismatch", "NameID, Issuer and TLS certificate are not of one person")


def _same_structure(said: Vihf, speaker: Speaker) -> None:
    if speaker.signer is None:
        raise HostFault("DMPInvalidSignature", "the VIHF of a structure is signed")
    if not (speaker.signer.is_structure and speaker.client.is_structure):
        raise HostFault("DMPInvalidCertificate", "INDIRECTE is proved by the certificates of a structure")
    _issuer(said, speaker.signer)
    units = {_unit(each.name) for each in (speaker.signer, speaker.client)}
    if units != {said.texts[vihf.STRUCTURE].casefold()}:
        raise HostFault("DMPIdentityMismatch", "Identifiant_Structure is not the OU of both certificates")


def _unit(name: Name) -> str:
    found = [value for rdn in name for kind, value in rdn if kind == _ORGANISATION_UNIT]
    return found[0] if len(found) == 1 else ""


def _caller(said: Vihf, directory: Directory, *, answers_for_users: bool) -> Caller:
    structure = said.texts[vihf.STRUCTURE]
    person = directory.practitioner(said.name_id)
    if person is not None and person.id_nat != said.name_id:
        person = None
    if person is None and not (answers_for_users and _is_internal(said.name_id, structure)):
        raise HostFault("DMPUnknownProfessional")
    if not directory.structure_is_active(structure):
        raise HostFault("DMPUnknownStructure")
    sectors = directory.sectors(person.id_nat, structure) if person else directory.sectors_of(structure)
    if not sectors:
        raise HostFault("DMPStructureNotLinked")
    sector, _, system = said.texts[vihf.SECTOR].partition("^")
    if system != _SECTOR_SYSTEM or sector not in sectors:
        raise HostFault("DMPInvalidSector")
    who = _known(said, person, answers_for_users) if person else _staff(said)
    machine = said.roles[0].system == roles.OTHERS and said.roles[0].code in roles.MACHINES
    if machine != (said.authentication == "unspecified"):
        raise HostFault("DMPInvalidAssertion", "unspecified is how software logs in, and nobody else")
    return Caller(
        id_nat=who.id_nat,
        family_name=who.family_name,
        given_name=who.given_name,
        profession=who.profession,
        specialty=who.specialty,
        structure_id=structure,
        sector=sector,
        mode=said.texts[vihf.MODE],
        card_kind=who.card_kind,
    )


def _is_internal(name_id: str, structure: str) -> bool:
    """Whether an identifier is one that the structure gives to its users.

    The number of the structure, a slash and a number of its own, after the digit for users ("3" for a FINESS) or, as
    some cards have it, after the digit of the structure itself.
    """
    root, slash, own = name_id.partition("/")
    same_kind = structure[:1] in (_INTERNAL.get(root[:1]), root[:1])
    return bool(slash and own) and same_kind and root[1:] == structure[1:]


def _known(said: Vihf, person: Practitioner, named: bool) -> Practitioner:
    if named and _plain(said.texts[vihf.SUBJECT_ID]) != _plain(f"{person.given_name} {person.family_name}"):
        raise HostFault("DMPIdentityMismatch", "subject-id is not the name that the directory has for NameID")
    roles.of_person(said.roles, person)
    return person


def _staff(said: Vihf) -> Practitioner:
    profession, specialty = roles.of_staff(said.roles)
    given, _, family = said.texts[vihf.SUBJECT_ID].partition(" ")
    kind = "CPS" if profession else "CPE"
    return Practitioner(said.name_id, "", family or given, given if family else "", profession, specialty, kind)


def _plain(name: str) -> str:
    letters = [each for each in unicodedata.normalize("NFD", name.casefold()) if not unicodedata.combining(each)]
    return " ".join("".join(each if each.isalnum() else " " for each in letters).split())
