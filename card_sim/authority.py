"""The throw-away test authority: a fictional root, two certification authorities, every card and a server.

Shapes follow what IGC-Santé certificates of professional cards show: subject C / title / {GN + SN + CN} as one
multi-valued RDN, and the extensions of the arc 1.2.250.1.71 (card id, category, product, profession, speciality).
Nothing here protects anything: private keys are stored in clear, for simulators and tests only.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from card_sim import cast, certificates

_CA_NAMES = ("root", "persons", "servers")


class Authority:
    """The material of one directory, ready to read; open it with Authority.open."""

    def __init__(self, material: Path) -> None:
        self._material = material

    @classmethod
    def open(cls, directory: Path | str) -> Authority:
        """Give the authority of a directory, making it when it is missing (a few seconds of key generation).

        Several processes may open the same directory at once: the material appears by one atomic rename, and a lock
        only spares the others the work. The material is named by the cast it was made from.
        """
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        material = directory / f"material-{fingerprint()}"
        if not material.is_dir():
            with _locked(directory / "lock"):
                if not material.is_dir():
                    _make(directory, material)
        return cls(material)

    @property
    def ca_file(self) -> Path:
        """PEM file of the root and the two authorities under it: what a client or a server trusts."""
        return self._material / "ca.pem"

    @property
    def server_cert_file(self) -> Path:
        """PEM chain of the server of localhost, 127.0.0.1 and ::1, leaf first."""
        return self._material / "server.pem"

    @property
    def server_key_file(self) -> Path:
        """PEM private key of that server."""
        return self._material / "server.key"

    @property
    def card_chain(self) -> tuple[bytes, ...]:
        """The certificates above every card certificate, DER, nearest first."""
        return tuple((self._material / f"{name}.der").read_bytes() for name in ("persons", "root"))

    def card_material(self, name: str) -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey, bytes, bytes]:
        """Give the keys and DER certificates of a professional: (signature key, authentication key, two certificates).

        Raises KeyError for a name that is not in the cast.
        """
        if name not in cast.professionals():
            raise KeyError(name)
        folder = self._material / "cards" / name
        return (
            _read_key(folder / "sig.key"),
            _read_key(folder / "aut.key"),
            (folder / "sig.der").read_bytes(),
            (folder / "aut.der").read_bytes(),
        )


def fingerprint() -> str:
    """Name what an authority is made from: the cast and the shape of its certificates (16 hex digits)."""
    source = cast.fingerprint_source() + Path(certificates.__file__).read_bytes() + Path(__file__).read_bytes()
    return hashlib.sha256(source).hexdigest()[:16]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows: two processes may both do the work, and the rename keeps one result
        yield
        return
    with path.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(directory: Path, material: Path) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="making-", dir=directory))
    try:
        _write(scratch)
        with contextlib.suppress(FileExistsError):
            try:
                scratch.rename(material)
            except OSError:
                if not material.is_dir():  # another process was faster where there is no lock
                    raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write(folder: Path) -> None:
    names = cast.professionals()
    wanted = [*_CA_NAMES, "server", *(f"{name}/{use}" for name in names for use in ("sig", "aut"))]
    keys = _generate(wanted)
    root, persons, servers = (keys[name] for name in _CA_NAMES)
    issued = {
        "root": certificates.root(root),
        "persons": certificates.intermediate("PERSONNES", persons, root),
        "servers": certificates.intermediate("SERVEURS", servers, root),
    }
    for name, der in issued.items():
        (folder / f"{name}.der").write_bytes(der)
    pem = {name: certificates.pem(der) for name, der in issued.items()}
    (folder / "ca.pem").write_bytes(b"".join(pem.values()))
    leaf = certificates.pem(certificates.server(keys["server"], servers))
    (folder / "server.pem").write_bytes(leaf + pem["servers"])
    _write_key(folder / "server.key", keys["server"])
    for name, who in names.items():
        card = folder / "cards" / name
        card.mkdir(parents=True)
        for use in ("sig", "aut"):
            key = keys[f"{name}/{use}"]
            _write_key(card / f"{use}.key", key)
            (card / f"{use}.der").write_bytes(certificates.card(who, key, persons, signs=use == "sig"))


def _generate(names: list[str]) -> dict[str, rsa.RSAPrivateKey]:
    # OpenSSL searches primes without holding the interpreter: threads share the cores.
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        keys = pool.map(lambda _: rsa.generate_private_key(65537, 2048), names)
        return dict(zip(names, keys, strict=True))


def _write_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    data = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.touch(mode=0o600)
    path.write_bytes(data)


def _read_key(path: Path) -> rsa.RSAPrivateKey:
    # The keys are ours and just made: checking their primes again would cost every simulator start.
    key = serialization.load_pem_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(path.name)
    return key
