"""The shapes of the certificates of the test authority, as IGC-Santé cards and servers have them.

Seen in official samples: the subjects and extensions of a CPS, the extensions' encodings. Simulated: the subjects of a
CPE and a CPA beyond what is known of them (no SN, no GN, a CPA's CN that ends in /CPATnnnn).
"""

from __future__ import annotations

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from card_sim.cast import CastProfessional, CastStructure
from card_sim.der import integer, octets, sequence, tlv, utf8

CARD_ID = "1.2.250.1.71.1.2.3"
PRODUCT_TYPE = "1.2.250.1.71.1.2.2"
CATEGORY = "1.2.250.1.71.1.2.5"
PROFESSION = "1.2.250.1.71.1.2.7"
SPECIALTY = "1.2.250.1.71.4.2.5"

_TEST_CPX, _REAL_CPX = b"\x80", b"\x00"
# TRE_G02: 0 is a CPS; the order of the others is inferred.
_PRODUCTS = {"CPS": 0, "CPF": 1, "CPE": 2, "CPA": 3}
_UNNAMED = ("CPE", "CPA")
_SMART_CARD_LOGON = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.2")
# Wide on purpose: hosts under test move their clock by years.
_START = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_END = datetime.datetime(2049, 12, 31, tzinfo=datetime.UTC)
_DEPARTMENTS = {
    "16": "Charente", "17": "Charente-Maritime", "22": "Côtes-d'Armor", "29": "Finistère", "56": "Morbihan",
    "79": "Deux-Sèvres", "85": "Vendée",
}  # fmt: skip
_Pair = tuple[x509.ObjectIdentifier, str]


def luhn(digits: str) -> str:
    """Compute the check digit of ISO/IEC 7812-1 annex B."""
    total = 0
    for place, character in enumerate(reversed(digits)):
        value = int(character) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def card_number(serial: str) -> str:
    """Give the number printed in the card id extension: issuer, slash, ten digits that start with the serial."""
    return f"8025000001/{serial}{luhn('8025000001' + serial)}0"


def root(key: rsa.RSAPrivateKey) -> bytes:
    """Make the self-signed root, DER."""
    return _authority(_root_name(), key, _root_name(), key, None)


def intermediate(kind: str, key: rsa.RSAPrivateKey, root_key: rsa.RSAPrivateKey) -> bytes:
    """Make an authority under the root ("PERSONNES", "SERVEURS"), DER."""
    return _authority(_ca_name(kind), key, _root_name(), root_key, 0)


def old_professional_authority(key: rsa.RSAPrivateKey, root_key: rsa.RSAPrivateKey) -> bytes:
    """Make the authority of the old IGC-CPS cards: the test name it has on real ones, under our root, DER."""
    return _authority(old_authority_name(), key, _root_name(), root_key, 0)


def old_authority_name() -> x509.Name:
    """Give the issuer of old test cards."""
    return _name(
        (NameOID.ORGANIZATION_NAME, "TEST"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "TEST PROFESSIONNEL"),
        (NameOID.COMMON_NAME, "TEST CLASSE-1"),
    )


def server(key: rsa.RSAPrivateKey, ca_key: rsa.RSAPrivateKey) -> bytes:
    """Make the TLS server certificate of this machine's loopback names, DER."""
    subject = _name(
        (NameOID.COUNTRY_NAME, "FR"), (NameOID.ORGANIZATION_NAME, "SIMULATEUR"), (NameOID.COMMON_NAME, "localhost")
    )
    addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
    builder = (
        _builder(subject, key, _ca_name("SERVEURS"), ca_key)
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(_usage(digital_signature=True, key_encipherment=True), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses]), False)
    )
    return _signed(builder, ca_key)


def card(who: CastProfessional, key: rsa.RSAPrivateKey, ca_key: rsa.RSAPrivateKey, *, signs: bool) -> bytes:
    """Make a card certificate, DER: the signature one (nonRepudiation) or the authentication one (clientAuth)."""
    purposes = [ExtendedKeyUsageOID.EMAIL_PROTECTION] if signs else [ExtendedKeyUsageOID.CLIENT_AUTH, _SMART_CARD_LOGON]
    validity = day(who.valid_from), day(who.expires) + datetime.timedelta(days=1, seconds=-1)
    builder = (
        _builder(_card_subject(who), key, _ca_name("PERSONNES"), ca_key, validity)
        .add_extension(x509.BasicConstraints(False, None), False)
        .add_extension(_usage(digital_signature=not signs, content_commitment=signs), True)
        .add_extension(x509.ExtendedKeyUsage(purposes), False)
    )
    for oid, value in card_extensions(who).items():
        builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value), False)
    return _signed(builder, ca_key)


def organisation(place: CastStructure, key: rsa.RSAPrivateKey, ca_key: rsa.RSAPrivateKey, *, signs: bool) -> bytes:
    """Make a certificate of a structure, DER: ORG_SIGN (nonRepudiation) or ORG_AUTH_CLI (clientAuth)."""
    number = place.postal_code[:2]
    subject = _name(
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.STATE_OR_PROVINCE_NAME, f"{_DEPARTMENTS.get(number, 'Departement')} ({number})"),
        (NameOID.ORGANIZATION_NAME, place.name),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, place.id_nat),
        (NameOID.COMMON_NAME, f"{'SIGN' if signs else 'AUTH'} {place.name}"),
    )
    builder = (
        _builder(subject, key, _ca_name("ORGANISATIONS"), ca_key)
        .add_extension(x509.BasicConstraints(False, None), False)
        .add_extension(_usage(digital_signature=not signs, content_commitment=signs), True)
    )
    if not signs:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
    return _signed(builder, ca_key)


def pem(der: bytes) -> bytes:
    """Rewrite a DER certificate as PEM."""
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)


def day(text: str) -> datetime.datetime:
    """Read yyyymmdd as the first second of that day, UTC."""
    return datetime.datetime.strptime(text, "%Y%m%d").replace(tzinfo=datetime.UTC)


def card_extensions(who: CastProfessional) -> dict[str, bytes]:
    """Give what the arc 1.2.250.1.71 says of a card, OID to DER value: the same for every style of certificate."""
    extensions = {
        CARD_ID: tlv(0x13, card_number(who.serial).encode("ascii")),
        CATEGORY: octets(_TEST_CPX if who.is_test else _REAL_CPX),
        PRODUCT_TYPE: integer(_PRODUCTS[who.card_kind]),
    }
    if who.profession:
        extensions[PROFESSION] = integer(int(who.profession))
    if who.specialty:
        extensions[SPECIALTY] = sequence(utf8(who.specialty))
    return extensions


def _card_subject(who: CastProfessional) -> x509.Name:
    country = (NameOID.COUNTRY_NAME, "FR")
    if who.card_kind in _UNNAMED:  # an employee's certificate names the place, never the person
        place = who.activities[0].structure
        return _name(
            country,
            (NameOID.ORGANIZATION_NAME, place.name),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, place.id_nat),
            (NameOID.COMMON_NAME, who.id_nat),
        )
    person = x509.RelativeDistinguishedName(
        [
            x509.NameAttribute(NameOID.GIVEN_NAME, who.given_name),
            x509.NameAttribute(NameOID.SURNAME, who.family_name),
            x509.NameAttribute(NameOID.COMMON_NAME, who.id_nat),
        ]
    )
    return x509.Name([*_name(country, (NameOID.TITLE, who.title)).rdns, person])


def _root_name() -> x509.Name:
    return _ca_name("RACINE")


def _ca_name(kind: str) -> x509.Name:
    return _name(
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.ORGANIZATION_NAME, "AUTORITE FICTIVE DE SIMULATION"),
        (NameOID.COMMON_NAME, f"TEST AC FICTIVE ELEMENTAIRE {kind}"),
    )


def _name(*pairs: _Pair) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])


def _authority(
    subject: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer: x509.Name,
    issuer_key: rsa.RSAPrivateKey,
    path_length: int | None,
) -> bytes:
    builder = (
        _builder(subject, key, issuer, issuer_key)
        .add_extension(x509.BasicConstraints(True, path_length), True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), True)
    )
    return _signed(builder, issuer_key)


def _builder(
    subject: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer: x509.Name,
    issuer_key: rsa.RSAPrivateKey,
    validity: tuple[datetime.datetime, datetime.datetime] = (_START, _END),
) -> x509.CertificateBuilder:
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity[0])
        .not_valid_after(validity[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(issuer_id, False)
    )


def _usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_encipherment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature, content_commitment, key_encipherment, False, False, key_cert_sign, crl_sign, False, False
    )


def _signed(builder: x509.CertificateBuilder, key: rsa.RSAPrivateKey) -> bytes:
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
