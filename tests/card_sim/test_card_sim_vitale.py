"""The Vitale 2: names and insured number of everybody on the card, without a code."""

import pytest

ROOT, APPLICATION = "00A40000023F00", "00A404000B" + "D250000002" + b"VITALE".hex()


@pytest.fixture
def family(host_of):
    return host_of("famille-marchand")


def test_the_atr_is_that_of_a_vitale_2(family):
    assert family.card.atr.hex().upper() == "3B751300004409EA9000"


def test_identities_are_read_from_the_root_by_short_identifier(family):
    family.ok(ROOT)
    content = family.ok("00B0820000")
    assert content.hex().upper() == (
        "651C" + "8008" + b"MARCHAND".hex() + "8106" + b"SOPHIE".hex() + "8208" + b"19870514".hex()
        + "6519" + "8008" + b"MARCHAND".hex() + "8103" + b"LEO".hex() + "8208" + b"20170309".hex()
    ).upper()  # fmt: skip


def test_the_insured_number_is_read_from_the_application_once_per_person(family):
    family.ok(APPLICATION)
    content = family.ok("00B0820000")
    person = "6515" + "9002" + b"FR".hex() + "930F" + b"287052901990159".hex()
    assert content.hex().upper() == (person * 2 + "660A" + "8008" + b"20240101".hex()).upper()


def test_the_files_are_also_found_by_identifier(family):
    family.ok("00A404000ED250000002" + b"MF_VITALE".hex())
    assert family.ok("00A40000022F02")[:1] == b"\x6f"
    by_identifier = family.ok("00B0000000")
    family.ok(ROOT)
    assert family.ok("00B0820000") == by_identifier


def test_a_long_name_is_written_whole(host_of):
    amelie = host_of("amelie")
    amelie.ok(ROOT)
    assert b"\x80\x28MONTMORENCY-LAVALLIERE DELAROCHEFOUCAULD" in amelie.ok("00B0820000")


def test_a_file_or_an_application_that_does_not_exist_is_said_missing(family):
    assert family.status("00A40000022FFF") == 0x6A82
    assert family.status("00A4040007A0000000041010") == 0x6A82


def test_a_vitale_knows_no_code(family):
    assert family.raw("00200001") == "6D00"


def test_a_reset_returns_to_the_root(family):
    family.ok(APPLICATION)
    family.card.reset()
    assert family.ok("00B0820000")[2:4] == b"\x80\x08"


def test_a_real_card_has_no_marker(family):
    family.ok(APPLICATION)
    assert family.status("00A4020C0220F0") == 0x6A82


def test_a_demonstration_card_says_so_in_a_file_that_only_simulated_cards_have(host_of):
    demonstration = host_of("vitale-demo")
    demonstration.ok(APPLICATION)
    demonstration.ok("00A4020C0220F0")
    assert (
        demonstration.ok("00B0000000").hex().upper()
        == ("D00E" + "8009" + b"CPSBRIDGE".hex() + "8101" + b"D".hex()).upper()
    )


def test_a_vitale_1_shows_its_answer_to_reset_and_refuses_the_rest(host_of):
    old = host_of("vitale-1")
    assert old.card.atr.hex().upper() == "3F6525002209699000"
    for request in (ROOT, APPLICATION, "00B0820000", "00C0000010", "00200001"):
        assert old.raw(request) == "6D00"
    assert old.raw("BCB0000008") == "6E00"
