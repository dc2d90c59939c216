"""Certificates of cards, old and new, and what is not one."""

from __future__ import annotations

import datetime

import pytest
from asn1crypto import core
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from card_sim import cast
from card_sim.authority import Authority
from dossier.certificate import Certificate
from dossier.failure import Failure


@pytest.fixture(scope="module")
def authority(authority_dir) -> Authority:
    return Authority.open(authority_dir)


@pytest.fixture(scope="module")
def certificate(authority):
    """The certificate of a professional: the signature one, or the authentication one."""

    def read(name: str, *, signs: bool = False) -> Certificate:
        material = authority.material_of(cast.professionals()[name])
        return Certificate.parse(material[2 if signs else 3])

    return read


def test_an_old_certificate_that_strict_parsers_refuse_is_read(certificate):
    who = cast.professionals()["medecin-ancien"]
    found = certificate("medecin-ancien")
    with pytest.raises(ValueError):
        x509.load_der_x509_certificate(found.der).subject.rdns  # noqa: B018 - the name is parsed when asked for
    assert (found.common_name, found.surname, found.given_name) == (who.id_nat, who.family_name, who.given_name)
    assert any(len(rdn) == 3 for rdn in found.rdns)  # one name with three parts, in no order


def test_the_accents_of_an_old_certificate_are_those_of_its_time(certificate):
    found = certificate("medecin-ancien")
    assert found.first("2.5.4.11") == "Médecin"


def test_an_old_signature_certificate_signs_documents_although_it_also_signs_challenges(certificate):
    found = certificate("medecin-ancien", signs=True)
    assert found.signs_documents and "digital_signature" in found.key_usage
    assert found.is_test


def test_the_issuer_is_named_as_people_see_it(certificate):
    assert certificate("medecin-ancien").issuer_common_name == "TEST CLASSE-1"
    assert certificate("generaliste").issuer_common_name.startswith("TEST AC")


@pytest.mark.parametrize(
    ("after", "valid", "days"),
    [
        (datetime.timedelta(days=-30), True, 30),
        (datetime.timedelta(seconds=-1), True, 0),
        (datetime.timedelta(0), True, 0),
        (datetime.timedelta(seconds=1), False, -1),
        (datetime.timedelta(days=2), False, -2),
    ],
)
def test_the_days_left_are_whole_ones(certificate, after, valid, days):
    found = certificate("generaliste")
    moment = found.not_after + after
    assert (found.is_valid_at(moment), found.days_left(moment)) == (valid, days)


def test_a_certificate_is_not_valid_before_its_time(certificate):
    found = certificate("generaliste")
    assert not found.is_valid_at(found.not_before - datetime.timedelta(seconds=1))
    assert found.is_valid_at(found.not_before)


def test_an_expired_card_says_since_when(certificate):
    assert certificate("medecin-perime").days_left(datetime.datetime.now(datetime.UTC)) < 0


def test_test_and_production_are_told_apart_by_the_category(certificate):
    assert certificate("generaliste").is_test
    assert not certificate("pharmacien-reel").is_test


def test_without_a_category_the_name_of_the_issuer_decides(certificate):
    found = certificate("pharmacien-reel")
    bare = Certificate(**{**vars(found), "category": None})
    assert bare.is_test  # the authority of the cast says TEST
    real = Certificate(**{**vars(bare), "issuer_rdns": ((("2.5.4.3", "AC IGC-SANTE ELEMENTAIRE PERSONNES"),),)})
    assert not real.is_test


def test_the_size_of_the_key_is_known(certificate):
    assert certificate("generaliste").key_bytes == 256


@pytest.mark.parametrize("der", [b"", b"\x30\x00", b"\x30\x80", b"certificat", bytes(64)])
def test_what_is_no_certificate_is_said_so(der):
    with pytest.raises(Failure) as caught:
        Certificate.parse(der)
    assert caught.value.code == "CERTIFICATE_UNREADABLE"


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["generaliste", "medecin-ancien", "secretaire"]), st.data())
def test_a_mutated_certificate_is_read_or_refused(certificate, name, data):
    der = bytearray(certificate(name).der)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(der) - 1))
        der[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(der)))
    for mutated in (bytes(der), bytes(der[:cut])):
        try:
            found = Certificate.parse(mutated)
            _ = (found.common_name, found.is_test, found.issuer_common_name, found.days_left(found.not_after))
        except Failure as failure:
            assert failure.code == "CERTIFICATE_UNREADABLE"


def test_a_profession_that_is_only_said_to_be_in_training_is_read(authority):
    der = authority.material_of(cast.professionals()["interne"])[3]
    practising, training = (x509.ObjectIdentifier(f"1.2.250.1.71.1.2.{last}") for last in (7, 8))
    found = x509.load_der_x509_certificate(der)
    value = found.extensions.get_extension_for_oid(practising).value.value
    encoded = core.ObjectIdentifier(practising.dotted_string).dump()
    renamed = der.replace(encoded, core.ObjectIdentifier(training.dotted_string).dump())
    assert renamed != der
    assert Certificate.parse(renamed).profession == str(int.from_bytes(value[2:], "big")) == "10"
