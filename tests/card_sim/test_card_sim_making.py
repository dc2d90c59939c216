"""One place makes every card, for anybody."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from card_sim import cast
from card_sim.making import make_card, make_vitale

PROFESSIONALS = cast.professionals()
VITALE = cast.vitale_cards()
CLASSES = st.sampled_from([0x00, 0x01, 0x10, 0x11, 0xA0, 0x80])
INSTRUCTIONS = st.sampled_from([0xA4, 0xB0, 0xD6, 0x20, 0x24, 0x2C, 0xCB, 0x22, 0x2A, 0x88, 0x84, 0xC0])


@pytest.fixture(scope="module")
def every_card(authority):
    cards = [make_card(each, authority.material_of(each)) for each in PROFESSIONALS.values()]
    return [*cards, *(make_vitale(each) for each in VITALE.values())]


def test_every_member_of_the_cast_becomes_a_card_of_its_product(authority):
    atrs = {each.product: make_card(each, authority.material_of(each)).atr for each in PROFESSIONALS.values()}
    assert {product: atr.hex().upper() for product, atr in atrs.items()} == {
        "CPS3": "3BAC00402A001225006480000310009000",
        "CPS4": "3B9B188001001225006480040100009044",
        "CPS3-SANS-CONTACT": "3B8F80010031B86404B0ECC1739401808290000E",
        "CPS2TER": "3BAC00402A001225006480820212009000",
    }


def test_a_product_that_nobody_knows_is_refused(authority):
    who = PROFESSIONALS["pharmacien"]
    with pytest.raises(ValueError, match="CPS9"):
        make_card(dataclasses.replace(who, product="CPS9"), authority.material_of(who))
    with pytest.raises(ValueError, match="VITALE9"):
        make_vitale(dataclasses.replace(VITALE["jean"], product="VITALE9"))


def test_a_card_without_codes_has_no_counter_to_set(authority):
    for name in ("medecin-2ter", "medecin-sans-contact"):
        with pytest.raises(ValueError, match="without codes"):
            make_card(PROFESSIONALS[name], authority.card_material(name)).set_tries(pin=1)
    with pytest.raises(ValueError, match="without codes"):
        make_vitale(VITALE["jean"]).set_tries(pin=1)


@settings(max_examples=100, deadline=None)
@given(
    commands=st.lists(
        st.one_of(
            st.binary(max_size=300),
            st.builds(
                lambda cla, ins, p1, p2, data: bytes([cla, ins, p1, p2, len(data)]) + data,
                CLASSES,
                INSTRUCTIONS,
                st.integers(0, 255),
                st.integers(0, 255),
                st.binary(min_size=1, max_size=255),
            ),
        ),
        max_size=5,
    )
)
def test_every_card_answers_anything_with_a_status_word(every_card, commands):
    for card in every_card:
        card.reset()
        for command in commands:
            answer = card.apdu(command)
            assert len(answer) >= 2
            assert answer[-2] >> 4 in (0x6, 0x9)
