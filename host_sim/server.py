"""HTTPS with mutual TLS on 127.0.0.1: one thread for each connection, handshakes never in the accepting thread."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import sys
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from . import multipart_answer
from .call import HostFault
from .faults import Dropped, Refused
from .http_body import BadFraming, Body
from .message import SOAP_TYPE, XOP_TYPE
from .routes import PATHS
from .service import Answer, Service, place_of
from .soap import fault
from .web_pages import BASE, Page

_LOG = logging.getLogger("host_sim")
_ENDPOINTS = {path: name for name, path in PATHS.items()}
_HANDSHAKE_SECONDS = 15
_DRAINED = 1 << 23
_MAX_FORM = 4096
_PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_CIPHERS = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-SHA384"


def tls_context(certificate: Path, key: Path, ca_file: Path) -> ssl.SSLContext:
    """TLS 1.2 or later, a client certificate of the authority required; tickets and resumption as OpenSSL has them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


class HostServer(ThreadingHTTPServer):
    """The listening socket; connections are wrapped and shaken hands with in their own thread."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, service: Service, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.service = service
        self._context = context

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands, then serve the requests of the connection (called in the worker thread)."""
        request.settimeout(_HANDSHAKE_SECONDS)
        connection = self._context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        try:
            connection.do_handshake()
        except (OSError, ValueError) as error:
            _LOG.info("handshake refused: %s", type(error).__name__)
            connection.close()
            return
        try:
            handler = _Handler(connection, client_address, self)
            if not handler.dropped:
                _say_goodbye(connection)
        finally:
            connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that ends badly is the client's affair: note it, without a traceback."""
        error = sys.exception()
        _LOG.info("connection ended badly: %s", place_of(error) if error else "")


def _say_goodbye(connection: ssl.SSLSocket) -> None:
    # A close_notify keeps the client's session resumable; its own is not waited for.
    with contextlib.suppress(OSError, ValueError):
        connection.setblocking(False)
        connection.unwrap()


class _Handler(BaseHTTPRequestHandler):
    """Requests of one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "host-sim"
    sys_version = ""
    timeout = 120
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: HostServer
    connection: socket.socket

    def setup(self) -> None:
        self.dropped = False
        super().setup()

    def do_POST(self) -> None:
        """Serve one SOAP request, or a form of the contextual web access."""
        if self.path.startswith(BASE):
            self._post_page()
            return
        endpoint = _ENDPOINTS.get(self.path)
        if endpoint is None:
            self._plain(404)
            return
        service = self.server.service
        body = None
        try:
            body = Body(dict(self.headers.items()), self.rfile, service.house.parameters["max_body_bytes"])
            answer = service.serve(endpoint, self.headers.get("Content-Type", ""), body, self._peer())
        except HostFault as refusal:
            answer = Answer(500, fault(refusal, ""))
        except BadFraming:
            self._plain(400)
            return
        except Refused:
            self._plain(503)
            return
        except Dropped:
            self.dropped = self.close_connection = True
            return
        self._send(answer, finished=body is not None and body.finished)
        if body is not None and not body.finished:
            self._drain(body)

    def do_GET(self) -> None:
        """Serve one page of the contextual web access; nothing else is served to GET."""
        if not self.path.startswith(BASE):
            self._plain(405)
            return
        self._page(self.server.service.web.answer(self.path, self._peer()))

    def _post_page(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MAX_FORM:
            self._plain(400)
            return
        self._page(self.server.service.web.answer(self.path, self._peer(), self.rfile.read(int(length))))

    def _page(self, page: Page) -> None:
        data = page.html.encode()
        self.send_response(page.status)
        for name, value in _PAGE_HEADERS.items():
            self.send_header(name, value)
        if page.location:
            self.send_header("Location", page.location)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """No line for each request: a path of the web access names a patient."""

    def _peer(self) -> bytes:
        assert isinstance(self.connection, ssl.SSLSocket)
        certificate = self.connection.getpeercert(binary_form=True)
        assert certificate is not None
        return certificate

    def _plain(self, status: int) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

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
