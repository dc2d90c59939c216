"""The VIHF 3.0: who acts, where, for which patient and why, as a SAML 2.0 assertion made anew for each call.

Direct: the professional's card opened the TLS connection. So the assertion carries no family or given name, an
employee's included: who acts is the number on the card (NameID) and the subject of its certificate. Indirect: an
establishment speaks with its own certificates for somebody whom it authenticated, and whom the assertion names.
The assertion is written unsigned; ``sign`` adds the signature of the card's, or of the establishment's, signature key
once it stands in its envelope.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from dossier.access import Access, AccessMode
from dossier.authentication import BY_CARD, AuthenticationMode, LocalAuthentication
from dossier.certificate import Certificate
from dossier.codes import ACCESS_MODE, PROFESSION, ROLE, SPECIALTY, find
from dossier.failure import Failure
from dossier.patient import Ins
from dossier.professional import DOCTOR, PHARMACIST, Activity, Professional
from dossier.signer import Signer
from soap_clients.conventions import CODED, INFERRED, Conventions
from soap_clients.hl7_types import to_cx
from soap_clients.namespaces import HL7, SAML, XS, XSI
from soap_clients.security import xml_signature
from soap_clients.security.distinguished_name import subject_name

SECTOR_SYSTEM = "1.2.250.1.71.4.2.4"
TRAINING_SYSTEM = "1.2.250.1.71.1.2.8"
SPECIALTY_SYSTEM = "1.2.250.1.71.4.2.5"
SUBJECT_NAME_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
MINOR_CONNECTION = "urn:oasis:names:tc:xspa:1.0:resource:patient:hl7:confidentiality-code"
PURPOSE_NAME = "mode acces VIHF 2.0"
_SECRETARY = "SECRETARIAT_MEDICAL"


@dataclass(frozen=True)
class Software:
    """The client as the VIHF announces it: LPS_Nom, LPS_Version, its OID, LPS_ID, LPS_ID_HOMOLOGATION_DMP."""

    name: str
    version: str
    oid: str
    instance: str
    homologation: str


@dataclass(frozen=True)
class Speaker:
    """What stays the same during a session: the person, the place, the software, and the certificate that speaks.

    certificate: the signature certificate when assertions are signed, else the one of the TLS connection;
    authenticated_at: when the session was opened (the PIN verified), aware; person: how the professional logged in.
    """

    professional: Professional
    activity: Activity
    software: Software
    certificate: Certificate
    authenticated_at: datetime
    mode: AuthenticationMode = AuthenticationMode.DIRECT
    person: LocalAuthentication = BY_CARD
    conventions: Conventions = INFERRED


def build(speaker: Speaker, access: Access, patient: Ins | None, now: datetime) -> etree._Element:
    """Write one assertion, unsigned (SAML 2.0 core 2.3.3), of a new ID and of this instant.

    Raises Failure VIHF_SPECIALTY_MISSING for a doctor or a pharmacist, qualified but without specialty, CODE_UNKNOWN.
    """
    assertion = etree.Element(f"{{{SAML}}}Assertion", nsmap={"saml2": SAML})
    assertion.set("ID", f"_{uuid.uuid4()}")
    assertion.set("IssueInstant", _instant(now))
    assertion.set("Version", "2.0")
    issuer = etree.SubElement(assertion, f"{{{SAML}}}Issuer", Format=SUBJECT_NAME_FORMAT)
    issuer.text = subject_name(speaker.certificate)
    subject = etree.SubElement(assertion, f"{{{SAML}}}Subject")
    etree.SubElement(subject, f"{{{SAML}}}NameID").text = speaker.professional.id_nat
    _add_authentication(assertion, speaker)
    _add_attributes(etree.SubElement(assertion, f"{{{SAML}}}AttributeStatement"), speaker, access, patient)
    return assertion


def _add_authentication(assertion: etree._Element, speaker: Speaker) -> None:
    person = speaker.person
    at = _instant(person.at or speaker.authenticated_at)
    statement = etree.SubElement(assertion, f"{{{SAML}}}AuthnStatement", AuthnInstant=at)
    context = etree.SubElement(statement, f"{{{SAML}}}AuthnContext")
    etree.SubElement(context, f"{{{SAML}}}AuthnContextClassRef").text = person.method.value
    if speaker.mode is AuthenticationMode.REINFORCED:
        proof = person.declaration or person.method.value
        etree.SubElement(context, f"{{{SAML}}}AuthnContextDecl").text = proof


def sign(assertion: etree._Element, signer: Signer, hash_name: str = "sha256") -> None:
    """Sign an assertion where it stands, right after its Issuer (SAML 2.0 core 5.4; hash_name "sha256" or "sha1")."""
    xml_signature.sign_enveloped(assertion, signer, position=1, hash_name=hash_name)


def _add_attributes(statement: etree._Element, speaker: Speaker, access: Access, patient: Ins | None) -> None:
    software = speaker.software
    _add_text(statement, "Identifiant_Structure", speaker.activity.structure.id_nat)
    _add_text(statement, "Secteur_Activite", f"{speaker.activity.sector}^{SECTOR_SYSTEM}")
    if speaker.mode is not AuthenticationMode.DIRECT:
        _add_text(statement, "urn:oasis:names:tc:xspa:1.0:subject:subject-id", _full_name(speaker.professional))
    roles = _roles(speaker.professional)
    _add_values(statement, "urn:oasis:names:tc:xacml:2.0:subject:role", roles)
    _add_text(statement, "VIHF_Version", "3.0")
    _add_text(statement, "Authentification_mode", speaker.mode.value)
    if patient is not None:
        _add_text(statement, "urn:oasis:names:tc:xacml:2.0:resource:resource-id", to_cx(patient))
    _add_text(statement, "Ressource_URN", "urn:dmp")
    _add_values(statement, "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse", [_purpose(access)])
    if access.secret:
        _add_secret(statement, speaker.conventions)
    for name, value in (
        ("LPS_ID", software.instance),
        ("LPS_Nom", software.name),
        ("LPS_Version", software.version),
        ("LPS_ID_HOMOLOGATION_DMP", software.homologation),
    ):
        _add_text(statement, name, value)
    if access.mode is AccessMode.BREAK_GLASS:
        _add_text(statement, "Mode_Acces_Raison", str(access.justification))


def _full_name(professional: Professional) -> str:
    return f"{professional.given_name} {professional.family_name}".strip().upper()


def _add_secret(statement: etree._Element, conventions: Conventions) -> None:
    code = conventions.minor_code
    if conventions.minor_form == CODED:
        element = _coded(conventions.minor_element, code.code, code.system, "", code.display)
        _add_values(statement, MINOR_CONNECTION, [element])
    else:
        _add_text(statement, MINOR_CONNECTION, f"{code.code}^^{code.system}")


def _roles(professional: Professional) -> list[etree._Element]:
    if not professional.profession:
        role = find(ROLE, _SECRETARY)
        return [_coded("Role", role.code, role.system, "", role.display)]
    if professional.in_training:
        # JDV_J65 has its own roles for students (TRE_G16); a savoir-faire is demanded of qualified people only.
        display = find(SPECIALTY, professional.specialty_code).display
        return [_coded("Role", professional.profession, TRAINING_SYSTEM, "", display)]
    profession = find(PROFESSION, professional.profession)
    roles = [_coded("Role", profession.code, profession.system, "professions", profession.display)]
    if professional.profession in (DOCTOR, PHARMACIST):
        if not professional.specialty:
            raise Failure("VIHF_SPECIALTY_MISSING")
        display = find(SPECIALTY, professional.specialty_code).display.removeprefix(f"{profession.display} - ")
        roles.append(_coded("Role", professional.specialty, SPECIALTY_SYSTEM, "specialites RPPS", display))
    return roles


def _purpose(access: Access) -> etree._Element:
    mode = find(ACCESS_MODE, access.mode.value)
    return _coded("PurposeOfUse", mode.code, mode.system, PURPOSE_NAME, mode.display)


def _coded(name: str, code: str, system: str, system_name: str, display: str) -> etree._Element:
    nsmap: dict[Any, str] = {None: HL7, "xsi": XSI}
    element = etree.Element(f"{{{HL7}}}{name}", nsmap=nsmap)
    element.set(f"{{{XSI}}}type", "CE")
    element.set("code", code)
    element.set("codeSystem", system)
    if system_name:
        element.set("codeSystemName", system_name)
    element.set("displayName", display)
    return element


def _add_values(statement: etree._Element, name: str, values: list[etree._Element]) -> None:
    attribute = etree.SubElement(statement, f"{{{SAML}}}Attribute", Name=name)
    for value in values:
        etree.SubElement(attribute, f"{{{SAML}}}AttributeValue").append(value)


def _add_text(statement: etree._Element, name: str, value: str) -> None:
    attribute = etree.SubElement(statement, f"{{{SAML}}}Attribute", Name=name)
    element = etree.SubElement(attribute, f"{{{SAML}}}AttributeValue", nsmap={"xs": XS, "xsi": XSI})
    element.set(f"{{{XSI}}}type", "xs:string")
    element.text = value


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
