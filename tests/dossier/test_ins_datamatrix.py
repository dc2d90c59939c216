"""The INS datamatrix: any block order, what keyboards make of it, errors that name the block."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dossier.failure import Failure
from dossier.ins_datamatrix import LIMIT, parse, read_blocks
from dossier.patient import INS_NIR, INS_NIR_TEST, Ins, Sex

HEADER = "IS01" + 22 * "0"
GS = "\x1d"
PUBLISHED = (
    f"{HEADER}S1118058599124123S21.2.250.1.213.1.4.8{GS}S3FIRST NAMETEST{GS}S5MS618-06-1985S713201S4LASTNAMETEST"
)
BLOCKS = {
    "S1": "159041411890362",
    "S2": f"{INS_NIR}{GS}",
    "S3": f"JEAN MICHEL{GS}",
    "S4": f"D'USS-ÉON{GS}",
    "S5": "M",
    "S6": "22-04-1959",
    "S7": "14118",
}
GARBLED = str.maketrans("1234567890-.", "&é\"'(-è_çà):")


def text(**changed: str) -> str:
    return HEADER + "".join(tag + value for tag, value in {**BLOCKS, **changed}.items())


def code_of(scanned: str) -> tuple[str, object]:
    with pytest.raises(Failure) as caught:
        parse(scanned)
    return caught.value.code, caught.value.facts.get("field")


def test_the_published_example_is_told_apart_into_its_blocks() -> None:
    assert read_blocks(PUBLISHED) == {
        **{"1": "118058599124123", "2": INS_NIR, "3": "FIRST NAMETEST", "4": "LASTNAMETEST"},
        **{"5": "M", "6": "18-06-1985", "7": "13201"},
    }


def test_the_published_example_whose_key_is_false_is_refused_for_its_key() -> None:
    assert code_of(PUBLISHED)[0] == "INS_KEY"


def test_the_published_example_with_a_true_key_is_a_person() -> None:
    found = parse(PUBLISHED.replace("124123", "124156"))
    assert found.ins == Ins.parse("118058599124156", INS_NIR)
    traits = found.traits
    assert (traits.birth_name, traits.given_names, traits.sex) == ("LASTNAMETEST", ("FIRST", "NAMETEST"), Sex.MALE)
    assert (traits.birth_date, traits.birth_place) == ("19850618", "13201")


@given(st.permutations(list(BLOCKS)))
@settings(max_examples=60)
def test_blocks_may_come_in_any_order(order: list[str]) -> None:
    assert parse(HEADER + "".join(tag + BLOCKS[tag] for tag in order)) == parse(text())


@pytest.mark.parametrize("typed", ["", "<GS>", "{GS}", "^]", "\u241d", "|", "~", "]", "$", "[GS]"])
def test_what_a_keyboard_makes_of_the_separator_changes_nothing(typed: str) -> None:
    assert parse(text().replace(GS, typed)) == parse(text())


@pytest.mark.parametrize(
    ("before", "after"),
    [("]d1", ""), ("]d2", "\r\n"), ("\ufeff", "\t"), ("", "\n"), ("]C1", ""), (GS, ""), ("\x02", "\x03")],
)
def test_what_scanners_put_around_the_text_is_left_aside(before: str, after: str) -> None:
    assert parse(before + text() + after) == parse(text())


def test_a_test_oid_of_full_length_needs_no_separator() -> None:
    assert parse(text(S2=INS_NIR_TEST)).ins.is_test


@pytest.mark.parametrize(
    "scanned",
    [
        text().translate(GARBLED),
        text().swapcase(),
        text().translate(GARBLED).swapcase(),
        text(S2=f"1:2:250:1:213:1:4:8{GS}"),
        text(S6="22)04)1959"),
        text(S4=f"duval{GS}"),
    ],
)
def test_a_scanner_set_to_another_keyboard_is_told_as_such(scanned: str) -> None:
    assert code_of(scanned)[0] == "DATAMATRIX_KEYBOARD"


@pytest.mark.parametrize("scanned", ["", "DC02FR00000112", "ISABELLE-DURAND", "3400930000120", "x" * (LIMIT + 1)])
def test_something_else_is_no_datamatrix_of_an_ins(scanned: str) -> None:
    assert code_of(scanned)[0] == "DATAMATRIX_HEADER"


def test_another_version_is_told_as_such() -> None:
    assert code_of(text().replace("IS01", "IS02"))[0] == "DATAMATRIX_VERSION"


@pytest.mark.parametrize("tag", ["S1", "S2", "S3", "S4", "S5", "S6"])
def test_a_block_that_is_missing_is_named(tag: str) -> None:
    kept = {each: value for each, value in BLOCKS.items() if each != tag}
    assert code_of(HEADER + "".join(each + value for each, value in kept.items())) == ("DATAMATRIX_FIELD", tag)


@pytest.mark.parametrize("date", ["30-02-1959", "28-00-1979", "00-00-1959"])
def test_a_lunar_date_is_a_date(date: str) -> None:
    assert parse(text(S6=date)).traits.birth_date == "".join(reversed(date.split("-")))


def test_the_birth_place_may_be_missing() -> None:
    kept = {each: value for each, value in BLOCKS.items() if each != "S7"}
    assert parse(HEADER + "".join(each + value for each, value in kept.items())).traits.birth_place == ""


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("S1", "15904141189"),
        ("S3", f"{GS}"),
        ("S3", f"JEAN#MICHEL{GS}"),
        ("S4", "A" * 101 + GS),
        ("S5", "X"),
        ("S6", "32-02-1959"),
        ("S6", "01-13-1959"),
        ("S6", "22/04/1959"),
        ("S7", "1411-"),
    ],
)
def test_a_block_that_cannot_be_is_named(tag: str, value: str) -> None:
    assert code_of(text(**{tag: value})) == ("DATAMATRIX_FIELD", tag)


def test_a_block_that_comes_twice_is_refused() -> None:
    assert code_of(text() + "S5F") == ("DATAMATRIX_FIELD", "S5")


def test_a_key_that_does_not_fit_is_refused() -> None:
    assert code_of(text(S1="159041411890363"))[0] == "INS_KEY"


def test_a_failure_holds_nothing_of_the_person() -> None:
    with pytest.raises(Failure) as caught:
        parse(text() + "ZZDUVAL")
    assert "DUVAL" not in str(caught.value.facts) + caught.value.sentence()


@given(st.text(max_size=400) | st.text("IS01234567\x1d-. ABÉé&à", max_size=120).map(lambda tail: HEADER + tail))
@example(HEADER + "S2\u0661")
@example(HEADER + "S1" + "\u0661" * 15)
@settings(max_examples=200)
def test_only_a_failure_escapes(scanned: str) -> None:
    try:
        parse(scanned)
    except Failure as failure:
        assert failure.sentence() and failure.remedy()


@given(st.integers(0, 300), st.characters())
@settings(max_examples=200)
def test_one_wrong_character_gives_a_person_or_a_failure(place: int, wrong: str) -> None:
    scanned = text()
    place %= len(scanned)
    try:
        parse(scanned[:place] + wrong + scanned[place + 1 :])
    except Failure as failure:
        assert failure.code.startswith(("DATAMATRIX_", "INS_"))
