"""What every HTTP door of the host shares: one SOAP request read in bounds, and its answer sent, as MTOM or plain."""

from __future__ import annotations

import contextlib
import logging
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import multipart_answer
from .call import HostFault, Part
from .faults import Dropped, Refused
from .http_body import BadFraming, Body
from .message import SOAP_TYPE, XOP_TYPE
from .noting import place_of

_LOG = logging.getLogger("host_sim")
_DRAINED = 1 << 23


@dataclass(frozen=True)
class Answer:
    """What the HTTP layer sends: the envelope, the files that follow it, and whether it takes the MTOM form."""

    status: int
    envelope: bytes
    parts: Mapping[str, Part] = field(default_factory=dict)
    multipart: bool = False


class LoopbackServer(ThreadingHTTPServer):
    """A listening socket on 127.0.0.1; one thread for each connection."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", port), handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that ends badly is the client's affair: note it, without a traceback."""
        error = sys.exception()
        _LOG.info("connection ended badly: %s", place_of(error) if error else "")


class SoapHandler(BaseHTTPRequestHandler):
    """Requests of one connection; `dropped` when an armed fault wanted it closed without an answer."""

    protocol_version = "HTTP/1.1"
    server_version = "host-sim"
    sys_version = ""
    timeout = 120
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Prepare for the first request."""
        self.dropped = False
        super().setup()

    def exchange(
        self, limit: int, serve: Callable[[str, Body], Answer], refused: Callable[[HostFault], Answer]
    ) -> None:
        """Serve one SOAP request of at most `limit` bytes.

        serve: from media type and body to the answer; refused: the answer to a request that breaks the bounds.
        """
        body = None
        try:
            body = Body(dict(self.headers.items()), self.rfile, limit)
            answer = serve(self.headers.get("Content-Type", ""), body)
        except HostFault as refusal:
            answer = refused(refusal)
        except BadFraming:
            self.plain(400)
            return
        except Refused:
            self.plain(503)
            return
        except Dropped:
            self.dropped = self.close_connection = True
            return
        self._send(answer, finished=body is not None and body.finished)
        if body is not None and not body.finished:
            self._drain(body)

    def plain(self, status: int) -> None:
        """Answer with a status alone, and close."""
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """No line for each request: a path may name a patient."""

    def _send(self, answer: Answer, *, finished: bool) -> None:
        self.send_response(answer.status)
        if not finished:
            self.close_connection = True
            self.send_header("Connection", "close")
        if answer.multipart:
            self._send_multipart(answer)
        else:
            self.send_header("Content-Type", f"{SOAP_TYPE}; charset=UTF-8")
            self.send_header("Content-Length", str(len(answer.envelope)))
            self.end_headers()
            self.wfile.write(answer.envelope)
        self.wfile.flush()

    def _send_multipart(self, answer: Answer) -> None:
        boundary = f"uuid-{uuid.uuid4()}"
        root_type = f'{XOP_TYPE}; charset=UTF-8; type="{SOAP_TYPE}"'
        parts = (answer.envelope, answer.parts, boundary, root_type)
        self.send_header("Content-Type", multipart_answer.multipart_type(boundary))
        self.send_header("Content-Length", str(multipart_answer.length_of_parts(*parts)))
        self.end_headers()
        multipart_answer.write_parts(self.wfile, *parts)

    def _drain(self, body: Body) -> None:
        """Swallow a little of what the client still sends, so that it sees the answer before the connection closes."""
        left = _DRAINED
        with contextlib.suppress(OSError, BadFraming, HostFault):
            self.connection.settimeout(2)
            while left > 0 and (block := body.read(1 << 16)):
                left -= len(block)
