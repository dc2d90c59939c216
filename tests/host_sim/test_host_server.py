"""The host on the network: mutual TLS, HTTP framing, MTOM, and the admin door."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from host_wire import QUERY_ACTION, Answer, Stage, envelope, ins_of, query_body

ROOT = 'application/xop+xml; charset=UTF-8; type="application/soap+xml"'
XOP = "http://www.w3.org/2004/08/xop/include"
PROVIDE = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
RETRIEVE = "urn:ihe:iti:2007:RetrieveDocumentSet"


def address(stage: Stage) -> tuple[str, int]:
    parts = urlsplit(stage.facts["endpoints"]["patients"])
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def right_bytes(stage: Stage) -> bytes:
    return envelope(stage.who("generaliste").assertion("jean").render(), QUERY_ACTION, query_body(ins_of("jean")))


def speak(stage: Stage, context: ssl.SSLContext, data: bytes) -> bytes:
    """Send raw bytes in a TLS connection and read until the host closes it."""
    with (
        socket.create_connection(address(stage), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(data)
        received = b""
        while block := secured.recv(65536):
            received += block
        return received


def request_bytes(stage: Stage, *headers: str, path: str = "/si-dmp-server/v2/services/patients") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/soap+xml", "Connection: close"]
    return "\r\n".join([*lines, *headers, "", ""]).encode()


def test_everything_listens_on_the_loopback_alone(quiet_stage: Stage) -> None:
    urls = [*quiet_stage.facts["endpoints"].values(), quiet_stage.facts["admin"]]
    assert {urlsplit(url).hostname for url in urls} == {"127.0.0.1"}


def test_the_endpoints_are_those_of_the_interface(quiet_stage: Stage) -> None:
    paths = {name: urlsplit(url).path for name, url in quiet_stage.facts["endpoints"].items()}
    base = "/si-dmp-server/v2/services/"
    names = ("patients", "patientsSpecific", "patientCertif", "patientsPDQ", "habilitations", "registry", "repository")
    assert paths == {name: base + name for name in names} | {"insi": "/lps"}


def test_without_a_client_certificate_nothing_is_served(quiet_stage: Stage) -> None:
    context = ssl.create_default_context(cafile=quiet_stage.facts["ca"])
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, OSError)):
        speak(quiet_stage, context, request_bytes(quiet_stage, "Content-Length: 0"))


def test_a_certificate_that_is_not_for_clients_is_refused(quiet_stage: Stage) -> None:
    authority = quiet_stage.authority
    context = ssl.create_default_context(cafile=authority.ca_file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(authority.server_cert_file, authority.server_key_file)
    with pytest.raises((ssl.SSLError, OSError)):
        speak(quiet_stage, context, request_bytes(quiet_stage, "Content-Length: 0"))


def test_tls_11_is_refused(quiet_stage: Stage) -> None:
    context = quiet_stage.who("generaliste").tls_context
    old = ssl.create_default_context(cafile=quiet_stage.facts["ca"])
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, OSError)):
        speak(quiet_stage, old, b"")
    assert context.maximum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_tls_are_served(quiet_stage: Stage, version: ssl.TLSVersion) -> None:
    who = quiet_stage.who("generaliste")
    context = who.tls_context
    before = context.maximum_version
    context.maximum_version = version
    try:
        data = right_bytes(quiet_stage)
        received = speak(quiet_stage, context, request_bytes(quiet_stage, f"Content-Length: {len(data)}") + data)
    finally:
        context.maximum_version = before
    assert received.startswith(b"HTTP/1.1 200 ")


def test_a_tls_session_is_resumed_and_still_names_its_holder(quiet_stage: Stage) -> None:
    context = quiet_stage.who("generaliste").tls_context
    session = None
    for number in range(3):
        data = right_bytes(quiet_stage)
        with (
            socket.create_connection(address(quiet_stage), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as secured,
        ):
            assert secured.session_reused is (number > 0)
            secured.sendall(request_bytes(quiet_stage, f"Content-Length: {len(data)}") + data)
            assert secured.recv(65536).startswith(b"HTTP/1.1 200 ")
            session = secured.session


def test_a_client_that_does_not_shake_hands_delays_nobody(quiet_stage: Stage) -> None:
    with socket.create_connection(address(quiet_stage)):
        assert quiet_stage.query("generaliste", "jean").status == 200


def test_many_connections_are_served_at_once(quiet_stage: Stage) -> None:
    context = quiet_stage.who("generaliste").tls_context
    bodies = [right_bytes(quiet_stage) for _ in range(12)]
    outcomes: list[bytes] = []

    def one(data: bytes) -> None:
        sent = request_bytes(quiet_stage, f"Content-Length: {len(data)}") + data
        outcomes.append(speak(quiet_stage, context, sent)[:13])

    threads = [threading.Thread(target=one, args=(data,)) for data in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert outcomes == [b"HTTP/1.1 200 "] * 12


def test_a_connection_serves_several_requests(quiet_stage: Stage) -> None:
    who = quiet_stage.who("infirmiere")
    quiet_stage.query("infirmiere", "jean")
    first = who._connection.sock
    quiet_stage.query("infirmiere", "jean", version="2.0")
    quiet_stage.query("infirmiere", "jean")
    assert who._connection.sock is first


def test_a_chunked_request_is_read(quiet_stage: Stage) -> None:
    data = right_bytes(quiet_stage)
    chunks = b"".join(
        f"{len(data[at : at + 100]):x}\r\n".encode() + data[at : at + 100] + b"\r\n" for at in range(0, len(data), 100)
    )
    sent = request_bytes(quiet_stage, "Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n"
    context = quiet_stage.who("generaliste").tls_context
    assert speak(quiet_stage, context, sent).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "framing",
    [
        (),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: five",),
        ("Content-Length: -5",),
        ("Transfer-Encoding: gzip",),
        ("Transfer-Encoding: chunked",),
    ],
)
def test_a_body_of_doubtful_length_is_refused(quiet_stage: Stage, framing: tuple[str, ...]) -> None:
    context = quiet_stage.who("generaliste").tls_context
    received = speak(quiet_stage, context, request_bytes(quiet_stage, *framing) + b"zz\r\nhello\r\n")
    assert received.startswith(b"HTTP/1.1 400 ")


def test_other_paths_and_methods_are_not_served(quiet_stage: Stage) -> None:
    context = quiet_stage.who("generaliste").tls_context
    elsewhere = request_bytes(quiet_stage, "Content-Length: 0", path="/si-dmp-server/v1/services/patients")
    assert speak(quiet_stage, context, elsewhere).startswith(b"HTTP/1.1 404 ")
    get = request_bytes(quiet_stage).replace(b"POST", b"GET", 1)
    assert speak(quiet_stage, context, get).startswith(b"HTTP/1.1 405 ")


def test_a_body_over_the_limit_is_refused_with_an_answer(stage: Stage) -> None:
    stage.admin("parameters", {"max_body_bytes": 2000})
    answer = stage.query("generaliste", "jean")
    assert answer.subcode == "soap:DMPMessageTooLarge"
    assert answer.headers["Connection"] == "close"


def test_an_envelope_over_its_own_limit_is_refused(stage: Stage) -> None:
    stage.admin("parameters", {"max_root_bytes": 2000})
    assert stage.query("generaliste", "jean").subcode == "soap:DMPMessageTooLarge"


RETRIEVAL = (
    '<RetrieveDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2007"><DocumentRequest>'
    "<RepositoryUniqueId>1.2.250.1.213.4.1.1.1.2</RepositoryUniqueId><DocumentUniqueId>1.2.3</DocumentUniqueId>"
    "</DocumentRequest></RetrieveDocumentSetRequest>"
)


def mtom(root: bytes, *parts: tuple[str, bytes], **options: str) -> tuple[bytes, str]:
    boundary = options.get("boundary", "b-1")
    extra = options.get("extra", "")
    body = f"--b-1\r\nContent-Type: {options.get('root_type', ROOT)}\r\nContent-ID: <root@x>\r\n\r\n".encode() + root
    for name, data in parts:
        body += f"\r\n--b-1\r\nContent-ID: <{name}>\r\n{extra}\r\n".encode() + data
    body += options.get("end", "\r\n--b-1--\r\n").encode()
    kind = (
        f'multipart/related; type="application/xop+xml"; start="<root@x>"; start-info="application/soap+xml";'
        f' boundary="{boundary}"'
    )
    return body, kind


def deposit(stage: Stage, includes: list[str], *parts: tuple[str, bytes], **options: str) -> Answer:
    who = stage.who("generaliste")
    holders = "".join(
        f'<Document id="d{number}"><x:Include xmlns:x="{XOP}" href="{href}"/></Document>'
        for number, href in enumerate(includes)
    )
    root = "ProvideAndRegisterDocumentSetRequest"
    nothing = (
        '<l:SubmitObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0">'
        '<RegistryObjectList xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"/></l:SubmitObjectsRequest>'
    )
    body = f'<{root} xmlns="urn:ihe:iti:xds-b:2007">{nothing}{holders}</{root}>'
    data, kind = mtom(envelope(who.assertion("jean").render(), PROVIDE, body), *parts, **options)
    return who.post("repository", data, kind)


def test_parts_are_matched_by_their_decoded_identifier(quiet_stage: Stage) -> None:
    """The gate lets it through; what refuses it then is that nothing is described."""
    answer = deposit(quiet_stage, ["cid:d1%40urn%3Ax"], ("d1@urn:x", b"document"))
    assert answer.status == 200
    assert b"ResponseStatusType:Failure" in answer.body


@pytest.mark.parametrize(
    ("includes", "parts", "options"),
    [
        (["cid:absent"], [], {}),
        ([], [("lonely", b"x")], {}),
        (["cid:one", "cid:one"], [("one", b"x")], {}),
        (["cid:one"], [("one", b"x"), ("one", b"y")], {}),
        (["http://elsewhere.example/"], [], {}),
        (["cid:one"], [("one", b"x")], {"extra": "Content-Transfer-Encoding: base64\r\n"}),
        (["cid:one"], [("one", b"x")], {"end": ""}),
        (["cid:one"], [("one", b"x")], {"boundary": "b-2"}),
        (["cid:one"], [("one", b"x")], {"root_type": "text/xml"}),
        (["cid:one"], [("one", b"x")], {"root_type": 'application/xop+xml; type="text/xml"'}),
        (["cid:one"], [("root@x", b"x")], {}),
    ],
)
def test_a_damaged_mtom_request_is_refused(
    quiet_stage: Stage, includes: list[str], parts: list[tuple[str, bytes]], options: dict[str, str]
) -> None:
    assert deposit(quiet_stage, includes, *parts, **options).subcode == "soap:DMPInvalidMessage"


def test_a_deposit_is_never_plain(quiet_stage: Stage) -> None:
    who = quiet_stage.who("generaliste")
    body = '<ProvideAndRegisterDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2007"/>'
    assert who.call("repository", PROVIDE, body, who.assertion("jean")).subcode == "soap:DMPInvalidMessage"


def test_a_patient_service_never_is_mtom(quiet_stage: Stage) -> None:
    data, kind = mtom(right_bytes(quiet_stage))
    assert quiet_stage.who("generaliste").post("patients", data, kind).subcode == "soap:DMPInvalidMessage"


def test_a_retrieval_is_answered_in_mtom_even_by_a_fault(quiet_stage: Stage) -> None:
    who = quiet_stage.who("generaliste")
    data, kind = mtom(envelope(who.assertion("jean", version="2.0").render(), RETRIEVE, RETRIEVAL))
    answer = who.post("repository", data, kind)
    assert answer.status == 500
    assert answer.headers["Content-Type"].startswith('multipart/related; type="application/xop+xml"; start=')
    assert b"soap:DMPInvalidAssertion" in answer.body
    assert int(answer.headers["Content-Length"]) == len(answer.body)


def test_a_retrieval_is_never_asked_plainly(quiet_stage: Stage) -> None:
    who = quiet_stage.who("generaliste")
    answer = who.call("repository", RETRIEVE, RETRIEVAL, who.assertion("jean"))
    assert b"soap:DMPInvalidMessage" in answer.body
    assert answer.headers["Content-Type"].startswith("multipart/related;")


def test_nothing_is_left_of_the_parts_of_a_refused_request(quiet_stage: Stage) -> None:
    deposit(quiet_stage, ["cid:one"], ("one", b"x" * 300_000), extra="Content-Transfer-Encoding: base64\r\n")
    assert list(quiet_stage.house.store.incoming.iterdir()) == []


def admin_status(stage: Stage, path: str, data: bytes | None = None, **headers: str) -> int:
    base = "http://" + urlsplit(stage.facts["admin"]).netloc
    request = urllib.request.Request(base + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_admin_wants_its_token_its_host_and_no_web_page(quiet_stage: Stage) -> None:
    path = urlsplit(quiet_stage.facts["admin"]).path
    assert admin_status(quiet_stage, f"{path}/log") == 200
    assert admin_status(quiet_stage, "/log") == 404
    assert admin_status(quiet_stage, f"{path}x/log") == 404
    assert admin_status(quiet_stage, f"{path}/log", Origin="https://elsewhere.example") == 404
    assert admin_status(quiet_stage, f"{path}/log", Host="elsewhere.example") == 404
    assert admin_status(quiet_stage, f"{path}/clock", b'{"advance_days": 1}', Origin="null") == 404


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("parameters", {"unheard": 1}),
        ("parameters", {"hidden_days": "many"}),
        ("faults", {"effect": "explode"}),
        ("faults", {"effect": "drop", "strange": 1}),
        ("clock", {"now": "tomorrow"}),
        ("patients", {"ins": "1"}),
        ("patients", {}),
    ],
)
def test_the_admin_refuses_what_it_cannot_do(quiet_stage: Stage, subject: str, body: dict[str, object]) -> None:
    path = urlsplit(quiet_stage.facts["admin"]).path
    assert admin_status(quiet_stage, f"{path}/{subject}", json.dumps(body).encode()) == 400


def test_the_access_log_is_exported_as_json_lines(stage: Stage) -> None:
    stage.query("generaliste", "jean")
    stage.query("pharmacien", "paul")
    with urllib.request.urlopen(f"{stage.facts['admin']}/host-access.jsonl", timeout=20) as response:
        lines = [json.loads(line) for line in response.read().decode().splitlines()]
    assert [line["name"] for line in lines] == ["Claire MARTIN", "Paul MERCIER"]
    assert lines == stage.admin("log")


def test_no_document_is_listed_for_a_new_patient(quiet_stage: Stage) -> None:
    assert quiet_stage.admin("documents?patient=jean") == []


def lost(stage: Stage, name: str, patient: str) -> None:
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        stage.authorise(name, patient)


def test_an_answer_dropped_before_the_commit_leaves_nothing(stage: Stage) -> None:
    stage.admin("faults", {"transaction": "TD0.3", "when": "before_commit", "effect": "drop"})
    lost(stage, "generaliste", "paul")
    assert 'code="NON_EXISTE"' in stage.query("generaliste", "paul").body.decode()
    assert [row["transaction"] for row in stage.admin("log")] == ["TD0.2"]


def test_an_answer_dropped_after_the_commit_leaves_what_was_done(stage: Stage) -> None:
    stage.admin("faults", {"transaction": "TD0.3", "when": "after_commit", "effect": "drop"})
    lost(stage, "generaliste", "paul")
    assert 'code="VALIDE"' in stage.query("generaliste", "paul").body.decode()


def test_a_fault_strikes_as_often_as_asked_and_only_its_transaction(stage: Stage) -> None:
    stage.admin("faults", {"transaction": "TD0.3", "when": "before_commit", "effect": "drop", "times": 2})
    assert stage.query("generaliste", "paul").status == 200
    for _ in range(2):
        lost(stage, "generaliste", "paul")
    assert stage.authorise("generaliste", "paul").status == 200
    assert stage.admin("faults") == []


def test_a_refusal_of_the_server_and_a_fault_may_be_armed(stage: Stage) -> None:
    stage.admin("faults", [{"effect": "refuse", "transaction": "*"}])
    assert stage.query("generaliste", "jean").status == 503
    stage.admin("faults", [{"effect": "soap_fault", "transaction": "*"}])
    answer = stage.query("generaliste", "jean")
    assert (answer.code, answer.subcode) == ("soap:Receiver", "soap:DMPTechnicalError")


def test_a_delay_holds_one_request_and_no_other(stage: Stage) -> None:
    stage.admin("faults", {"effect": "delay", "transaction": "TD0.3", "when": "before_commit", "seconds": 30})
    thread = threading.Thread(target=lambda: lost_quietly(stage), daemon=True)
    thread.start()
    while stage.admin("faults"):
        pass
    assert stage.query("pharmacien", "jean").status == 200
    assert thread.is_alive()


def lost_quietly(stage: Stage) -> None:
    try:
        stage.authorise("generaliste", "paul")
    except (OSError, http.client.HTTPException):
        return


def test_a_message_identifier_is_echoed_even_in_a_fault(quiet_stage: Stage, tmp_path: Path) -> None:
    message_id = f"urn:uuid:{uuid.uuid4()}"
    assertion = quiet_stage.who("generaliste").assertion("jean", version="2.0").render()
    header = f"<a:MessageID>{message_id}</a:MessageID>"
    data = envelope(assertion, QUERY_ACTION, query_body(ins_of("jean")), MessageID=header)
    assert quiet_stage.who("generaliste").post("patients", data).one("//a:RelatesTo").text == message_id
