"""What our own client makes a card sign and decrypt, over the real PC/SC service, judged by openssl."""

from __future__ import annotations

import hashlib

import pytest
from witness_stage import PATIENCE, public_key

from card_sim import cast
from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.cards.service import CardService
from cps_bridge.cards.signer import KeyUse
from dossier.professional import CardKind

pytestmark = pytest.mark.pcsc

PROFESSIONAL = (CardKind.CPS, CardKind.CPE, CardKind.CPF, CardKind.CPA)
NAMES = ("generaliste", "secretaire", "interne", "agent", "medecin-ancien", "radiologue", "medecin-cps4")
HASHES = {KeyUse.SIGNATURE: ("sha1", "sha256"), KeyUse.AUTHENTICATION: ("sha1", "sha256", "sha384", "sha512")}


@pytest.fixture
def opened(put, vpcd_pair):
    """Puts a card in, gives its PIN by our client, and gives service and epoch."""
    services = []

    def open_card(name: str):
        put(0, name)
        service = CardService(PcscReaders(only=frozenset(vpcd_pair[2])))
        services.append(service)
        service.start()
        epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
        service.verify_pin(epoch, bytearray(cast.professionals()[name].pin.encode()))
        return service, epoch

    yield open_card
    for service in services:
        service.close()


@pytest.mark.parametrize("name", NAMES)
def test_openssl_verifies_what_both_keys_of_each_card_sign(opened, tools, tmp_path, name):
    service, epoch = opened(name)
    message = tmp_path / "message"
    message.write_bytes(b"message")
    for use, hashes in HASHES.items():
        signer = service.signer(epoch, use)
        certificate = tmp_path / f"{use.value}.der"
        certificate.write_bytes(signer.certificate)
        key = public_key(certificate, tools)
        for each in hashes:
            signature = tmp_path / f"{use.value}.{each}"
            signature.write_bytes(signer.sign(each, hashlib.new(each, b"message").digest()))
            command = ("openssl", "dgst", f"-{each}", "-verify", str(key), "-signature", str(signature), str(message))
            assert tools(*command).stdout.strip() == "Verified OK", (name, use, each)


@pytest.mark.parametrize("name", ["generaliste", "medecin-cps4"])
def test_our_client_decrypts_what_openssl_encrypted_for_the_card(opened, tools, tmp_path, name):
    service, epoch = opened(name)
    certificate, clear, encrypted = (tmp_path / each for each in ("aut.der", "clear", "encrypted"))
    certificate.write_bytes(service.signer(epoch, KeyUse.AUTHENTICATION).certificate)
    clear.write_bytes(b"for the holder alone")
    key = public_key(certificate, tools)
    tools("openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", str(key), "-in", str(clear), "-out", str(encrypted))
    assert service.decrypt(epoch, encrypted.read_bytes()) == b"for the holder alone"


def test_our_client_and_opensc_read_the_same_certificates(opened, pkcs11, tmp_path):
    service, epoch = opened("generaliste")
    card = service.read_professional(epoch)
    found = set()
    for last in ("01", "02"):
        path = tmp_path / last
        pkcs11(
            *("--read-object", "--type", "cert", "--id", f"e828bd080f8025000001ff0010{last}"),
            *("--output-file", str(path)),
        )
        found.add(path.read_bytes())
    assert found == {card.authentication.der, card.signature.der}
