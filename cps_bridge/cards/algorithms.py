"""The algorithm and template references of the CPS products, and what the computer adds around a hash.

One table, with its source: CPS3 (IAS-ECC) from the ANS Cryptolib CPS 5.2 and from traces of real cards; CPS4 (ChipDoc)
from the ANS Cryptolib CPS 5.2 alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from dossier.failure import Failure

# Control reference templates of MANAGE SECURITY ENVIRONMENT (ISO/IEC 7816-4 clause 10.3).
AUTHENTICATION_TEMPLATE, SIGNATURE_TEMPLATE, CONFIDENTIALITY_TEMPLATE = 0xA4, 0xB6, 0xB8
SET_COMPUTATION, SET_VERIFICATION = 0x41, 0x81

CPS3_AUTHENTICATION = 0x02
"""RSA PKCS#1 v1.5 of a DigestInfo, by INTERNAL AUTHENTICATE."""

CPS3_SIGNATURE = {"sha1": 0x12, "sha256": 0x42}
"""RSA PKCS#1 v1.5 of a ready hash, by PSO COMPUTE DIGITAL SIGNATURE."""

CPS3_DECRYPTION = 0x1A
"""RSA PKCS#1 v1.5: the card takes the padding off."""

CPS4_SIGNATURE = {"sha1": 0x0A, "sha256": 0x28}
"""RSA PKCS#1 v1.5 of a ready hash, by PSO COMPUTE DIGITAL SIGNATURE."""

CPS4_SIGNATURE_PSS = {"sha1": 0x15, "sha256": 0x2C}
"""RSA-PSS of a ready hash; a CPS3 has none."""

_DIGEST_INFO = {  # RFC 8017 clause 9.2, note 1
    "sha1": bytes.fromhex("3021300906052B0E03021A05000414"),
    "sha256": bytes.fromhex("3031300D060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300D060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300D060960864801650304020305000440"),
}


@dataclass(frozen=True)
class Digest:
    """A hash whose length fits its algorithm; raises Failure HASH_NOT_SUPPORTED otherwise."""

    hash_name: str
    value: bytes

    def __post_init__(self) -> None:
        prefix = _DIGEST_INFO.get(self.hash_name)
        if prefix is None or len(self.value) != prefix[-1]:
            raise self.refused()

    @property
    def information(self) -> bytes:
        """The DigestInfo (RFC 8017 clause 9.2)."""
        return _DIGEST_INFO[self.hash_name] + self.value

    def reference_in(self, table: dict[str, int]) -> int:
        """Give the reference of the algorithm of this hash; raises Failure HASH_NOT_SUPPORTED."""
        reference = table.get(self.hash_name)
        if reference is None:
            raise self.refused()
        return reference

    def refused(self) -> Failure:
        """Say that the key does not know this hash."""
        return Failure("HASH_NOT_SUPPORTED", hash=self.hash_name[:16])
