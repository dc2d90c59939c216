"""ITI-41: a deposit from a file, hash and stream, beside the same bytes hashed and sent with the least work."""

from __future__ import annotations

import gc
import hashlib
import os
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench import sinks
from bench.cast import PATIENT, authority, host, keys, lot_of
from bench.measure import Result, interleaved, milliseconds
from dossier.access import NORMAL_ACCESS
from dossier.document import FileContent
from soap_clients.mtom import MtomBody
from soap_clients.transport import Transport
from soap_clients.xds import submit

MEGABYTE = 1_000_000
EXTRA_MEMORY_LIMIT = 10.0


class PlainTransport(Transport):
    """The transport of the client without TLS: only the bench speaks in the clear, to measure the rest."""

    def _session(self) -> requests.Session:
        if self._opened is None:
            from soap_clients.connections import open_session

            session, adapter = open_session(ssl.create_default_context())
            session.mount("http://", requests.adapters.HTTPAdapter())
            self._opened = (session, adapter, _NoContext())
        return self._opened[0]


class _NoContext:
    def drop(self) -> None:
        """Forget nothing: there is no TLS session."""


@contextmanager
def payload(megabytes: float) -> Iterator[Path]:
    """Make a file of random bytes."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "document"
        block, left = os.urandom(MEGABYTE), int(megabytes * MEGABYTE)
        with path.open("wb") as file:
            while left > 0:
                left -= file.write(block[:left])
        yield path


def plain(case: str, megabytes: float, rounds: int, goal: float) -> Result:
    """Deposit in the clear, beside SHA-1 and sendfile."""
    with payload(megabytes) as path, sinks.running(sinks.plain()) as port, ExitStack() as after:
        connected = host(f"http://127.0.0.1:{port}/repository", PlainTransport(None, authority().ca_file))
        after.callback(connected.close)

        def ours() -> float:
            return milliseconds(lambda: deposit(connected, path))

        def peer() -> float:
            return milliseconds(lambda: hash_and_sendfile(port, path))

        value, reference = interleaved(ours, peer, rounds)
    return Result.of(case, value, "ms", reference, goal)


def deposit(connected: object, path: Path) -> None:
    """Hash, freeze and send, as the client does."""
    submit.send(connected, submit.freeze(lot_of(path)), NORMAL_ACCESS, patient=PATIENT)  # type: ignore[arg-type]


def hash_and_sendfile(port: int, path: Path) -> None:
    """Hash the file, and let the kernel copy it to the socket."""
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha1")
    size = path.stat().st_size
    with socket.create_connection(("127.0.0.1", port)) as peer, path.open("rb") as file:
        peer.sendall(f"POST / HTTP/1.1\r\nHost: sink\r\nContent-Length: {size}\r\n\r\n".encode())
        peer.sendfile(file)
        if not peer.recv(65536).startswith(b"HTTP/1.1 200"):
            raise RuntimeError("the sink refused")


def tls(case: str, megabytes: float, rounds: int, goal: float) -> Result:
    """Deposit over TLS with the key of a card (in software), beside requests with a key file; new connections."""
    made = authority()
    with payload(megabytes) as path, sinks.running(sinks.tls()) as port, ExitStack() as after:
        url = f"https://localhost:{port}/repository"
        pair = after.enter_context(_key_file())

        def ours() -> float:
            connected = host(url, Transport(keys()[1], made.ca_file))
            try:
                return milliseconds(lambda: deposit(connected, path))
            finally:
                connected.close()

        def peer() -> float:
            with requests.Session() as session:
                session.trust_env = False
                session.cert, session.verify = str(pair), str(made.ca_file)
                return milliseconds(lambda: _hash_and_post(session, url, path))

        value, reference = interleaved(ours, peer, rounds)
    return Result.of(case, value, "ms", reference, goal)


@contextmanager
def _key_file() -> Iterator[Path]:
    key = keys()[1]
    certificates = "".join(ssl.DER_cert_to_PEM_cert(each) for each in (key.certificate, *key.chain))
    text = key.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "key.pem"
        path.write_text(text + certificates)
        yield path


def _hash_and_post(session: requests.Session, url: str, path: Path) -> None:
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha1")
    body = MtomBody(b"<e/>", {"document": FileContent(path)})
    answer = session.post(url, data=body, headers={"Content-Type": body.content_type})
    answer.raise_for_status()


def memory(case: str, megabytes: float, _rounds: int, goal: float) -> Result:
    """Count what a deposit adds to the peak memory of a process of its own, in MB, beside the limit."""
    command = [sys.executable, "-m", "bench.deposits", str(megabytes)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return Result.of(case, max(float(found.stdout), 0.01), "MB", EXTRA_MEMORY_LIMIT, goal)


def _extra_memory(megabytes: float) -> float:
    with payload(megabytes) as path, payload(0.01) as small, sinks.running(sinks.plain()) as port:
        connected = host(f"http://127.0.0.1:{port}/repository", PlainTransport(None, authority().ca_file))
        deposit(connected, small)  # what is imported and cached by the first deposit does not count
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        deposit(connected, path)
        extra = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        connected.close()
    return extra * 1024 / MEGABYTE


if __name__ == "__main__":
    print(_extra_memory(float(sys.argv[1])))
