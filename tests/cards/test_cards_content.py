"""What is read of a card: directory, serial, certificates, activities, persons."""

from __future__ import annotations

import contextlib

import pytest
from cards_stage import DirectLink
from hypothesis import given, settings
from hypothesis import strategies as st

from card_sim import cast
from card_sim.deck import card_named
from cps_bridge.cards.apdu import Channel
from cps_bridge.cards.cps import APPLICATION
from cps_bridge.cards.cps3 import Cps3
from cps_bridge.cards.cps_data import activities_of
from cps_bridge.cards.holder import authentication_pair, kind_of_holder, professional_of, signature_pair
from cps_bridge.cards.pkcs15 import read_directory
from cps_bridge.cards.professional import open_professional
from cps_bridge.cards.recognise import recognise
from cps_bridge.cards.signer import KeyUse
from cps_bridge.cards.vitale import Vitale, VitaleContent
from dossier.certificate import Certificate
from dossier.failure import Failure
from dossier.patient import nir_key
from dossier.professional import Activity, CardKind, HealthStructure

H = bytes.fromhex


@pytest.fixture
def cps(link_to):
    def access_to(name):
        link = link_to(name)
        return open_professional(Channel(link), recognise(link.card.atr))

    return access_to


READABLE = sorted(name for name, who in cast.professionals().items() if who.product in ("CPS3", "CPS4"))


@pytest.mark.parametrize("name", READABLE)
def test_every_professional_of_the_cast_is_read(cps, name):
    who, card = cast.professionals()[name], cps(name)
    pairs = card.read_certificates()
    holder = professional_of(authentication_pair(pairs).certificate, card.read_specialty)
    assert card.read_serial() == who.serial
    assert (holder.id_nat, holder.profession, holder.specialty) == (who.id_nat, who.profession, who.specialty)
    assert (holder.card_kind.value, holder.is_test) == (who.card_kind, who.is_test)
    if who.card_kind == "CPS":
        assert (holder.family_name, holder.given_name) == (who.family_name, who.given_name)


def test_an_employee_card_without_names_gives_the_organisation_and_its_number(cps):
    card = cps("secretaire")
    certificate = authentication_pair(card.read_certificates()).certificate
    holder = professional_of(certificate, card.read_specialty)
    assert kind_of_holder(certificate) is CardKind.CPE
    assert not certificate.surname
    assert (holder.family_name, holder.given_name) == ("Centre d'imagerie du Parc", "3990000036/000001")


def test_keys_are_matched_by_identifier_and_classified_by_usage(cps):
    for name in ("generaliste", "radiologue"):  # their identifiers end differently
        pairs = cps(name).read_certificates()
        assert authentication_pair(pairs).key_reference == 0x82
        assert authentication_pair(pairs).certificate.authenticates
        assert signature_pair(pairs).key_reference == 0x81
        assert signature_pair(pairs).certificate.signs_documents


def test_the_specialty_is_on_the_card_when_the_certificate_lacks_it(cps):
    assert cps("radiologue").read_specialty() == "SM44"
    assert cps("infirmiere").read_specialty() == ""


def test_a_doctor_whose_certificate_lacks_the_specialty_gets_the_one_of_the_card(cps):
    certificate = authentication_pair(cps("generaliste").read_certificates()).certificate
    bare = Certificate(**{**vars(certificate), "specialty": ""})
    assert professional_of(bare, lambda: "SM54").specialty == "SM54"
    assert professional_of(certificate, lambda: "SM54").specialty == "SM26"


def test_a_card_without_authentication_key_is_refused(cps):
    pairs = tuple(pair for pair in cps("generaliste").read_certificates() if pair.certificate.signs_documents)
    with pytest.raises(Failure) as caught:
        authentication_pair(pairs)
    assert caught.value.code == "CARD_KEY_MISSING"


def test_the_serial_file_of_another_issuer_is_no_professional_card(link_to):
    link = link_to("generaliste")
    link.change = lambda command, answer: answer.replace(H("8025000001"), H("8025000002"))
    with pytest.raises(Failure) as caught:
        Cps3(Channel(link)).read_serial()
    assert caught.value.code == "CARD_UNKNOWN"


def test_activities_need_the_code(cps):
    with pytest.raises(Failure) as caught:
        cps("generaliste").read_activities()
    assert caught.value.code == "PIN_REQUIRED"


def test_activities_are_read_from_numbers_that_do_not_follow_each_other(cps):
    card = cps("generaliste")
    card.verify_pin(bytearray(b"1234"))
    assert [(each.structure.name, each.sector) for each in card.read_activities()] == [
        ("Cabinet des Lilas", "SA08"),
        ("Centre de santé du Canal", "SA05"),
    ]


def test_a_record_without_sector_or_structure_is_never_completed_from_another():
    content = H("EE0A 8403414141 8503313131") + H("EE06 8604") + b"SA07" + H("EE0B 8503393939 8604") + b"SA05"
    assert activities_of(content) == (Activity(HealthStructure("999", ""), "SA05"),)


def test_the_counter_is_asked_without_spending_a_try(cps):
    card = cps("generaliste")
    assert [card.read_pin_state().tries_left for _ in range(5)] == [3] * 5
    card.verify_pin(bytearray(b"1234"))
    assert card.read_pin_state().tries_left == 3


@pytest.mark.parametrize("pin", [b"", b"123", b"12345", b"12a4", b"1234\n", "١٢٣٤".encode()])
def test_a_code_of_another_shape_never_reaches_the_card(link_to, pin):
    link, buffer = link_to("generaliste"), bytearray(pin)
    with pytest.raises(Failure) as caught:
        Cps3(Channel(link)).verify_pin(buffer)
    assert caught.value.code == "PIN_SHAPE"
    assert not any(buffer)
    assert not any(command[1] == 0x20 for command in link.asked)


def test_a_card_that_refuses_without_counter_is_asked_for_it(link_to):
    link = link_to("generaliste")
    link.change = lambda command, answer: H("6300") if command[1] == 0x20 and len(command) > 5 else answer
    with pytest.raises(Failure) as caught:
        Cps3(Channel(link)).verify_pin(bytearray(b"9999"))
    assert caught.value.facts == {"tries_left": 2}


@pytest.mark.parametrize(("hash_name", "size"), [("sha384", 48), ("sha256", 20), ("md5", 16)])
def test_the_signature_key_refuses_digests_it_does_not_know(cps, hash_name, size):
    card = cps("generaliste")
    pair = signature_pair(card.read_certificates())
    with pytest.raises(Failure) as caught:
        card.sign(pair, KeyUse.SIGNATURE, hash_name, bytes(size))
    assert caught.value.code == "HASH_NOT_SUPPORTED"


def test_a_directory_with_relative_paths_is_followed(link_to):
    link = link_to("generaliste")
    absolute, relative = H("040 63F0000017004".replace(" ", "")), H("04027004")

    def shorten(command, answer):
        if absolute not in answer:
            return answer
        return answer.replace(H("A40A30080406") + H("3F0000017004"), H("A40630040402") + H("7004") + bytes(4))

    link.change = shorten
    assert relative and len(read_directory(Channel(link).read_file, APPLICATION).certificates) == 2


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_activity_file_gives_records_or_a_failure(content):
    for data in (content, H("EE81") + len(content).to_bytes(1, "big") + content):
        try:
            assert all(each.sector and each.structure.id_nat for each in activities_of(data))
        except Failure as failure:
            assert failure.code == "CARD_UNREADABLE"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.integers(0, 300), st.integers(1, 255))
def test_a_corrupted_answer_gives_a_failure_or_a_reading(authority, index, place, flip):
    link = DirectLink(card_named("generaliste", authority))

    def corrupt(_, answer):
        if len(link.asked) != index:
            return answer
        broken = bytearray(answer)
        broken[place % len(broken)] ^= flip
        return bytes(broken)

    link.change = corrupt
    card = Cps3(Channel(link))
    with contextlib.suppress(Failure):
        card.read_serial()
        professional_of(authentication_pair(card.read_certificates()).certificate, card.read_specialty)
        card.verify_pin(bytearray(b"1234"))
        card.read_activities()


@pytest.mark.parametrize(
    "name", sorted(name for name, card in cast.vitale_cards().items() if card.product == "VITALE2")
)
def test_every_vitale_of_the_cast_is_read_in_order(link_to, name):
    found = Vitale(Channel(link_to(name))).read().beneficiaries
    assert [
        (each.family_name, each.given_name, each.birth_date, each.insured_nir.value, each.rank) for each in found
    ] == [
        (each.family_name, each.given_name, each.birth_date, each.insured_nir, each.rank)
        for each in cast.vitale_cards()[name].beneficiaries
    ]


def test_a_child_carries_the_number_of_the_insured(link_to):
    parent, child = Vitale(Channel(link_to("famille-marchand"))).read().beneficiaries
    assert child.insured_nir == parent.insured_nir
    assert child.rank == 2


def test_two_vitale_with_the_same_answer_to_reset_have_different_digests(link_to):
    jean, karim = link_to("jean"), link_to("karim")
    assert recognise(jean.card.atr) is recognise(karim.card.atr)
    assert Vitale(Channel(jean)).read().digest(jean.card.atr) != Vitale(Channel(karim)).read().digest(karim.card.atr)


def _person(name: bytes, birth: bytes) -> bytes:
    inside = b"\x80" + bytes([len(name)]) + name + b"\x82" + bytes([len(birth)]) + birth
    return b"\x65" + bytes([len(inside)]) + inside


def _number(nir: bytes) -> bytes:
    return b"\x65" + bytes([len(nir) + 2]) + b"\x93" + bytes([len(nir)]) + nir


GOOD_NIR = b"1700375116001" + nir_key("1700375116001").encode()


@pytest.mark.parametrize(
    ("identities", "numbers"),
    [
        (b"", b""),
        (_person(b"DUVAL", b"19590422"), b""),
        (_person(b"DUVAL", b"19590422"), _number(GOOD_NIR) * 2),
        (_person(b"", b"19590422"), _number(GOOD_NIR)),
        (_person(b"DUVAL", b"1959"), _number(GOOD_NIR)),
        (_person(b"DUVAL", b"1959042A"), _number(GOOD_NIR)),
        (_person(b"DUVAL", b"19590422"), _number(GOOD_NIR[:13] + b"99")),
        (_person(b"DUVAL", b"19590422"), _number(b"")),
    ],
)
def test_a_vitale_whose_persons_and_numbers_do_not_fit_is_unreadable(identities, numbers):
    with pytest.raises(Failure) as caught:
        _ = VitaleContent(identities, numbers).beneficiaries
    assert caught.value.code == "CARD_UNREADABLE"


def test_a_lunar_birth_date_is_kept_as_the_card_says():
    found = VitaleContent(_person(b"DUVAL", b"19591399"), _number(GOOD_NIR)).beneficiaries
    assert found[0].birth_date == "19591399"


def test_nothing_of_a_vitale_shows_in_a_repr():
    content = VitaleContent(_person(b"DUVAL", b"19590422"), _number(GOOD_NIR))
    assert "DUVAL" not in repr(content) and GOOD_NIR.decode() not in repr(content.beneficiaries[0].insured_nir)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120), st.binary(max_size=120))
def test_any_vitale_files_give_persons_or_a_failure(identities, numbers):
    try:
        _ = VitaleContent(identities, numbers).beneficiaries
    except Failure as failure:
        assert failure.code == "CARD_UNREADABLE"
