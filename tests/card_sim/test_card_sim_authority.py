"""The test authority: race-safe, chained, shaped like the cards it imitates."""

import dataclasses
import datetime
import multiprocessing
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from card_sim import cast
from card_sim.authority import Authority

ARC = "1.2.250.1.71."


def extension(certificate, suffix: str) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(ARC + suffix)).value.value
    except x509.ExtensionNotFound:
        return None


@pytest.fixture
def certificates(authority):
    def load(name):
        _, _, signature, authentication = authority.card_material(name)
        return x509.load_der_x509_certificate(signature), x509.load_der_x509_certificate(authentication)

    return load


def open_and_report(directory: Path, queue) -> None:
    queue.put(Authority.open(directory).server_cert_file.read_bytes())


def test_two_processes_that_race_for_a_directory_get_the_same_authority(tmp_path):
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    racers = [context.Process(target=open_and_report, args=(tmp_path / "authority", queue)) for _ in range(2)]
    for racer in racers:
        racer.start()
    first, second = queue.get(timeout=120), queue.get(timeout=120)
    for racer in racers:
        racer.join()
    assert first == second
    assert sorted(each.name.split("-")[0] for each in (tmp_path / "authority").iterdir()) == ["lock", "material"]


def test_opening_twice_makes_nothing_new(authority_dir):
    before = {path: path.stat().st_mtime_ns for path in authority_dir.rglob("*.der")}
    Authority.open(authority_dir)
    assert {path: path.stat().st_mtime_ns for path in authority_dir.rglob("*.der")} == before


def test_private_keys_are_readable_by_their_owner_only(authority_dir):
    keys = list(authority_dir.rglob("*.key"))
    assert keys
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)


MODERN = [name for name, who in cast.professionals().items() if who.style == "igc-sante"]


@pytest.mark.parametrize("name", MODERN)
def test_keys_match_their_certificates_and_chain_to_the_root(authority, certificates, name):
    keys = authority.card_material(name)[:2]
    persons, root = (x509.load_der_x509_certificate(der) for der in authority.card_chain)
    persons.verify_directly_issued_by(root)
    for key, certificate in zip(keys, certificates(name), strict=True):
        assert certificate.public_key() == key.public_key()
        certificate.verify_directly_issued_by(persons)


def test_the_signature_certificate_signs_and_the_other_authenticates(certificates):
    signature, authentication = certificates("generaliste")
    usage, other = (
        each.extensions.get_extension_for_class(x509.KeyUsage).value for each in (signature, authentication)
    )
    assert usage.content_commitment
    assert not usage.digital_signature
    assert other.digital_signature
    assert not other.content_commitment
    purposes = authentication.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert ExtendedKeyUsageOID.CLIENT_AUTH in purposes


def test_the_name_of_a_professional_is_one_multi_valued_rdn(certificates):
    subject = certificates("generaliste")[0].subject
    assert [len(rdn) for rdn in subject.rdns] == [1, 1, 3]
    assert subject.get_attributes_for_oid(NameOID.TITLE)[0].value == "Médecin"
    assert {each.value for each in subject.rdns[2]} == {"899700000021", "MARTIN", "Claire"}


def test_the_card_extensions_say_category_product_profession_and_speciality(certificates):
    certificate = certificates("generaliste")[0]
    assert extension(certificate, "1.2.3")[:2].hex() == "1315"
    assert extension(certificate, "1.2.3")[2:].startswith(b"8025000001/99000002")
    assert extension(certificate, "1.2.5").hex() == "040180"
    assert extension(certificate, "1.2.2").hex() == "020100"
    assert extension(certificate, "1.2.7").hex() == "02010a"
    assert extension(certificate, "4.2.5") == bytes.fromhex("30060C04") + b"SM26"


def test_only_one_card_of_the_cast_is_not_a_test_card(certificates):
    real = [name for name in MODERN if extension(certificates(name)[1], "1.2.5") == b"\x04\x01\x00"]
    assert real == ["pharmacien-reel"]


def test_an_employee_certificate_names_the_place_and_nobody(certificates):
    certificate = certificates("secretaire")[1]
    kinds = {each.oid for each in certificate.subject}
    assert NameOID.SURNAME not in kinds
    assert NameOID.GIVEN_NAME not in kinds
    assert certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "Centre d'imagerie du Parc"
    assert extension(certificate, "1.2.7") is None
    assert extension(certificate, "1.2.2").hex() == "020102"


def test_each_kind_of_card_has_its_product_number(certificates):
    numbers = {name: extension(certificates(name)[1], "1.2.2").hex() for name in ("generaliste", "interne", "agent")}
    assert numbers == {"generaliste": "020100", "interne": "020101", "agent": "020103"}


def test_the_name_of_an_agent_ends_with_the_number_of_a_cpa(certificates):
    subject = certificates("agent")[0].subject
    number = subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert number.startswith("5000")
    assert number.endswith("/CPAT0001")
    assert not subject.get_attributes_for_oid(NameOID.SURNAME)


def test_the_certificates_of_one_card_are_over_and_those_of_the_others_are_not(certificates):
    today = datetime.datetime.now(datetime.UTC)
    over = [name for name in MODERN if certificates(name)[1].not_valid_after_utc < today]
    assert over == ["medecin-perime"]


def test_only_what_certificates_say_makes_new_keys(authority):
    who = cast.professionals()["pharmacien"]
    mine = authority.material_of(who)[2]
    assert authority.material_of(dataclasses.replace(who, pin="9999", product="CPS4", key_ids=(3, 4)))[2] == mine
    assert authority.card_material("pharmacien")[2] == mine
    assert authority.material_of(dataclasses.replace(who, serial="99999999"))[2] != mine


def test_a_stranger_to_the_cast_gets_certificates_in_the_stranger_s_name(authority):
    who = dataclasses.replace(cast.professionals()["infirmiere"], family_name="INCONNUE", key="nobody")
    certificate = x509.load_der_x509_certificate(authority.material_of(who)[3])
    assert certificate.subject.get_attributes_for_oid(NameOID.SURNAME)[0].value == "INCONNUE"


def test_the_server_certificate_is_good_for_every_loopback_name(authority):
    chain = x509.load_pem_x509_certificates(authority.server_cert_file.read_bytes())
    store = Store(x509.load_pem_x509_certificates(authority.ca_file.read_bytes()))
    verifier = PolicyBuilder().store(store)
    assert verifier.build_server_verifier(x509.DNSName("localhost")).verify(chain[0], chain[1:])
    names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_openssl_loads_the_server_chain_and_the_authorities(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_cert_file, authority.server_key_file)
    context.load_verify_locations(authority.ca_file)
    assert len(context.get_ca_certs()) == 5  # the root, persons, old persons, servers, organisations


def test_a_name_outside_the_cast_has_no_material(authority):
    with pytest.raises(KeyError):
        authority.card_material("../persons")
