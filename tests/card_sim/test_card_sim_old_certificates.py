"""The certificates of old cards: what official samples show, refused by a strict parser, accepted by OpenSSL."""

import shutil
import subprocess

import pytest
from asn1crypto import x509 as tolerant
from cryptography import x509

from card_sim import cast
from card_sim.certificates import pem


@pytest.fixture(scope="module")
def old(authority):
    signature, authentication = authority.card_material("medecin-ancien")[2:]
    return signature, authentication


@pytest.mark.parametrize("which", [0, 1])
def test_a_strict_parser_refuses_the_unsorted_name(old, which):
    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        x509.load_der_x509_certificate(old[which])


def test_the_name_is_written_as_on_old_test_cards(old):
    subject = bytes.fromhex(
        "310B300906035504061302" + b"FR".hex()
        + "310D300B060355040A1304" + b"TEST".hex()
        + "3110300E060355040B1407" + "M\xe9decin".encode("latin-1").hex()
        + "3135" + "30130603550403130C" + b"899700000120".hex()
        + "300E06035504041407" + b"LAMBERT".hex()
        + "300E" + "060355042A1407" + b"Georges".hex()
    )  # fmt: skip
    assert subject in old[0]
    assert subject in old[1]


def test_the_issuer_is_the_one_of_old_test_cards(old):
    issuer = tolerant.Certificate.load(old[0], strict=True).issuer
    assert [(each["type"].native, each["value"].native) for rdn in issuer.chosen for each in rdn] == [
        ("organization_name", "TEST"),
        ("organizational_unit_name", "TEST PROFESSIONNEL"),
        ("common_name", "TEST CLASSE-1"),
    ]


def test_the_signature_certificate_signs_twice_over_and_the_other_authenticates(old):
    signature, authentication = (tolerant.Certificate.load(der, strict=True) for der in old)
    assert signature.key_usage_value.native == {"digital_signature", "non_repudiation"}
    assert signature.extended_key_usage_value.native == ["email_protection"]
    assert "non_repudiation" not in authentication.key_usage_value.native
    assert "client_auth" in authentication.extended_key_usage_value.native


def test_the_professional_extensions_are_byte_for_byte_those_of_the_samples(old):
    extensions = {
        each["extn_id"].dotted: each["extn_value"].contents.hex()
        for each in tolerant.Certificate.load(old[0])["tbs_certificate"]["extensions"]
    }
    arc = "1.2.250.1.71."
    assert extensions[arc + "1.2.3"].startswith("1315" + b"8025000001/99000013".hex())
    assert extensions[arc + "1.2.5"] == "040180"
    assert extensions[arc + "1.2.2"] == "020100"
    assert extensions[arc + "1.2.7"] == "02010a"
    assert extensions[arc + "4.2.5"] == "30060c04" + b"SM26".hex()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command here")
def test_openssl_verifies_the_old_chain(authority, old, tmp_path):
    persons, root = (pem(der) for der in authority.chain_of("igc-cps"))
    for name, content in (("leaf.der", old[0]), ("persons.pem", persons), ("root.pem", root)):
        (tmp_path / name).write_bytes(content)
    subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-in", "leaf.der", "-out", "leaf.pem"], cwd=tmp_path, check=True
    )
    verify = ["openssl", "verify", "-CAfile", "root.pem", "-untrusted", "persons.pem", "leaf.pem"]
    assert subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True, check=True).stdout == "leaf.pem: OK\n"


def test_the_keys_match_the_old_certificates(authority, old):
    for key, der in zip(authority.card_material("medecin-ancien")[:2], old, strict=True):
        numbers = tolerant.Certificate.load(der).public_key["public_key"].parsed
        assert numbers["modulus"].native == key.public_key().public_numbers().n


def test_the_old_doctor_is_the_only_one_with_old_certificates():
    assert [name for name, who in cast.professionals().items() if who.style == "igc-cps"] == ["medecin-ancien"]
