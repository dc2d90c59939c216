"""The keys of an establishment, kept in files: ORG_AUTH_CLI for TLS, ORG_SIGN for the assertions (indirect modes)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key, pkcs12

from dossier.failure import Failure

_HASHES = {
    "sha1": hashes.SHA1(),  # noqa: S303 - an algorithm of the interface, still asked for by some hosts
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_PEM = b"-----BEGIN "
_LONGEST = 1024 * 1024


@dataclass(frozen=True)
class StructureSigner:
    """An RSA key in this process's memory, as ``dossier.signer.Signer`` sees keys; never in a repr."""

    key: rsa.RSAPrivateKey = field(repr=False)
    certificate: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def load(cls, path: Path, password: bytearray | None = None) -> StructureSigner:
        """Read a PEM file (key and certificates) or a PKCS#12 one; the password is wiped, whatever happens.

        Raises Failure STRUCTURE_KEY_UNREADABLE, STRUCTURE_KEY_LOCKED (password missing or wrong), STRUCTURE_KEY_KIND
        (not RSA), STRUCTURE_KEY_ALONE (no certificate of this key); each names the file.
        """
        name = Path(path).name
        try:
            key, certificates = _read(Path(path), name, password)
        finally:
            if password is not None:
                password[:] = bytes(len(password))
        if not isinstance(key, rsa.RSAPrivateKey):
            raise Failure("STRUCTURE_KEY_KIND", file=name)
        return _assembled(key, certificates, name)

    def sign(self, hash_name: str, digest: bytes) -> bytes:
        """Sign a digest (PKCS#1 v1.5, RFC 8017 8.2)."""
        return self.key.sign(digest, padding.PKCS1v15(), utils.Prehashed(_HASHES[hash_name]))


def _read(path: Path, name: str, password: Any) -> tuple[object, list[x509.Certificate]]:
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST)
    except OSError as error:
        raise Failure("STRUCTURE_KEY_UNREADABLE", file=name) from error
    try:
        if _PEM in data:
            return load_pem_private_key(data, password), x509.load_pem_x509_certificates(data)
        key, own, others = pkcs12.load_key_and_certificates(data, password)
    except TypeError as error:  # a password for a key without one, or the other way round
        raise Failure("STRUCTURE_KEY_LOCKED", file=name) from error
    except Exception as error:  # OpenSSL's refusals have no common class
        code = "STRUCTURE_KEY_LOCKED" if "assword" in str(error) or "decrypt" in str(error) else ""
        raise (Failure("STRUCTURE_KEY_LOCKED", file=name) if code else _unreadable(name)) from error
    if key is None:
        raise _unreadable(name)
    return key, [each for each in (own, *others) if each is not None]


def _unreadable(name: str) -> Failure:
    return Failure("STRUCTURE_KEY_UNREADABLE", file=name)


def _assembled(key: rsa.RSAPrivateKey, certificates: list[x509.Certificate], name: str) -> StructureSigner:
    wanted = _public(key.public_key())
    own = next((each for each in certificates if _public(each.public_key()) == wanted), None)
    if own is None:
        raise Failure("STRUCTURE_KEY_ALONE", file=name)
    chain, last = [], own
    while (above := _issuer(last, certificates)) is not None and above not in chain:
        chain.append(above)
        last = above
    return StructureSigner(
        key, own.public_bytes(Encoding.DER), tuple(each.public_bytes(Encoding.DER) for each in chain)
    )


def _issuer(certificate: x509.Certificate, known: list[x509.Certificate]) -> x509.Certificate | None:
    if certificate.issuer == certificate.subject:
        return None
    return next((each for each in known if each.subject == certificate.issuer), None)


def _public(key: object) -> bytes:
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))  # type: ignore[attr-defined]
