"""The software certificates of structures: what they say, and the files they come in."""

from __future__ import annotations

import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from cryptography.x509.oid import NameOID

from card_sim import cast
from card_sim.authority import Authority
from card_sim.structure_certificates import PASSWORD


@pytest.fixture(scope="module")
def authority(authority_dir):
    return Authority.open(authority_dir)


@pytest.mark.parametrize("key", ["hopital", "imagerie-parc"])
def test_both_certificates_name_the_structure_as_the_organisation_unit(authority, key):
    place = cast.structures()[key]
    for der in authority.structure_material(key)[2:]:
        subject = x509.load_der_x509_certificate(der).subject
        assert subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)[0].value == place.id_nat
        assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == place.name


def test_one_certificate_signs_and_the_other_one_opens_connections(authority):
    sign, auth = (x509.load_der_x509_certificate(der) for der in authority.structure_material("hopital")[2:])
    usage = [each.extensions.get_extension_for_class(x509.KeyUsage).value for each in (sign, auth)]
    assert [(each.content_commitment, each.digital_signature) for each in usage] == [(True, False), (False, True)]
    assert auth.extensions.get_extension_for_class(x509.ExtendedKeyUsage)


def test_the_files_hold_the_same_key_and_certificate_in_both_forms(authority):
    files = authority.structure_files("hopital")
    for pem, p12 in ((files.auth_pem, files.auth_p12), (files.sign_pem, files.sign_p12)):
        key, certificate, chain = pkcs12.load_key_and_certificates(p12.read_bytes(), PASSWORD)
        assert x509.load_pem_x509_certificates(pem.read_bytes()) == [certificate, *chain]
        assert load_pem_private_key(pem.read_bytes(), None).private_numbers() == key.private_numbers()
        assert key.public_key() == certificate.public_key()
        assert pem.stat().st_mode & 0o077 == 0


def test_openssl_takes_the_file_for_connections(authority):
    ssl.create_default_context().load_cert_chain(authority.structure_files("imagerie-parc").auth_pem)


def test_a_place_outside_the_cast_has_no_certificate(authority):
    with pytest.raises(KeyError):
        authority.structure_files("nowhere")


def test_a_second_opening_gives_the_same_certificates(authority, authority_dir):
    assert Authority.open(authority_dir).structure_material("samu")[2] == authority.structure_material("samu")[2]
