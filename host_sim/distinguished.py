"""Distinguished names compared after parsing (RFC 2253, RFC 4514), never as text."""

from __future__ import annotations

import functools
import re

from cryptography import x509

from . import card_certificates

Name = tuple[frozenset[tuple[str, str]], ...]
"""RDNs in the order of the certificate (C first), each a set of (type OID, folded value)."""

_TYPES = {
    "CN": "2.5.4.3",
    "SN": "2.5.4.4",
    "SURNAME": "2.5.4.4",
    "SERIALNUMBER": "2.5.4.5",
    "C": "2.5.4.6",
    "L": "2.5.4.7",
    "ST": "2.5.4.8",
    "S": "2.5.4.8",
    "STREET": "2.5.4.9",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "T": "2.5.4.12",
    "TITLE": "2.5.4.12",
    "GN": "2.5.4.42",
    "G": "2.5.4.42",
    "GIVENNAME": "2.5.4.42",
    "UID": "0.9.2342.19200300.100.1.1",
    "DC": "0.9.2342.19200300.100.1.25",
}
_OID = re.compile(r"^(?:OID\.)?(\d+(?:\.\d+)+)$", re.IGNORECASE)
_STRINGS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}
_ESCAPED = re.compile(r"\\([0-9A-Fa-f]{2})|\\(.)", re.DOTALL)


def of_certificate(certificate: x509.Certificate) -> Name:
    """The subject of a certificate, an old one too; raises ValueError."""
    return tuple(
        frozenset((oid, _folded(_from_der(value))) for oid, value in rdn)
        for rdn in card_certificates.subject(certificate)
    )


@functools.lru_cache(1024)
def parse(text: str) -> Name:
    """Read the text form, which runs from the last RDN to the first; ValueError when it is not one."""
    rdns = [frozenset(_pair(each) for each in _split(rdn, "+")) for rdn in _split(text, ",")]
    return tuple(reversed(rdns))


def common_name(name: Name) -> str:
    """The CN, folded; "" when there is none."""
    return next((value for rdn in name for kind, value in rdn if kind == "2.5.4.3"), "")


def _split(text: str, separator: str) -> list[str]:
    pieces, start, index, quoted = [], 0, 0, False
    while index < len(text):
        letter = text[index]
        if letter == "\\":
            index += 1
        elif letter == '"':
            quoted = not quoted
        elif letter == separator and not quoted:
            pieces.append(text[start:index])
            start = index + 1
        index += 1
    return [*pieces, text[start:]]


def _pair(text: str) -> tuple[str, str]:
    kind, equals, value = text.partition("=")
    kind = kind.strip().upper()
    dotted = _OID.match(kind)
    oid = dotted.group(1) if dotted else _TYPES.get(kind)
    value = value.strip()
    if not equals or oid is None or not value:
        raise ValueError("not a distinguished name")
    if value.startswith("#"):
        return oid, _folded(_from_der(bytes.fromhex(value[1:])))
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return oid, _folded(_unescaped(value))


def _from_der(der: bytes) -> str:
    if len(der) < 2 or der[0] not in _STRINGS or der[1] != len(der) - 2:
        raise ValueError("not a string value")
    return der[2:].decode(_STRINGS[der[0]])


def _unescaped(value: str) -> str:
    raw = bytearray()
    index = 0
    for match in _ESCAPED.finditer(value):
        raw += value[index : match.start()].encode()
        raw += bytes.fromhex(match.group(1)) if match.group(1) else match.group(2).encode()
        index = match.end()
    return (bytes(raw) + value[index:].encode()).decode()


def _folded(value: str) -> str:
    return " ".join(value.split()).casefold()
