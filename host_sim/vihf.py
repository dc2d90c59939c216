"""The VIHF 3.0 read as a record: shape and completeness, not yet meaning (SAML 2.0 core 2.3.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from .call import HostFault
from .envelope import SAML
from .exclusive import DS, Node

HL7 = "urn:hl7-org:v3"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_ISSUER_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
_CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
_CLASSES = frozenset({"SmartcardPKI", "Password", "TLSClient", "MobileTwoFactorUnregistered", "unspecified"})
# An NCName, or a bare uuid, which may begin with a digit: some emitters write so.
_IDENTIFIER = re.compile(r"^(?:[A-Za-z_][\w.\-]*|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$", re.ASCII)
_SIGNATURE = f"{{{DS}}}Signature"
_ATTRIBUTE, _VALUE = f"{{{SAML}}}Attribute", f"{{{SAML}}}AttributeValue"
_ORDER = ("Issuer", "Subject", "Conditions", "AuthnStatement", "AttributeStatement")

STRUCTURE = "Identifiant_Structure"
SECTOR = "Secteur_Activite"
SUBJECT_ID = "urn:oasis:names:tc:xspa:1.0:subject:subject-id"
ROLE = "urn:oasis:names:tc:xacml:2.0:subject:role"
VERSION = "VIHF_Version"
MODE = "Authentification_mode"
RESOURCE_ID = "urn:oasis:names:tc:xacml:2.0:resource:resource-id"
RESOURCE_URN = "Ressource_URN"
PURPOSE = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"
REASON = "Mode_Acces_Raison"
MINOR_CONNECTION = "urn:oasis:names:tc:xspa:1.0:resource:patient:hl7:confidentiality-code"
SOFTWARE = ("LPS_Nom", "LPS_Version", "LPS_ID_HOMOLOGATION_DMP")
_ELEMENTS = {ROLE: "Role", PURPOSE: "PurposeOfUse"}
_MANDATORY = (STRUCTURE, SECTOR, ROLE, VERSION, MODE, RESOURCE_URN, PURPOSE, *SOFTWARE)
_FROM_REPRESENTATIVES = ("INVISIBLE_REPRESENTANTS_LEGAUX", "1.2.250.1.213.1.1.4.13")
_SPELLINGS = {"Authentification_Mode": MODE}


@dataclass(frozen=True)
class Coded:
    """A role or a purpose of use: an HL7 CE."""

    code: str
    system: str


@dataclass(frozen=True)
class Vihf:
    """The assertion read: texts by attribute name, roles and purpose as codes, moments aware."""

    identifier: str
    issue_instant: datetime
    not_before: datetime | None
    not_on_or_after: datetime | None
    issuer: str
    name_id: str
    authentication: str
    declaration: str
    authenticated_at: datetime
    texts: Mapping[str, str]
    roles: tuple[Coded, ...]
    purpose: Coded
    secret: bool


def read(tree: Node) -> Vihf:
    """Read an assertion, from the tree that was hashed when it was signed; HostFault DMPInvalidAssertion."""
    if tree.get("Version") != "2.0" or not _IDENTIFIER.match(tree.get("ID")):
        raise _bad("Version or ID")
    children = _children(tree)
    issuer = children["Issuer"]
    if issuer.get("Format") != _ISSUER_FORMAT:
        raise _bad("Issuer is not an X509SubjectName")
    name_ids = children["Subject"].children
    if len(name_ids) != 1 or name_ids[0].tag != f"{{{SAML}}}NameID" or not _text(name_ids[0]):
        raise _bad("Subject holds one NameID")
    not_before, not_on_or_after = _conditions(children.get("Conditions"))
    authentication, declaration, authenticated_at = _authentication(children["AuthnStatement"])
    texts, roles, purpose, secret = _attributes(children["AttributeStatement"])
    return Vihf(
        identifier=tree.get("ID"),
        issue_instant=_moment(tree.get("IssueInstant")),
        not_before=not_before,
        not_on_or_after=not_on_or_after,
        issuer=_text(issuer),
        name_id=_text(name_ids[0]),
        authentication=authentication,
        declaration=declaration,
        authenticated_at=authenticated_at,
        texts=texts,
        roles=roles,
        purpose=purpose,
        secret=secret,
    )


def _bad(reason: str) -> HostFault:
    return HostFault("DMPInvalidAssertion", reason)


def _text(node: Node) -> str:
    return "" if node.children else node.text.strip()


def _children(tree: Node) -> dict[str, Node]:
    parts = [child for child in tree.children if child.tag != _SIGNATURE]
    names = [part.tag.removeprefix(f"{{{SAML}}}") for part in parts]
    if names != [name for name in _ORDER if name != "Conditions" or name in names]:
        raise _bad("the parts of the assertion are not those expected, or not in order")
    return dict(zip(names, parts, strict=True))


def _moment(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _bad("a moment cannot be read") from None
    if moment.tzinfo is None or not value.endswith("Z"):
        raise _bad("moments are in UTC")
    return moment


def _conditions(element: Node | None) -> tuple[datetime | None, datetime | None]:
    if element is None:
        return None, None
    bounds = [element.get("NotBefore"), element.get("NotOnOrAfter")]
    first, last = (_moment(bound) if bound else None for bound in bounds)
    if first is not None and last is not None and first >= last:
        raise _bad("Conditions are never fulfilled")
    return first, last


def _authentication(statement: Node) -> tuple[str, str, datetime]:
    at = _moment(statement.get("AuthnInstant"))
    contexts = statement.named(f"{{{SAML}}}AuthnContext")
    parts = contexts[0].children if len(contexts) == 1 else []
    names = [part.tag.removeprefix(f"{{{SAML}}}") for part in parts]
    if names not in (["AuthnContextClassRef"], ["AuthnContextClassRef", "AuthnContextDecl"]):
        raise _bad("AuthnContext holds AuthnContextClassRef, then AuthnContextDecl or nothing")
    name = _text(parts[0]).removeprefix(_CLASS)
    declaration = _text(parts[1]) if len(parts) > 1 else ""
    if name not in _CLASSES or (len(parts) > 1 and not declaration):
        raise _bad("AuthnContextClassRef or AuthnContextDecl")
    return name, declaration, at


def _attributes(statement: Node) -> tuple[dict[str, str], tuple[Coded, ...], Coded, bool]:
    texts: dict[str, str] = {}
    coded: dict[str, tuple[Coded, ...]] = {}
    secret = False
    for attribute in statement.children:
        name = attribute.get("Name")
        name = _SPELLINGS.get(name, name)
        values = attribute.children
        if attribute.tag != _ATTRIBUTE or not name or name in texts or name in coded or not values:
            raise _bad("an attribute without name or value, or repeated")
        if any(value.tag != _VALUE for value in values):
            raise _bad("an attribute holds values and nothing else")
        if name in _ELEMENTS:
            coded[name] = tuple([_coded(value, _ELEMENTS[name]) for value in values])
        elif len(values) != 1:
            raise _bad(f"{name} has several values")
        elif name == MINOR_CONNECTION:
            secret = _is_secret(values[0])
            texts[name] = "secret"
        else:
            texts[name] = _text(values[0])
    for name in _MANDATORY:
        if not texts.get(name) and not coded.get(name):
            raise _bad(f"{name} is missing or empty")
    if len(coded[ROLE]) > 4 or len(coded[PURPOSE]) != 1:
        raise _bad("one to four roles, one purpose")
    return texts, coded[ROLE], coded[PURPOSE][0], secret


def _is_secret(value: Node) -> bool:
    """The value is not published: a code and its system, as text or as the attributes of one element, are taken."""
    found = value.children
    if found:
        said = (found[0].get("code"), found[0].get("codeSystem")) if len(found) == 1 else ("", "")
    else:
        code, _, rest = _text(value).partition("^")
        said = (code, rest.lstrip("^"))
    if said != _FROM_REPRESENTATIVES:
        raise _bad("the confidentiality code is not the one of a secret connection")
    return True


def _coded(value: Node, name: str) -> Coded:
    found = value.children
    if len(found) != 1 or found[0].tag != f"{{{HL7}}}{name}":
        raise _bad(f"one {name} for each value")
    if found[0].get(_XSI_TYPE).rpartition(":")[2] != "CE":
        raise _bad(f"{name} is not a CE")
    code, system = found[0].get("code"), found[0].get("codeSystem")
    if not code or not system:
        raise _bad(f"{name} without code or codeSystem")
    return Coded(code, system)
