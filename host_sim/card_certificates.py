"""Certificates of cards, the old ones included: their names are not sorted as DER demands, and strict parsers refuse.

An old certificate is read from a copy whose names are sorted (X.690 11.6); what its issuer signed stays the original.
Names are read here as well: the library takes a T61String for UTF-8, which those of old cards are not.
"""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

_SET, _VERSION = 0x31, 0xA0
_ISSUER, _SUBJECT = 2, 4  # places in TBSCertificate, after the version


def load(der: bytes) -> x509.Certificate:
    """Read a certificate, its names sorted when they are not; raises ValueError."""
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion):
        pass
    try:
        return x509.load_der_x509_certificate(_with_sorted_names(der))
    except x509.InvalidVersion as error:
        raise ValueError("no such version") from error


def is_issued_by(certificate: x509.Certificate, der: bytes, ca: x509.Certificate) -> bool:
    """Whether an authority signed a certificate; der is the certificate as it came, of which load() may hold a copy."""
    key = ca.public_key()
    try:
        algorithm = certificate.signature_hash_algorithm
        if certificate.issuer != ca.subject or algorithm is None or not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(certificate.signature, _signed_part(der), padding.PKCS1v15(), algorithm)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def subject(certificate: x509.Certificate) -> tuple[tuple[tuple[str, bytes], ...], ...]:
    """Give the subject as ((dotted OID, value as DER), ...) per RDN; raises ValueError."""
    der = certificate.public_bytes(Encoding.DER)
    return tuple(
        tuple(_attribute(der, first) for first, _ in _objects_in(der, start, end))
        for start, end in _rdns(der, _SUBJECT)
    )


def _attribute(der: bytes, start: int) -> tuple[str, bytes]:
    parts = _objects_in(der, *_value(der, start))
    if len(parts) != 2:
        raise ValueError("an attribute is a type and a value")
    first, last = _value(der, parts[0][0])
    return _dotted(der[first:last]), der[slice(*parts[1])]


def _dotted(content: bytes) -> str:
    arcs, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    if not arcs:
        raise ValueError("not an object identifier")
    top = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (top, arcs[0] - 40 * top, *arcs[1:]))


def _signed_part(der: bytes) -> bytes:
    start, end = _body(der)
    return der[start:end]


def _body(der: bytes) -> tuple[int, int]:
    parts = _objects_in(der, *_value(der, 0))
    if not parts:
        raise ValueError("not a certificate")
    return parts[0]


def _with_sorted_names(der: bytes) -> bytes:
    copy = bytearray(der)
    for place in (_ISSUER, _SUBJECT):
        for start, end in _rdns(der, place):
            members = sorted(der[first:last] for first, last in _objects_in(der, start, end))
            copy[start:end] = b"".join(members)
    return bytes(copy)


def _rdns(der: bytes, place: int) -> list[tuple[int, int]]:
    """Find the values of the sets that make one of the two names."""
    fields = _objects_in(der, *_value(der, _body(der)[0]))
    if fields and der[fields[0][0]] == _VERSION:
        fields = fields[1:]
    if len(fields) <= place:
        raise ValueError("not a certificate")
    sets = _objects_in(der, *_value(der, fields[place][0]))
    if any(der[start] != _SET for start, _ in sets):
        raise ValueError("a name is made of sets")
    return [_value(der, start) for start, _ in sets]


def _objects_in(der: bytes, start: int, end: int) -> list[tuple[int, int]]:
    return list(_walk(der, start, end))


def _walk(der: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        after = _value(der, start)[1]
        if after > end:
            raise ValueError("an object is longer than what holds it")
        yield start, after
        start = after


def _value(der: bytes, start: int) -> tuple[int, int]:
    """Find the value of the object at a place: where it starts and ends. One-byte tags, definite lengths."""
    if start + 2 > len(der):
        raise ValueError("the object is cut short")
    size, first = der[start + 1], start + 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 3:
            raise ValueError("no such length")
        size, first = int.from_bytes(der[first : first + count], "big"), first + count
    if first + size > len(der):
        raise ValueError("the object is cut short")
    return first, first + size
