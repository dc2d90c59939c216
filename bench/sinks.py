"""Where the deposits of the bench go: the C sink in the clear, and a TLS sink that asks for a client certificate."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bench.cast import authority
from bench.compiled import floor

_ANSWER = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">'
    "<s:Header><a:Action>urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse</a:Action><a:RelatesTo>{}"
    '</a:RelatesTo></s:Header><s:Body><r:RegistryResponse xmlns:r="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0" '
    'status="urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"/></s:Body></s:Envelope>'
)


@contextmanager
def running(command: list[str]) -> Iterator[int]:
    """Run a sink; gives the port it prints first, and ends it afterwards."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def plain() -> list[str]:
    """Give the command of the C sink."""
    return [str(floor("sink"))]


def tls() -> list[str]:
    """Give the command of the TLS sink."""
    return [sys.executable, "-m", "bench.sinks"]


def _serve() -> None:
    made = authority()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server_cert_file, made.server_key_file)
    context.load_verify_locations(made.ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=_take, args=(context, peer), daemon=True).start()


def _take(context: ssl.SSLContext, raw: socket.socket) -> None:
    with suppress(OSError), raw, context.wrap_socket(raw, server_side=True) as peer:
        room = memoryview(bytearray(1 << 20))
        while True:
            head = b""
            while b"\r\n\r\n" not in head:
                block = peer.recv(65536)
                if not block:
                    return
                head += block
            length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            left = int(length.group(1) if length else 0) - (len(head) - head.index(b"\r\n\r\n") - 4)
            while left > 0 and len(head) < 65536:
                block = peer.recv(min(left, 65536))
                if not block:
                    return
                head += block
                left -= len(block)
            while left > 0:
                left -= peer.recv_into(room, min(left, len(room))) or left
            named = re.search(rb"MessageID[^>]*>([^<]+)<", head)
            body = _ANSWER.format(named.group(1).decode() if named else "").encode()
            kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: %d\r\n\r\n" % len(body)
            peer.sendall(kind + body)


if __name__ == "__main__":
    _serve()
