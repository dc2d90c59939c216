"""The tolerant reader of card and host certificates.

Old CPS certificates hold multi-valued names that are not DER-sorted, which strict
parsers refuse; asn1crypto reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from asn1crypto import core, keys, x509

from dossier.failure import Failure

_CARD_ID = "1.2.250.1.71.1.2.3"
_CATEGORY = "1.2.250.1.71.1.2.5"
_PRODUCT = "1.2.250.1.71.1.2.2"
_PROFESSION = "1.2.250.1.71.1.2.7"
_TRAINING = "1.2.250.1.71.1.2.8"
"""Inferred: each of these extensions bears the OID of its nomenclature, and this is the one of TRE_G16."""
_SPECIALTY = "1.2.250.1.71.4.2.5"
_TEST_BIT = 0x80


@dataclass(frozen=True)
class Certificate:
    """What the client needs of an X.509 certificate.

    rdns: subject as ((type OID, value), ...) per RDN, in the order of the certificate (C first); profession: TRE_G15
    code, TRE_G16 where there is only that, or ""; category: TRE_G01 byte, high bit set on test products, None when
    absent; public_key: the SubjectPublicKeyInfo, DER (RFC 5280 4.1.2.7); key_bytes: of its RSA modulus, 0 for another
    kind of key; encoded_rdns: like rdns, with the DER of each value; product: TRE_G02 code, None when absent.
    """

    der: bytes = field(repr=False)
    rdns: tuple[tuple[tuple[str, str], ...], ...]
    issuer_rdns: tuple[tuple[tuple[str, str], ...], ...]
    serial: int
    not_before: datetime
    not_after: datetime
    key_usage: frozenset[str]
    extended_key_usage: frozenset[str]
    card_id: str = ""
    category: int | None = None
    product: int | None = None
    profession: str = ""
    specialty: str = ""
    public_key: bytes = field(default=b"", repr=False)
    encoded_rdns: tuple[tuple[tuple[str, bytes], ...], ...] = field(default=(), repr=False)
    key_bytes: int = 0

    @classmethod
    def parse(cls, der: bytes) -> Certificate:
        """Read a DER certificate; raises Failure CERTIFICATE_UNREADABLE."""
        try:
            return _parse(bytes(der))
        except (ValueError, TypeError, KeyError, OverflowError, AttributeError, IndexError) as error:
            raise Failure("CERTIFICATE_UNREADABLE") from error

    def first(self, oid: str) -> str:
        """Give the first subject value of an attribute type, or ""."""
        return next((value for rdn in self.rdns for kind, value in rdn if kind == oid), "")

    @property
    def common_name(self) -> str:
        """CN of the subject: the PS_IdNat on a CPS."""
        return self.first("2.5.4.3")

    @property
    def surname(self) -> str:
        """SN of the subject; "" on a CPE."""
        return self.first("2.5.4.4")

    @property
    def given_name(self) -> str:
        """GN of the subject; "" on a CPE."""
        return self.first("2.5.4.42")

    @property
    def organisation(self) -> str:
        """O of the subject."""
        return self.first("2.5.4.10")

    @property
    def issuer_common_name(self) -> str:
        """CN of the issuer: the authority as people see it."""
        return next((value for rdn in self.issuer_rdns for kind, value in rdn if kind == "2.5.4.3"), "")

    def is_valid_at(self, now: datetime) -> bool:
        """Whether a moment (with its zone) is within the validity of the certificate, both ends included."""
        return self.not_before <= now <= self.not_after

    def days_left(self, now: datetime) -> int:
        """Count the whole days until the certificate ends; negative once it is over (-1: since less than a day)."""
        return (self.not_after - now).days

    @property
    def signs_documents(self) -> bool:
        """Whether KeyUsage makes it the signature certificate (nonRepudiation)."""
        return "non_repudiation" in self.key_usage

    @property
    def authenticates(self) -> bool:
        """Whether it is a TLS client certificate (clientAuth)."""
        return "client_auth" in self.extended_key_usage

    @property
    def is_test(self) -> bool:
        """Whether the category extension marks a test product (high bit, TRE_G01).

        Without that extension, whether the name of the issuer says that it is a test authority.
        """
        if self.category is not None:
            return bool(self.category & _TEST_BIT)
        return any(value.upper().startswith("TEST") for rdn in self.issuer_rdns for _, value in rdn)


@lru_cache(maxsize=32)  # the same card comes back all day
def _parse(der: bytes) -> Certificate:
    certificate = x509.Certificate.load(der, strict=True)
    body = certificate["tbs_certificate"]
    extensions = {each["extn_id"].dotted: each["extn_value"].contents for each in body["extensions"] or ()}
    validity = body["validity"]
    return Certificate(
        der=der,
        rdns=_names(body["subject"]),
        issuer_rdns=_names(body["issuer"]),
        serial=body["serial_number"].native,
        not_before=_moment(validity["not_before"].native),
        not_after=_moment(validity["not_after"].native),
        key_usage=frozenset(certificate.key_usage_value.native if certificate.key_usage_value else ()),
        extended_key_usage=frozenset(
            certificate.extended_key_usage_value.native if certificate.extended_key_usage_value else ()
        ),
        card_id=_text(extensions.get(_CARD_ID)),
        category=_octet(extensions.get(_CATEGORY)),
        product=_integer(extensions.get(_PRODUCT)),
        profession=_profession(extensions.get(_PROFESSION) or extensions.get(_TRAINING)),
        specialty=_specialty(extensions.get(_SPECIALTY)),
        public_key=body["subject_public_key_info"].dump(),
        key_bytes=_modulus_bytes(body["subject_public_key_info"]),
        encoded_rdns=tuple(
            tuple((pair["type"].dotted, pair["value"].dump()) for pair in rdn) for rdn in body["subject"].chosen
        ),
    )


def _moment(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _modulus_bytes(info: keys.PublicKeyInfo) -> int:
    if info.algorithm != "rsa":
        return 0
    return (int(info["public_key"].parsed["modulus"].native).bit_length() + 7) // 8


def _names(name: x509.Name) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(tuple((pair["type"].dotted, _value(pair["value"])) for pair in rdn) for rdn in name.chosen)


def _value(value: core.Asn1Value) -> str:
    """Give an attribute as text. What old cards call T61String holds ISO 8859-1, as everywhere outside of telex."""
    chosen = value.chosen if isinstance(value, core.Choice) else value
    if isinstance(chosen, core.TeletexString):
        return str(chosen.contents.decode("latin-1"))
    return str(value.native)


def _text(der: bytes | None) -> str:
    return str(core.load(der).native) if der else ""


def _octet(der: bytes | None) -> int | None:
    value = core.load(der).native if der else b""
    return value[-1] if isinstance(value, bytes) and value else None


def _integer(der: bytes | None) -> int | None:
    return int(core.load(der).native) if der else None


def _profession(der: bytes | None) -> str:
    return str(_integer(der)) if der else ""


def _specialty(der: bytes | None) -> str:
    value = core.load(der).native if der else None
    if isinstance(value, dict):
        return str(next(iter(value.values()), ""))
    return str(value or "")
