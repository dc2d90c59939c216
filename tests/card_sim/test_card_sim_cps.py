"""The CPS3, byte by byte where the bytes of real cards are known."""

import pytest
from asn1crypto import parser

from card_sim.cast import professionals

ACTIVITIES = {1: b"Cabinet des Lilas", 3: "Centre de santé du Canal".encode()}
VERIFY = "002000010431323334"


def members(content: bytes) -> list[tuple[int, bytes]]:
    """Read a row of BER objects with an independent parser: (first tag byte, value)."""
    found = []
    while content:
        *_, header, value, trailer = parser.parse(content)
        found.append((content[0], value))
        content = content[len(header) + len(value) + len(trailer) :]
    return found


def test_the_atr_is_that_of_a_contact_cps3(host):
    assert host.card.atr.hex().upper() == "3BAC00402A001225006480000310009000"


def test_the_root_is_selected_by_its_name(host):
    assert host.ok("00A4040408" + "8025000001FF0100").hex().upper() == (
        "621A82013883023F0084088025000001FF0100A1048C0202FF8A0105"
    )


def test_ef_atr_is_byte_for_byte_the_real_one(host):
    parameters = host.ok("00A40904043F002F01")
    assert parameters.hex().upper() == (
        "62258002003982010183022F018801E8A1128C077BFFFFFFFFFF009C077BFFFFFFFFFF008A0105"
    )
    assert host.ok("00B0000039").hex().upper() == (
        "804301B8460404B0ECC147039401804F088025000001FF0100E0100202010402020104020201000202010078"
        "0806062B8122F87802820290" + "00"
    )


def test_ef_sn_holds_issuer_serial_check_digit_and_padding(host):
    content = host.ok("00B09C00C0").hex().upper()
    assert content[:14] == "5A0A8025000001"
    assert content[14:22] == professionals()["generaliste"].serial
    assert content[-1] == "F"
    assert len(content) == 24


def test_ef_dir_has_the_size_of_the_real_one_and_names_both_applications(host):
    content = host.read_file("3F002F00")
    assert len(content) == 0x65
    contactless, contact = members(content)
    assert (contact[0], contactless[0]) == (0x61, 0x61)
    assert members(contact[1])[0] == (0x4F, bytes.fromhex("E828BD080F8025000001FF0010"))
    assert members(contactless[1])[0] == (0x4F, bytes.fromhex("E828BD080F8025000001FF0020"))


def test_the_contactless_application_is_not_there_by_contact(host):
    assert host.status("00A404040DE828BD080F8025000001FF0020") == 0x6A82


def test_the_last_update_is_there_only_once_it_happened(host, host_of):
    assert host.status("00A40904043F00D010") == 0x6A82
    content = host_of("radiologue").read_file("3F00D010")
    assert content.hex().upper() == "EC12" + "8107" + "20260105083000" + "8207" + "20260105083004"


def test_a_file_that_does_not_exist_is_said_missing(host):
    assert host.status("00A40904043F00DEAD") == 0x6A82
    assert host.status("00A404040800112233445566FF") == 0x6A82
    assert host.status("00B09100" + "10") == 0x6A82


def test_reading_needs_a_selected_file_and_an_offset_inside(host):
    assert host.status("00B0000010") == 0x6986
    host.ok("00A40904043F002F01")
    assert host.status("00B0010010") == 0x6B00


def test_a_selection_without_parameters_says_nothing_more(host):
    assert host.raw("00A4090C043F002F01") == "9000"


def test_the_pin_object_is_byte_for_byte_the_real_one(host):
    answer = host.ok("00CB3FFF0A4D087006BF810102A080")
    assert answer.hex().upper() == "7016BF810112A0109A01039B0103A1088C06F3000013FF00"


def test_the_pin_object_counts_the_tries_left(host):
    host.status("002000010439393939")
    assert "9B0102" in host.ok("00CB3FFF0A4D087006BF810102A080").hex().upper()


def test_a_key_object_is_found_in_the_application_and_7f48_is_refused_as_real_cards_do(host):
    host.ok("00A40904043F000001")
    assert host.status("00CB3FFF0B4D097007BF9002037F4880") == 0x6A80
    assert host.ok("00CB3FFF0A4D087006BF900202A080").hex().upper() == (
        "7016BF900212A01080020100" + "9E0100" + "A1078C05331111FF00"
    )
    assert "9E0101" in host.ok("00CB3FFF0A4D087006BF900102A080").hex().upper()


@pytest.mark.parametrize("query", ["4D087006BF810902A080", "4D087006BFFF0102A080"])
def test_an_object_that_does_not_exist_is_said_missing(host, query):
    assert host.status(f"00CB3FFF0A{query}") == 0x6A88


def test_the_object_directory_names_four_directories(host):
    assert [tag for tag, _ in members(host.read_file("3F0000015031"))] == [0xA8, 0xA0, 0xA4, 0xA7]


def test_the_certificates_are_those_of_the_authority(host, authority):
    _, _, signature, authentication = authority.card_material("generaliste")
    assert host.read_file("3F000001C001") == signature
    assert host.read_file("3F000001C002") == authentication


def test_keys_and_certificates_share_identifiers_whose_suffix_varies_between_cards(host, host_of):
    for one, suffixes in ((host, ("01", "02")), (host_of("radiologue"), ("10", "20"))):
        keys, certificates = one.read_file("3F0000017002").hex(), one.read_file("3F0000017004").hex()
        for suffix in suffixes:
            identifier = f"040ee828bd080f8025000001ff0010{suffix}"
            assert identifier in keys
            assert identifier in certificates


def test_cps_info_ps_ends_with_the_four_characters_of_the_speciality(host, host_of):
    assert host.read_file("3F000001D104")[-4:] == b"SM26"
    assert host_of("infirmiere").read_file("3F000001D104")[-4:] == b"    "


def test_an_activity_is_closed_without_the_pin(host):
    host.ok("00A40904063F000001D120")
    assert host.status("00B0000010") == 0x6982


@pytest.mark.parametrize(
    ("number", "structure", "sector"), [(1, b"499700000021001", b"SA08"), (3, b"399900000300015", b"SA05")]
)
def test_an_activity_says_place_structure_and_sector_after_the_pin(host, number, structure, sector):
    host.ok(VERIFY)
    ((tag, record),) = members(host.read_file(f"3F000001{0xD11F + number:04X}"))
    assert tag == 0xEE
    assert members(record) == [(0x84, ACTIVITIES[number]), (0x85, structure), (0x86, sector)]


def test_the_second_activity_of_the_practitioner_is_the_third_file(host):
    assert host.status("00A40904063F000001D121") == 0x6A82
    assert host.status("00A40904063F000001D122") == 0x9000
    assert b"CPS_ACTIVITY_03_PS" in host.read_file("3F0000017006")


def test_cps_data_is_written_with_the_pin_only_and_kept(host):
    host.ok("00A40904063F000001D107")
    assert host.status("00D6000002CAFE") == 0x6982
    host.ok(VERIFY)
    host.ok("00D6000002CAFE")
    host.card.reset()
    assert host.read_file("3F000001D107")[:2] == b"\xca\xfe"


def test_nothing_is_written_beyond_the_end_nor_in_other_files(host):
    host.ok(VERIFY)
    host.ok("00A40904063F000001D107")
    assert host.status("00D6003F02CAFE") == 0x6A84
    host.ok("00A40904063F000001C001")
    assert host.status("00D6000002CAFE") == 0x6982


def test_a_challenge_has_the_length_asked(host):
    assert len(host.ok("0084000008")) == 8
    assert host.ok("0084000010") != host.ok("0084000010")
