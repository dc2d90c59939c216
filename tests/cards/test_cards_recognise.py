from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cps_bridge.cards.port import MUTE_ATR
from cps_bridge.cards.recognise import PATTERNS, Model, demand_supported, kind_of, recognise
from dossier.failure import Failure, Kind
from dossier.professional import CardKind

H = bytes.fromhex


@pytest.mark.parametrize(
    ("atr", "model"),
    [
        ("3BAC00402A001225006480000310009000", Model.CPS3),
        ("3BAC00402A001225006480820212009000", Model.CPS2TER),
        ("3BAC00402A001225006480000311009000", Model.CPS3),
        ("3B8F80010031B86404B0ECC1739401808290000E", Model.CPS3_CONTACTLESS),
        ("3B9B1880010012250064800401000090 44", Model.CPS4),
        ("3B9B1880010012250064800004010090 44", Model.CPS4),
        ("3BDC18FF000012250064800004010090 00", Model.CPS4),
        ("3B751300004309EA9000", Model.VITALE_2),
        ("3B751300004C09EA9000", Model.VITALE_2),
        ("3F6525002209F99000", Model.VITALE_1),
        ("3F6525002C09699000", Model.VITALE_1),
        ("3F652500A4096A9000", Model.VITALE_1),
    ],
)
def test_the_cards_of_the_field_are_recognised(atr, model):
    assert recognise(H(atr)) is model


@pytest.mark.parametrize("atr", ["", "3B", "3B751300004309EA90", "3B751300004309EA900000", "3B6500002063CB6A00"])
def test_other_cards_are_unknown(atr):
    with pytest.raises(Failure) as caught:
        recognise(H(atr))
    assert caught.value.code == "CARD_UNKNOWN"
    assert kind_of(H(atr)) is CardKind.UNKNOWN


def test_a_card_without_answer_to_reset_is_mute():
    with pytest.raises(Failure) as caught:
        recognise(MUTE_ATR)
    assert caught.value.code == "CARD_MUTE"


@pytest.mark.parametrize(
    ("model", "code"),
    [(Model.CPS3_CONTACTLESS, "CARD_CONTACTLESS"), (Model.VITALE_1, "CARD_VITALE_1")],
)
def test_what_cannot_be_read_is_said_with_what_to_do(model, code):
    with pytest.raises(Failure) as caught:
        demand_supported(model)
    assert caught.value.code == code
    assert caught.value.kind is Kind.CARD
    assert len({each.remedy() for each in (caught.value, Failure("CARD_CPS2TER"), Failure("CARD_UNKNOWN"))}) == 3


def test_every_answer_to_reset_of_the_tables_gives_the_model_of_its_row():
    for pattern in PATTERNS:
        assert recognise(pattern.value) is pattern.model


def test_only_the_inferred_one_is_a_special_case_of_another():
    for pattern in PATTERNS:
        models = {each.model for each in PATTERNS if each.matches(pattern.value)}
        assert models == ({Model.CPS2TER, Model.CPS3} if pattern.model is Model.CPS2TER else {pattern.model})


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=33))
def test_any_answer_to_reset_gives_a_model_or_a_failure(atr):
    try:
        recognise(atr)
    except Failure as failure:
        assert failure.code in ("CARD_UNKNOWN", "CARD_MUTE")


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=4, max_size=4), st.binary(min_size=4, max_size=4))
def test_speeds_and_data_version_do_not_matter_for_a_cps3(speeds, version):
    found = recognise(H("3BAC") + speeds + H("1225006480") + version + H("9000"))
    assert found is (Model.CPS2TER if version == H("82021200") else Model.CPS3)
