"""Traits typed by hand are written as strict traits, or refused by the name of the trait."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.failure import Failure
from dossier.patient import Sex, Traits
from dossier.typed_traits import checked, typed_date

TYPED = Traits("Lenœud-d’Été", ("jean  michel", "René"), "22/04/1959", Sex.MALE, "2a004", "Zoé")


def test_names_become_capitals_without_accents() -> None:
    strict = checked(TYPED)
    assert strict.birth_name == "LENOEUD-D'ETE"
    assert strict.given_names == ("JEAN", "MICHEL", "RENE")
    assert (strict.birth_date, strict.birth_place, strict.usage_name) == ("19590422", "2A004", "ZOE")


@pytest.mark.parametrize(
    ("change", "trait"),
    [
        ({"birth_name": ""}, "birth name"),
        ({"birth_name": "DUVAL2"}, "birth name"),
        ({"birth_name": "A" * 500}, "birth name"),
        ({"given_names": ()}, "given names"),
        ({"given_names": ("",)}, "given names"),
        ({"birth_date": "31/02/1959"}, "birth date"),
        ({"birth_date": "1959"}, "birth date"),
        ({"sex": Sex.UNKNOWN}, "sex"),
        ({"birth_place": "Lorient"}, "birth place"),
        ({"usage_name": "!"}, "usage name"),
    ],
)
def test_a_trait_that_cannot_be_is_named(change: dict[str, object], trait: str) -> None:
    with pytest.raises(Failure) as caught:
        checked(replace(TYPED, **change))
    assert (caught.value.code, caught.value.facts) == ("TRAITS_INVALID", {"expected": trait})


@pytest.mark.parametrize(
    ("typed", "digits"), [("22/04/1959", "19590422"), ("19590422", "19590422"), ("00/00/1959", "19590000")]
)
def test_a_birth_date_is_read_as_people_write_it(typed: str, digits: str) -> None:
    assert typed_date(typed) == digits


@given(st.text(max_size=60), st.lists(st.text(max_size=30), max_size=3), st.text(max_size=12), st.text(max_size=8))
@settings(max_examples=200)
def test_only_a_failure_escapes_from_typed_traits(name: str, given: list[str], date: str, place: str) -> None:
    try:
        checked(Traits(name, tuple(given), date, Sex.FEMALE, place))
    except Failure as failure:
        assert failure.code == "TRAITS_INVALID"
