"""HTTPS with mutual TLS on 127.0.0.1: one thread for each connection, handshakes never in the accepting thread."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
from pathlib import Path
from typing import Any

from .http_exchange import Answer, LoopbackServer, SoapHandler
from .routes import PATHS
from .service import Service
from .soap import fault
from .web_pages import BASE, Page

_LOG = logging.getLogger("host_sim")
_ENDPOINTS = {path: name for name, path in PATHS.items()}
_HANDSHAKE_SECONDS = 15
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


class HostServer(LoopbackServer):
    """The listening socket; connections are wrapped and shaken hands with in their own thread."""

    def __init__(self, port: int, service: Service, context: ssl.SSLContext) -> None:
        super().__init__(port, _Handler)
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


def _say_goodbye(connection: ssl.SSLSocket) -> None:
    # A close_notify keeps the client's session resumable; its own is not waited for.
    with contextlib.suppress(OSError, ValueError):
        connection.setblocking(False)
        connection.unwrap()


class _Handler(SoapHandler):
    """Requests of one connection."""

    server: HostServer
    connection: socket.socket

    def do_POST(self) -> None:  # noqa: N802 - the parent's name
        """Serve one SOAP request, or a form of the contextual web access."""
        if self.path.startswith(BASE):
            self._post_page()
            return
        endpoint = _ENDPOINTS.get(self.path)
        if endpoint is None:
            self.plain(404)
            return
        service, peer = self.server.service, self._peer()
        self.exchange(
            service.house.parameters["max_body_bytes"],
            lambda media_type, body: service.serve(endpoint, media_type, body, peer),
            lambda refusal: Answer(500, fault(refusal, "")),
        )

    def do_GET(self) -> None:  # noqa: N802 - the parent's name
        """Serve one page of the contextual web access; nothing else is served to GET."""
        if not self.path.startswith(BASE):
            self.plain(405)
            return
        self._page(self.server.service.web.answer(self.path, self._peer()))

    def _post_page(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MAX_FORM:
            self.plain(400)
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

    def _peer(self) -> bytes:
        assert isinstance(self.connection, ssl.SSLSocket)
        certificate = self.connection.getpeercert(binary_form=True)
        assert certificate is not None
        return certificate
