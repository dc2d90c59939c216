"""A mutual-TLS host of a few lines, a key in software behind the Signer of the house, and ready-made SOAP answers."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

_HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
NOW = datetime(2026, 11, 23, 9, 30, 15, 250_000, tzinfo=UTC)


@dataclass
class SoftSigner:
    """A key in software that counts its signatures and may be told to fail."""

    key: rsa.RSAPrivateKey
    certificate: bytes
    chain: tuple[bytes, ...] = ()
    hashes_used: list[str] = field(default_factory=list)
    error: Exception | None = None

    def sign(self, hash_name: str, digest: bytes) -> bytes:
        if self.error:
            raise self.error
        self.hashes_used.append(hash_name)
        return self.key.sign(digest, padding.PKCS1v15(), utils.Prehashed(_HASHES[hash_name]))


@dataclass
class Seen:
    """One request as the server saw it."""

    head: str
    body: bytes

    def header(self, name: str) -> str:
        found = re.search(rf"^{name}: (.*?)\r?$", self.head, re.MULTILINE | re.IGNORECASE)
        return found.group(1) if found else ""

    @property
    def message_id(self) -> str:
        return re.search(rb"MessageID[^>]*>([^<]+)<", self.body).group(1).decode()


class TlsHost:
    """An HTTPS server whose answers are made by ``respond(seen) -> bytes`` (b"" closes without an answer)."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.respond: Callable[[Seen], bytes] = lambda seen: http(b"<x/>")
        self.close_after_answer = False
        self.seen: list[Seen] = []
        self.resumed: list[bool] = []
        self.handshake_errors: list[str] = []
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def close(self) -> None:
        self._listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        for each in tuple(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
                each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        raw.settimeout(30)
        try:
            connection = self._context.wrap_socket(raw, server_side=True)
        except (ssl.SSLError, OSError) as error:
            self.handshake_errors.append(str(error))
            raw.close()
            return
        self.resumed.append(bool(connection.session_reused))
        self._open.add(connection)
        with suppress(OSError, ssl.SSLError, ValueError), connection, connection.makefile("rb") as stream:
            while (seen := _read(stream)) is not None:
                self.seen.append(seen)
                answer = self.respond(seen)
                if not answer:
                    break
                connection.sendall(answer)
                if self.close_after_answer:
                    break
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._open.discard(connection)


def _read(stream: object) -> Seen | None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        head += line
    text = head.decode("latin-1")
    length = int(Seen(text, b"").header("Content-Length") or 0)
    body = stream.read(length)
    return Seen(text, body) if len(body) == length else None


def http(body: bytes, *, status: str = "200 OK", kind: str = "application/soap+xml; charset=UTF-8") -> bytes:
    """Make an HTTP answer of known length."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def soap(body: str, *, action: str, relates_to: str, headers: str = "") -> bytes:
    """Make an answer envelope."""
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">'
        f"<s:Header><a:Action>{action}</a:Action><a:MessageID>urn:uuid:7</a:MessageID>"
        f"<a:RelatesTo>{relates_to}</a:RelatesTo>{headers}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault(code: str, reason: str, relates_to: str) -> bytes:
    """Make a SOAP 1.2 fault as the host writes it."""
    body = (
        f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>soap:{code}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{reason}</s:Text></s:Reason></s:Fault>'
    )
    return soap(body, action="http://www.w3.org/2005/08/addressing/soap/fault", relates_to=relates_to)


def xmlsec1(path: Path, ca_file: Path, tag: str) -> subprocess.CompletedProcess[str]:
    """Verify the signature in a file with the xmlsec1 command; tag: "namespace:name" of the element with an ID."""
    command = ["xmlsec1", "--verify", "--id-attr:ID", tag]
    # The command reads the first certificate of a file alone.
    for number, pem in enumerate(ca_file.read_text().split("-----END CERTIFICATE-----\n")[:-1]):
        one = path.with_name(f"authority-{number}.pem")
        one.write_text(f"{pem}-----END CERTIFICATE-----\n")
        command += ["--trusted-pem", str(one)]
    return subprocess.run([*command, str(path)], capture_output=True, text=True, timeout=60, check=False)
