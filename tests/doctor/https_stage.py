"""A real HTTPS server of the loopback whose clock, certificate and manners the test chooses."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils


@dataclass
class SoftSigner:
    """A key in software that counts its signatures."""

    key: rsa.RSAPrivateKey
    certificate: bytes
    chain: tuple[bytes, ...] = ()
    count: int = 0

    def sign(self, hash_name: str, digest: bytes) -> bytes:
        self.count += 1
        known = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
        return self.key.sign(digest, padding.PKCS1v15(), utils.Prehashed(known[hash_name]))


class _Handler(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        manners = self.server.manners
        self.send_response_only(manners.get("status", 200))
        if manners.get("date", True):
            self.send_header("Date", self.date_time_string(time.time() + manners.get("ahead", 0)))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def __init__(self, manners: dict[str, Any], context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.manners, self._context = manners, context

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(10)
        if self._context:
            request = self._context.wrap_socket(request, server_side=True)
        _Handler(request, client_address, self)

    def handle_error(self, *_: Any) -> None:
        pass


@contextmanager
def https_host(certificate: Path, key: Path | None = None, **manners: Any) -> Iterator[str]:
    """Serve HEAD requests; manners: clients (CA file whose certificates are demanded), ahead (seconds by which its
    clock is ahead), status, date (False: none is told), version (the only TLS version), plain (no TLS at all)."""
    server = _Server(manners, None if manners.get("plain") else _context(certificate, key, manners))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"https://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _context(certificate: Path, key: Path | None, manners: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if "version" in manners:
        context.minimum_version = context.maximum_version = manners["version"]
    if "clients" in manners:
        context.load_verify_locations(manners["clients"])
        context.verify_mode = ssl.CERT_REQUIRED
    return context
