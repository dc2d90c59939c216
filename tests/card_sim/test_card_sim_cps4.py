"""The CPS4: channel 1, step by step selection, its own references, no INTERNAL AUTHENTICATE."""

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from card_sim.cps4 import OTHER_ATRS

APPLICATION = "01A4040C088025000001FF0100"
VERIFY = "0120001104" + b"1234".hex()
WRONG = "0120001104" + b"9999".hex()
PUK = "0120001208" + b"87654321".hex()
NEW = b"4321".hex()
DIGEST_INFO = bytes.fromhex("3031300D060960864801650304020105000420")


@pytest.fixture
def doctor(host_of):
    """A CPS4 whose application is selected."""
    host = host_of("medecin-cps4")
    assert host.raw(APPLICATION) == "9000"
    return host


@pytest.fixture
def opened(doctor):
    doctor.ok(VERIFY)
    return doctor


@pytest.fixture(scope="module")
def public_keys(authority):
    _, _, *certificates = authority.card_material("medecin-cps4")
    return tuple(x509.load_der_x509_certificate(der).public_key() for der in certificates)


def command(head: str, data: bytes) -> bytes:
    return bytes.fromhex(head) + bytes([len(data)]) + data


def read(host, identifier: str) -> bytes:
    """Read a file of the CPS application as the host must: the root, the folder, the file from there."""
    for step in ("01A4000C023F00", "01A4000C020001"):
        host.ok(step)
    parameters = host.ok(f"01A4090402{identifier}")
    size, content = int.from_bytes(parameters[4:6], "big"), b""
    while len(content) < size:
        content += host.ok(f"01B0{len(content):04X}{min(0xE7, size - len(content)):02X}")
    return content


def raw_block(key, block: bytes) -> bytes:
    """Undo the RSA operation of a card with the public key."""
    numbers = key.public_numbers()
    return pow(int.from_bytes(block, "big"), numbers.e, numbers.n).to_bytes(256, "big")


def test_the_atr_is_one_of_the_three_published_ones(doctor):
    assert doctor.card.atr.hex().upper() == "3B9B188001001225006480040100009044"
    assert [each.hex().upper() for each in OTHER_ATRS] == [
        "3B9B188001001225006480000401009044",
        "3BDC18FF00001225006480000401009000",
    ]


def test_channel_one_says_nothing_before_its_application_is_selected(host_of):
    host = host_of("medecin-cps4")
    assert host.raw("0120001100") == "6881"
    assert host.raw("01A4000C023F00") == "6881"
    assert host.raw("01A4040C0D" + "E828BD080F8025000001FF0010") == "6A82"
    assert host.raw(APPLICATION) == "9000"
    assert host.raw("0120001100") == "63C3"


def test_channel_zero_is_not_the_application(doctor):
    assert doctor.raw("00A4000C023F00") == "6E00"
    assert doctor.raw("0020001100") == "6E00"
    assert doctor.raw("00A4040C088025000001FF0002") == "9000"


def test_another_application_on_the_channel_closes_the_card(opened):
    assert opened.raw("01A4040C07A0000001510000") == "9000"
    assert opened.raw("0120001100") == "6881"
    opened.ok(APPLICATION)
    assert opened.raw("0120001100") == "63C3"


def test_the_serial_file_is_found_by_its_identifier_from_the_root(doctor):
    doctor.ok("01A4000C023F00")
    assert doctor.ok("01A4000402D003").hex().upper() == "620B8002000C8201018302D003"
    content = doctor.ok("01B000000C").hex().upper()
    assert content.startswith("5A0A8025000001" + "99000010")
    assert content.endswith("F")


@pytest.mark.parametrize("selection", ["01A40904063F000001D120", "01A40904043F00D003", "01A40804020001"])
def test_no_path_from_the_root_is_taken(doctor, selection):
    assert doctor.status(selection) == 0x6A86


def test_there_are_no_short_identifiers_and_no_data_objects(doctor):
    assert doctor.raw("01B09C000C") == "6A82"
    assert doctor.raw("01CB3FFF0A4D087006BF810102A080") == "6D00"


def test_the_directory_carries_the_references_of_this_card(doctor):
    keys, codes = read(doctor, "7002").hex(), read(doctor, "7001").hex()
    assert "020110" in keys
    assert "020120" in keys
    assert "800111" in codes
    assert "800112" in codes


def test_the_certificates_are_those_of_the_authority(doctor, authority):
    _, _, signature, authentication = authority.card_material("medecin-cps4")
    assert read(doctor, "C001") == signature
    assert read(doctor, "C002") == authentication


def test_activities_two_and_sixteen_are_read_with_the_pin(doctor):
    for step in ("01A4000C023F00", "01A4000C020001", "01A4090402D121"):
        doctor.ok(step)
    assert doctor.status("01B0000010") == 0x6982
    doctor.ok(VERIFY)
    assert b"499700000039001" in read(doctor, "D121")
    assert read(doctor, "D12F").endswith(b"\x86\x04SA05")
    assert doctor.status("01A4090402D120") == 0x6A82


def test_the_objects_of_the_older_side_are_listed(doctor):
    listed = read(doctor, "7006")
    for label in (b"ATR", b"ID", b"ICC", b"NAME", b"LANG", b"PSINFO", b"DIRAMO"):
        assert b"CPS2TER_" + label in listed
    assert b"CPS2TER_ACTIVITY_02_PS" in listed
    assert b"\x3f\x00\x40\x1f" in listed


def test_the_older_side_knows_its_files_and_opens_none(doctor):
    assert doctor.ok("A0A40000023F00") == bytes.fromhex("850500003F0001")
    assert doctor.ok("A0A40000024011") == bytes.fromhex("85050040401104")
    assert doctor.status("A0B0000010") == 0x9804
    assert doctor.status("A0A40000024010") == 0x9404


def test_wrong_pins_count_down_then_block(doctor):
    assert [doctor.raw(WRONG) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    assert doctor.raw("01200011") == "6983"
    assert doctor.raw("0120000104" + b"1234".hex()) == "6A88"


def test_a_new_pin_is_put_alone_after_the_old_one(doctor):
    assert doctor.raw("0124011104" + NEW) == "6982"
    doctor.ok(VERIFY)
    assert doctor.raw("0124011104" + NEW) == "9000"
    doctor.card.reset()
    doctor.ok(APPLICATION)
    assert doctor.raw(VERIFY) == "63C2"
    assert doctor.raw("0120001104" + NEW) == "9000"


def test_both_codes_in_one_change_are_refused(opened):
    assert opened.raw("0124001108" + b"1234".hex() + NEW) == "6A86"


def test_the_puk_gives_the_right_to_put_a_new_pin_once(doctor):
    for _ in range(3):
        doctor.raw(WRONG)
    assert doctor.raw("012C0391") == "6982"
    assert doctor.raw(PUK) == "9000"
    assert doctor.raw("012C0391") == "9000"
    assert doctor.raw("0124011104" + NEW) == "9000"
    assert doctor.raw("0124011104" + NEW) == "6982"
    assert doctor.raw("0120001104" + NEW) == "9000"


def test_one_command_with_both_codes_unblocks_too(doctor):
    for _ in range(3):
        doctor.raw(WRONG)
    assert doctor.raw("012C00910C" + b"87654321".hex() + NEW) == "9000"
    assert doctor.raw("0120001104" + NEW) == "9000"


def test_a_wrong_puk_costs_one_of_five(doctor):
    assert doctor.raw("0120001208" + b"00000000".hex()) == "63C4"
    assert doctor.raw("012C00110C" + b"00000000".hex() + NEW) == "63C3"


@pytest.mark.parametrize(("algorithm", "hash_name"), [("0A", "sha1"), ("28", "sha256")])
def test_the_signature_key_signs_a_ready_hash(opened, public_keys, algorithm, hash_name):
    opened.ok(f"012281B6049102{algorithm}90")
    signature = opened.ok(command("012A9E9A", hashlib.new(hash_name, b"abc").digest()))
    chosen = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}[hash_name]
    public_keys[0].verify(signature, b"abc", padding.PKCS1v15(), chosen)


@pytest.mark.parametrize(("key", "reference"), [(0, "90"), (1, "A0")])
@pytest.mark.parametrize(("algorithm", "hash_name"), [("15", "sha1"), ("2C", "sha256")])
def test_both_keys_sign_with_pss(opened, public_keys, key, reference, algorithm, hash_name):
    opened.ok(f"012281B6049102{algorithm}{reference}")
    signature = opened.ok(command("012A9E9A", hashlib.new(hash_name, b"abc").digest()))
    chosen = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}[hash_name]
    public_keys[key].verify(signature, b"abc", padding.PSS(padding.MGF1(chosen), chosen.digest_size), chosen)


def test_the_authentication_key_signs_a_block_that_the_host_padded(opened, public_keys):
    information = DIGEST_INFO + hashlib.sha256(b"abc").digest()
    block = b"\x00\x01" + b"\xff" * (253 - len(information)) + b"\x00" + information
    opened.ok("012241B803830120")
    assert opened.status(command("112A8086", block[:255])) == 0x9000
    public_keys[1].verify(opened.ok(command("012A8086", block[255:])), b"abc", padding.PKCS1v15(), hashes.SHA256())


def test_a_decrypted_block_comes_back_with_its_padding(opened, public_keys):
    cryptogram = public_keys[1].encrypt(b"secret", padding.PKCS1v15())
    opened.ok("012241B803830120")
    opened.ok(command("112A8086", cryptogram[:255]))
    block = opened.ok(command("012A8086", cryptogram[255:]))
    assert (block[:2], block[-7:]) == (b"\x00\x02", b"\x00secret")
    assert raw_block(public_keys[1], block) == cryptogram


def test_there_is_no_internal_authenticate(opened):
    assert opened.status(command("01880000", bytes(51))) == 0x6D00


def test_the_authentication_key_pads_for_nobody(opened):
    opened.ok("012281B604910228A0")
    assert opened.status(command("012A9E9A", bytes(32))) == 0x6985


def test_no_key_works_without_the_pin(doctor):
    doctor.ok("012281B60491022890")
    assert doctor.status(command("012A9E9A", bytes(32))) == 0x6982
    doctor.ok("012241B803830120")
    doctor.ok(command("112A8086", bytes(255)))
    assert doctor.status(command("012A8086", bytes(1))) == 0x6982


@pytest.mark.parametrize(
    ("environment", "refusal"),
    [
        ("012281B60491022881", 0x6A88),  # no key 01
        ("012281B60491022810", 0x6A80),  # no high bit: a message, not a hash
        ("012281B606840181800142", 0x6A80),  # the words of a CPS3
        ("012241B606840181800142", 0x6A86),
        ("012241A406840182800102", 0x6A86),
        ("012241B80684018280011A", 0x6A80),
    ],
)
def test_other_environments_are_refused(opened, environment, refusal):
    assert opened.status(environment) == refusal


def test_the_signature_key_decrypts_nothing(opened):
    opened.ok("012241B803830110")
    opened.ok(command("112A8086", bytes(255)))
    assert opened.status(command("012A8086", bytes(1))) == 0x6985


def test_a_block_shorter_than_the_modulus_is_refused(opened):
    opened.ok("012241B803830120")
    assert opened.status(command("012A8086", bytes(200))) == 0x6700


def test_a_reset_forgets_application_environment_and_right(doctor):
    doctor.ok(PUK)
    doctor.ok("012C0391")
    doctor.card.reset()
    doctor.ok(APPLICATION)
    assert doctor.raw("0124011104" + NEW) == "6982"
    doctor.ok(VERIFY)
    assert doctor.status(command("012A9E9A", bytes(32))) == 0x6985
