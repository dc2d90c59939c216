"""One call: what leaves, in which order, and what an answer must show to be believed."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import etree
from wire_stage import NOW, fault, http, soap

from dossier.access import ChannelKind, Contact
from dossier.document import BytesContent
from dossier.failure import Failure, Kind, catalogue
from soap_clients import authorisations, patient_access, patients
from soap_clients.envelope import answer_action
from soap_clients.host import Endpoints, Host
from soap_clients.transport import Transport

SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
WSA = "{http://www.w3.org/2005/08/addressing}"
HL7 = "urn:hl7-org:v3"
QUERY = f"{HL7}:PRPA_IN201307UV02"
FOUND = f"{HL7}:PRPA_IN201308UV02"


def query_body() -> etree._Element:
    return etree.fromstring(f'<PRPA_IN201307UV02 xmlns="{HL7}" ITSVersion="XML_1.0"><id root="1"/></PRPA_IN201307UV02>')


def call(host, ins, **how):
    return host.call("patients", QUERY, query_body(), patient=ins, **how)


def answering(body: str = f'<PRPA_IN201308UV02 xmlns="{HL7}"/>', action: str = FOUND, **how):
    return lambda seen: http(soap(body, action=action, relates_to=seen.message_id, **how))


def code_of(action) -> str:
    with pytest.raises(Failure) as caught:
        action()
    assert caught.value.code in catalogue("fr")
    assert caught.value.code in catalogue("en")
    return caught.value.code


def sent(tls_host) -> etree._Element:
    return etree.fromstring(tls_host.seen[-1].body)


def test_a_request_is_a_soap_1_2_post_of_the_service_with_its_action(tls_host, host, ins):
    tls_host.respond = answering()
    answer = call(host, ins)
    assert answer.tag == f"{{{HL7}}}PRPA_IN201308UV02"
    assert tls_host.seen[0].head.startswith("POST /si-dmp-server/v2/services/patients HTTP/1.1\r\n")
    assert tls_host.seen[0].header("Content-Type") == f'application/soap+xml; charset=UTF-8; action="{QUERY}"'
    assert sent(tls_host).tag == f"{SOAP}Envelope"


def test_the_header_blocks_stand_in_the_order_of_the_host(tls_host, host, ins):
    tls_host.respond = answering()
    call(host, ins)
    header, body = sent(tls_host)
    assert [etree.QName(each).localname for each in header] == ["MessageID", "To", "ReplyTo", "Action", "Security"]
    message_id, to, reply_to, action, security = header
    assert message_id.text.startswith("urn:uuid:")
    assert to.text is None
    assert reply_to.get(f"{SOAP}mustUnderstand") == action.get(f"{SOAP}mustUnderstand") == "true"
    assert reply_to.findtext(f"{WSA}Address") == "http://www.w3.org/2005/08/addressing/anonymous"
    assert action.text == QUERY
    assert [etree.QName(each).localname for each in security] == ["Assertion"]
    assert [each.tag for each in body] == [f"{{{HL7}}}PRPA_IN201307UV02"]


def test_the_body_keeps_its_own_prefixes(tls_host, host, ins):
    tls_host.respond = answering()
    call(host, ins)
    assert b'<PRPA_IN201307UV02 xmlns="urn:hl7-org:v3" ITSVersion="XML_1.0"><id root="1"/>' in tls_host.seen[0].body


def test_two_calls_have_two_message_ids_and_two_assertions(tls_host, host, ins):
    tls_host.respond = answering()
    call(host, ins)
    call(host, ins)
    first, second = (etree.fromstring(each.body) for each in tls_host.seen)
    path = "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"
    assert first.find(f".//{path}").get("ID") != second.find(f".//{path}").get("ID")
    assert tls_host.seen[0].message_id != tls_host.seen[1].message_id


def test_without_a_signature_key_the_assertion_leaves_unsigned_in_the_name_of_the_tls_certificate(
    tls_host, transport, professional, activity, software, ins
):
    host = Host(Endpoints.from_base(tls_host.url), transport, professional, activity, software, clock=lambda: NOW)
    tls_host.respond = answering()
    call(host, ins)
    assert b"SignatureValue" not in tls_host.seen[0].body
    assert professional.id_nat.encode() in tls_host.seen[0].body


def test_a_host_without_any_certificate_cannot_speak(authority, professional, activity, software):
    transport = Transport(None, authority.ca_file)
    endpoints = Endpoints.from_base("https://localhost")
    assert code_of(lambda: Host(endpoints, transport, professional, activity, software)) == "SIGNER_MISSING"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda seen: soap("<a/>", action=FOUND, relates_to="urn:uuid:other"), "HOST_ANSWER_MISMATCH"),
        (lambda seen: soap("<a/>", action="urn:other", relates_to=seen.message_id), "HOST_ANSWER_MISMATCH"),
        (
            lambda seen: soap(
                "<a/>", action=FOUND, relates_to=seen.message_id, headers='<z xmlns="urn:z" s:mustUnderstand="1"/>'
            ),
            "HOST_ANSWER_MISMATCH",
        ),
        (
            lambda seen: soap(
                "<a/>", action=FOUND, relates_to="urn:uuid:0", headers=f"<a:RelatesTo>{seen.message_id}</a:RelatesTo>"
            ),
            "HOST_ANSWER_MISMATCH",
        ),
        (lambda seen: soap("<a/><b/>", action=FOUND, relates_to=seen.message_id), "HOST_ANSWER_INVALID"),
        (lambda seen: soap("", action=FOUND, relates_to=seen.message_id), "HOST_ANSWER_INVALID"),
        (
            lambda seen: soap("<a/>", action=FOUND, relates_to=seen.message_id).replace(
                b"</s:Envelope>", b"<s:Body><b/></s:Body></s:Envelope>"
            ),
            "HOST_ANSWER_INVALID",
        ),
        (lambda seen: b"<e/>", "HOST_NOT_SOAP"),
        (lambda seen: b"<e", "OUTCOME_UNKNOWN"),
        (lambda seen: b"", "OUTCOME_UNKNOWN"),
        (lambda seen: b"<!DOCTYPE e><e/>", "XML_UNSAFE"),
    ],
)
def test_an_answer_that_is_not_ours_is_refused(tls_host, host, ins, answer, code):
    tls_host.respond = lambda seen: http(answer(seen))
    assert code_of(lambda: call(host, ins)) == code


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("DMPInvalidCertificate", "HOST_SIGNATURE_REFUSED"),
        ("DMPAccessDeniedByRightsService", "ACCESS_DENIED"),
        ("DMPClosed", "DOSSIER_CLOSED"),
        ("DMPFound", "DOSSIER_EXISTS"),
        ("DMPUnknownStructure", "HOST_STRUCTURE_REFUSED"),
        ("DMPMissingSpecialty", "HOST_SPECIALTY_MISSING"),
        ("DMPExpiredAssertion", "HOST_CLOCK_DIFFERS"),
        ("DMPPatientMismatch", "HOST_PATIENT_REFUSED"),
        ("DMPSomethingNew", "HOST_FAULT"),
    ],
)
def test_each_fault_has_a_sentence_of_its_own(tls_host, host, ins, code, expected):
    status = "500 Internal Server Error"
    tls_host.respond = lambda seen: http(fault(code, "reason", seen.message_id), status=status)
    with pytest.raises(Failure) as caught:
        call(host, ins)
    assert (caught.value.code, caught.value.kind) == (expected, Kind.HOST)
    assert caught.value.facts["detail"] == "reason"
    shown = caught.value.sentence() + caught.value.remedy()
    assert ("reason" in shown) == (expected == "HOST_FAULT")  # a code that we do not know: the host's words are all


def test_a_fault_of_the_host_itself_is_an_unknown_outcome(tls_host, host, ins):
    def respond(seen):
        answer = fault("DMPTechnicalError", "", seen.message_id).replace(b"s:Sender", b"s:Receiver")
        return http(answer, status="500 Internal Server Error")

    tls_host.respond = respond
    with pytest.raises(Failure) as caught:
        call(host, ins)
    assert (caught.value.code, caught.value.kind) == ("HOST_TECHNICAL_ERROR", Kind.UNKNOWN_OUTCOME)


def test_what_the_host_says_is_cut_at_200_characters(tls_host, host, ins):
    tls_host.respond = lambda seen: http(fault("DMPX", "a" * 5000, seen.message_id), status="500 Error")
    with pytest.raises(Failure) as caught:
        call(host, ins)
    assert len(caught.value.facts["detail"]) == 200


def test_a_fault_that_relates_to_another_request_is_not_ours(tls_host, host, ins):
    tls_host.respond = lambda seen: http(fault("DMPX", "", "urn:uuid:other"), status="500 Error")
    assert code_of(lambda: call(host, ins)) == "HOST_ANSWER_MISMATCH"


def test_a_fault_without_relates_to_is_believed(tls_host, host, ins):
    def respond(seen):
        answer = fault("DMPX", "", seen.message_id)
        return http(answer.replace(f"<a:RelatesTo>{seen.message_id}</a:RelatesTo>".encode(), b""), status="500 Error")

    tls_host.respond = respond
    assert code_of(lambda: call(host, ins)) == "HOST_FAULT"


def test_an_http_error_with_an_ordinary_envelope_is_not_believed(tls_host, host, ins):
    good = answering()
    tls_host.respond = lambda seen: good(seen).replace(b"200 OK", b"404 Not Found")
    assert code_of(lambda: call(host, ins)) == "HOST_NOT_SOAP"


def test_calls_of_one_host_share_one_connection_and_one_tls_signature(tls_host, host, ins, authentication):
    tls_host.respond = answering()
    for _ in range(5):
        call(host, ins)
    assert (len(tls_host.resumed), len(authentication.hashes_used)) == (1, 1)


def test_several_threads_may_call_at_once(tls_host, host, ins):
    tls_host.respond = answering()
    with ThreadPoolExecutor(4) as pool:
        found = [each.result() for each in [pool.submit(call, host, ins) for _ in range(24)]]
    assert [each.tag for each in found] == [f"{{{HL7}}}PRPA_IN201308UV02"] * 24
    assert len({each.message_id for each in tls_host.seen}) == 24


def test_a_closed_host_sends_nothing_more(tls_host, host, ins):
    host.close()
    assert code_of(lambda: call(host, ins)) == "HOST_SESSION_CLOSED"


def test_an_exchange_gives_the_answer_unread_with_the_id_it_must_relate_to(tls_host, host, ins):
    tls_host.respond = lambda seen: http(b"raw", kind='multipart/related; boundary="b"')
    body = etree.Element("{urn:ihe:iti:xds-b:2007}RetrieveDocumentSetRequest")
    action = "urn:ihe:iti:2007:RetrieveDocumentSet"
    reply = host.exchange("repository", action, body, patient=ins, transaction="TD3.2", accept_multipart=True)
    assert reply.content_type == 'multipart/related; boundary="b"'
    assert reply.message_id == tls_host.seen[0].message_id
    assert reply.stream.read() == b"raw"
    assert code_of(lambda: host.exchange("repository", action, body, transaction="TD3.2")) == "HOST_NOT_SOAP"


def test_an_exchange_with_attachments_leaves_as_mtom(tls_host, host, ins):
    tls_host.respond = lambda seen: http(b"<x/>")
    body = etree.Element("{urn:ihe:iti:xds-b:2007}ProvideAndRegisterDocumentSetRequest")
    reply = host.exchange(
        "repository",
        "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
        body,
        patient=ins,
        transaction="TD2.1",
        attachments={"doc@1": BytesContent(b"%PDF-1.4")},
    )
    reply.stream.close()
    kind = tls_host.seen[0].header("Content-Type")
    assert kind.startswith('multipart/related; type="application/xop+xml"')
    assert b"Content-ID: <doc@1>\r\n\r\n%PDF-1.4\r\n" in tls_host.seen[0].body


def test_the_answer_actions_are_those_of_the_interface():
    assert answer_action(QUERY) == FOUND
    assert answer_action(f"{HL7}:PRPA_IN201311UV02") == f"{HL7}:PRPA_IN201311ResponseUV02"
    assert answer_action("urn:ihe:iti:2010:UpdateDocumentSet") == "urn:ihe:iti:2010:UpdateDocumentSet-Response"
    assert answer_action("urn:ihe:iti:2007:RetrieveDocumentSet") == "urn:ihe:iti:2007:RetrieveDocumentSetResponse"


def test_addresses_come_from_a_base_or_one_by_one_and_are_https():
    endpoints = Endpoints.from_base("https://host.example/")
    assert endpoints.patients_specific == "https://host.example/si-dmp-server/v2/services/patientsSpecific"
    assert endpoints.insi == "https://host.example/lps"
    names = ("patients", "patientsSpecific", "habilitations", "registry", "repository", "insi")
    exact = Endpoints.from_json({name: f"https://a/{name}" for name in names})
    assert exact.patients_specific == "https://a/patientsSpecific"
    assert code_of(lambda: Endpoints.from_base("http://host.example")) == "HOST_ADDRESS_INVALID"
    assert code_of(lambda: Endpoints.from_json({})) == "HOST_ADDRESS_INVALID"


def test_an_authorisation_says_what_it_adds_or_takes(tls_host, host, ins):
    tls_host.respond = answering(
        '<setAuthorizationResponse xmlns="urn:si-dmp-habilitations"><output><status>DMPOk</status></output>'
        "</setAuthorizationResponse>",
        f"{authorisations.ACTION}Response",
    )
    authorisations.authorise(host, ins)
    authorisations.authorise(host, ins, attending=True)
    authorisations.withdraw(host, ins)
    authorisations.withdraw(host, ins, attending_only=True)
    said = [
        {etree.QName(each).localname: each.text for each in etree.fromstring(seen.body)[1][0]} for seen in tls_host.seen
    ]
    assert said == [
        {"action": "AJOUT"},
        {"action": "AJOUT", "role": "MEDECIN_TRAITANT"},
        {"action": "SUPPRESSION"},
        {"action": "SUPPRESSION", "role": "MEDECIN_TRAITANT"},
    ]


def test_a_status_other_than_ok_is_the_failure_of_its_code(tls_host, host, ins):
    tls_host.respond = answering(
        '<createPatientAccessResponse xmlns="urn:si-dmp-patients"><output>'
        "<status>DMPPatientAccessAlreadyExists</status><context/></output></createPatientAccessResponse>",
        f"{patient_access.CREATE_ACCOUNT}Response",
    )
    contact = Contact(ChannelKind.EMAIL, "sophie@example.fr")
    assert code_of(lambda: patient_access.open_account(host, ins, contact)) == "ACCOUNT_EXISTS"


def test_an_account_comes_with_its_secrets_which_no_repr_shows(tls_host, host, ins):
    tls_host.respond = answering(
        '<createPatientAccessResponse xmlns="urn:si-dmp-patients"><output><login>abc</login>'
        "<password>S3cret</password><status>DMPOk</status></output></createPatientAccessResponse>",
        f"{patient_access.CREATE_ACCOUNT}Response",
    )
    secrets = patient_access.open_account(host, ins, Contact(ChannelKind.SMS, "0612345678"))
    assert (secrets.login, secrets.password) == ("abc", "S3cret")
    assert "S3cret" not in repr(secrets)
    body = etree.fromstring(tls_host.seen[0].body)[1][0]
    assert [(etree.QName(each).localname, each.text) for each in body] == [("type", "SMS"), ("canal", "0612345678")]


SHAPES = ["", "<output/>", "<output><status/></output>", "<other/>", "<output><status><a/></status></output>"]


@pytest.mark.parametrize("inner", SHAPES)
def test_a_typed_answer_of_another_shape_is_refused(tls_host, host, ins, inner):
    tls_host.respond = answering(
        f'<setAuthorizationResponse xmlns="urn:si-dmp-habilitations">{inner}</setAuthorizationResponse>',
        f"{authorisations.ACTION}Response",
    )
    assert code_of(lambda: authorisations.authorise(host, ins)) == "HOST_ANSWER_INVALID"


def test_the_query_of_a_dossier_is_the_message_of_the_interface(tls_host, host, ins):
    tls_host.respond = lambda seen: b""
    assert code_of(lambda: patients.existence(host, ins)) == "OUTCOME_UNKNOWN"
    message = sent(tls_host)[1][0]
    names = [etree.QName(each).localname for each in message]
    assert names == [
        "id",
        "creationTime",
        "interactionId",
        "processingCode",
        "processingModeCode",
        "acceptAckCode",
        "receiver",
        "sender",
        "controlActProcess",
    ]
    at = {"h": HL7}
    assert message.get("ITSVersion") == "XML_1.0"
    assert message.find("h:id", at).get("root") == "1.2.250.1.999.1.1.7898.1.1"
    assert message.find("h:creationTime", at).get("value") == "20261123093015"
    assert message.find("h:processingCode", at).get("code") == "D"
    assert message.find("h:receiver/h:device/h:id", at).get("root") == "1.2.250.1.213.4.1.1.1"
    assert message.findtext("h:sender/h:device/h:softwareName", namespaces=at) == "CPS Bridge"
    reason = message.find("h:controlActProcess/h:reasonCode", at)
    assert (reason.get("code"), reason.get("codeSystem")) == ("TEST_EXST", "1.2.250.1.213.1.1.4.11")
    query = message.find("h:controlActProcess/h:queryByParameter", at)
    assert query.find("h:statusCode", at).get("code") == "new"
    source = query.find("h:parameterList/h:dataSource", at)
    assert source.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"
    value = query.find("h:parameterList/h:patientIdentifier/h:value", at)
    assert (value.get("root"), value.get("extension")) == (ins.oid, ins.matricule)
    assert query.findtext("h:parameterList/h:patientIdentifier/h:semanticsText", namespaces=at) == "Patient.id"


def test_no_identity_and_no_envelope_is_logged(tls_host, host, ins, caplog):
    caplog.set_level("DEBUG")
    tls_host.respond = answering()
    call(host, ins)
    for record in caplog.records:
        if record.name.startswith(("soap_clients", "zeep")):
            assert ins.matricule not in record.getMessage()
            assert "Assertion" not in record.getMessage()
    assert any(each.name == "soap_clients" for each in caplog.records)


def test_importing_the_services_loads_neither_zeep_nor_requests():
    program = (
        "import sys, soap_clients.patients, soap_clients.insi, soap_clients.patient_access, soap_clients.trace\n"
        "print(sorted({'zeep', 'requests', 'urllib3', 'cryptography'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
