"""What differs from one card to another: products, kinds of holder, codes, nature; and whatever a card may answer."""

from __future__ import annotations

import contextlib

import pytest
from cards_stage import PATIENCE, PROFESSIONAL, RIGHT, DirectLink, code_of
from hypothesis import given, settings
from hypothesis import strategies as st

from card_sim import cast
from card_sim.deck import card_named
from cps_bridge.cards.apdu import Channel
from cps_bridge.cards.codes import DEFAULT_PIN, CodeFormat, bounded
from cps_bridge.cards.holder import authentication_pair, kind_of_holder, professional_of
from cps_bridge.cards.pkcs15_codes import codes_of
from cps_bridge.cards.professional import open_professional
from cps_bridge.cards.recognise import Model, recognise
from cps_bridge.cards.rsa_padding import pad_signature, strip_encryption
from cps_bridge.cards.signer import KeyUse
from cps_bridge.cards.tlv import parse
from cps_bridge.cards.vitale import Vitale, nature_of
from dossier.certificate import Certificate
from dossier.failure import Failure
from dossier.professional import CardKind

H = bytes.fromhex
CARDS = ("generaliste", "medecin-cps4")


def access_over(link: DirectLink):
    return open_professional(Channel(link), recognise(link.card.atr))


def certificate_of(access) -> Certificate:
    return authentication_pair(access.read_certificates()).certificate


# Products


def test_a_contactless_card_and_a_vitale_are_never_opened_as_a_professional_card(link_to):
    for name, code in (("medecin-sans-contact", "CARD_CONTACTLESS"), ("vitale-1", "CARD_VITALE_1")):
        assert code_of(access_over, link_to(name)) == code
    assert code_of(access_over, link_to("jean")) == "CARD_WRONG_KIND"


def test_a_cps2ter_says_so_when_it_answers_like_one(link_to):
    link = link_to("medecin-2ter")
    assert recognise(link.card.atr) is Model.CPS2TER
    assert code_of(access_over(link).read_serial) == "CARD_CPS2TER"


@pytest.mark.parametrize("status", ["6B00", "6D00", "6E00", "9404", "9F1C"])
def test_a_card_that_knows_only_the_older_commands_is_a_cps2ter_whatever_its_atr(link_to, status):
    link = link_to("generaliste")
    link.change = lambda *_: H(status)
    assert code_of(access_over(link).read_serial) == "CARD_CPS2TER"


def test_a_cps3_left_in_its_older_application_is_brought_back(link_to):
    link = link_to("generaliste")
    link.change = lambda command, answer: H("6E00") if len(link.asked) == 1 else answer
    assert access_over(link).read_serial() == cast.professionals()["generaliste"].serial
    assert link.asked[1] == H("00A4040C088025000001FF0100")


def test_a_good_card_with_the_doubtful_answer_to_reset_is_not_refused(link_to):
    link = link_to("generaliste")
    access = open_professional(Channel(link), Model.CPS2TER)
    assert access.read_serial() == cast.professionals()["generaliste"].serial


def test_a_cps4_that_does_not_listen_to_its_channel_is_woken_in_order(link_to):
    link = link_to("medecin-cps4")
    link.change = lambda command, answer: H("6881") if len(link.asked) == 1 else answer
    assert access_over(link).read_serial() == cast.professionals()["medecin-cps4"].serial
    names = [command for command in link.asked if command[1] == 0xA4 and command[2] == 0x04]
    assert names == [
        H("01A4040C088025000001FF0100"),
        H("01A4040C07A0000001510000"),
        H("00A4040C088025000001FF0002"),
        H("01A4040C088025000001FF0100"),
    ]


def test_a_cps4_is_never_asked_for_what_it_has_not(link_to):
    link = link_to("medecin-cps4")
    access = access_over(link)
    access.read_serial()
    access.verify_pin(bytearray(b"1234"))
    access.read_activities()
    for pair in access.read_certificates():
        use = KeyUse.SIGNATURE if pair.certificate.signs_documents else KeyUse.AUTHENTICATION
        access.sign(pair, use, "sha256", bytes(32))
    assert not {0x88, 0xCB} & {command[1] for command in link.asked}
    assert {command[0] for command in link.asked} == {0x01, 0x11}
    assert max(len(command) for command in link.asked) <= 260  # short commands only


@pytest.mark.parametrize("name", CARDS)
def test_a_file_read_twice_is_the_same_wherever_the_card_stands(link_to, name):
    access = access_over(link_to(name))
    first = access.read_specialty()
    access.read_serial()
    access.read_pin_state()
    assert access.read_specialty() == first
    assert access.read_serial() == cast.professionals()[name].serial


# Kinds of holder


@pytest.mark.parametrize(
    ("name", "kind"),
    [("generaliste", "CPS"), ("interne", "CPF"), ("secretaire", "CPE"), ("agent", "CPA"), ("medecin-ancien", "CPS")],
)
def test_the_kind_of_card_is_in_its_certificate(link_to, name, kind):
    assert kind_of_holder(certificate_of(access_over(link_to(name)))) is CardKind(kind)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("generaliste", "CPS"), ("secretaire", "CPE"), ("agent", "CPA")],
)
def test_without_the_extension_the_names_tell_the_kind(link_to, name, kind):
    certificate = certificate_of(access_over(link_to(name)))
    bare = Certificate(**{**vars(certificate), "product": None})
    assert kind_of_holder(bare) is CardKind(kind)


def test_an_unknown_product_is_told_by_the_names(link_to):
    certificate = certificate_of(access_over(link_to("generaliste")))
    assert kind_of_holder(Certificate(**{**vars(certificate), "product": 9})) is CardKind.CPS


@pytest.mark.parametrize("name", ["secretaire", "agent"])
def test_a_holder_without_names_is_called_as_the_certificate_writes_it(link_to, name):
    certificate = certificate_of(access_over(link_to(name)))
    holder = professional_of(certificate, lambda: "")
    assert (holder.family_name, holder.given_name) == (certificate.organisation, certificate.common_name)
    assert "'" in holder.family_name or "/" in holder.given_name


def test_an_old_card_signs_and_opens_like_any_other(services, readers, deck):
    service = services(readers)
    readers.insert(RIGHT, deck.card("medecin-ancien"))
    epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
    holder = service.read_professional(epoch).professional
    who = cast.professionals()["medecin-ancien"]
    assert (holder.id_nat, holder.family_name, holder.given_name) == (who.id_nat, who.family_name, who.given_name)
    service.verify_pin(epoch, bytearray(who.pin.encode()))
    assert service.signer(epoch, KeyUse.SIGNATURE).sign("sha256", bytes(32))


# Codes


def test_an_eight_digit_pin_is_what_its_card_says(link_to):
    access = access_over(link_to("interne"))
    state = access.read_pin_state()
    assert (state.minimum, state.maximum) == (8, 8)
    assert code_of(access.verify_pin, bytearray(b"1234")) == "PIN_SHAPE"
    access.verify_pin(bytearray(b"73519264"))
    access.change_pin(bytearray(b"73519264"), bytearray(b"46291537"))
    access.verify_pin(bytearray(b"46291537"))


def test_the_references_of_both_codes_come_from_the_card(link_to):
    for name, pin, puk in (("generaliste", 0x01, 0x02), ("medecin-cps4", 0x11, 0x12)):
        codes = access_over(link_to(name)).codes
        assert (codes.pin.reference, codes.puk.reference) == (pin, puk)


def _entry(identifier: int, guardian: str, flags: str, kind: int = 1, reference: str = "8001 05") -> bytes:
    common = H("3004 0C02 4142") if not guardian else H("3007 0C02 4142 0401") + H(guardian)
    attributes = H(flags) + bytes([0x0A, 1, kind]) + H("020104 020108 020108") + H(reference) + H("0401 AA")
    inside = b"\x30" + bytes([len(attributes)]) + attributes
    body = common + b"\x30\x03\x04\x01" + bytes([identifier]) + b"\xa1" + bytes([len(inside)]) + inside
    return b"\x30" + bytes([len(body)]) + body


def test_the_code_that_the_pin_names_unblocks_it():
    pin, other, puk = _entry(1, "07", "030204 80"), _entry(2, "", "030201 82"), _entry(7, "", "030201 82", 2, "8001 09")
    codes = codes_of(parse(other + pin + puk))
    assert codes.pin == CodeFormat(5, 4, 8, filling=0xAA)
    assert codes.puk is not None and codes.puk.reference == 9


def test_a_pin_that_names_nobody_is_unblocked_by_the_code_that_says_it_can():
    assert codes_of(parse(_entry(1, "", "030204 80") + _entry(7, "", "030201 82"))).puk == CodeFormat(
        5, 4, 8, filling=0xAA
    )


def test_a_code_that_wants_filling_is_filled_as_it_says():
    form = codes_of(parse(_entry(1, "", "030202 84"))).pin
    assert form == CodeFormat(5, 4, 8, padded_to=8, filling=0xAA)
    assert form.encoded(bytearray(b"1234")) == b"1234" + bytes([0xAA]) * 4


def test_a_card_that_says_nothing_of_its_codes_has_the_usual_pin_and_no_known_unblocking(link_to):
    assert codes_of(()).pin == DEFAULT_PIN
    link = link_to("generaliste")
    access = access_over(link)
    access.directory  # noqa: B018 - read once
    object.__setattr__(access.directory, "codes", ())
    assert code_of(access.unblock_pin, bytearray(b"87654321"), bytearray(b"4321")) == "PUK_UNKNOWN"
    assert access.read_pin_state().unblocking_tries_left is None


def test_a_code_in_a_coding_that_is_not_text_is_not_guessed():
    assert code_of(codes_of, parse(_entry(1, "", "030204 80", kind=0))) == "CARD_UNREADABLE"


@pytest.mark.parametrize(
    ("announced", "unblocking", "kept"),
    [((4, 4), False, (4, 4)), ((0, 0), False, (4, 4)), ((1, 200), False, (4, 8)), ((12, 12), False, (8, 8)),
     ((8, 64), True, (8, 16)), ((6, 4), False, (6, 6))],
)  # fmt: skip
def test_digits_stay_within_what_a_code_can_be(announced, unblocking, kept):
    assert bounded(*announced, unblocking=unblocking) == kept


# Padding


def test_a_signature_block_is_the_one_of_the_standard():
    block = pad_signature(b"information", 64)
    assert len(block) == 64
    assert block == b"\x00\x01" + b"\xff" * 50 + b"\x00information"
    assert code_of(pad_signature, bytes(54), 64) == "KEY_NOT_USABLE"


@pytest.mark.parametrize(
    ("block", "message"),
    [(b"\x00\x02" + b"\x01" * 8 + b"\x00", b""), (b"\x00\x02" + b"\xff" * 20 + b"\x00a\x00b", b"a\x00b")],
)
def test_an_encryption_block_gives_its_message(block, message):
    assert strip_encryption(block) == message


@pytest.mark.parametrize(
    "block",
    [b"", b"\x00", b"\x00\x01" + b"\xff" * 20 + b"\x00a", b"\x00\x02" + b"\x01" * 7 + b"\x00a", b"\x00\x02" * 9],
)
def test_any_other_block_is_refused_in_the_same_words(block):
    assert code_of(strip_encryption, block) == "DECRYPTION_FAILED"


# Vitale


@pytest.mark.parametrize(("name", "nature"), [("jean", "R"), ("famille-marchand", "R"), ("vitale-demo", "D")])
def test_the_nature_of_a_vitale_is_read_where_a_card_says_it(link_to, name, nature):
    content = Vitale(Channel(link_to(name))).read()
    assert (content.nature, content.is_test) == (nature, nature != "R")


@pytest.mark.parametrize("status", ["6A82", "6B00", "6A86", "6D00", "9404", "6F00"])
def test_a_vitale_without_our_file_is_a_real_one(link_to, status):
    link = link_to("vitale-demo")
    link.change = lambda command, answer: H(status) if command.endswith(H("20F0")) else answer
    assert Vitale(Channel(link)).read().nature == "R"


def test_one_trouble_of_the_card_does_not_make_a_demonstration_card_a_real_one(link_to):
    link = link_to("vitale-demo")
    seen = []

    def trouble(command, answer):
        if command.endswith(H("20F0")) and not seen:
            seen.append(command)
            return H("6F00")
        return answer

    link.change = trouble
    assert Vitale(Channel(link)).read().nature == "D"


@pytest.mark.parametrize(
    ("content", "nature"),
    [("", "R"), ("00FF", "R"), ("D00E8009435053425249444745810144", "D"), ("D00E8009435053425249444746810144", "R"),
     ("D0", "R"), ("E000", "R")],
)  # fmt: skip
def test_only_our_own_file_says_a_nature(content, nature):
    assert nature_of(H(content)) == nature


def test_a_nature_that_nobody_knows_is_no_real_card():
    assert code_of(nature_of, H("D00E800943505342524944474581015A")) == "CARD_UNREADABLE"


# Whatever a card answers


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(CARDS), st.integers(1, 90), st.integers(0, 300), st.integers(1, 255), st.booleans())
def test_a_corrupted_answer_gives_a_failure_or_a_reading(authority, name, index, place, flip, cut):
    link = DirectLink(card_named(name, authority))

    def corrupt(_, answer):
        if len(link.asked) != index:
            return answer
        broken = bytearray(answer)
        broken[place % len(broken)] ^= flip
        return bytes(broken[: 1 + place % len(broken)] if cut else broken)

    link.change = corrupt
    access = access_over(link)
    with contextlib.suppress(Failure):
        access.read_serial()
        professional_of(certificate_of(access), access.read_specialty)
        access.read_pin_state()
        access.verify_pin(bytearray(b"1234"))
        access.read_activities()
        for pair in access.read_certificates():
            use = KeyUse.SIGNATURE if pair.certificate.signs_documents else KeyUse.AUTHENTICATION
            access.sign(pair, use, "sha256", bytes(32))
    assert sum(command[1] == 0x20 and len(command) > 5 for command in link.asked) <= 1


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120))
def test_any_authentication_objects_give_codes_or_a_failure(content):
    for data in (content, b"\x30" + bytes([len(content)]) + content):
        try:
            codes = codes_of(tuple(each for each in parse(data) if each.tag == 0x30))
        except Failure as failure:
            assert failure.code == "CARD_UNREADABLE"
        else:
            assert 4 <= codes.pin.minimum <= codes.pin.maximum <= 8


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 200), st.integers(0, 255), st.binary(max_size=4))
def test_mutated_authentication_objects_give_codes_or_a_failure(place, value, tail):
    content = bytearray(_entry(1, "07", "030204 80") + _entry(7, "", "030201 82") + tail)
    content[place % len(content)] = value
    with contextlib.suppress(Failure):
        codes = codes_of(tuple(each for each in parse(bytes(content)) if each.tag == 0x30))
        assert codes.pin.padded_to <= 16


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=64))
def test_any_nature_file_gives_a_letter_or_a_failure(content):
    with contextlib.suppress(Failure):
        assert nature_of(content) in ("R", "D", "T")
