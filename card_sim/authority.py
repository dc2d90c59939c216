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
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from card_sim import cast, certificates, old_certificates, structure_certificates
from card_sim.cast import CastProfessional, CastStructure
from card_sim.structure_certificates import StructureFiles

Material = tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey, bytes, bytes]
"""Signature key, authentication key, signature certificate, authentication certificate (DER)."""

_CA_NAMES = ("root", "persons", "servers", "old", "organisations")
_PERSONS_OF_STYLE = {"igc-sante": "persons", "igc-cps": "old"}
_USES = ("sig", "aut")


class Authority:
    """The material of one directory, ready to read; open it with Authority.open."""

    def __init__(self, directory: Path, material: Path) -> None:
        self._directory = directory
        self._material = material

    @classmethod
    def open(cls, directory: Path | str) -> Authority:
        """Give the authority of a directory, making it when it is missing; keys of cards are made when first asked.

        Several processes may open the same directory at once: the material appears by one atomic rename, and a lock
        only spares the others the work. The material is named by the code that shapes it.
        """
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        material = directory / f"material-{fingerprint()}"
        _make_once(directory, material, _write)
        return cls(directory, material)

    @property
    def ca_file(self) -> Path:
        """PEM file of the root and the authorities under it: what a client or a server trusts."""
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
        """The certificates above a card certificate of today, DER, nearest first."""
        return self.chain_of("igc-sante")

    def chain_of(self, style: str) -> tuple[bytes, ...]:
        """Give the certificates above the card certificates of a style (CastProfessional.style), DER, nearest first."""
        return tuple((self._material / f"{name}.der").read_bytes() for name in (_PERSONS_OF_STYLE[style], "root"))

    def card_material(self, name: str) -> Material:
        """Give the keys and certificates of a professional of the cast; raises KeyError for any other name."""
        return self.material_of(cast.professionals()[name])

    def material_of(self, who: CastProfessional) -> Material:
        """Give the keys and certificates of anybody, making them the first time (two RSA keys).

        The same content gives the same material: only what certificates say counts, not the codes of the card.
        """
        folder = self._material / "cards" / _digest(who)
        _make_once(self._directory, folder, lambda scratch: self._write_card(scratch, who))
        return (
            _read_key(folder / "sig.key"),
            _read_key(folder / "aut.key"),
            (folder / "sig.der").read_bytes(),
            (folder / "aut.der").read_bytes(),
        )

    def structure_files(self, key: str) -> StructureFiles:
        """Give the certificates of a structure of the cast, making them the first time; KeyError for any other name."""
        place = cast.structures()[key]
        shown = repr((place.id_nat, place.name, place.postal_code))
        folder = self._material / "structures" / hashlib.sha256(shown.encode()).hexdigest()[:24]
        _make_once(self._directory, folder, lambda scratch: self._write_structure(scratch, place))
        return StructureFiles(folder)

    def structure_material(self, key: str) -> Material:
        """Give keys and certificates of a structure: those of ORG_SIGN, then those of ORG_AUTH_CLI, as for a card."""
        files = self.structure_files(key)
        folder = files.folder
        return (
            _read_key(folder / "sign.key"),
            _read_key(folder / "auth.key"),
            (folder / "sign.der").read_bytes(),
            (folder / "auth.der").read_bytes(),
        )

    def _write_structure(self, folder: Path, place: CastStructure) -> None:
        issuer = _read_key(self._material / "organisations.key")
        chain = [(self._material / f"{name}.der").read_bytes() for name in ("organisations", "root")]
        for use, key in _generate(structure_certificates.USES).items():
            der = certificates.organisation(place, key, issuer, signs=use == "sign")
            _write_key(folder / f"{use}.key", key)
            (folder / f"{use}.der").write_bytes(der)
            structure_certificates.write(folder, use, key, (der, *chain))

    def _write_card(self, folder: Path, who: CastProfessional) -> None:
        issuer = _read_key(self._material / f"{_PERSONS_OF_STYLE[who.style]}.key")
        make = old_certificates.card if who.style == "igc-cps" else certificates.card
        for use, key in _generate(_USES).items():
            _write_key(folder / f"{use}.key", key)
            (folder / f"{use}.der").write_bytes(make(who, key, issuer, signs=use == "sig"))


def fingerprint() -> str:
    """Name what an authority is made from: the code that shapes its certificates (16 hex digits)."""
    sources = (certificates.__file__, old_certificates.__file__, structure_certificates.__file__, __file__)
    return hashlib.sha256(b"".join(Path(source).read_bytes() for source in sources)).hexdigest()[:16]


def _digest(who: CastProfessional) -> str:
    place = who.activities[0].structure if who.activities else None
    shown = (
        *(who.id_nat, who.family_name, who.given_name, who.title, who.profession, who.specialty, who.card_kind),
        *(who.is_test, who.serial, who.style, who.valid_from, who.expires),
        *((place.id_nat, place.name) if place else ()),
    )
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:24]


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


def _make_once(directory: Path, target: Path, write: Callable[[Path], None]) -> None:
    if target.is_dir():
        return
    with _locked(directory / "lock"):
        if not target.is_dir():
            _make(directory, target, write)


def _make(directory: Path, target: Path, write: Callable[[Path], None]) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="making-", dir=directory))
    try:
        write(scratch)
        target.parent.mkdir(exist_ok=True)
        try:
            scratch.rename(target)
        except OSError:
            if not target.is_dir():  # another process was faster where there is no lock
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write(folder: Path) -> None:
    keys = _generate((*_CA_NAMES, "server"))
    root = keys["root"]
    issued = {
        "root": certificates.root(root),
        "persons": certificates.intermediate("PERSONNES", keys["persons"], root),
        "servers": certificates.intermediate("SERVEURS", keys["servers"], root),
        "old": certificates.old_professional_authority(keys["old"], root),
        "organisations": certificates.intermediate("ORGANISATIONS", keys["organisations"], root),
    }
    for name, der in issued.items():
        (folder / f"{name}.der").write_bytes(der)
    pem = {name: certificates.pem(der) for name, der in issued.items()}
    (folder / "ca.pem").write_bytes(b"".join(pem.values()))
    leaf = certificates.pem(certificates.server(keys["server"], keys["servers"]))
    (folder / "server.pem").write_bytes(leaf + pem["servers"])
    for name in ("server", "persons", "old", "organisations"):  # the last three go on making certificates
        _write_key(folder / f"{name}.key", keys[name])


def _generate(names: Iterable[str]) -> dict[str, rsa.RSAPrivateKey]:
    # OpenSSL searches primes without holding the interpreter: threads share the cores.
    names = tuple(names)
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
