"""The products a client only recognises: the contactless CPS3, the CPS2ter, and the older side of a CPS3."""

import hashlib

import pytest
from asn1crypto import parser
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

DIGEST_INFO = bytes.fromhex("3031300D060960864801650304020105000420")


@pytest.fixture
def contactless(host_of):
    return host_of("medecin-sans-contact")


@pytest.fixture
def old(host_of):
    return host_of("medecin-2ter")


def test_the_contactless_atr_is_the_published_one(contactless):
    assert contactless.card.atr.hex().upper() == "3B8F80010031B86404B0ECC1739401808290000E"


def test_without_contact_an_answer_comes_at_once(contactless):
    assert contactless.raw("00A404040D" + "E828BD080F8025000001FF0020").endswith("9000")
    assert contactless.raw("00B09C000C").endswith("6A82")
    contactless.ok("00A4000C023F00")
    assert contactless.raw("00B09C0000").startswith("5A0A802500000199000014")


def test_the_contact_application_is_not_there_without_contact(contactless):
    assert contactless.status("00A404040D" + "E828BD080F8025000001FF0010") == 0x6A82


def test_the_directory_of_codes_is_selected_and_closed(contactless):
    assert contactless.status("00A40904063F0000017001") == 0x9000
    assert contactless.status("00B0000001") == 0x6982


def test_the_technical_key_alone_is_listed_and_needs_no_pin(contactless):
    keys = contactless.read_file("3F0000017002")
    assert b"CPS_PRIV_TECH_AUT" in keys
    assert b"CPS_PRIV_SIG" not in keys
    entry = parser.parse(keys)[4]
    common = parser.parse(entry)[4]
    assert b"\x04\x01\x01" not in common  # no authId: no code opens it
    assert parser.parse(keys)[5] == b""


def test_nobody_is_named_and_nothing_is_signed_without_contact(contactless):
    for identifier in ("D102", "D104", "D120", "C001", "C002"):
        assert contactless.status(f"00A40904063F000001{identifier}") == 0x6A82
    assert contactless.status("002000010431323334") == 0x6D00
    assert contactless.status("002A9E9A20" + "00" * 32) == 0x6D00
    assert contactless.status("00A40904043F00D010") == 0x6A82


def test_the_technical_key_authenticates_without_a_code(contactless, authority):
    contactless.ok("002241A406840183800102")
    signature = contactless.ok(bytes.fromhex("0088000033") + DIGEST_INFO + hashlib.sha256(b"abc").digest())
    key = x509.load_der_x509_certificate(authority.card_material("medecin-sans-contact")[3]).public_key()
    key.verify(signature, b"abc", padding.PKCS1v15(), hashes.SHA256())


def test_a_cps2ter_refuses_every_other_class(old):
    for request in ("00A40904043F002F01", "00A4000C023F00", "00B09C000C", "002000010431323334", "01A4040C00"):
        assert old.raw(request) == "6E00"


def test_a_cps2ter_announces_its_answers_its_own_way(old):
    assert old.raw("A0A40000023F00") == "9F07"
    assert old.raw("A0C0000007") == "850500003F0001" + "9000"
    assert old.raw("A0A40000027F01") == "9F07"
    assert old.raw("A0C0000007") == "850500007F0102" + "9000"
    assert old.ok("A0A40000024000") == bytes.fromhex("85050040400004")


def test_a_cps2ter_selects_by_identifier_only(old):
    assert old.raw("A0A40904047F014000") == "6B00"
    assert old.raw("A0A40000047F014000") == "6700"
    assert old.raw("A0A4000002D003") == "9404"


def test_a_cps2ter_opens_no_file(old):
    old.ok("A0A40000024010")
    assert old.raw("A0B0000010") == "9804"
    assert old.raw("A020000104" + b"1234".hex()) == "6D00"


def test_a_cps3_keeps_the_older_side_behind_its_class(host):
    assert host.ok("A0A40000023F00") == bytes.fromhex("850500003F0001")
    assert host.ok("A0A40000024012") == bytes.fromhex("85050040401204")
    assert host.status("A0A40000024011") == 0x9404


def test_the_older_side_of_a_cps3_leaves_the_session_alone(host):
    host.ok("002000010431323334")
    host.ok("00A40904063F000001D120")
    host.ok("A0A40000024010")
    assert host.ok("00B0000002")[:1] == b"\xee"
