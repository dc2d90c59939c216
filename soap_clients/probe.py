"""How far one gets towards a host, step by step, without asking anything of it: reached, greeted, asked for the time.

For the doctor: no envelope leaves, and the card signs only where a signer is given.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from dossier.certificate import Certificate
from dossier.failure import Failure
from dossier.signer import Signer
from soap_clients.card_tls import context_for

_BLOCK = 64 * 1024
_FLIGHT_LIMIT = 1024 * 1024
_HANDSHAKE_RECORD = 22
_CERTIFICATE, _CERTIFICATE_REQUEST, _HELLO_DONE = 11, 13, 14


@dataclass(frozen=True)
class Greeting:
    """What the host showed in a TLS 1.2 handshake in which its certificate was verified.

    valid_until: end of that certificate, None when it cannot be read; wants_card: it asks for a client certificate;
    completed: the handshake went to its end without one.
    """

    valid_until: datetime | None
    wants_card: bool
    completed: bool


@dataclass(frozen=True)
class HttpAnswer:
    """status: of HTTP; gap: seconds by which the host's clock is ahead of ours, None when it does not tell the time."""

    status: int
    gap: float | None


def reach(url: str, timeout: float) -> None:
    """Open a TCP connection and close it; raises Failure HOST_UNREACHABLE with the name of the exception as reason."""
    with _told():
        _connect(url, timeout).close()


def greet(url: str, ca_file: Path, timeout: float) -> Greeting:
    """Begin a TLS 1.2 handshake without card, as far as the host's certificate and what the host asks for.

    Raises Failure HOST_UNREACHABLE, HOST_CERTIFICATE_REFUSED, HOST_TLS_REFUSED, CA_FILE_UNREADABLE.
    """
    context = context_for(None, ca_file)
    flight, incoming, outgoing = _Flight(), ssl.MemoryBIO(), ssl.MemoryBIO()
    with _told(), closing(_connect(url, timeout)) as sock:
        tls = context.wrap_bio(incoming, outgoing, server_hostname=urlsplit(url).hostname)
        while True:
            try:
                tls.do_handshake()
                return flight.greeting(completed=True)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError:
                raise
            except ssl.SSLError:
                # The host hangs up on who shows no card, after its own certificate was found good.
                if flight.is_over:
                    return flight.greeting(completed=False)
                raise
            finally:
                with suppress(OSError):  # an alert for a host that may be gone
                    sock.sendall(outgoing.read())
            flight.read_from(sock, incoming)


def ask(url: str, ca_file: Path, signer: Signer | None, timeout: float) -> HttpAnswer:
    """Send one HEAD request and read the head of its answer; the card signs the handshake where a signer is given.

    Raises Failure as greet does, CARD_TLS_UNSUPPORTED, OUTCOME_UNKNOWN when no HTTP answer comes, and of the signer.
    """
    context = context_for(signer, ca_file)
    parts = urlsplit(url)
    connection = HTTPSConnection(parts.hostname or "", parts.port or 443, timeout=timeout, context=context)
    try:
        with _told():
            connection.connect()
        started = time.time()
        try:
            connection.request("HEAD", parts.path or "/", headers={"User-Agent": "CPS-Bridge"})
            answer = connection.getresponse()
        except (OSError, HTTPException) as error:
            raise Failure("OUTCOME_UNKNOWN", reason=type(error).__name__) from error
        return HttpAnswer(answer.status, _gap(answer.headers.get("Date", ""), (started + time.time()) / 2))
    finally:
        connection.close()
        context.drop()


def _gap(date: str, now: float) -> float | None:
    """Compare an HTTP date (RFC 9110 5.6.7, whole seconds) with a moment of ours."""
    try:
        told = parsedate_to_datetime(date)
        moment = told if told.tzinfo else told.replace(tzinfo=UTC)
        return moment.timestamp() + 0.5 - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _connect(url: str, timeout: float) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 443), timeout)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise Failure("HOST_CERTIFICATE_REFUSED", reason=error.verify_message[:120]) from error
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
        raise Failure("HOST_UNREACHABLE", reason="handshake cut") from error
    except ssl.SSLError as error:
        raise Failure("HOST_TLS_REFUSED", reason=str(error.reason or "TLS")[:120]) from error
    except (OSError, UnicodeError) as error:
        raise Failure("HOST_UNREACHABLE", reason=type(error).__name__) from error


class _Flight:
    """The messages of the host up to ServerHelloDone, in clear in TLS 1.2 (RFC 5246 6.2.1 and 7.4)."""

    def __init__(self) -> None:
        self._records, self._messages, self._read = bytearray(), bytearray(), 0
        self._seen: dict[int, bytes] = {}

    @property
    def is_over(self) -> bool:
        """Whether the host has said all of its first words."""
        return _HELLO_DONE in self._seen

    def greeting(self, *, completed: bool) -> Greeting:
        """Say what was seen."""
        return Greeting(self._valid_until(), _CERTIFICATE_REQUEST in self._seen, completed)

    def read_from(self, sock: socket.socket, incoming: ssl.MemoryBIO) -> None:
        """Take what comes, for us and for OpenSSL; a closed connection is the end of it."""
        try:
            data = sock.recv(_BLOCK)
        except ConnectionError:
            data = b""
        self._read += len(data)
        if not data or self._read > _FLIGHT_LIMIT:
            incoming.write_eof()
            return
        incoming.write(data)
        self._records += data
        self._take_records()

    def _take_records(self) -> None:
        while len(self._records) >= 5 and not self.is_over:
            length = int.from_bytes(self._records[3:5], "big")
            if len(self._records) < 5 + length:
                return
            if self._records[0] == _HANDSHAKE_RECORD:
                self._messages += self._records[5 : 5 + length]
                self._take_messages()
            del self._records[: 5 + length]

    def _take_messages(self) -> None:
        while len(self._messages) >= 4:
            length = int.from_bytes(self._messages[1:4], "big")
            if len(self._messages) < 4 + length:
                return
            self._seen.setdefault(self._messages[0], bytes(self._messages[4 : 4 + length]))
            del self._messages[: 4 + length]

    def _valid_until(self) -> datetime | None:
        body = self._seen.get(_CERTIFICATE, b"")
        length = int.from_bytes(body[3:6], "big")
        try:
            return Certificate.parse(body[6 : 6 + length]).not_after
        except Failure:
            return None
