"""The two software certificates of a structure, as files: ORG_AUTH_CLI opens connections, ORG_SIGN signs assertions.

An establishment keeps them on its server, without any card. Like all of the authority: fictional, protects nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

USES = ("sign", "auth")
PASSWORD = b"structure"
"""What the PKCS#12 files are locked with."""


@dataclass(frozen=True)
class StructureFiles:
    """Where the files of one structure are; each holds the key, the certificate and the chain above it."""

    folder: Path

    @property
    def auth_pem(self) -> Path:
        """ORG_AUTH_CLI: PEM, the key not locked, leaf first."""
        return self.folder / "auth.pem"

    @property
    def auth_p12(self) -> Path:
        """ORG_AUTH_CLI: PKCS#12, locked with PASSWORD."""
        return self.folder / "auth.p12"

    @property
    def sign_pem(self) -> Path:
        """ORG_SIGN: PEM, the key not locked, leaf first."""
        return self.folder / "sign.pem"

    @property
    def sign_p12(self) -> Path:
        """ORG_SIGN: PKCS#12, locked with PASSWORD."""
        return self.folder / "sign.p12"


def write(folder: Path, use: str, key: rsa.RSAPrivateKey, chain: tuple[bytes, ...]) -> None:
    """Write both files of one use; chain is DER, leaf first."""
    certificates = [x509.load_der_x509_certificate(der) for der in chain]
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{use}.pem").touch(mode=0o600)
    (folder / f"{use}.pem").write_bytes(
        private + b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)
    )
    locked = serialization.BestAvailableEncryption(PASSWORD)
    bundle = pkcs12.serialize_key_and_certificates(use.encode(), key, certificates[0], certificates[1:], locked)
    (folder / f"{use}.p12").touch(mode=0o600)
    (folder / f"{use}.p12").write_bytes(bundle)
