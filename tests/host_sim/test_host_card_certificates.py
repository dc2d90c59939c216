"""Old card certificates at the host: read, trusted by their original bytes, never by the sorted copy."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from card_sim.authority import Authority
from host_sim import card_certificates, distinguished
from host_sim.call import HostFault
from host_sim.signature import Trust, is_for_signature


@pytest.fixture(scope="module")
def old(authority: Authority) -> bytes:
    return authority.card_material("medecin-ancien")[2]


@pytest.fixture(scope="module")
def issuer(authority: Authority) -> x509.Certificate:
    return x509.load_der_x509_certificate(authority.chain_of("igc-cps")[0])


def test_an_old_certificate_is_read_with_its_names(old: bytes) -> None:
    certificate = card_certificates.load(old)
    assert distinguished.of_certificate(certificate) == (
        frozenset({("2.5.4.6", "fr")}),
        frozenset({("2.5.4.10", "test")}),
        frozenset({("2.5.4.11", "médecin")}),
        frozenset({("2.5.4.3", "899700000120"), ("2.5.4.4", "lambert"), ("2.5.4.42", "georges")}),
    )
    assert is_for_signature(certificate)


def test_its_name_equals_the_text_form_with_values_in_hexadecimal(old: bytes) -> None:
    text = (
        "CN=899700000120+2.5.4.4=#1407"
        + b"LAMBERT".hex()
        + "+2.5.4.42=#1407"
        + b"Georges".hex()
        + ",OU=M\\c3\\a9decin,O=TEST,C=FR"
    )
    assert distinguished.parse(text) == distinguished.of_certificate(card_certificates.load(old))


def test_its_issuer_is_judged_on_the_bytes_that_came(old: bytes, issuer: x509.Certificate) -> None:
    certificate = card_certificates.load(old)
    copy = certificate.public_bytes(Encoding.DER)
    assert card_certificates.is_issued_by(certificate, old, issuer)
    assert not card_certificates.is_issued_by(certificate, copy, issuer)


def test_an_altered_old_certificate_is_not_trusted(authority: Authority, old: bytes) -> None:
    altered = old.replace(b"LAMBERT", b"LAMBERX")
    trust = Trust(authority.ca_file)
    assert trust.holder(old).signs
    with pytest.raises(HostFault, match="DMPInvalidCertificate"):
        trust.holder(altered)


def test_a_certificate_of_today_is_read_as_it_is(authority: Authority) -> None:
    der = authority.card_material("generaliste")[2]
    certificate = card_certificates.load(der)
    assert certificate == x509.load_der_x509_certificate(der)
    assert Trust(authority.ca_file).holder(der).name == distinguished.of_certificate(certificate)


def test_an_expired_card_is_not_trusted(authority: Authority) -> None:
    der = authority.card_material("medecin-perime")[2]
    with pytest.raises(HostFault, match="not valid now"):
        Trust(authority.ca_file).holder(der)


def test_a_certificate_of_an_unknown_version_is_a_valueerror_too(old: bytes) -> None:
    with pytest.raises(ValueError, match="no such version"):
        card_certificates.load(old.replace(bytes.fromhex("A003020102"), bytes.fromhex("A003020119"), 1))


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 2000), octet=st.integers(0, 255), cut=st.integers(0, 1200))
def test_a_damaged_certificate_is_refused_with_a_valueerror_or_not_trusted(
    old: bytes, issuer: x509.Certificate, place: int, octet: int, cut: int
) -> None:
    damaged = bytearray(old)
    damaged[place % len(old)] = octet
    for data in (bytes(damaged), old[:cut]):
        try:
            certificate = card_certificates.load(data)
            distinguished.of_certificate(certificate)
        except ValueError:
            continue
        assert card_certificates.is_issued_by(certificate, data, issuer) == (data == old)
