"""French typography, dates, names, and text that comes from outside."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.patient import Sex, Traits
from dossier.timestamp import Timestamp
from gui import words

N = "\u00a0"


def test_the_spaces_before_high_punctuation_do_not_break() -> None:
    assert words.fr("Bonjour ! « Oui » : non ; quoi ?") == f"Bonjour{N}! «{N}Oui{N}»{N}: non{N}; quoi{N}?"


def test_an_address_is_left_alone() -> None:
    assert words.fr("https://exemple.fr:443/?a=1") == "https://exemple.fr:443/?a=1"


def test_dates_keep_their_precision() -> None:
    assert [words.day(each) for each in ("19610412", "196104", "1961")] == ["12/04/1961", "04/1961", "1961"]
    assert words.day_of(Timestamp("19610412")) == "12/04/1961"


def test_ages_are_in_years_then_in_months() -> None:
    today = date(2026, 11, 23)
    assert words.age("19610412", today) == f"65{N}ans"
    assert words.age("20260801", today) == f"3{N}mois"
    assert words.age("19611331", today) == ""


def test_a_usage_name_comes_with_the_birth_name() -> None:
    traits = Traits("leroy", ("SOPHIE", "Anne"), "19610412", Sex.FEMALE, usage_name="Marchand")
    assert words.patient_name(traits) == "MARCHAND Sophie"
    assert words.born_name(traits) == "née LEROY"
    assert words.three_traits(traits).startswith("MARCHAND Sophie née LEROY · 12/04/1961")


def test_hours_and_running_times() -> None:
    assert words.hour(datetime(2026, 11, 23, 14, 5).astimezone()) == f"14{N}h{N}05"
    assert words.day_and_hour(datetime(2026, 11, 23, 12, 0, tzinfo=UTC)).startswith("23/11/2026 à ")
    assert [words.elapsed(each) for each in (7, 187, 3780)] == ["00:07", "03:07", f"1{N}h{N}03{N}min"]


def test_numbers_agree_with_their_noun() -> None:
    assert [words.count(each, "document") for each in (0, 1, 2)] == [f"0{N}document", f"1{N}document", f"2{N}documents"]
    assert words.size(1_234_567) == f"1,2{N}Mo"


def test_a_telephone_number_is_written_by_pairs() -> None:
    assert words.by_pairs("0612345678").replace(words.NBSP, " ") == "06 12 34 56 78"


def test_text_of_outside_loses_direction_marks_and_line_breaks() -> None:
    assert words.foreign("titre\u202efdp.exe\nsuite\x00") == "titrefdp.exe suite"
    assert words.foreign(f"6{N}ko") == f"6{N}ko"


@given(st.text(max_size=400))
@settings(max_examples=100, deadline=None)
def test_text_of_outside_always_fits_one_line(text: str) -> None:
    shown = words.foreign(text)
    assert len(shown) <= 200
    assert not set(shown) & set("\n\r\u2028\u2029\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\x00")
