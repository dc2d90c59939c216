"""The card's key inside an ordinary TLS context, against real handshakes."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading

import pytest

from dossier.failure import Failure
from soap_clients import card_tls, libssl
from soap_clients.card_tls import context_for, self_check


def _connect(context, tls_host):
    sock = socket.create_connection(("127.0.0.1", tls_host.port), timeout=10)
    return context.wrap_socket(sock, server_hostname="localhost")


def _resumes(context, tls_host) -> bool:
    with _connect(context, tls_host) as connection:
        return connection.session_reused


def test_the_self_check_finds_this_interpreter_usable_in_a_child_process_and_runs_once():
    self_check()
    self_check()
    assert card_tls._verdict.cache_info().misses == 1


def test_the_self_check_says_why_when_the_child_finds_a_hidden_symbol(monkeypatch):
    monkeypatch.setitem(libssl._PROTOTYPES, "RSA_meth_not_there", (None,))
    libssl.functions.cache_clear()
    try:
        assert card_tls.check_here() == "symbol RSA_meth_not_there is hidden"
    finally:
        monkeypatch.undo()
        libssl.functions.cache_clear()


def test_an_unusable_interpreter_is_a_failure_with_its_reason(monkeypatch, authentication, authority):
    monkeypatch.setattr(card_tls, "_verdict", lambda: "symbol RSA_meth_dup is hidden")
    with pytest.raises(Failure) as caught:
        context_for(authentication, authority.ca_file)
    assert caught.value.code == "CARD_TLS_UNSUPPORTED"
    assert "RSA_meth_dup" in caught.value.sentence()


def test_the_module_run_as_a_program_checks_and_ends_with_zero():
    done = subprocess.run([sys.executable, "-m", "soap_clients.card_tls"], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, b"")


def test_a_handshake_is_signed_by_the_signer_with_the_certificate_of_the_card(tls_host, authentication, authority):
    context = context_for(authentication, authority.ca_file)
    with _connect(context, tls_host) as connection:
        assert connection.version() == "TLSv1.2"
        assert connection.cipher()[0] in card_tls.SUITES
    assert len(authentication.hashes_used) == 1


def test_a_server_that_prefers_pss_still_gets_a_pkcs1_signature(tls_host, authentication, authority, server_context):
    pointer = libssl.context_pointer(server_context)
    preferred = b"RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256"
    assert libssl.functions()["SSL_CTX_ctrl"](pointer, 98, 0, preferred) == 1
    with _connect(context_for(authentication, authority.ca_file), tls_host):
        pass
    assert authentication.hashes_used == ["sha256"]
    assert not tls_host.handshake_errors


def test_a_server_that_only_takes_tls_1_3_is_refused_without_asking_the_card(
    tls_host, authentication, authority, server_context
):
    server_context.minimum_version = ssl.TLSVersion.TLSv1_3
    with pytest.raises(ssl.SSLError):
        _connect(context_for(authentication, authority.ca_file), tls_host)
    assert authentication.hashes_used == []


def test_ten_connections_cost_one_signature(tls_host, authentication, authority):
    context = context_for(authentication, authority.ca_file)
    assert [_resumes(context, tls_host) for _ in range(10)] == [False] + [True] * 9
    assert len(authentication.hashes_used) == 1


def test_a_session_is_not_offered_to_another_host(tls_host, authentication, authority):
    context = context_for(authentication, authority.ca_file)
    _connect(context, tls_host).close()
    sock = socket.create_connection(("127.0.0.1", tls_host.port), timeout=10)
    with context.wrap_socket(sock, server_hostname="127.0.0.1") as connection:
        assert not connection.session_reused
    assert len(authentication.hashes_used) == 2


def test_an_old_session_is_not_offered_again(tls_host, authentication, authority, monkeypatch):
    context = context_for(authentication, authority.ca_file)
    assert not _resumes(context, tls_host)
    monkeypatch.setattr(card_tls, "SESSION_SECONDS", -1)
    assert not _resumes(context, tls_host)


def test_a_dropped_context_makes_no_connection_and_keeps_no_session(tls_host, authentication, authority):
    context = context_for(authentication, authority.ca_file)
    _connect(context, tls_host).close()
    context.drop()
    with pytest.raises(Failure) as caught:
        _connect(context, tls_host)
    assert caught.value.code == "HOST_SESSION_CLOSED"
    assert not context._sessions
    assert context._key not in libssl._SIGNERS


def test_what_the_card_said_comes_out_of_a_failed_handshake_and_the_next_one_works(tls_host, authentication, authority):
    context = context_for(authentication, authority.ca_file)
    authentication.error = Failure("CARD_REMOVED")
    with pytest.raises(Failure) as caught:
        _connect(context, tls_host)
    assert caught.value.code == "CARD_REMOVED"
    authentication.error = None
    with _connect(context, tls_host) as connection:
        assert connection.version() == "TLSv1.2"


def test_the_key_refuses_to_sign_outside_a_handshake_and_more_than_once(authentication, authority):
    context = context_for(authentication, authority.ca_file)
    rsa = context._key
    assert libssl.try_signature(rsa, bytes(32)) is None
    with context._armed():
        assert libssl.try_signature(rsa, bytes(32)) is not None
        assert libssl.try_signature(rsa, bytes(32)) is None
    assert len(authentication.hashes_used) == 1


def test_a_handshake_in_another_thread_does_not_arm_this_one(authentication, authority):
    context = context_for(authentication, authority.ca_file)
    rsa = context._key
    found = []
    with context._armed():
        other = threading.Thread(target=lambda: found.append(libssl.try_signature(rsa, bytes(32))))
        other.start()
        other.join()
    assert found == [None]


def test_many_threads_may_shake_hands_at_once(tls_host, authentication, authority):
    context = context_for(authentication, authority.ca_file)
    errors, done = [], []

    def work():
        try:
            done.extend(_resumes(context, tls_host) for _ in range(5))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert errors == []
    assert len(done) == 30
    assert len(authentication.hashes_used) == done.count(False) <= 6


def test_a_missing_file_of_authorities_is_a_failure(authentication, tmp_path):
    with pytest.raises(Failure) as caught:
        context_for(authentication, tmp_path / "none.pem")
    assert caught.value.code == "CA_FILE_UNREADABLE"


def test_a_certificate_that_openssl_cannot_read_is_a_failure(authentication, authority):
    authentication.certificate = b"0\x03\x02\x01\x01"
    with pytest.raises(Failure) as caught:
        context_for(authentication, authority.ca_file)
    assert caught.value.code == "CARD_TLS_UNSUPPORTED"
