"""Each refusal of the gate, over real TLS, with requests written by hand."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from host_wire import HL7, MANDATORY, QUERY_ACTION, SOAP, Answer, Stage, envelope, ins_of, query_body, resource_id
from lxml import etree

DS = "http://www.w3.org/2000/09/xmldsig#"


def send(stage: Stage, name: str = "generaliste", patient: str = "jean", **changes: object) -> Answer:
    return stage.query(name, patient, **changes)


def send_raw(stage: Stage, data: bytes, content_type: str | None = None, endpoint: str = "patients") -> Answer:
    return stage.who("generaliste").post(endpoint, data, content_type)


def right_bytes(stage: Stage, **changes: str) -> bytes:
    who = stage.who("generaliste")
    return envelope(who.assertion("jean").render(), QUERY_ACTION, query_body(ins_of("jean")), **changes)


def test_a_right_request_is_answered(quiet_stage: Stage) -> None:
    answer = send(quiet_stage)
    assert answer.status == 200
    assert answer.one("//h:queryResponseCode/@code") == "OK"


def test_the_answer_carries_the_addressing_of_the_request(quiet_stage: Stage) -> None:
    message_id = f"urn:uuid:{uuid.uuid4()}"
    answer = send_raw(quiet_stage, right_bytes(quiet_stage, MessageID=f"<a:MessageID>{message_id}</a:MessageID>"))
    assert answer.one("//a:RelatesTo").text == message_id
    assert answer.one("//a:To").text == "http://www.w3.org/2005/08/addressing/anonymous"
    assert answer.one("//a:Action").text == f"{HL7}:PRPA_IN201308UV02"
    assert answer.one("//a:MessageID").text.startswith("urn:uuid:")


def test_a_fault_has_the_form_of_the_host(quiet_stage: Stage) -> None:
    answer = send(quiet_stage, version="2.0")
    assert answer.status == 500
    assert answer.headers["Content-Type"] == "application/soap+xml; charset=UTF-8"
    assert answer.code == "soap:Sender"
    assert answer.subcode == "soap:DMPInvalidAssertion"
    assert answer.one("//s:Reason/s:Text").get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda data: b"<!DOCTYPE x [<!ENTITY e 'x'>]>" + data, "DMPInvalidMessage"),
        (lambda data: data.decode().encode("utf-16"), "DMPInvalidMessage"),
        (lambda data: b'<?xml version="1.0" encoding="ISO-8859-1"?>' + data, "DMPInvalidMessage"),
        (lambda data: data[:-20], "DMPInvalidMessage"),
        (lambda data: b"", "DMPInvalidMessage"),
        (lambda data: data.replace(b"<s:Body>", b"<s:Body>\xff"), "DMPInvalidMessage"),
        (lambda data: data.replace(b"</s:Body>", b"<extra/></s:Body>"), "DMPInvalidMessage"),
        (lambda data: data.replace(b"</s:Header>", b"</s:Header><s:Header/>"), "DMPInvalidMessage"),
        (lambda data: data.replace(b"<s:Header>", b"<s:Header><!-- x -->"), "DMPInvalidMessage"),
        (lambda data: data.replace(b"<s:Header>", b'<s:Header ID="x">').replace(b"<a:To/>", b'<a:To Id="x"/>'),
         "DMPInvalidMessage"),
        (lambda data: data.replace(SOAP.encode(), b"http://schemas.xmlsoap.org/soap/envelope/"), ""),
    ],
)  # fmt: skip
def test_bytes_that_are_not_a_clean_envelope_are_refused(quiet_stage: Stage, change, code: str) -> None:
    answer = send_raw(quiet_stage, change(right_bytes(quiet_stage)))
    assert answer.status == 500
    assert answer.subcode == (f"soap:{code}" if code else "")
    if not code:
        assert answer.code == "soap:VersionMismatch"


@pytest.mark.parametrize("name", ["MessageID", "To", "ReplyTo", "Action"])
def test_each_addressing_header_must_be_there(quiet_stage: Stage, name: str) -> None:
    answer = send_raw(quiet_stage, right_bytes(quiet_stage, **{name: ""}))
    assert answer.subcode == "wsa:MessageAddressingHeaderRequired"
    text = "A required header representing a Message Addressing Property is not present"
    assert answer.one("//s:Reason/s:Text").text == text


@pytest.mark.parametrize("name", ["MessageID", "To", "ReplyTo", "Action"])
def test_each_addressing_header_must_be_unique(quiet_stage: Stage, name: str) -> None:
    again = {"MessageID": f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID>"}.get(name, f"<a:{name}>x</a:{name}>")
    assert send_raw(quiet_stage, right_bytes(quiet_stage, more=again)).subcode == "wsa:InvalidAddressingHeader"


def test_an_answer_may_only_go_back_where_the_request_came_from(quiet_stage: Stage) -> None:
    elsewhere = "<a:ReplyTo><a:Address>http://elsewhere.example/</a:Address></a:ReplyTo>"
    assert send_raw(quiet_stage, right_bytes(quiet_stage, ReplyTo=elsewhere)).subcode == "wsa:InvalidAddressingHeader"


def test_a_message_identifier_is_a_uuid(quiet_stage: Stage) -> None:
    wrong = "<a:MessageID>42</a:MessageID>"
    assert send_raw(quiet_stage, right_bytes(quiet_stage, MessageID=wrong)).subcode == "wsa:InvalidAddressingHeader"


def test_an_address_of_the_endpoint_in_to_is_accepted(quiet_stage: Stage) -> None:
    to = f"<a:To>{quiet_stage.facts['endpoints']['patients']}</a:To>"
    assert send_raw(quiet_stage, right_bytes(quiet_stage, To=to)).status == 200


def test_the_action_must_be_the_one_of_the_body(quiet_stage: Stage) -> None:
    action = f"<a:Action>{HL7}:PRPA_IN201314UV02</a:Action>"
    assert send_raw(quiet_stage, right_bytes(quiet_stage, Action=action)).subcode == "wsa:ActionMismatch"


def test_the_action_must_be_one_of_the_endpoint(quiet_stage: Stage) -> None:
    answer = send_raw(quiet_stage, right_bytes(quiet_stage), endpoint="registry")
    assert answer.subcode == "wsa:ActionNotSupported"


def test_the_action_of_the_media_type_must_agree(quiet_stage: Stage) -> None:
    other = f'application/soap+xml; charset=UTF-8; action="{HL7}:other"'
    assert send_raw(quiet_stage, right_bytes(quiet_stage), other).subcode == "wsa:ActionMismatch"


@pytest.mark.parametrize("media_type", ["text/xml", "application/xml", "application/soap+xml; charset=ISO-8859-1"])
def test_another_media_type_is_refused(quiet_stage: Stage, media_type: str) -> None:
    assert send_raw(quiet_stage, right_bytes(quiet_stage), media_type).subcode == "soap:DMPInvalidMessage"


def test_a_mandatory_header_that_the_host_does_not_know_is_refused(quiet_stage: Stage) -> None:
    more = '<x:Strange xmlns:x="urn:x" s:mustUnderstand="1"/>'
    assert send_raw(quiet_stage, right_bytes(quiet_stage, more=more)).code == "soap:MustUnderstand"


def test_two_assertions_are_refused_wherever_the_second_one_is(quiet_stage: Stage) -> None:
    who = quiet_stage.who("generaliste")
    one, other = who.assertion("jean").render(), who.assertion("jean").render()
    body = query_body(ins_of("jean"))
    in_security = envelope(one + other, QUERY_ACTION, body)
    in_header = envelope(one, QUERY_ACTION, body, more=other)
    in_body = envelope(one, QUERY_ACTION, body.replace("</controlActProcess>", f"{other}</controlActProcess>"))
    for data in (in_security, in_header, in_body):
        assert send_raw(quiet_stage, data).subcode == "soap:DMPInvalidAssertion"


def test_an_envelope_without_assertion_is_refused(quiet_stage: Stage) -> None:
    data = envelope("", QUERY_ACTION, query_body(ins_of("jean")))
    assert send_raw(quiet_stage, data).subcode == "soap:DMPInvalidAssertion"


@pytest.mark.parametrize(
    "name",
    MANDATORY,
)
def test_each_mandatory_attribute_must_be_there_once(quiet_stage: Stage, name: str) -> None:
    assert send(quiet_stage, without=frozenset({name})).subcode == "soap:DMPInvalidAssertion"
    assert send(quiet_stage, twice=frozenset({name})).subcode == "soap:DMPInvalidAssertion"


def test_both_spellings_of_the_authentication_mode_are_known(quiet_stage: Stage) -> None:
    assert send(quiet_stage, mode_name="Authentification_Mode").status == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": "2.0"}, "DMPInvalidAssertion"),
        ({"mode": "INDIRECTE"}, "DMPInvalidAssertion"),
        ({"class_ref": "Password"}, "DMPInvalidAssertion"),
        ({"class_ref": "Unheard"}, "DMPInvalidAssertion"),
        ({"urn": "urn:other"}, "DMPInvalidAssertion"),
        ({"identifier": "1-begins-with-a-digit"}, "DMPInvalidAssertion"),
        ({"issuer": "CN=899700000013"}, "DMPIdentityMismatch"),
        ({"issuer": "not a name"}, "DMPInvalidAssertion"),
        ({"name_id": "899700000013"}, "DMPIdentityMismatch"),
        ({"structure": "1000000000"}, "DMPUnknownStructure"),
        ({"structure": "1990000010"}, "DMPStructureNotLinked"),
        ({"sector": "SA33^1.2.250.1.71.4.2.4"}, "DMPInvalidSector"),
        ({"sector": "SA08"}, "DMPInvalidSector"),
        ({"roles": (("21", "1.2.250.1.71.1.2.7"), ("A", "1.2.250.1.71.4.2.5"))}, "DMPInvalidRole"),
        ({"roles": (("10", "1.2.3"), ("SM26", "1.2.250.1.71.4.2.5"))}, "DMPInvalidRole"),
        ({"roles": (("10", "1.2.250.1.71.1.2.7"), ("SM44", "1.2.250.1.71.4.2.5"))}, "DMPInvalidRole"),
        ({"roles": (("10", "1.2.250.1.71.1.2.7"),)}, "DMPMissingSpecialty"),
        ({"roles": (("10", "1.2.250.1.71.1.2.7"),) * 5}, "DMPInvalidAssertion"),
        ({"purpose": "urgence"}, "DMPInvalidPurpose"),
        ({"purpose_system": "1.2.250.1.213.1.1.4.336"}, "DMPInvalidPurpose"),
        ({"purpose": "bris_de_glace"}, "DMPMissingReason"),
        ({"resource_id": ""}, "DMPInvalidPatientIdentifier"),
        ({"resource_id": "159041411890362"}, "DMPInvalidPatientIdentifier"),
        ({"resource_id": resource_id("159041411890363")}, "DMPInvalidPatientIdentifier"),
        ({"resource_id": resource_id("159041411890362", "1.2.250.1.213.1.4.8")}, "DMPInvalidPatientIdentifier"),
        ({"resource_id": resource_id("159041411890362").replace("NH", "INS-C")}, "DMPInvalidPatientIdentifier"),
        ({"age": timedelta(minutes=6)}, "DMPExpiredAssertion"),
        ({"age": timedelta(minutes=-6)}, "DMPExpiredAssertion"),
        ({"conditions": '<saml2:Conditions NotOnOrAfter="2020-01-01T00:00:00Z"/>'}, "DMPExpiredAssertion"),
        ({"conditions": '<saml2:Conditions NotBefore="2090-01-01T00:00:00Z"/>'}, "DMPExpiredAssertion"),
        ({"conditions": '<saml2:Conditions NotBefore="yesterday"/>'}, "DMPInvalidAssertion"),
    ],
)
def test_an_assertion_that_does_not_hold_is_refused(quiet_stage: Stage, changes: dict[str, object], code: str) -> None:
    assert send(quiet_stage, **changes).subcode == f"soap:{code}"


def test_an_assertion_of_four_minutes_is_still_good(quiet_stage: Stage) -> None:
    assert send(quiet_stage, age=timedelta(minutes=4)).status == 200


def test_the_issuer_is_compared_parsed(quiet_stage: Stage) -> None:
    right = quiet_stage.who("generaliste").assertion("jean").issuer
    spaced = right.replace(",", " , ").replace("CN=", "cn=").replace("T=Médecin", "2.5.4.12=#0c084dc3a9646563696e")
    assert send(quiet_stage, issuer=spaced).status == 200


def test_a_doctor_may_act_in_any_of_the_places_of_the_card(quiet_stage: Stage) -> None:
    other = quiet_stage.who("generaliste").cast.activities[1]
    assert (
        send(quiet_stage, structure=other.structure.id_nat, sector=f"{other.sector}^1.2.250.1.71.4.2.4").status == 200
    )


def test_sector_and_structure_must_be_of_the_same_place(quiet_stage: Stage) -> None:
    other = quiet_stage.who("generaliste").cast.activities[1]
    assert send(quiet_stage, structure=other.structure.id_nat).subcode == "soap:DMPInvalidSector"


def test_an_assertion_is_accepted_once(quiet_stage: Stage) -> None:
    assertion = quiet_stage.who("generaliste").assertion("jean").render()
    data = envelope(assertion, QUERY_ACTION, query_body(ins_of("jean")))
    assert send_raw(quiet_stage, data).status == 200
    assert send_raw(quiet_stage, data).subcode == "soap:DMPReplayedAssertion"


def test_the_patient_of_the_message_must_be_the_one_of_the_assertion(quiet_stage: Stage) -> None:
    who = quiet_stage.who("generaliste")
    answer = who.call("patients", QUERY_ACTION, query_body(ins_of("paul")), who.assertion("jean"))
    assert answer.subcode == "soap:DMPPatientMismatch"


def test_the_assertion_of_another_card_is_refused(quiet_stage: Stage) -> None:
    other = quiet_stage.who("pharmacien").assertion("jean").render()
    data = envelope(other, QUERY_ACTION, query_body(ins_of("jean")))
    assert send_raw(quiet_stage, data).subcode == "soap:DMPIdentityMismatch"


@pytest.mark.parametrize("name", ["generaliste", "pharmacien", "infirmiere", "secretaire", "regulateur"])
def test_each_kind_of_card_passes(quiet_stage: Stage, name: str) -> None:
    assert send(quiet_stage, name).status == 200


def signed_request(stage: Stage, assertion: str) -> Answer:
    return send_raw(stage, envelope(assertion, QUERY_ACTION, query_body(ins_of("jean"))))


@pytest.mark.parametrize("sha1", [False, True])
def test_a_signed_assertion_passes_with_both_hashes(quiet_stage: Stage, sha1: bool) -> None:
    who = quiet_stage.who("generaliste")
    assert signed_request(quiet_stage, who.signed(who.assertion("jean"), sha1=sha1)).status == 200


def test_sha1_may_be_turned_off(stage: Stage) -> None:
    stage.admin("parameters", {"signature_algorithms": ["sha256"]})
    who = stage.who("generaliste")
    assert signed_request(stage, who.signed(who.assertion("jean"), sha1=True)).subcode == "soap:DMPInvalidSignature"
    assert signed_request(stage, who.signed(who.assertion("jean"))).status == 200


def test_a_signature_may_be_required(stage: Stage) -> None:
    stage.admin("parameters", {"signature_required": True})
    assert stage.query("generaliste", "jean").subcode == "soap:DMPInvalidSignature"


def test_a_change_after_signing_is_seen(quiet_stage: Stage) -> None:
    who = quiet_stage.who("generaliste")
    forged = who.signed(who.assertion("jean")).replace("<saml2:NameID>8997", "<saml2:NameID>8998")
    assert signed_request(quiet_stage, forged).subcode == "soap:DMPInvalidSignature"


def test_the_authentication_certificate_does_not_sign(quiet_stage: Stage) -> None:
    who = quiet_stage.who("generaliste")
    signed = who.signed(who.assertion("jean"), key=who.tls_key, der=who.tls_der)
    answer = signed_request(quiet_stage, signed)
    assert answer.subcode == "soap:DMPInvalidCertificate"
    assert answer.one("//s:Reason/s:Text").text == "Not a valid signature certificate"


def test_a_certificate_of_nobody_we_trust_does_not_sign(quiet_stage: Stage) -> None:
    who = quiet_stage.who("generaliste")
    der = stranger_like(who.signature_der, who.tls_key)
    signed = who.signed(who.assertion("jean"), key=who.tls_key, der=der)
    assert signed_request(quiet_stage, signed).subcode == "soap:DMPInvalidCertificate"


def test_the_signature_of_another_professional_is_refused(quiet_stage: Stage) -> None:
    who, other = quiet_stage.who("generaliste"), quiet_stage.who("pharmacien")
    signed = who.signed(who.assertion("jean"), key=other.signature_key, der=other.signature_der)
    assert signed_request(quiet_stage, signed).subcode == "soap:DMPIdentityMismatch"


def test_a_genuine_signature_wrapped_around_a_forged_assertion_is_refused(quiet_stage: Stage) -> None:
    """XML signature wrapping: the signed assertion is moved inside the signature of a forged one."""
    who = quiet_stage.who("generaliste")
    genuine = etree.fromstring(who.signed(who.assertion("jean")))
    forged = etree.fromstring(who.signed(who.assertion("jean", purpose="centre_15")))
    signature = forged.find(f"{{{DS}}}Signature")
    for child in list(signature):
        signature.remove(child)
    for child in list(genuine.find(f"{{{DS}}}Signature")):
        signature.append(child)
    holder = etree.SubElement(signature, f"{{{DS}}}Object")
    holder.append(genuine)
    answer = signed_request(quiet_stage, etree.tostring(forged).decode())
    assert answer.subcode == "soap:DMPInvalidAssertion"


def test_a_signature_over_another_part_of_the_assertion_is_refused(quiet_stage: Stage) -> None:
    who = quiet_stage.who("generaliste")
    first = who.assertion("jean")
    signed = who.signed(first).replace(f'URI="#{first.identifier}"', 'URI=""')
    assert signed_request(quiet_stage, signed).subcode == "soap:DMPInvalidSignature"


def test_a_signature_out_of_its_place_is_refused(quiet_stage: Stage) -> None:
    who = quiet_stage.who("generaliste")
    tree = etree.fromstring(who.signed(who.assertion("jean")))
    tree.append(tree[1])
    assert signed_request(quiet_stage, etree.tostring(tree).decode()).subcode == "soap:DMPInvalidSignature"


def test_an_unknown_transform_is_refused(quiet_stage: Stage) -> None:
    who = quiet_stage.who("generaliste")
    signed = who.signed(who.assertion("jean"))
    changed = signed.replace("#enveloped-signature", "#base64", 1)
    assert signed_request(quiet_stage, changed).subcode == "soap:DMPInvalidSignature"


def stranger_like(der: bytes, key) -> bytes:
    """A self-signed certificate with the names and extensions of a true one."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    model = x509.load_der_x509_certificate(der)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(model.subject)
        .issuer_name(model.issuer)
        .public_key(key.public_key())
        .serial_number(model.serial_number)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    for extension in model.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_every_fault_of_the_gate_is_a_row_of_the_table() -> None:
    import re
    from pathlib import Path

    import host_sim
    from host_sim import soap

    room = Path(host_sim.__file__).parent
    named = {
        code
        for path in room.rglob("*.py")
        for code in re.findall(r'HostFault\(\s*"(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert named <= soap.fault_codes()


def test_refused_requests_are_in_the_access_log(stage: Stage) -> None:
    stage.query("generaliste", "jean", version="2.0")
    assert [row["outcome"] for row in stage.admin("log")] == ["DMPInvalidAssertion"]


def test_the_names_of_the_fields_do_not_leak_into_a_fault(quiet_stage: Stage) -> None:
    assert ins_of("jean").encode() not in send(quiet_stage, version="2.0").body
