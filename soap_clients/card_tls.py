"""TLS client authentication with the key that stays in the card, inside an ordinary ``ssl.SSLContext``.

The card signs only in the thread and during the handshake that asked for it, once; afterwards the TLS session is
resumed (RFC 5077), so that one session with the host costs one signature. Only TLS 1.2 and rsa_pkcs1 signatures are
offered: the cards know nothing else (TLS 1.3 and RSA-PSS would need it).
"""

from __future__ import annotations

import logging
import os
import ssl
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from dossier.failure import Failure
from dossier.signer import Signer
from soap_clients import libssl

SUITES = ":".join(
    (
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-RSA-AES256-SHA384",
    )
)
SESSION_SECONDS = 3600
_CHECK_SECONDS = 60

_log = logging.getLogger("soap_clients")


class CardContext(ssl.SSLContext):
    """A client context of one card and one person; it keeps one TLS session per host, in memory only.

    A resumed session authenticates without the card, so it is worth the card: ``drop`` forgets it.
    """

    def _open(self, signer: Signer | None) -> None:
        self._signer = signer
        self._sessions: dict[str, ssl.SSLSession] = {}
        self._lock = threading.Lock()
        self._turn = threading.local()
        self._dropped = False
        self._key = 0
        if signer is not None:
            sign = _callback(weakref.ref(self))
            self._key = libssl.install_key(self, signer.certificate, signer.chain, sign)
            self._forget_key = weakref.finalize(self, libssl.remove_key, self._key)

    def wrap_socket(self, sock: Any, *arguments: Any, **named: Any) -> ssl.SSLSocket:
        """Wrap a socket as usual, offering the host's last session, the card being allowed one signature meanwhile.

        Raises Failure HOST_SESSION_CLOSED, the signer's own failure, or what ssl raises.
        """
        if self._dropped:
            raise Failure("HOST_SESSION_CLOSED")
        host = named.get("server_hostname") or ""
        named.setdefault("session", self._session_for(host))
        with self._armed():
            wrapped = super().wrap_socket(sock, *arguments, **named)
        _log.info("tls handshake resumed=%s version=%s", wrapped.session_reused, wrapped.version())
        with self._lock:
            if wrapped.session is not None and not self._dropped:
                self._sessions[host] = wrapped.session
        return wrapped

    def drop(self) -> None:
        """Forget sessions, tickets and the key; this context makes no further connection."""
        with self._lock:
            self._dropped = True
            self._sessions.clear()
        if self._signer is not None:
            self._forget_key()

    def _session_for(self, host: str) -> ssl.SSLSession | None:
        with self._lock:
            session = self._sessions.get(host)
            if session is not None and session.time + min(SESSION_SECONDS, session.timeout or 0) < time.time():
                session = self._sessions.pop(host, None) and None
            return session

    @contextmanager
    def _armed(self) -> Iterator[None]:
        self._turn.left, self._turn.error = 1, None
        try:
            yield
        except (ssl.SSLError, OSError):
            if self._turn.error is not None:
                # OpenSSL only says "EVP lib": what the card said is worth more.
                raise self._turn.error from None
            raise
        finally:
            self._turn.left = 0

    def sign_armed(self, hash_name: str, digest: bytes) -> bytes | None:
        """Sign for the handshake that runs in this thread; None (a refusal) when there is none, or already signed."""
        if not getattr(self._turn, "left", 0) or self._signer is None:
            return None
        self._turn.left = 0
        try:
            return self._signer.sign(hash_name, digest)
        except BaseException as error:
            # It may not cross the C frames above: kept, and raised again by _armed.
            self._turn.error = error
            return None


def _callback(context: weakref.ref[CardContext]) -> Any:
    def sign(hash_name: str, digest: bytes) -> bytes | None:
        alive = context()
        return None if alive is None else alive.sign_armed(hash_name, digest)

    return sign


def context_for(signer: Signer | None, ca_file: Path) -> CardContext:
    """Make a context that trusts only ``ca_file`` (PEM) and authenticates with the signer's certificate.

    signer: None for a host that asks for no certificate. Raises Failure CARD_TLS_UNSUPPORTED where the interpreter
    cannot hold a card's key, CA_FILE_UNREADABLE.
    """
    if signer is not None:
        self_check()
    context = CardContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(SUITES)
    try:
        context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Failure("CA_FILE_UNREADABLE", file=Path(ca_file).name) from error
    try:
        context._open(signer)
    except libssl.Unsupported as reason:
        raise Failure("CARD_TLS_UNSUPPORTED", reason=str(reason)) from reason
    return context


@cache
def _verdict() -> str:
    """Run the check in a child process, since a wrong pointer crashes rather than raises; "" means usable."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    command = [sys.executable, "-m", "soap_clients.card_tls"]
    try:
        child = subprocess.run(
            command, capture_output=True, timeout=_CHECK_SECONDS, env=environment, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError) as error:
        return type(error).__name__
    if child.returncode == 0:
        return ""
    return child.stdout.decode("utf-8", "replace").strip()[:200] or f"child process ended with {child.returncode}"


_check_lock = threading.Lock()


def self_check() -> None:
    """Check once per process, in a child, that this interpreter's TLS can hold a card's key.

    Symbols, layout of the context and a signature without handshake are tried. Raises Failure CARD_TLS_UNSUPPORTED
    with the reason.
    """
    with _check_lock:
        reason = _verdict()
    if reason:
        raise Failure("CARD_TLS_UNSUPPORTED", reason=reason)


class _Echo:
    """A signer whose signatures are recognisable and worth nothing."""

    chain: tuple[bytes, ...] = ()

    def __init__(self) -> None:
        self.certificate = _throwaway_certificate()

    def sign(self, hash_name: str, digest: bytes) -> bytes:
        return (hash_name.encode() + digest).ljust(256, b"\x5a")


def _throwaway_certificate() -> bytes:
    """Make a certificate over a modulus that has no private key: only its shape matters here."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "self check")])
    public = rsa.RSAPublicNumbers(65537, (1 << 2047) + 12345).public_key()
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, public, 1, now - timedelta(days=1), now + timedelta(days=1))
    issued = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return issued.public_bytes(serialization.Encoding.DER)


def check_here() -> str:
    """Try everything in this process; "" or the reason why it does not work."""
    digest, signer = bytes(range(32)), _Echo()
    context = CardContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options |= ssl.OP_NO_TICKET
    try:
        context._open(signer)
    except libssl.Unsupported as reason:
        return str(reason)
    rsa = context._key
    if libssl.try_signature(rsa, digest) is not None:
        return "a signature was made without being asked for"
    with context._armed():
        if libssl.try_signature(rsa, digest) != signer.sign("sha256", digest):
            return "the key did not sign through the callback"
        if libssl.try_signature(rsa, digest) is not None:
            return "a second signature was made"
    return ""


if __name__ == "__main__":
    _reason = check_here()
    sys.stdout.write(_reason)
    sys.exit(1 if _reason else 0)
