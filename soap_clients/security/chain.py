"""Who vouches for a certificate: issuers found by name, every signature verified (RFC 5280 6.1, without revocation).

Certificates are taken apart tolerantly: old cards have multi-valued names that strict parsers refuse to load, while
their signature covers the bytes as they are.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asn1crypto import x509

from dossier.certificate import Certificate
from dossier.failure import Failure

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_LONGEST = 8
"""Certificates above one another: a trusted file that goes round in circles ends here."""

_Name = tuple[frozenset[tuple[str, str]], ...]


class ChainState(enum.Enum):
    """How a chain ends."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    BROKEN = "broken"
    OUTDATED = "outdated"


@dataclass(frozen=True)
class Chain:
    """The certificates above one, nearest first, and how they end.

    state: COMPLETE up to a root that signs itself; INCOMPLETE when an issuer is in no trusted file; BROKEN when one
    of its name is there and has not signed; OUTDATED when an authority is out of its dates.
    """

    above: tuple[Certificate, ...]
    state: ChainState


def read_authorities(path: Path) -> tuple[Certificate, ...]:
    """Read the certificates of a file, PEM (any number) or DER (one); raises Failure CA_FILE_UNREADABLE."""
    import ssl

    try:
        data = path.read_bytes()
        blocks = [ssl.PEM_cert_to_DER_cert(block.decode("ascii")) for block in _PEM.findall(data)] or [data]
        return tuple(map(Certificate.parse, blocks))
    except (OSError, ValueError, Failure) as error:
        raise Failure("CA_FILE_UNREADABLE", file=path.name) from error


def follow(certificate: Certificate, authorities: Sequence[Certificate], now: datetime) -> Chain:
    """Climb from a certificate to a root, through trusted authorities alone; now has a zone."""
    above: list[Certificate] = []
    current = certificate
    for _ in range(_LONGEST):
        if above and _same(current.rdns, current.issuer_rdns):
            outdated = any(not each.not_before <= now <= each.not_after for each in above)
            return Chain(tuple(above), ChainState.OUTDATED if outdated else ChainState.COMPLETE)
        named = [each for each in authorities if _same(each.rdns, current.issuer_rdns)]
        if not named:
            return Chain(tuple(above), ChainState.INCOMPLETE)
        # An authority that changes its key keeps its name.
        signers = [each for each in named if _is_authority(each) and is_signed_by(current, each)]
        if not signers:
            return Chain(tuple(above), ChainState.BROKEN)
        current = max(signers, key=lambda each: each.not_after)
        above.append(current)
    return Chain(tuple(above), ChainState.BROKEN)


def is_signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Verify the signature of a certificate (RFC 5280 4.1.1.3) with the key of another; RSA and elliptic curves."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    known: dict[str, Callable[[], hashes.HashAlgorithm]]
    known = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
    try:
        signed = x509.Certificate.load(certificate.der, strict=True)
        body, signature = signed["tbs_certificate"].dump(), signed["signature_value"].native
        algorithm = signed["signature_algorithm"]
        chosen = known[algorithm.hash_algo]()
        key = serialization.load_der_public_key(issuer.public_key)
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, body, ec.ECDSA(chosen))
        elif isinstance(key, rsa.RSAPublicKey):
            scheme: padding.AsymmetricPadding = padding.PKCS1v15()
            if algorithm.signature_algo == "rsassa_pss":
                scheme = padding.PSS(padding.MGF1(chosen), algorithm["parameters"]["salt_length"].native)
            key.verify(signature, body, scheme, chosen)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, KeyError):
        return False
    return True


def _is_authority(certificate: Certificate) -> bool:
    """Whether it may sign certificates: BasicConstraints, which roots of the first version do not have."""
    try:
        constraints = x509.Certificate.load(certificate.der).basic_constraints_value
        return bool(constraints["ca"].native) if constraints else _same(certificate.rdns, certificate.issuer_rdns)
    except (ValueError, TypeError, KeyError):
        return False


def _same(one: Iterable[Iterable[tuple[str, str]]], other: Iterable[Iterable[tuple[str, str]]]) -> bool:
    return _comparable(one) == _comparable(other)


def _comparable(name: Iterable[Iterable[tuple[str, str]]]) -> _Name:
    """Make names comparable: case and blanks do not count (RFC 5280 7.1), nor does the order inside one RDN."""
    return tuple(frozenset((kind, " ".join(value.casefold().split())) for kind, value in rdn) for rdn in name)
