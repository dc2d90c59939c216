"""Bad assertions with every transaction: the right fault each time, nothing kept, the host still there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from gate_requests import BY_NAME, REQUESTS, Request, fed, kept, outcome
from host_wire import MANDATORY, Answer, Stage, ins_of, resource_id
from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"
_PROFESSIONS, _SPECIALTIES = "1.2.250.1.71.1.2.7", "1.2.250.1.71.4.2.5"
_SECTORS = "1.2.250.1.71.4.2.4"
_OTHER = "generaliste-gare"


@pytest.fixture(scope="module")
def ready(quiet_stage: Stage) -> Stage:
    fed(quiet_stage)
    return quiet_stage


def judge(stage: Stage, ask: Callable[[Request], Answer], wanted: str | Callable[[Request], str]) -> None:
    """Ask once for each transaction; every answer must bear the code, in a fault, and nothing may have been kept."""
    before = kept(stage)
    found, expected = {}, {}
    for request in REQUESTS:
        expected[request.name] = wanted if isinstance(wanted, str) else wanted(request)
        answer = ask(request)
        found[request.name] = outcome(answer)
        assert answer.status == 500, request.name
    assert found == expected
    assert kept(stage) == before
    assert stage.query("generaliste", "jean").status == 200


def _conditions(**bounds: str) -> str:
    inner = " ".join(f'{name}="{value}"' for name, value in bounds.items())
    return f"<saml2:Conditions {inner}/>"


_EXPIRED, _INVALID, _PATIENT = "DMPExpiredAssertion", "DMPInvalidAssertion", "DMPInvalidPatientIdentifier"
FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "too old": ({"age": timedelta(minutes=6)}, _EXPIRED),
    "from the future": ({"age": timedelta(minutes=-6)}, _EXPIRED),
    "over": ({"conditions": _conditions(NotOnOrAfter="2020-01-01T00:00:00Z")}, _EXPIRED),
    "not yet": ({"conditions": _conditions(NotBefore="2090-01-01T00:00:00Z")}, _EXPIRED),
    "never": (
        {"conditions": _conditions(NotBefore="2026-01-02T00:00:00Z", NotOnOrAfter="2026-01-01T00:00:00Z")},
        _INVALID,
    ),
    "for an audience": ({"conditions": "<saml2:Conditions><saml2:OneTimeUse/></saml2:Conditions>"}, _INVALID),
    "without zone": ({"conditions": _conditions(NotBefore="2026-01-02T00:00:00")}, _INVALID),
    "other version": ({"version": "2.0"}, _INVALID),
    "unknown mode": ({"mode": "DIRECT"}, _INVALID),
    "unknown context": ({"class_ref": "Kerberos"}, _INVALID),
    "password with a card": ({"class_ref": "Password"}, _INVALID),
    "context of a machine": ({"class_ref": "unspecified"}, _INVALID),
    "declaration with a card": ({"declaration": "APP_BROWSER_AUTH"}, _INVALID),
    "no ID": ({"identifier": ""}, _INVALID),
    "ID with a space": ({"identifier": "a b"}, _INVALID),
    "ID with a digit first": ({"identifier": "1-a"}, _INVALID),
    "empty issuer": ({"issuer": ""}, _INVALID),
    "issuer that is no name": ({"issuer": "generaliste"}, _INVALID),
    "issuer who is another": ({"issuer": "CN=899700000047,C=FR"}, "DMPIdentityMismatch"),
    "person who is another": ({"name_id": "899700000047"}, "DMPIdentityMismatch"),
    "person nobody knows": ({"name_id": "x"}, "DMPIdentityMismatch"),
    "structure nobody knows": ({"structure": "1000000000"}, "DMPUnknownStructure"),
    "structure ill-formed": ({"structure": "'; DROP TABLE structures"}, "DMPUnknownStructure"),
    "structure of others": ({"structure": "1990000028", "sector": f"SA33^{_SECTORS}"}, "DMPStructureNotLinked"),
    "sector unknown": ({"sector": f"SA99^{_SECTORS}"}, "DMPInvalidSector"),
    "sector of another set": ({"sector": "SA07^1.2.3"}, "DMPInvalidSector"),
    "sector bare": ({"sector": "SA07"}, "DMPInvalidSector"),
    "role of another profession": ({"roles": (("60", _PROFESSIONS),)}, "DMPInvalidRole"),
    "role unknown": ({"roles": (("666", _PROFESSIONS), ("SM26", _SPECIALTIES))}, "DMPInvalidRole"),
    "role of another set": ({"roles": (("10", "1.2.3"), ("SM26", _SPECIALTIES))}, "DMPInvalidRole"),
    "specialty of another": ({"roles": (("10", _PROFESSIONS), ("SM99", _SPECIALTIES))}, "DMPInvalidRole"),
    "no specialty": ({"roles": (("10", _PROFESSIONS),)}, "DMPMissingSpecialty"),
    "five roles": ({"roles": (("10", _PROFESSIONS),) * 5}, _INVALID),
    "purpose unknown": ({"purpose": "urgence"}, "DMPInvalidPurpose"),
    "purpose of another set": ({"purpose_system": "1.2.250.1.213.1.1.4.336"}, "DMPInvalidPurpose"),
    "break-glass without reason": ({"purpose": "bris_de_glace"}, "DMPMissingReason"),
    "INS bare": ({"resource_id": "159041411890362"}, _PATIENT),
    "INS with a wrong key": ({"resource_id": resource_id("159041411890363")}, _PATIENT),
    "INS too short": ({"resource_id": resource_id("15904141189036")}, _PATIENT),
    "INS that is no number": ({"resource_id": resource_id("ABCDEFGHIJKLMNO")}, _PATIENT),
    "INS of production": ({"resource_id": resource_id("159041411890362", "1.2.250.1.213.1.4.8")}, _PATIENT),
    "INS of another authority": ({"resource_id": resource_id("159041411890362", "1.2.3")}, _PATIENT),
    "INS of another kind": ({"resource_id": resource_id("159041411890362").replace("NH", "PI")}, _PATIENT),
    "secret in other words": ({"secret": "<saml2:AttributeValue>secret</saml2:AttributeValue>"}, _INVALID),
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_an_assertion_that_says_something_wrong(ready: Stage, name: str) -> None:
    changes, code = FIELDS[name]
    judge(ready, lambda request: request.ask(ready, **{**changes}), code)


def test_another_resource_than_the_dmp(ready: Stage) -> None:
    """The INSi service has its own name; the field says nothing to it."""
    before = kept(ready)
    for request in REQUESTS:
        if request.endpoint != "insi":
            assert outcome(request.ask(ready, urn="urn:other")) == _INVALID, request.name
    assert kept(ready) == before


def test_a_patient_must_be_named_where_there_is_one(ready: Stage) -> None:
    before = kept(ready)
    for request in REQUESTS:
        if request.patient:
            assert outcome(request.ask(ready, resource_id="")) == _PATIENT, request.name
    assert kept(ready) == before


@pytest.mark.parametrize("name", MANDATORY)
@pytest.mark.parametrize("how", ["without", "twice"])
def test_a_mandatory_attribute_is_there_once(ready: Stage, name: str, how: str) -> None:
    judge(ready, lambda request: request.ask(ready, **{how: frozenset({name})}), _INVALID)


def _removals(text: str) -> Iterator[tuple[str, str]]:
    """Every element and every XML attribute of an assertion, taken away one at a time: (what, the rest)."""
    tree = etree.fromstring(text)
    for number, element in enumerate(tree.iter()):
        path = tree.getroottree().getelementpath(element).replace(f"{{{SAML}}}", "") or "."
        if number:
            copy = deepcopy(tree)
            gone = list(copy.iter())[number]
            gone.getparent().remove(gone)
            yield path, etree.tostring(copy).decode()
        for name in element.attrib:
            copy = deepcopy(tree)
            del list(copy.iter())[number].attrib[name]
            yield f"{path}/@{etree.QName(name).localname}", etree.tostring(copy).decode()


_FREE = ("AttributeValue/@type", "/@displayName", "AttributeStatement/Attribute[11]")
"""xsi:type of texts is a habit, displayName is for the eye; the eleventh attribute is resource-id, judged above."""
_ROLES = "AttributeStatement/Attribute[3]/AttributeValue"


def test_every_part_of_an_assertion_is_needed(ready: Stage) -> None:
    before = kept(ready)
    surprises = {}
    for request in REQUESTS:
        for what, rest in _removals(request.assertion(ready).render()):
            if what.endswith(_FREE):
                continue
            found = outcome(request.post(ready, rest))
            missing_role = what.startswith(_ROLES) and found in ("DMPInvalidRole", "DMPMissingSpecialty")
            if found != _INVALID and not missing_role:
                surprises[request.name, what] = found
    assert surprises == {}
    assert kept(ready) == before


# Signatures


def _signed(stage: Stage, request: Request, **how: Any) -> str:
    return stage.who(request.who).signed(request.assertion(stage), **how)


def _another(request: Request) -> str:
    return _OTHER if request.who != _OTHER else "generaliste"


def test_a_signature_by_the_key_of_connections(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        who = ready.who(request.who)
        return request.post(ready, _signed(ready, request, key=who.tls_key, der=who.tls_der))

    judge(ready, ask, "DMPInvalidCertificate")


def test_a_signature_by_somebody_else(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        other = ready.who(_another(request))
        return request.post(ready, _signed(ready, request, key=other.signature_key, der=other.signature_der))

    judge(ready, ask, "DMPIdentityMismatch")


def test_a_signature_by_a_certificate_that_is_over(ready: Stage) -> None:
    key, _, der, _ = ready.authority.card_material("medecin-perime")
    judge(
        ready, lambda request: request.post(ready, _signed(ready, request, key=key, der=der)), "DMPInvalidCertificate"
    )


def test_a_signature_by_a_structure_in_direct_mode(ready: Stage) -> None:
    key, _, der, _ = ready.authority.structure_material("hopital")
    judge(
        ready, lambda request: request.post(ready, _signed(ready, request, key=key, der=der)), "DMPInvalidCertificate"
    )


def test_a_certificate_with_the_key_of_another(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        return request.post(ready, _signed(ready, request, key=ready.who(_another(request)).signature_key))

    judge(ready, ask, "DMPInvalidSignature")


def test_the_connection_of_somebody_else(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        return request.post(ready, request.assertion(ready).render(), by=ready.who(_another(request)))

    judge(ready, ask, "DMPIdentityMismatch")


def test_the_connection_of_a_structure(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        return request.post(ready, request.assertion(ready).render(), by=ready.structure("hopital"))

    judge(ready, ask, "DMPInvalidCertificate")


def test_an_unsigned_assertion_where_signatures_are_required(stage: Stage) -> None:
    fed(stage)
    stage.admin("parameters", {"signature_required": True})
    before = kept(stage)
    for request in REQUESTS:
        assert outcome(request.ask(stage)) == "DMPInvalidSignature", request.name
    assert kept(stage) == before


def _unsigned_structure(stage: Stage, request: Request) -> Answer:
    speaker = stage.structure("hopital")
    said = speaker.speak("generaliste-port", request.patient)
    return request.post(stage, said.render(), by=speaker)


def test_an_unsigned_assertion_of_a_structure(ready: Stage) -> None:
    judge(ready, lambda request: _unsigned_structure(ready, request), "DMPInvalidSignature")


def _tree(text: str) -> Any:
    return etree.fromstring(text)


def _text(tree: Any) -> str:
    return etree.tostring(tree).decode()


def _signature(tree: Any) -> Any:
    return tree.find(f"{{{DS}}}Signature")


def _forged(genuine: str) -> Any:
    """Another assertion, unsigned: what an attacker would like to be believed."""
    tree = _tree(genuine.replace(">Essai<", ">Faux<"))
    tree.remove(_signature(tree))
    tree.set("ID", "_forged")
    return tree


def _insert(tree: Any, signature: Any) -> Any:
    tree.insert(1, signature)
    return tree


def _wrap_in_object(genuine: str) -> str:
    tree, inner = _forged(genuine), _tree(genuine)
    signature = deepcopy(_signature(inner))
    inner.remove(_signature(inner))
    etree.SubElement(signature, f"{{{DS}}}Object").append(inner)
    return _text(_insert(tree, signature))


def _wrap_in_value(genuine: str) -> str:
    tree, inner = _forged(genuine), _tree(genuine)
    signature = deepcopy(_signature(inner))
    inner.remove(_signature(inner))
    value = etree.SubElement(etree.SubElement(tree[-1], f"{{{SAML}}}Attribute", Name="x"), f"{{{SAML}}}AttributeValue")
    value.append(inner)
    return _text(_insert(tree, signature))


def _same_identifier(genuine: str) -> str:
    tree = _tree(_wrap_in_value(genuine))
    inner = tree[-1][-1][0][0]
    inner.tag = f"{{{SAML}}}Statement"
    tree.set("ID", inner.get("ID"))
    return _text(tree)


def _under_another_name(genuine: str) -> str:
    tree = _tree(_wrap_in_value(genuine))
    tree[-1][-1][0][0].tag = f"{{{SAML}}}Statement"
    return _text(tree)


def _transplanted(genuine: str) -> str:
    tree = _forged(genuine)
    tree.set("ID", _tree(genuine).get("ID"))
    return _text(_insert(tree, deepcopy(_signature(_tree(genuine)))))


def _elsewhere(genuine: str) -> str:
    tree = _tree(genuine)
    tree.append(_signature(tree))
    return _text(tree)


def _second_signature(genuine: str) -> str:
    tree = _tree(genuine)
    return _text(_insert(tree, deepcopy(_signature(tree))))


def _in_a_value(genuine: str) -> str:
    tree = _tree(genuine)
    tree[-1][-1][0].append(_signature(tree))
    return _text(tree)


def _replaced(old: str, new: str) -> Callable[[str], str]:
    def change(genuine: str) -> str:
        assert old in genuine
        return genuine.replace(old, new, 1)

    return change


def _second_reference(genuine: str) -> str:
    tree = _tree(genuine)
    info = _signature(tree)[0]
    info.append(deepcopy(info[-1]))
    return _text(tree)


def _second_certificate(genuine: str) -> str:
    tree = _tree(genuine)
    data = next(tree.iter(f"{{{DS}}}X509Data"))
    data.append(deepcopy(data[0]))
    return _text(tree)


def _without_part(name: str) -> Callable[[str], str]:
    def change(genuine: str) -> str:
        tree = _tree(genuine)
        gone = next(tree.iter(f"{{{DS}}}{name}"))
        gone.getparent().remove(gone)
        return _text(tree)

    return change


def _another_uri(genuine: str) -> str:
    return genuine.replace('URI="#', 'URI="#x', 1)


def _whole_document(genuine: str) -> str:
    return genuine.replace(f'URI="#{_tree(genuine).get("ID")}"', 'URI=""', 1)


_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SIGNATURE = "DMPInvalidSignature"
WRAPPINGS: dict[str, tuple[Callable[[str], str], str]] = {
    "genuine inside the signature of a forged one": (_wrap_in_object, _INVALID),
    "genuine inside a value of a forged one": (_wrap_in_value, _INVALID),
    "genuine under another name inside a forged one": (_under_another_name, _SIGNATURE),
    "genuine and forged of the same ID": (_same_identifier, "DMPInvalidMessage"),
    "signature transplanted to a forged one": (_transplanted, _SIGNATURE),
    "signature elsewhere in the assertion": (_elsewhere, _SIGNATURE),
    "signature in a value": (_in_a_value, _INVALID),
    "two signatures": (_second_signature, _SIGNATURE),
    "two references": (_second_reference, _SIGNATURE),
    "two certificates": (_second_certificate, _SIGNATURE),
    "content changed": (_replaced('codeSystem="1.2.250.1.213.1.1.4.248"', 'codeSystem="1.2.3"'), _SIGNATURE),
    "attribute changed": (_replaced(">Essai<", ">Essais<"), _SIGNATURE),
    "space added": (_replaced("<saml2:NameID>", "<saml2:NameID> "), _SIGNATURE),
    "comment in an identifier": (_replaced("<saml2:NameID>8", "<saml2:NameID>8<!-- -->"), "DMPInvalidMessage"),
    "instruction in an identifier": (_replaced("<saml2:NameID>8", "<saml2:NameID>8<?x?>"), "DMPInvalidMessage"),
    "reference to the whole document": (_whole_document, _SIGNATURE),
    "reference to nothing": (_another_uri, _SIGNATURE),
    "reference by XPointer": (_replaced('URI="#', 'URI="#xpointer(/)'), _SIGNATURE),
    "reference to a file": (_replaced('URI="#', 'URI="file:///etc/hostname#'), _SIGNATURE),
    "transform by style sheet": (
        _replaced("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        _SIGNATURE,
    ),
    "inclusive form": (
        _replaced("http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        _SIGNATURE,
    ),
    "method with a secret": (_replaced(_RSA_SHA256, f"{DS}hmac-sha1"), _SIGNATURE),
    "method unknown": (_replaced("xmldsig-more#rsa-sha256", "xmldsig-more#rsa-md5"), _SIGNATURE),
    "digest unknown": (_replaced("xmlenc#sha256", "xmldsig-more#md5"), _SIGNATURE),
    "no value": (_without_part("SignatureValue"), _SIGNATURE),
    "no key": (_without_part("KeyInfo"), _SIGNATURE),
    "no certificate": (_without_part("X509Certificate"), _SIGNATURE),
    "no reference": (_without_part("Reference"), _SIGNATURE),
    "no digest": (_without_part("DigestValue"), _SIGNATURE),
    "no transforms": (_without_part("Transforms"), _SIGNATURE),
    "no signed information": (_without_part("SignedInfo"), _SIGNATURE),
    "value that is not base64": (_replaced("<ds:SignatureValue>", "<ds:SignatureValue>*"), _SIGNATURE),
    "certificate that is not one": (
        _replaced("<ds:X509Certificate>", "<ds:X509Certificate>AAAA"),
        "DMPInvalidCertificate",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRAPPINGS)
def test_a_signature_that_does_not_cover_what_is_said(ready: Stage, name: str) -> None:
    change, code = WRAPPINGS[name]
    judge(ready, lambda request: request.post(ready, change(_signed(ready, request))), code)


def test_a_part_of_a_signature_alone(ready: Stage) -> None:
    part = f'<ds:SignedInfo xmlns:ds="{DS}"/>'

    def ask(request: Request) -> Answer:
        text = request.assertion(ready).render()
        return request.post(ready, text.replace("</saml2:Issuer>", f"</saml2:Issuer>{part}", 1))

    judge(ready, ask, "DMPInvalidSignature")


# Two assertions


def _twice(request: Request, stage: Stage, place: str) -> Answer:
    genuine, other = _signed(stage, request), request.assertion(stage).render()
    body, parts = request.body(stage)
    if place == "Security first":
        packed = request.pack_body(other + genuine, body, parts)
    elif place == "Security second":
        packed = request.pack_body(genuine + other, body, parts)
    elif place == "another header":
        packed = request.pack_body(genuine, body, parts, more=other)
    elif place == "a second Security":
        packed = request.pack_body(genuine, body, parts, more=_security(other))
    elif place == "the body":
        end = body.rindex("</")
        packed = request.pack_body(genuine, body[:end] + other + body[end:], parts)
    else:
        packed = request.pack_body(genuine.replace("</saml2:Subject>", f"{other}</saml2:Subject>"), body, parts)
    return stage.who(request.who).post(request.endpoint, *packed)


def _security(inner: str) -> str:
    wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    return f'<w:Security xmlns:w="{wsse}">{inner}</w:Security>'


@pytest.mark.parametrize(
    "place", ["Security first", "Security second", "another header", "a second Security", "the body", "the assertion"]
)  # fmt: skip
def test_two_assertions_wherever_the_second_one_is(ready: Stage, place: str) -> None:
    def ask(request: Request) -> Answer:
        if place == "the body" and request.name == "TD1.5d":
            body = f'<updatePatientAccess xmlns="urn:si-dmp-patients">{request.assertion(ready).render()}'
            packed = request.pack_body(_signed(ready, request), f"{body}</updatePatientAccess>", {})
            return ready.who(request.who).post(request.endpoint, *packed)
        return _twice(request, ready, place)

    judge(ready, ask, _INVALID)


def test_no_assertion_at_all(ready: Stage) -> None:
    judge(ready, lambda request: request.post(ready, ""), _INVALID)


def test_an_assertion_of_another_name_or_version(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        text = request.assertion(ready).render().replace(SAML, "urn:oasis:names:tc:SAML:1.0:assertion")
        return request.post(ready, text)

    judge(ready, ask, _INVALID)


# Replays and other people's dossiers


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("signed", [False, True])
def test_what_was_said_once_is_not_heard_again(stage: Stage, name: str, signed: bool) -> None:
    fed(stage)
    request = BY_NAME[name]
    said = _signed(stage, request) if signed else request.assertion(stage).render()
    packed = request.pack(stage, said)
    who = stage.who(request.who)
    assert outcome(who.post(request.endpoint, *packed)) == "ok"
    before = kept(stage)
    assert outcome(who.post(request.endpoint, *packed)) == "DMPReplayedAssertion"
    assert outcome(request.post(stage, said)) == "DMPReplayedAssertion"
    if request.patient == "jean":
        assert outcome(BY_NAME["TD1.6"].post(stage, said, by=who)) == "DMPReplayedAssertion"
    root = packed[0]
    message_id = root[root.index(b"<a:MessageID>") : root.index(b"</a:MessageID>")].decode() + "</a:MessageID>"
    again = request.pack(stage, request.assertion(stage).render(), MessageID=message_id)
    assert outcome(who.post(request.endpoint, *again)) == "InvalidAddressingHeader"
    assert kept(stage) == before


def test_an_assertion_of_the_past_is_not_heard_after_the_memory_of_it(stage: Stage) -> None:
    """Once too old to be remembered, it is too old to be accepted."""
    request = BY_NAME["TD0.2"]
    said = request.assertion(stage).render()
    assert outcome(request.post(stage, said)) == "ok"
    stage.admin("clock", {"advance_days": 1})
    assert outcome(request.ask(stage)) == "ok"
    assert outcome(request.post(stage, said)) == "DMPExpiredAssertion"


@pytest.mark.parametrize("name", [each.name for each in REQUESTS if each.other_patient])
def test_a_body_about_somebody_else_than_the_assertion(stage: Stage, name: str) -> None:
    fed(stage)
    request = BY_NAME[name]
    other = "karim" if request.patient != "karim" else "jean"
    assert stage.authorise("generaliste", other).status == 200
    before = kept(stage)
    answer = request.ask(stage, resource_id=resource_id(ins_of(other)))
    assert outcome(answer) == request.other_patient, answer.body
    assert kept(stage) == before
