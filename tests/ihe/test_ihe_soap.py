"""The SOAP and MIME sides: what is borne of foreign clients, what is refused, and that the service stays up."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import tracemalloc
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ihe_wire import (
    ACTIONS,
    APPROVED,
    NS,
    ON_DEMAND,
    PATIENT,
    Client,
    asked,
    entry,
    envelope,
    include,
    inline,
    mtom,
    oid,
    original,
    package,
    provide,
    query,
    slot,
    submit,
)  # fmt: skip
from lxml import etree

from host_sim import atna
from host_sim.__main__ import main
from host_sim.audit_check import verify
from host_sim.ihe import mime
from host_sim.ihe.faults import SoapFault

SOAP = "application/soap+xml; charset=UTF-8"
FIND = query(
    "FindDocuments",
    slot("$XDSDocumentEntryPatientId", f"'{PATIENT}'"),
    slot("$XDSDocumentEntryStatus", f"('{APPROVED}')"),
)
ACTION = f"<wsa:Action>{ACTIONS['iti18']}</wsa:Action>"
MESSAGE_ID = "<wsa:MessageID>urn:uuid:12345678-1234-4234-8234-123456789012</wsa:MessageID>"
SECURITY = (
    '<wsse:Security soap:mustUnderstand="1" xmlns:wsse='
    '"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><x/></wsse:Security>'
)


def _with_header(client: Client, header: str, content_type: str = SOAP):
    data = envelope(ACTIONS["iti18"], FIND, header=header).encode()
    return client.post(client.endpoints["iti18"], content_type, data)


@pytest.mark.parametrize(
    "header",
    [
        ACTION + MESSAGE_ID,
        ACTION + MESSAGE_ID + "<wsa:To>http://ailleurs.example.org/xds</wsa:To>",
        ACTION + MESSAGE_ID + f"<wsa:ReplyTo><wsa:Address>{NS['wsa']}/anonymous</wsa:Address></wsa:ReplyTo>",
        ACTION + MESSAGE_ID + SECURITY,
        ACTION + MESSAGE_ID + '<autre xmlns="urn:x">texte</autre>',
    ],
    ids=["bare", "to elsewhere", "reply to", "an assertion that nobody reads", "an unknown header"],
)
def test_headers_of_foreign_clients_are_borne(client: Client, header: str) -> None:
    reply = _with_header(client, header)
    assert (reply.status, reply.outcome) == (200, "Success")
    assert reply.root.findtext(".//wsa:RelatesTo", namespaces=NS) == MESSAGE_ID[15:-16]


@pytest.mark.parametrize(
    ("header", "code", "subcode"),
    [
        (MESSAGE_ID, "Sender", "MessageAddressingHeaderRequired"),
        (ACTION, "Sender", "MessageAddressingHeaderRequired"),
        (ACTION * 2 + MESSAGE_ID, "Sender", "InvalidAddressingHeader"),
        ("<wsa:Action>urn:x</wsa:Action>" + MESSAGE_ID, "Sender", "ActionNotSupported"),
        (
            ACTION + MESSAGE_ID + "<wsa:ReplyTo><wsa:Address>http://x/</wsa:Address></wsa:ReplyTo>",
            "Sender",
            "OnlyAnonymousAddressSupported",
        ),
        (ACTION + MESSAGE_ID + '<a xmlns="urn:x" soap:mustUnderstand="true"/>', "MustUnderstand", ""),
    ],
)
def test_addressing_that_cannot_be_served_is_a_fault(client: Client, header: str, code: str, subcode: str) -> None:
    reply = _with_header(client, header)
    assert reply.status == 500
    assert reply.fault == (f"soap:{code}", f"wsa:{subcode}" if subcode else "")


def test_an_action_of_the_media_type_that_is_another_is_a_fault(client: Client) -> None:
    reply = _with_header(client, ACTION + MESSAGE_ID, f'{SOAP}; action="urn:x"')
    assert reply.fault == ("soap:Sender", "wsa:ActionMismatch")


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        (SOAP, b""),
        (SOAP, b"<a>"),
        (SOAP, b"\x00\x01\x02"),
        (SOAP, b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"),
        (SOAP, b"<a>" * 200 + b"</a>" * 200),
        ("text/xml", envelope(ACTIONS["iti18"], FIND).encode()),
        ("multipart/related; boundary=b", b"--b\r\n\r\nx"),
        ("multipart/related; boundary=b", b"rien"),
        ("multipart/related; boundary=b", b"--b--\r\n"),
        ("multipart/related", b"--b--\r\n"),
        (SOAP, f'<soap:Envelope xmlns:soap="{NS["soap"]}"><soap:Body/></soap:Envelope>'.encode()),
        (SOAP, envelope(ACTIONS["iti18"], "<a/><b/>").encode()),
    ],
)
def test_what_is_not_a_request_is_a_fault_of_the_sender(client: Client, content_type: str, data: bytes) -> None:
    reply = client.post(client.endpoints["iti18"], content_type, data)
    assert (reply.status, reply.fault[0]) == (500, "soap:Sender")
    assert client.send("iti18", FIND).outcome == "Success"


def test_soap_1_1_is_told_which_version_is_wanted(client: Client) -> None:
    text = envelope(ACTIONS["iti18"], FIND).replace(NS["soap"], "http://schemas.xmlsoap.org/soap/envelope/")
    assert client.post(client.endpoints["iti18"], SOAP, text.encode()).fault[0] == "soap:VersionMismatch"


@pytest.mark.parametrize("text", ["####", "QUJD=QUJD", "QUJ", "é"])
def test_base64_that_is_none_is_a_fault(client: Client, text: str) -> None:
    body = provide(submit(package(), entry(), original()), f'<xds:Document id="doc1">{text}</xds:Document>')
    assert client.send("iti41", body).fault[0] == "soap:Sender"


def test_a_part_in_base64_and_a_root_that_is_not_first_are_borne(client: Client) -> None:
    text = envelope(ACTIONS["iti41"], provide(submit(package(), entry(), original()), include("doc1", "a@b")))
    data = (
        "--b\r\nContent-ID: <a@b>\r\nContent-Transfer-Encoding: base64\r\n\r\nYm9u\r\nam91cg==\r\n"
        f"--b\r\nContent-ID: <r>\r\nContent-Type: application/xop+xml\r\n\r\n{text}\r\n--b--\r\nbla"
    ).encode()
    kind = 'multipart/related; boundary="b"; start="<r>"'
    assert client.post(client.endpoints["iti41"], kind, data).outcome == "Success"


def test_every_transaction_is_served_at_every_address(client: Client) -> None:
    data = envelope(ACTIONS["iti18"], FIND).encode()
    assert all(client.post(url, SOAP, data).outcome == "Success" for url in client.endpoints.values())


def test_a_query_sent_as_mtom_is_answered_as_mtom(client: Client) -> None:
    reply = client.send_mtom("iti18", FIND, {})
    assert (reply.outcome, reply.content_type.partition(";")[0]) == ("Success", "multipart/related")


def test_other_paths_and_methods_are_refused(client: Client) -> None:
    base = client.endpoints["iti18"].rpartition("/")[0]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(urllib.request.Request(f"{base}/iti99", b"x"), timeout=20)
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(client.endpoints["iti18"], timeout=20)


def test_a_chunked_request_is_read(client: Client) -> None:
    parts = urlsplit(client.endpoints["iti18"])
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    data = envelope(ACTIONS["iti18"], FIND).encode()
    connection.request("POST", parts.path, iter([data[:100], data[100:]]), {"Content-Type": SOAP}, encode_chunked=True)
    assert b"Success" in connection.getresponse().read()
    connection.close()


def test_the_names_of_http_headers_have_no_case(client: Client) -> None:
    parts = urlsplit(client.endpoints["iti18"])
    data = envelope(ACTIONS["iti18"], FIND).encode()
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        head = f"POST {parts.path} HTTP/1.1\r\nhost: x\r\ncontent-type: {SOAP}\r\ntransfer-encoding: chunked\r\n"
        line.sendall(
            f"{head}upgrade: h2c\r\nconnection: close\r\n\r\n{len(data):x}\r\n".encode() + data + b"\r\n0\r\n\r\n"
        )
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from([SOAP, "multipart/related; boundary=b", 'multipart/related; boundary="b"; start="<r>"', "x", ""]),
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from([b"--b", b"--", b"\r\n", b"Content-ID: <r>", b"<a>", b"</a>", b"x", b":"]), max_size=20
        ).map(b"".join),
    ),
)
def test_any_bytes_are_a_request_or_a_fault(tmp_path: Path, content_type: str, data: bytes) -> None:
    import io

    try:
        mime.read(content_type, io.BytesIO(data), tmp_path, max_root=10_000, max_parts=5)
    except SoapFault as fault:
        assert fault.reason


class _Made:
    """A body that is made while it is read."""

    def __init__(self, head: bytes, block: bytes, count: int, tail: bytes) -> None:
        self._pieces = iter([head, *[block] * count, tail])
        self._left = b""

    def read(self, size: int, /) -> bytes:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = piece
        taken, self._left = self._left[:size], self._left[size:]
        return taken


@pytest.mark.parametrize("way", ["mtom", "inline"])
def test_memory_does_not_grow_with_the_document(tmp_path: Path, way: str) -> None:
    objects = submit(package(), entry(), original())
    if way == "mtom":
        text = envelope(ACTIONS["iti41"], provide(objects, include("doc1", "a@b")))
        kind, data = mtom(text, {"a@b": b"MARK"})
    else:
        kind, data = SOAP, envelope(ACTIONS["iti41"], provide(objects, inline("doc1", b"abc"))).encode()
        data = data.replace(b"YWJj\n", b"MARK")
    head, tail = data.split(b"MARK")
    body = _Made(head, b"QUJD" * (1 << 16), 128, tail)
    tracemalloc.start()
    try:
        request = mime.read(kind, body, tmp_path, max_root=1 << 20, max_parts=5)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    (found,) = (request.parts or request.inline).values()
    assert found.size == (128 << 18) * (3 if way == "inline" else 4) // 4
    assert peak < 6 << 20


def test_an_envelope_beyond_the_limit_is_a_fault(tmp_path: Path) -> None:
    body = _Made(b"<a>", b"<b/>" * 1000, 100, b"</a>")
    with pytest.raises(SoapFault, match="too large"):
        mime.read(SOAP, body, tmp_path, max_root=1 << 16, max_parts=5)


def test_many_clients_at_once_lose_nothing(site, client: Client) -> None:
    names = [[oid() for _ in range(4)] for _ in range(8)]
    threads = [
        threading.Thread(target=lambda own=own: [client.deposit_one(b"x", unique=name) for name in own])
        for own in names
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(client.send("iti18", FIND).titles) == 32
    site.host.house.audit.close()
    assert verify(site.host.house.audit).problem == ""


def test_each_call_is_in_the_access_log_with_what_it_was_about(site, client: Client) -> None:
    unique = oid()
    client.deposit_one(b"x", unique=unique)
    client.send("iti43", asked((site.repository, "1.2.3")))
    rows = site.host.house.audit.rows()
    first, last = rows[0], rows[-1]
    assert (first["transaction"], first["patient"], first["outcome"]) == ("ITI-41", PATIENT, "ok")
    assert f"document={unique}" in first["objects"]
    assert (last["transaction"], last["outcome"]) == ("ITI-43", "XDSDocumentUniqueIdError")
    with urllib.request.urlopen(site.facts["admin"] + "/verify", timeout=20) as answer:
        assert json.load(answer)["problem"] == ""


def test_the_access_log_of_every_transaction_is_valid_as_atna_messages(site, client: Client) -> None:
    schema = etree.XMLSchema(etree.parse(Path(__file__).parents[1] / "host_sim" / "audit_message.xsd"))
    client.deposit_one(b"x")
    for name in ACTIONS:
        client.send(name, asked(("1.2", "1.3")))
    rows = site.host.house.audit.rows()
    messages = [atna.message(row, patient_oid="1.2.3") for row in rows]
    for each in messages:
        schema.assertValid(each)
    codes = [each.find("EventIdentification/EventTypeCode").get("csd-code") for each in messages]
    assert {"ITI-18", "ITI-41", "ITI-42", "ITI-43", "ITI-57"} == set(codes)


def test_an_on_demand_entry_is_registered_under_its_own_action(client: Client) -> None:
    demand = entry(object_type=ON_DEMAND, creationTime=None, repositoryUniqueId="1.2.3")
    action = "urn:ihe:iti:2010:RegisterOnDemandDocumentEntry"
    data = envelope(action, submit(package(), demand, original())).encode()
    reply = client.post(client.endpoints["iti42"], SOAP, data)
    assert (reply.outcome, reply.action) == ("Success", f"{action}Response")


def test_an_armed_fault_drops_the_answer_before_anything_is_kept(site, client: Client) -> None:
    admin = site.facts["admin"] + "/faults"
    fault = json.dumps({"transaction": "ITI-41", "when": "before_commit", "effect": "drop"}).encode()
    urllib.request.urlopen(urllib.request.Request(admin, fault), timeout=20).read()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        client.deposit_one(b"x")
    assert client.send("iti18", FIND).titles == []


def _started(*options: str) -> tuple[subprocess.Popen[str], dict]:
    command = [sys.executable, "-m", "host_sim", "serve", "--profile", "ihe", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return process, json.loads(process.stdout.readline())


def test_the_command_serves_until_sigterm_and_keeps_what_it_took(tmp_path: Path) -> None:
    process, facts = _started("--data", str(tmp_path))
    assert set(facts["endpoints"]) == set(ACTIONS)
    Client(facts["endpoints"]).deposit_one(b"x")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
    process, facts = _started("--data", str(tmp_path))
    assert Client(facts["endpoints"]).send("iti18", FIND).titles == ["Un document"]
    process.terminate()
    process.communicate(timeout=60)


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    process, facts = _started("--data", str(tmp_path))
    unique = oid()
    Client(facts["endpoints"]).deposit_one(b"durable", unique=unique)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert main(["verify", "--data", str(tmp_path)]) == 0
    process, facts = _started("--data", str(tmp_path))
    reply = Client(facts["endpoints"]).send("iti43", asked((facts["repositoryUniqueId"], unique)))
    assert list(reply.parts.values()) == [b"durable"]
    process.terminate()
    process.communicate(timeout=60)


def test_a_file_of_patients_that_cannot_be_read_is_told_in_french(tmp_path: Path) -> None:
    file = tmp_path / "patients.txt"
    file.write_text("n'importe quoi\n", "utf-8")
    command = [sys.executable, "-m", "host_sim", "serve", "--profile", "ihe", "--data", str(tmp_path / "d")]
    command += ["--known-patients", str(file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert "patients.txt, ligne 1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_and_a_wrong_master_key_are_told_in_french(site, tmp_path: Path) -> None:
    port = str(urlsplit(site.facts["endpoints"]["iti18"]).port)
    command = [sys.executable, "-m", "host_sim", "serve", "--profile", "ihe", "--data", str(tmp_path / "d")]
    done = subprocess.run([*command, "--port", port], check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, f"Le port {port} est déjà pris\n")
    command = [sys.executable, "-m", "host_sim", "verify", "--data", str(tmp_path / "d")]
    env = {**os.environ, "HOST_SIM_MASTER_KEY": "0" * 64}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env=env)
    assert (done.returncode, done.stderr) == (1, f"La clé maîtresse n'est pas celle de l'hôte de {tmp_path / 'd'}\n")
