"""Small judgements of the use cases: who an author of the settings is, how old a patient is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cps_bridge.workflows.authors import read_author
from cps_bridge.workflows.minors import age
from dossier.failure import Failure
from dossier.patient import Sex, Traits

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def born(date: str) -> Traits:
    return Traits("DUVAL", ("JEAN",), date, Sex.MALE)


@pytest.mark.parametrize(
    ("date", "years"),
    [
        ("20081124", 18),
        ("20081125", 17),
        ("20080000", 18),
        ("20084212", 18),
        ("2008", 18),
        ("20261124", 0),
    ],
)
def test_whole_years_are_counted_and_an_unknown_day_makes_nobody_younger(date: str, years: int) -> None:
    assert age(born(date), NOW) == years


def test_an_author_is_read_with_profession_and_specialty() -> None:
    found = read_author("899700000054| BENALI |Nadia|10/SM44")
    assert (found.id_nat, found.family_name, found.specialty_code) == ("899700000054", "BENALI", "G15_10/SM44")


@given(st.text(max_size=40) | st.builds("|".join, st.lists(st.text(max_size=8), min_size=4, max_size=4)))
@settings(max_examples=150, deadline=None)
def test_any_text_is_an_author_or_a_failure(text: str) -> None:
    try:
        assert read_author(text).family_name
    except Failure as failure:
        assert failure.code == "AUTHOR_SETTING_INVALID"
