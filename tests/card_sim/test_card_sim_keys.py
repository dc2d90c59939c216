"""Signatures, authentication and decryption, checked with another library."""

import hashlib

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from card_sim.resumable_hash import begin, finish

VERIFY = "002000010431323334"
SIGNATURE_ENVIRONMENT = ("002241AA03800140", "002241B606840181800142")
AUTHENTICATION_ENVIRONMENT = "002241A406840182800102"
DIGEST_INFO = bytes.fromhex("3031300D060960864801650304020105000420")


@pytest.fixture
def opened(host):
    """The card with its application selected and its PIN verified."""
    host.ok("00A40904043F000001")
    host.ok(VERIFY)
    return host


@pytest.fixture(scope="module")
def public_keys(authority):
    _, _, *certificates = authority.card_material("generaliste")
    return tuple(x509.load_der_x509_certificate(der).public_key() for der in certificates)


def command(head: str, data: bytes) -> bytes:
    return bytes.fromhex(head) + bytes([len(data)]) + data


def partial_hash(message: bytes, name: str = "sha256") -> bytes:
    """The data of PSO HASH: state and bit count of the full blocks, then the last block."""
    full = max(len(message) - 1, 0) // 64 * 64
    before = begin(name, message[:full]) + (full * 8).to_bytes(8, "big") if full else b""
    return bytes([0x90, len(before)]) + before + bytes([0x80, len(message) - full]) + message[full:]


@pytest.mark.parametrize("size", [0, 3, 55, 64, 65, 128, 1000])
def test_a_signature_over_a_partial_hash_verifies(opened, public_keys, size):
    message = bytes(range(256)) * 4
    message = message[:size]
    for each in SIGNATURE_ENVIRONMENT:
        assert opened.raw(each) == "9000"
    assert opened.status(command("002A90A0", partial_hash(message))) == 0x9000
    signature = opened.ok("002A9E9A00")
    public_keys[0].verify(signature, message, padding.PKCS1v15(), hashes.SHA256())


def test_a_sha1_signature_over_a_partial_hash_verifies(opened, public_keys):
    message = b"z" * 200
    opened.ok("002241AA03800110")
    opened.ok("002241B606840181800112")
    opened.ok(command("002A90A0", partial_hash(message, "sha1")))
    public_keys[0].verify(opened.ok("002A9E9A00"), message, padding.PKCS1v15(), hashes.SHA1())


def test_the_trace_of_a_real_middleware_for_twenty_bytes_is_accepted(opened, public_keys):
    message = b"twenty bytes of data"
    for each in SIGNATURE_ENVIRONMENT:
        opened.ok(each)
    assert opened.raw("002A90A018" + "9000" + "8014" + message.hex()) == "9000"
    public_keys[0].verify(opened.ok("002A9E9A00"), message, padding.PKCS1v15(), hashes.SHA256())


def test_a_signature_over_a_ready_hash_verifies(opened, public_keys):
    opened.ok("002241B606840181800142")
    digest = hashlib.sha256(b"abc").digest()
    assert opened.raw("002A9E9A20" + digest.hex() + "00") == "6100"
    signature = bytes.fromhex(opened.raw("00C0000000"))[:-2]
    public_keys[0].verify(signature, b"abc", padding.PKCS1v15(), hashes.SHA256())


def test_a_hash_serves_once(opened):
    for each in SIGNATURE_ENVIRONMENT:
        opened.ok(each)
    opened.ok(command("002A90A0", partial_hash(b"abc")))
    opened.ok("002A9E9A00")
    assert opened.status("002A9E9A00") == 0x6985


def test_a_hash_of_a_wrong_size_is_refused(opened):
    opened.ok("002241B606840181800142")
    assert opened.status(command("002A9E9A", bytes(20))) == 0x6985


def test_internal_authentication_signs_a_digest_info(opened, public_keys):
    opened.ok(AUTHENTICATION_ENVIRONMENT)
    signature = opened.ok(command("00880000", DIGEST_INFO + hashlib.sha256(b"abc").digest()))
    public_keys[1].verify(signature, b"abc", padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        public_keys[0].verify(signature, b"abc", padding.PKCS1v15(), hashes.SHA256())


def test_internal_authentication_takes_forty_per_cent_of_the_modulus_at_most(opened):
    opened.ok(AUTHENTICATION_ENVIRONMENT)
    assert opened.status(command("00880000", bytes(102))) == 0x9000
    assert opened.status(command("00880000", bytes(103))) == 0x6700


def test_a_chained_cryptogram_is_decrypted(opened, public_keys):
    opened.ok("002241B80684018280011A")
    data = b"\x81" + public_keys[1].encrypt(b"secret", padding.PKCS1v15())
    assert opened.status(command("102A8086", data[:255])) == 0x9000
    assert opened.ok(command("002A8086", data[255:])) == b"secret"


def test_a_broken_cryptogram_is_refused(opened):
    opened.ok("002241B80684018280011A")
    opened.ok(command("102A8086", b"\x81" + bytes(254)))
    assert opened.status(command("002A8086", bytes(2))) == 0x6A80


def test_no_key_works_without_the_pin(host):
    host.ok("00A40904043F000001")
    host.ok("002241B606840181800142")
    assert host.status(command("002A9E9A", bytes(32))) == 0x6982
    host.ok(AUTHENTICATION_ENVIRONMENT)
    assert host.status(command("00880000", bytes(51))) == 0x6982


def test_each_key_keeps_to_its_use(opened):
    opened.ok("002241A406840181800102")
    assert opened.status(command("00880000", bytes(51))) == 0x6985
    opened.ok("002241B606840182800142")
    assert opened.status(command("002A9E9A", bytes(32))) == 0x6985


def test_a_key_that_does_not_exist_is_said_missing(opened):
    assert opened.status("002241B606840183800142") == 0x6A88


def test_the_environment_is_forgotten_by_selection_restoration_and_reset(opened):
    for forget in ("00A4000C023F00", "0022F301"):
        opened.ok("00A40904043F000001")
        opened.ok("002241B606840181800142")
        opened.ok(forget)
        assert opened.status(command("002A9E9A", bytes(32))) == 0x6985
    opened.ok("002241B606840181800142")
    opened.card.reset()
    assert opened.status(command("002A9E9A", bytes(32))) == 0x6985


@pytest.mark.parametrize("name", ["sha1", "sha256"])
@pytest.mark.parametrize("size", [0, 55, 56, 63, 64])
def test_a_resumed_hash_equals_the_whole_one(name, size):
    head, tail = b"y" * 192, bytes(range(size))
    assert finish(name, begin(name, head), 192 * 8, tail) == hashlib.new(name, head + tail).digest()
    assert finish(name, b"", 0, tail) == hashlib.new(name, tail).digest()
