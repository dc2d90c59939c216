"""Every kind of professional card, and cards from files, as OpenSC and openssl see them."""

from __future__ import annotations

import pytest
from witness_stage import AUTHENTICATION_KEY, digest_info, public_key

from card_sim import cast

pytestmark = pytest.mark.pcsc

APPLICATION_NAME = "e828bd080f8025000001ff0010"
CARD_FILE = """
card = "professional"
kind = "CPS"
serial = "99004321"
[holder]
id = "899700012349"
family_name = "DELMAS"
given_name = "Aurore"
title = "Médecin"
profession = "10"
specialty = "SM26"
[pin]
code = "482615"
[[activities]]
number = 3
sector = "SA07"
[activities.structure]
id = "499700012349001"
name = "Cabinet des Ormes"
address = "3 rue des Ormes"
postal_code = "87000"
city = "Limoges"
"""


@pytest.fixture
def certificate_of(pkcs11, tmp_path):
    """Gives the file of a certificate that OpenSC reads from the card, by the last byte of its identifier."""

    def read(last: int):
        path = tmp_path / f"{last:02x}.der"
        pkcs11(
            *("--read-object", "--type", "cert", "--id", f"{APPLICATION_NAME}{last:02x}", "--output-file", str(path))
        )
        return path

    return read


def described(tools, certificate) -> str:
    return tools("openssl", "x509", "-inform", "der", "-in", str(certificate), "-noout", "-subject", "-purpose").stdout


def sign(pkcs11, tmp_path, pin: str, identifier: str = AUTHENTICATION_KEY):
    info, signature = tmp_path / "di", tmp_path / "sig"
    info.write_bytes(digest_info(b"message"))
    done = pkcs11(
        *("--login", "--pin", pin, "--sign", "--mechanism", "RSA-PKCS", "--id", identifier),
        *("--input-file", str(info), "--output-file", str(signature)),
    )
    assert done.returncode == 0, done.stderr
    return signature


def verify(tools, certificate, signature, tmp_path) -> str:
    message = tmp_path / "m"
    message.write_bytes(b"message")
    key = public_key(certificate, tools)
    command = ("openssl", "dgst", "-sha256", "-verify", str(key), "-signature", str(signature), str(message))
    return tools(*command).stdout.strip()


def test_an_employee_card_names_no_person(put, pkcs11, tools, certificate_of):
    put(0, "secretaire")
    who = cast.professionals()["secretaire"]
    subject = described(tools, certificate_of(2)).splitlines()[0]
    assert f"CN = {who.id_nat}" in subject
    assert "SN =" not in subject
    assert who.family_name not in subject


def test_the_card_of_somebody_in_training_signs_after_a_pin_of_eight_digits(
    put, pkcs11, tools, certificate_of, tmp_path
):
    put(0, "interne")
    assert "pin min/max        : 8/8" in pkcs11("--list-slots").stdout
    signature = sign(pkcs11, tmp_path, cast.professionals()["interne"].pin)
    assert verify(tools, certificate_of(2), signature, tmp_path) == "Verified OK"


def test_the_card_of_other_staff_is_listed_with_its_certificates(put, pkcs11, tools, certificate_of):
    put(0, "agent")
    listing = pkcs11("--list-objects").stdout
    assert listing.count("Certificate Object") == 2
    assert "/CPAT" in described(tools, certificate_of(2))


def test_a_card_whose_identifiers_end_otherwise_signs_with_the_key_of_its_certificate(
    put, pkcs11, tools, certificate_of, tmp_path
):
    put(0, "radiologue")
    last = cast.professionals()["radiologue"].key_ids[1]
    signature = sign(pkcs11, tmp_path, "1234", f"{APPLICATION_NAME}{last:02x}")
    assert verify(tools, certificate_of(last), signature, tmp_path) == "Verified OK"


def test_openssl_reads_and_verifies_an_old_certificate_with_unsorted_names(
    put, pkcs11, tools, certificate_of, authority
):
    put(0, "medecin-ancien")
    certificate = certificate_of(2)
    subject = described(tools, certificate).splitlines()[0]
    assert "CN = " in subject and "+ SN = " in subject.replace("+SN", "+ SN"), subject
    verdict = tools("openssl", "verify", "-CAfile", str(authority.ca_file), str(certificate))
    assert verdict.stdout.strip().endswith(": OK"), verdict.stderr


def test_openssl_says_that_an_expired_certificate_is_expired(put, pkcs11, tools, certificate_of, authority):
    put(0, "medecin-perime")
    verdict = tools("openssl", "verify", "-CAfile", str(authority.ca_file), str(certificate_of(2)))
    assert verdict.returncode != 0
    assert "certificate has expired" in verdict.stderr


@pytest.mark.parametrize(
    ("name", "atr"),
    [
        ("medecin-cps4", "3b:9b:18:80:01:00:12:25:00:64:80:04:01:00:00:90:44"),
        ("medecin-2ter", "3b:ac:00:40:2a:00:12:25:00:64:80:82:02:12:00:90:00"),
        ("medecin-sans-contact", "3b:8f:80:01:00:31:b8:64:04:b0:ec:c1:73:94:01:80:82:90:00:0e"),
        ("vitale-1", "3f:65:25:00:22:09:69:90:00"),
    ],
)
def test_cards_that_this_opensc_does_not_read_have_the_answer_to_reset_of_their_product(put, tools, reader, name, atr):
    put(0, name)
    assert tools("opensc-tool", "--reader", reader, "--atr").stdout.strip() == atr


def test_a_card_from_a_file_is_read_and_signs_like_another(put, pkcs11, tools, certificate_of, tmp_path):
    path = tmp_path / "ma-carte.toml"
    path.write_text(CARD_FILE, encoding="utf-8")
    put(0, str(path))
    subject = described(tools, certificate_of(2)).splitlines()[0]
    assert "DELMAS" in subject and "899700012349" in subject
    assert "CPS_ACTIVITY_03_PS" in pkcs11("--login", "--pin", "482615", "--list-objects").stdout
    assert verify(tools, certificate_of(2), sign(pkcs11, tmp_path, "482615"), tmp_path) == "Verified OK"
