"""The INSi service: the national identity of a person, by Vitale card or by traits.

The bodies by Vitale are ours, the published interface giving their namespace alone: docs/decisions/011-insi-bodies.md.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from dossier.failure import Failure
from dossier.patient import Beneficiary, IdentityStatus, Ins, PatientIdentity, Sex, Traits
from soap_clients.host import Host

_SERVICE = "urn:ServiceIdentiteCertifiee:1.0.0"
BY_VITALE = f"{_SERVICE}:rechercherInsAvecCarteVitale"
BY_TRAITS = f"{_SERVICE}:rechercherInsAvecTraitsIdentite"
BAM, LPS = "urn:siram:bam:ctxbam", "urn:siram:lps:ctxlps"
_DATE = re.compile(r"^(\d{4})-(\d{2})-(\d{2})$")


def qualify(host: Host, beneficiary: Beneficiary) -> PatientIdentity:
    """Ask for the INS of a person read on a Vitale card; gives a qualified identity.

    Raises Failure as Host.call does, INSI_NOT_FOUND, INSI_UNAVAILABLE, INSI_REFUSED, HOST_ANSWER_INVALID.
    """
    values = {
        "NirOD": beneficiary.insured_nir.value,
        "RangBeneficiaire": str(beneficiary.rank),
        "DateNaissance": beneficiary.birth_date,
        "Prenom": beneficiary.given_name,
    }
    return _ask(host, BY_VITALE, values)


def qualify_traits(host: Host, traits: Traits) -> PatientIdentity:
    """Ask for the INS of a person by birth name, given name, sex, birth date and, if known, birth place.

    Raises Failure as ``qualify``, TIMESTAMP_INVALID when the birth date is not yyyymmdd.
    """
    date = traits.birth_date
    if len(date) != 8 or not date.isdigit():
        raise Failure("TIMESTAMP_INVALID", value=date[:32])
    values = {
        "NomNaissance": traits.birth_name,
        "Prenom": traits.first_given_name,
        "Sexe": traits.sex.value,
        "DateNaissance": f"{date[:4]}-{date[4:6]}-{date[6:]}",
        **({"LieuNaissance": traits.birth_place} if traits.birth_place else {}),
    }
    return _ask(host, BY_TRAITS, values)


def _ask(host: Host, action: str, values: Mapping[str, str]) -> PatientIdentity:
    headers = build_contexts(host)
    try:
        result = host.invoke("insi", action, values, transaction="INSi", headers=headers)
    except Failure as failure:
        if failure.code in ("OUTCOME_UNKNOWN", "HOST_UNREACHABLE", "HOST_NOT_SOAP", "HOST_TECHNICAL_ERROR"):
            # A question that changes nothing: whether it was answered unheard does not matter.
            raise Failure("INSI_UNAVAILABLE", reason=failure.code) from failure
        if failure.code == "HOST_FAULT":
            raise Failure("INSI_REFUSED", **failure.facts) from failure
        raise
    return read_result(result)


def build_contexts(host: Host) -> list[etree._Element]:
    """Write the two header blocks of the service: ContexteBAM (01_02) and ContexteLPS (01_00)."""
    software, now = host.software, host.clock()
    bam = _context(BAM, "ContexteBAM", "01_02", now, host.professional.id_nat)
    etree.SubElement(bam, f"{{{BAM}}}COUVERTURE")
    lps = _context(LPS, "ContexteLPS", "01_00", now, host.professional.id_nat)
    block = etree.SubElement(lps, f"{{{LPS}}}LPS")
    etree.SubElement(block, f"{{{LPS}}}IDAM", R="4").text = software.homologation
    etree.SubElement(block, f"{{{LPS}}}Version").text = software.version
    etree.SubElement(block, f"{{{LPS}}}Instance").text = software.instance
    etree.SubElement(block, f"{{{LPS}}}Nom").text = software.name
    return [bam, lps]


def _context(namespace: str, name: str, version: str, now: datetime, sender: str) -> etree._Element:
    nsmap: dict[Any, str] = {None: namespace}
    element = etree.Element(f"{{{namespace}}}{name}", nsmap=nsmap)
    element.set("Version", version)
    etree.SubElement(element, f"{{{namespace}}}Id").text = str(uuid.uuid4())
    etree.SubElement(element, f"{{{namespace}}}Temps").text = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    etree.SubElement(element, f"{{{namespace}}}Emetteur").text = sender
    return element


def read_result(result: Any) -> PatientIdentity:
    """Read RESULTAT (CodeCR 00 found, 01 not found) into a qualified identity.

    Raises Failure INSI_NOT_FOUND, INSI_REFUSED (another code), HOST_ANSWER_INVALID.
    """
    code = _text(result, "CR", "CodeCR")
    if code == "01":
        raise Failure("INSI_NOT_FOUND")
    if code != "00":
        raise Failure("INSI_REFUSED", code=code[:10] or "?", detail=_text(result, "CR", "LibelleCR")[:200])
    number = _text(result, "INDIVIDU", "INSACTIF", "IdIndividu", "NumIdentifiant")
    key = _text(result, "INDIVIDU", "INSACTIF", "IdIndividu", "Cle")
    try:
        ins = Ins.parse(number + key, _text(result, "INDIVIDU", "INSACTIF", "OID"))
    except Failure as failure:
        raise Failure("HOST_ANSWER_INVALID", field="INSACTIF") from failure
    return PatientIdentity(_traits(result), IdentityStatus.QUALIFIED, ins)


def _traits(result: Any) -> Traits:
    date = _DATE.match(_text(result, "INDIVIDU", "TIQ", "DateNaissance"))
    name, first = _text(result, "INDIVIDU", "TIQ", "NomNaissance"), _text(result, "INDIVIDU", "TIQ", "Prenom")
    if date is None or not name or not first:
        raise Failure("HOST_ANSWER_INVALID", field="TIQ")
    sex = _text(result, "INDIVIDU", "TIQ", "Sexe")
    listed = _text(result, "INDIVIDU", "TIQ", "ListePrenom")
    others = listed.removeprefix(first).split() if listed.startswith(f"{first} ") else []
    return Traits(
        birth_name=name,
        given_names=(first, *others),
        birth_date="".join(date.groups()),
        sex=Sex(sex) if sex in ("M", "F") else Sex.UNKNOWN,
        birth_place=_text(result, "INDIVIDU", "TIQ", "LieuNaissance"),
    )


def _text(value: Any, *names: str) -> str:
    for name in names:
        value = getattr(value, name, None)
    return value.strip() if isinstance(value, str) else ""
