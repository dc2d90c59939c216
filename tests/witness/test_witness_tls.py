"""TLS with the key of the card: an openssl client with OpenSC at our host, our client at an openssl server."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from witness_stage import AUTHENTICATION_KEY, PATIENCE, needs

from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.cards.service import CardService
from cps_bridge.cards.signer import KeyUse
from dossier.professional import CardKind
from host_sim.serving import Host
from soap_clients.card_tls import context_for

pytestmark = pytest.mark.pcsc

INTERNAL_AUTHENTICATE = 0x88
REQUEST = "GET /si-dmp-server/v2/services/patients HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.fixture
def host(authority, tmp_path):
    """A host simulator on an ephemeral port of the loopback; gives that port."""
    running = Host(tmp_path / "host", authority)
    address = running.start()["endpoints"]["patients"]
    yield int(re.search(r":(\d+)/", address).group(1))
    running.stop()


@pytest.fixture
def signatures(cps):
    """The list of what the authentication key of the card was asked to sign."""
    seen, answer = [], cps.apdu

    def apdu(command: bytes) -> bytes:
        if command[1] == INTERNAL_AUTHENTICATE:
            seen.append(len(command))
        return answer(command)

    cps.apdu = apdu
    return seen


@pytest.fixture
def engine(tools, pkcs11, cps, authority, host, module, tool_environment, tmp_path):
    """Runs openssl s_client whose client key is the card's, by OpenSC and the PKCS#11 engine of OpenSSL."""
    if not list(Path("/usr/lib").glob("*/engines-*/pkcs11.so")):
        pytest.skip("not installed: libengine-pkcs11-openssl")
    der, pem = tmp_path / "client.der", tmp_path / "client.pem"
    pkcs11("--read-object", "--type", "cert", "--id", AUTHENTICATION_KEY, "--output-file", str(der))
    tools("openssl", "x509", "-inform", "der", "-in", str(der), "-out", str(pem))
    identifier = "".join(f"%{each:02x}" for each in bytes.fromhex(AUTHENTICATION_KEY))
    key = ("-engine", "pkcs11", "-keyform", "engine", "-key", f"pkcs11:id={identifier};type=private;pin-value=1234")

    def run(*options: str, with_key: bool = True) -> subprocess.CompletedProcess:
        return subprocess.run(
            (
                *("openssl", "s_client", "-connect", f"127.0.0.1:{host}", "-CAfile", str(authority.ca_file)),
                *("-verify_return_error", "-ign_eof"),
                *((*key, "-cert", str(pem)) if with_key else ()),
                *options,
            ),
            input=REQUEST,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env={**tool_environment, "PKCS11_MODULE_PATH": module},
            check=False,
        )

    return run


def test_openssl_opens_tls_with_the_key_of_the_card_and_our_host_answers(engine, signatures):
    done = engine("-tls1_2", "-sigalgs", "RSA+SHA256")
    assert "Verify return code: 0 (ok)" in done.stdout, done.stderr
    assert "Protocol  : TLSv1.2" in done.stdout
    assert re.search(r"^HTTP/1\.1 \d{3}", done.stdout, re.MULTILINE), done.stdout[-500:]
    assert len(signatures) == 1


def test_without_a_client_key_our_host_answers_nothing(engine, signatures):
    done = engine("-tls1_2", "-sigalgs", "RSA+SHA256", with_key=False)
    assert "HTTP/1.1" not in done.stdout
    assert "alert" in done.stderr
    assert signatures == []


def test_openssl_left_free_to_choose_asks_for_a_signature_that_the_card_does_not_know(engine, signatures):
    done = engine("-tls1_2")
    assert "HTTP/1.1" not in done.stdout
    assert signatures == []


@pytest.fixture
def s_server(authority, tmp_path):
    """An openssl server that demands a client certificate and verifies it; gives its port and what it said."""
    needs("openssl")
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-Verify", "3", "-verify_return_error"]
    command += ["-cert_chain", str(authority.server_cert_file), "-cert", str(authority.server_cert_file)]
    command += ["-key", str(authority.server_key_file), "-CAfile", str(authority.ca_file), "-www"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in process.stdout:
        if line.startswith("ACCEPT"):
            break
    said = []
    listener = threading.Thread(target=lambda: said.extend(process.stdout), daemon=True)
    listener.start()

    def stop() -> str:
        process.terminate()
        process.wait(PATIENCE)
        listener.join(PATIENCE)
        return "".join(said)

    yield int(line.rsplit(":", 1)[1]), stop
    stop()
    process.stdin.close()
    process.stdout.close()


@pytest.fixture
def signer(cps, vpcd_pair):
    """The authentication key of the card, as our client has it after the PIN, over the real PC/SC service."""
    service = CardService(PcscReaders(only=frozenset(vpcd_pair[2])))
    service.start()
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    service.verify_pin(epoch, bytearray(b"1234"))
    yield service.signer(epoch, KeyUse.AUTHENTICATION)
    service.close()


def page(context, port: int) -> str:
    """Ask the server for its page on the connection."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    with context.wrap_socket(raw, server_hostname="localhost") as connection, connection.makefile("rwb") as stream:
        stream.write(b"GET / HTTP/1.0\r\n\r\n")
        stream.flush()
        return stream.read().decode(errors="replace")


def test_an_openssl_server_verifies_the_handshake_of_our_client(s_server, signer, authority, signatures):
    port, stop = s_server
    seen = page(context_for(signer, authority.ca_file), port)
    said = stop()
    assert "Client certificate" in seen
    assert "no client certificate available" not in seen
    assert re.search(r"Protocol *: TLSv1\.2", seen)
    assert "CN = 899700000021" in said, said
    assert "verify error" not in said
    assert len(signatures) == 1


def test_an_openssl_server_resumes_our_session_without_another_signature(s_server, signer, authority, signatures):
    port, _ = s_server
    context = context_for(signer, authority.ca_file)
    first, second = page(context, port), page(context, port)
    assert "New, TLSv1.2" in first
    assert "Reused, TLSv1.2" in second
    assert len(signatures) == 1


def test_an_openssl_server_takes_no_connection_without_the_card(s_server, authority):
    port, _ = s_server
    with pytest.raises(OSError):  # ssl.SSLError is one: an alert, or a connection reset
        page(context_for(None, authority.ca_file), port)
