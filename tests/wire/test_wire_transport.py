"""What leaves at most once, what is known of its fate, and what is accepted as an answer."""

from __future__ import annotations

import io
import socket
import ssl
import threading

import pytest
from urllib3.util.wait import wait_for_read
from wire_stage import TlsHost, http

from dossier.failure import Failure, Kind
from soap_clients import connections
from soap_clients.trace import Trace
from soap_clients.transport import Transport, read_all

TYPE = 'application/soap+xml; charset=UTF-8; action="urn:a"'


def post(transport: Transport, url: str, body=b"<e/>", **how):
    return transport.post(url, body, TYPE, transaction="TD0.2", **how)


def code_of(action) -> str:
    with pytest.raises(Failure) as caught:
        action()
    return caught.value.code


def test_an_answer_comes_back_with_its_type_and_bytes(tls_host, transport):
    tls_host.respond = lambda seen: http(b"<answer/>")
    answer = post(transport, tls_host.url)
    assert (answer.status, answer.content_type) == (200, "application/soap+xml; charset=UTF-8")
    assert read_all(answer) == b"<answer/>"
    assert tls_host.seen[0].body == b"<e/>"
    assert tls_host.seen[0].header("Content-Type") == TYPE
    assert tls_host.seen[0].header("Accept-Encoding") == "identity"


def test_ten_requests_travel_on_one_connection(tls_host, transport):
    for _ in range(10):
        read_all(post(transport, tls_host.url))
    assert len(tls_host.resumed) == 1


def test_the_environment_changes_nothing(tls_host, transport, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    assert read_all(post(transport, tls_host.url)) == b"<x/>"


def test_a_port_where_nobody_listens_means_that_nothing_was_sent(transport):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Failure) as caught:
        post(transport, f"https://localhost:{port}")
    assert (caught.value.code, caught.value.kind) == ("HOST_UNREACHABLE", Kind.NETWORK)


def test_a_host_that_never_shakes_hands_means_that_nothing_was_sent(authentication, authority):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        transport = Transport(authentication, authority.ca_file, connect_timeout=0.3, read_timeout=5)
        assert code_of(lambda: post(transport, f"https://localhost:{silent.getsockname()[1]}")) == "HOST_UNREACHABLE"


def test_a_connection_cut_in_the_handshake_means_that_nothing_was_sent(transport):
    with socket.create_server(("127.0.0.1", 0)) as rude:
        threading.Thread(target=lambda: rude.accept()[0].close(), daemon=True).start()
        assert code_of(lambda: post(transport, f"https://localhost:{rude.getsockname()[1]}")) == "HOST_UNREACHABLE"


def test_a_request_without_answer_is_an_unknown_outcome_and_is_sent_once(tls_host, transport):
    tls_host.respond = lambda seen: b""
    with pytest.raises(Failure) as caught:
        post(transport, tls_host.url)
    assert (caught.value.code, caught.value.kind) == ("OUTCOME_UNKNOWN", Kind.UNKNOWN_OUTCOME)
    assert len(tls_host.seen) == 1


def test_a_host_that_takes_too_long_is_an_unknown_outcome(tls_host, authentication, authority):
    released = threading.Event()

    def respond(seen):
        released.wait(20)
        return b""

    tls_host.respond = respond
    transport = Transport(authentication, authority.ca_file, connect_timeout=5, read_timeout=0.3)
    assert code_of(lambda: post(transport, tls_host.url)) == "OUTCOME_UNKNOWN"
    released.set()


def test_an_answer_cut_at_any_byte_is_an_unknown_outcome(tls_host, transport):
    whole = http(b"<answer>0123456789</answer>")
    tls_host.close_after_answer = True
    for length in range(len(whole)):
        tls_host.respond = lambda seen, length=length: whole[:length]
        assert code_of(lambda: read_all(post(transport, tls_host.url))) == "OUTCOME_UNKNOWN", length
    assert len(tls_host.seen) == len(whole)


def test_a_chunked_answer_cut_at_any_byte_is_an_unknown_outcome(tls_host, transport):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nTransfer-Encoding: chunked\r\n\r\n"
    whole = head + b"9\r\n<answer/>\r\n0\r\n\r\n"
    tls_host.close_after_answer = True
    for length in range(len(head), len(whole) - 4):
        tls_host.respond = lambda seen, length=length: whole[:length]
        assert code_of(lambda: read_all(post(transport, tls_host.url))) == "OUTCOME_UNKNOWN", length


def test_a_body_that_did_not_leave_whole_means_that_nothing_was_done(tls_host, transport):
    class Endless(io.RawIOBase):
        def __len__(self):
            return 1 << 32

        def read(self, size=-1):
            tls_host.hang_up()
            return bytes(1 << 16)

    assert code_of(lambda: post(transport, tls_host.url, Endless())) == "HOST_UNREACHABLE"
    assert tls_host.seen == []


def test_the_failure_of_a_body_that_cannot_be_read_is_the_one_that_is_told(tls_host, transport):
    class Broken:
        def __len__(self):
            return 10

        def read(self, size=-1):
            raise Failure("CONTENT_CHANGED")

    assert code_of(lambda: post(transport, tls_host.url, Broken())) == "CONTENT_CHANGED"
    assert tls_host.seen == []


def test_a_long_body_is_streamed_with_its_length(tls_host, transport):
    class Long:
        left = 5_000_000

        def __len__(self):
            return 5_000_000

        def read(self, size=-1):
            block = b"a" * min(self.left, 256 * 1024)
            self.left -= len(block)
            return block

    read_all(post(transport, tls_host.url, Long()))
    assert tls_host.seen[0].header("Content-Length") == "5000000"
    assert len(tls_host.seen[0].body) == 5_000_000


def test_a_connection_that_the_host_closed_while_idle_is_replaced_before_anything_leaves(tls_host, transport):
    read_all(post(transport, tls_host.url))
    tls_host.hang_up()
    [connection] = transport._opened[1]._live
    assert wait_for_read(connection.sock, timeout=10)
    assert read_all(post(transport, tls_host.url)) == b"<x/>"
    assert len(tls_host.seen) == 2


def test_a_connection_that_idled_too_long_is_not_used_again(tls_host, transport, authentication, monkeypatch):
    read_all(post(transport, tls_host.url))
    monkeypatch.setattr(connections, "IDLE_SECONDS", -1.0)
    read_all(post(transport, tls_host.url))
    assert tls_host.resumed == [False, True]
    assert len(authentication.hashes_used) == 1


def test_html_instead_of_soap_is_said(tls_host, transport):
    tls_host.respond = lambda seen: http(b"<html>Wi-Fi</html>", kind="text/html")
    assert code_of(lambda: post(transport, tls_host.url)) == "HOST_NOT_SOAP"


def test_a_redirection_is_not_followed(tls_host, transport):
    tls_host.respond = lambda seen: (
        f"HTTP/1.1 302 Found\r\nLocation: {tls_host.url}/portal\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"
    ).encode()
    assert code_of(lambda: post(transport, tls_host.url)) == "HOST_NOT_SOAP"
    assert len(tls_host.seen) == 1


def test_a_gateway_error_leaves_the_outcome_unknown(tls_host, transport):
    tls_host.respond = lambda seen: http(b"<html/>", status="502 Bad Gateway", kind="text/html")
    assert code_of(lambda: post(transport, tls_host.url)) == "OUTCOME_UNKNOWN"


def test_a_compressed_answer_is_not_taken(tls_host, transport):
    tls_host.respond = lambda seen: http(b"x", kind="application/soap+xml\r\nContent-Encoding: gzip")
    assert code_of(lambda: post(transport, tls_host.url)) == "HOST_NOT_SOAP"


def test_an_answer_beyond_the_limit_is_given_up(tls_host, transport):
    tls_host.respond = lambda seen: http(b"a" * 100_000)
    assert code_of(lambda: read_all(post(transport, tls_host.url, limit=1000))) == "HOST_ANSWER_TOO_LARGE"


def test_a_host_of_another_name_is_refused_before_anything_leaves(tls_host, transport, monkeypatch):
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **how: real("127.0.0.1", *rest, **how))
    assert code_of(lambda: post(transport, f"https://evil.example:{tls_host.port}")) == "HOST_CERTIFICATE_REFUSED"
    assert tls_host.seen == []


def test_a_host_of_an_unknown_authority_is_refused(tls_host, authentication, tmp_path):
    other = tmp_path / "other.pem"
    other.write_bytes(_other_authority())
    transport = Transport(authentication, other)
    assert code_of(lambda: post(transport, tls_host.url)) == "HOST_CERTIFICATE_REFUSED"
    assert tls_host.seen == []


def test_a_host_that_refuses_our_certificate_is_told_apart(authority, server_context, authentication, tmp_path):
    other = tmp_path / "other.pem"
    other.write_bytes(_other_authority())
    strict = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    strict.load_cert_chain(authority.server_cert_file, authority.server_key_file)
    strict.load_verify_locations(other)
    strict.verify_mode = ssl.CERT_REQUIRED
    host = TlsHost(strict)
    try:
        assert code_of(lambda: post(Transport(authentication, authority.ca_file), host.url)) == "HOST_TLS_REFUSED"
    finally:
        host.close()


def test_a_host_that_wants_a_certificate_and_gets_none_refuses(tls_host, authority):
    assert code_of(lambda: post(Transport(None, authority.ca_file), tls_host.url)) == "HOST_TLS_REFUSED"


def test_the_failure_of_the_card_in_the_handshake_is_the_one_that_is_told(tls_host, transport, authentication):
    authentication.error = Failure("CARD_REMOVED")
    assert code_of(lambda: post(transport, tls_host.url)) == "CARD_REMOVED"
    assert tls_host.seen == []


def test_drop_forgets_everything_and_nothing_more_leaves(tls_host, transport):
    read_all(post(transport, tls_host.url))
    transport.drop()
    assert code_of(lambda: post(transport, tls_host.url)) == "HOST_SESSION_CLOSED"
    assert len(tls_host.seen) == 1


def test_drop_ends_a_request_that_waits_for_its_answer(tls_host, transport):
    arrived, released = threading.Event(), threading.Event()

    def respond(seen):
        arrived.set()
        released.wait(20)
        return b""

    tls_host.respond = respond
    found: list[str] = []
    worker = threading.Thread(target=lambda: found.append(code_of(lambda: post(transport, tls_host.url))))
    worker.start()
    assert arrived.wait(20)
    transport.drop()
    worker.join(20)
    released.set()
    assert found == ["OUTCOME_UNKNOWN"]


def test_a_trace_holds_both_sides_as_they_were_sent(tls_host, authentication, authority, tmp_path):
    transport = Transport(authentication, authority.ca_file, trace=Trace(tmp_path / "trace"))
    read_all(post(transport, tls_host.url))
    tls_host.respond = lambda seen: http(b"--b--", kind="multipart/related; boundary=b")
    read_all(post(transport, tls_host.url))
    files = {each.name: each.read_bytes() for each in (tmp_path / "trace").iterdir()}
    assert files == {
        "01-TD0.2-request.xml": b"<e/>",
        "01-TD0.2-response.xml": b"<x/>",
        "02-TD0.2-request.xml": b"<e/>",
        "02-TD0.2-response.mime": b"--b--",
    }
    assert Trace(tmp_path / "trace").begin("TD2.1").name == "03-TD2.1"


def _other_authority() -> bytes:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "another authority")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=9))
    made = builder.add_extension(x509.BasicConstraints(True, None), critical=True).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)
