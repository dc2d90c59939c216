"""A certificate's subject as text (RFC 2253): the last RDN first, unknown types by OID and hexadecimal DER."""

from __future__ import annotations

from dossier.certificate import Certificate

_KEYWORDS = {
    "2.5.4.3": "CN",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.6": "C",
    "2.5.4.9": "STREET",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}
_SPECIAL = frozenset(',+"\\<>;')


def subject_name(certificate: Certificate) -> str:
    """Write the subject in RFC 2253 order (CN first, C last); multi-valued RDNs keep the order of the certificate.

    Only the keywords of RFC 2253 section 2.3 are used: surname or title become ``2.5.4.4=#0c...``.
    """
    pairs = zip(certificate.rdns, certificate.encoded_rdns, strict=True)
    rdns = [
        "+".join(_pair(kind, value, der) for (kind, value), (_, der) in zip(texts, encoded, strict=True))
        for texts, encoded in pairs
    ]
    return ",".join(reversed(rdns))


def _pair(kind: str, value: str, der: bytes) -> str:
    keyword = _KEYWORDS.get(kind)
    return f"{keyword}={escape(value)}" if keyword else f"{kind}=#{der.hex()}"


def escape(value: str) -> str:
    """Escape an attribute value (RFC 2253 section 2.4)."""
    text = "".join(f"\\{each}" if each in _SPECIAL else each for each in value)
    if text[:1] in (" ", "#"):
        text = f"\\{text}"
    if text.endswith(" ") and len(value) > 1:
        text = f"{text[:-1]}\\ "
    return text
