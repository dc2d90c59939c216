"""The CPS by the PKCS#11 module of OpenSC: what it lists, what it lets do, and how openssl judges the results."""

from __future__ import annotations

import pytest
from witness_stage import AUTHENTICATION_KEY, SIGNATURE_KEY, digest_info, public_key

from card_sim import cast

pytestmark = pytest.mark.pcsc

LOGIN = ("--login", "--pin", "1234")


@pytest.fixture
def certificate(cps, pkcs11, tmp_path):
    """The authentication certificate, DER, as OpenSC reads it from the card."""
    path = tmp_path / "authentication.der"
    pkcs11("--read-object", "--type", "cert", "--id", AUTHENTICATION_KEY, "--output-file", str(path))
    return path


def flags(pkcs11) -> str:
    listing = pkcs11("--list-slots").stdout
    return next(line for line in listing.splitlines() if "token flags" in line)


def test_the_token_says_its_label_its_serial_and_the_lengths_of_its_pin(cps, pkcs11):
    listing = pkcs11("--list-slots").stdout
    assert "(Code porteur)" in listing
    assert "serial num         : 990000025f" in listing
    assert "pin min/max        : 4/4" in listing


def test_certificates_and_public_data_are_listed_without_the_pin(cps, pkcs11):
    listing = pkcs11("--list-objects").stdout
    assert listing.count("Certificate Object") == 2
    assert "SN=MARTIN+GN=Claire+CN=899700000021" in listing
    for label in ("CPS_ID_CARD", "CPS_NAME_PS", "CPS_LANG_PS", "CPS_INFO_PS", "CPS_DATA"):
        assert label in listing
    assert "CPS_ACTIVITY" not in listing
    assert "Private Key Object" not in listing


def test_the_pin_opens_private_data_and_keys(cps, pkcs11):
    listing = pkcs11(*LOGIN, "--list-objects").stdout
    assert listing.count("Private Key Object") == 2
    assert "CPS_ACTIVITY_03_PS" in listing


def test_openssl_verifies_a_signature_of_the_authentication_key(cps, pkcs11, tools, tmp_path, certificate):
    message, info, signature = (tmp_path / name for name in ("m", "di", "sig"))
    message.write_bytes(b"message")
    info.write_bytes(digest_info(b"message"))
    signed = pkcs11(
        *LOGIN,
        *("--sign", "--mechanism", "RSA-PKCS", "--id", AUTHENTICATION_KEY),
        *("--input-file", str(info), "--output-file", str(signature)),
    )
    assert signed.returncode == 0, signed.stderr
    key = public_key(certificate, tools)
    verdict = tools("openssl", "dgst", "-sha256", "-verify", str(key), "-signature", str(signature), str(message))
    assert verdict.stdout.strip() == "Verified OK"


def test_openssl_pkeyutl_verifies_it_too_and_refuses_another_digest(cps, pkcs11, tools, tmp_path, certificate):
    info, signature, digest, other = (tmp_path / name for name in ("di", "sig", "digest", "other"))
    info.write_bytes(digest_info(b"message"))
    digest.write_bytes(digest_info(b"message")[-32:])
    other.write_bytes(digest_info(b"another message")[-32:])
    pkcs11(
        *LOGIN,
        *("--sign", "--mechanism", "RSA-PKCS", "--id", AUTHENTICATION_KEY),
        *("--input-file", str(info), "--output-file", str(signature)),
    )
    verify = ("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public_key(certificate, tools)))
    verify += ("-pkeyopt", "digest:sha256", "-sigfile", str(signature))
    assert tools(*verify, "-in", str(digest)).returncode == 0
    assert tools(*verify, "-in", str(other)).returncode != 0


def test_the_card_decrypts_what_openssl_encrypted_for_it(cps, pkcs11, tools, tmp_path, certificate):
    clear, encrypted, again = (tmp_path / name for name in ("clear", "encrypted", "again"))
    clear.write_bytes(b"for the holder alone")
    key = public_key(certificate, tools)
    tools("openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", str(key), "-in", str(clear), "-out", str(encrypted))
    done = pkcs11(
        *LOGIN,
        *("--decrypt", "--mechanism", "RSA-PKCS", "--id", AUTHENTICATION_KEY),
        *("--input-file", str(encrypted), "--output-file", str(again)),
    )
    assert done.returncode == 0, done.stderr
    assert again.read_bytes() == b"for the holder alone"


def test_nothing_is_signed_without_the_pin(cps, pkcs11, tmp_path):
    info, signature = tmp_path / "di", tmp_path / "sig"
    info.write_bytes(digest_info(b"message"))
    signed = pkcs11(
        *("--sign", "--mechanism", "RSA-PKCS", "--id", AUTHENTICATION_KEY),
        *("--input-file", str(info), "--output-file", str(signature)),
    )
    assert signed.returncode != 0
    assert not signature.exists() or not signature.read_bytes()


@pytest.mark.parametrize(
    ("mechanism", "refusal"),
    [("RSA-PKCS", "CKR_MECHANISM_INVALID"), ("SHA256-RSA-PKCS", "CKR_FUNCTION_NOT_SUPPORTED")],
)
def test_the_signature_key_is_refused_by_this_module_and_no_signature_comes_out(
    cps, pkcs11, tmp_path, mechanism, refusal
):
    info, signature = tmp_path / "di", tmp_path / "sig"
    info.write_bytes(digest_info(b"message"))
    signed = pkcs11(
        *LOGIN,
        *("--sign", "--mechanism", mechanism, "--id", SIGNATURE_KEY),
        *("--input-file", str(info), "--output-file", str(signature)),
    )
    assert signed.returncode != 0
    assert refusal in signed.stderr
    assert not signature.exists() or not signature.read_bytes()


def test_the_token_says_how_the_tries_go_and_that_the_pin_is_locked(cps, pkcs11):
    assert "PIN count low" not in flags(pkcs11)
    for left, said in ((2, "user PIN count low"), (1, "final user PIN try"), (0, "user PIN locked")):
        refused = pkcs11("--login", "--pin", "9999", "--list-objects")
        assert "CKR_PIN_INCORRECT" in refused.stderr
        assert cps.card.secrets[1].left == left
        assert said in flags(pkcs11)


def test_a_locked_pin_refuses_the_right_one_until_the_puk_unblocks_it(cps, pkcs11, tools, reader):
    for _ in range(3):
        pkcs11("--login", "--pin", "9999", "--list-objects")
    assert "CKR_PIN_LOCKED" in pkcs11(*LOGIN, "--list-objects").stderr
    tools(
        "pkcs15-tool", "--reader", reader, "--unblock-pin", "--puk", "87654321", "--new-pin", "4321", "--auth-id", "01"
    )
    assert "user PIN locked" not in flags(pkcs11)
    assert pkcs11("--login", "--pin", "4321", "--list-objects").stdout.count("Private Key Object") == 2


def test_the_right_pin_gives_the_tries_back(cps, pkcs11):
    pkcs11("--login", "--pin", "9999", "--list-objects")
    assert cps.card.secrets[1].left == 2
    pkcs11(*LOGIN, "--list-objects")
    assert cps.card.secrets[1].left == 3
    assert "PIN count low" not in flags(pkcs11)


def test_the_pin_is_changed_and_the_old_one_is_wrong_from_then_on(cps, pkcs11):
    assert pkcs11(*LOGIN, "--change-pin", "--new-pin", "4321").returncode == 0
    assert "CKR_PIN_INCORRECT" in pkcs11(*LOGIN, "--list-objects").stderr
    assert pkcs11("--login", "--pin", "4321", "--list-objects").returncode == 0


def test_a_protected_activity_is_read_after_login_and_not_before(cps, pkcs11, tmp_path):
    first, again = tmp_path / "first", tmp_path / "again"
    read = ("--read-object", "--type", "data", "--label", "CPS_ACTIVITY_01_PS", "--output-file")
    assert pkcs11(*read, str(first)).returncode != 0
    assert pkcs11(*LOGIN, *read, str(again)).returncode == 0
    place = cast.professionals()["generaliste"].activities[0]
    assert not first.exists() or not first.read_bytes()
    assert place.structure.name.encode() in again.read_bytes()
    assert place.sector.encode() in again.read_bytes()


def test_openssl_verifies_the_card_certificates_against_the_authority(cps, pkcs11, tools, tmp_path, authority):
    for identifier, purpose in ((AUTHENTICATION_KEY, "sslclient"), (SIGNATURE_KEY, "smimesign")):
        certificate = tmp_path / identifier
        pkcs11("--read-object", "--type", "cert", "--id", identifier, "--output-file", str(certificate))
        verdict = tools(
            *("openssl", "verify", "-x509_strict", "-purpose", purpose),
            *("-CAfile", str(authority.ca_file), str(certificate)),
        )
        assert verdict.stdout.strip().endswith(": OK"), verdict.stderr
