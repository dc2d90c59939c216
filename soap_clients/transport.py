"""HTTPS to the host with the professional's card: one POST is sent at most once, and we know how far it went.

The outcome is one of: refused before anything left (HOST_UNREACHABLE, HOST_CERTIFICATE_REFUSED, HOST_TLS_REFUSED, the
card's own failures), left without a usable answer (OUTCOME_UNKNOWN), or an answer.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from dossier.failure import Failure
from dossier.signer import Signer
from soap_clients.card_tls import context_for
from soap_clients.streams import AnswerStream, Body, BytesBody, CountedBody
from soap_clients.trace import Trace, TracedExchange

if TYPE_CHECKING:
    import requests

MEGABYTE = 1024 * 1024
ANSWER_LIMIT = 16 * MEGABYTE
SOAP_TYPES = frozenset({"application/soap+xml", "multipart/related", "application/xop+xml"})

_log = logging.getLogger("soap_clients")


@dataclass(frozen=True)
class Answer:
    """The head of an answer and the stream of its body; the reader closes the stream.

    status: of HTTP, 200 or the one of a fault; content_type: as sent.
    """

    status: int
    content_type: str
    stream: BinaryIO


class Transport:
    """The connections of one card to the host; after ``drop`` it makes no other.

    signer: the authentication key, None when the host asks for no certificate; ca_file: PEM of the only authorities
    trusted; time-outs in seconds (connect: also each step of the handshake; read: between two packets).
    """

    def __init__(
        self,
        signer: Signer | None,
        ca_file: Path,
        *,
        connect_timeout: float = 15.0,
        read_timeout: float = 60.0,
        trace: Trace | None = None,
        size_limit: int = ANSWER_LIMIT,
    ) -> None:
        self.signer = signer
        self.size_limit = size_limit
        self._ca_file, self._trace = ca_file, trace
        self._timeouts = (connect_timeout, read_timeout)
        self._lock = threading.Lock()
        self._dropped = False
        self._opened: tuple[requests.Session, Any, Any] | None = None

    def post(
        self, url: str, body: bytes | Body, content_type: str, *, transaction: str, limit: int | None = None
    ) -> Answer:
        """Send one request and give the head of a SOAP answer; ``limit`` caps the bytes of its body.

        Raises Failure as the module says, or HOST_NOT_SOAP when something else than a SOAP service answered.
        """
        traced = self._trace.begin(transaction) if self._trace else None
        started = time.monotonic()
        response = self._send(url, body, content_type, traced)
        found = str(response.headers.get("Content-Type", ""))
        kind = found.partition(";")[0].strip().lower()
        coded = response.headers.get("Content-Encoding", "identity").strip().lower()
        _log.info("%s status=%s type=%s ms=%d", transaction, response.status_code, kind[:40], _since(started))
        usable = kind in SOAP_TYPES and coded == "identity" and _is_framed(response)
        trace = traced.open_response(found) if traced and usable else None
        stream = _answer_stream(response, limit or self.size_limit, trace)
        if not usable:
            raise _not_soap(response, kind, stream)
        return Answer(response.status_code, found, cast(BinaryIO, stream))

    def drop(self) -> None:
        """Forget TLS sessions and tickets, close every connection, those in use included; for good."""
        with self._lock:
            self._dropped, opened, self._opened = True, self._opened, None
        if opened:
            session, adapter, context = opened
            context.drop()
            adapter.cut()
            session.close()

    def _send(
        self, url: str, body: bytes | Body, content_type: str, traced: TracedExchange | None
    ) -> requests.Response:
        session = self._session()
        from soap_clients.connections import LOST

        file = traced.open_request(content_type) if traced else None
        counted = CountedBody(BytesBody(body) if isinstance(body, bytes) else body, file)
        try:
            return session.post(
                url,
                data=cast(Any, counted),
                headers={"Content-Type": content_type},
                stream=True,
                timeout=self._timeouts,
                allow_redirects=False,
            )
        except LOST as error:
            raise self._lost(counted, error) from error
        finally:
            if file:
                file.close()

    def _lost(self, counted: CountedBody, error: Exception) -> Exception:
        if counted.error is not None:
            return counted.error
        _log.warning("exchange lost complete=%s error=%s", counted.complete, type(error).__name__)
        if counted.complete:
            return Failure("OUTCOME_UNKNOWN", reason=type(error).__name__)
        return Failure("HOST_UNREACHABLE", reason=type(error).__name__)

    def _session(self) -> requests.Session:
        with self._lock:
            if self._dropped:
                raise Failure("HOST_SESSION_CLOSED")
            if self._opened is None:
                from soap_clients.connections import open_session

                context = context_for(self.signer, self._ca_file)
                self._opened = (*open_session(context), context)
            return self._opened[0]


def _since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)


def _is_framed(response: requests.Response) -> bool:
    """Whether the answer says its length: without it a cut answer looks whole (RFC 9112 8)."""
    headers = response.headers
    return headers.get("Content-Length", "").isdecimal() or "chunked" in headers.get("Transfer-Encoding", "").lower()


def _not_soap(response: requests.Response, kind: str, stream: AnswerStream) -> Failure:
    status = int(response.status_code)
    # A gateway that answers 5xx may have passed the request on: only the host can say what became of it.
    if status >= 500:
        stream.close()
        return Failure("OUTCOME_UNKNOWN", reason=f"HTTP {status}")
    if not _is_framed(response) and kind != "text/html":
        stream.close()
        return Failure("OUTCOME_UNKNOWN", reason="answer without length")
    # An answer cut inside its head shows a half type and no body: reading on tells it from a portal's page.
    with closing(stream):
        try:
            stream.read(1)
        except Failure as failure:
            return failure
    return Failure("HOST_NOT_SOAP", status=status, type=kind[:40] or "?")


def _answer_stream(response: requests.Response, limit: int, trace: BinaryIO | None) -> AnswerStream:
    from http.client import HTTPException

    from soap_clients.connections import LOST

    raw = response.raw

    def read(size: int) -> bytes:
        return cast(bytes, raw.read(size, decode_content=False))

    def finish(ended: bool) -> None:
        with suppress(*LOST, HTTPException):
            if not ended:
                raw.close()
            raw.release_conn()

    return AnswerStream(read, finish, limit=limit, lost=(*LOST, HTTPException), trace=trace)


def read_all(answer: Answer) -> bytes:
    """Read an answer to its end and give its connection back."""
    with closing(answer.stream) as stream:
        return stream.read()
