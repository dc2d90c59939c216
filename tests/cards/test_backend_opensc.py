"""OpenSC as the PKCS#11 module, on the real stack: what it can do with a CPS3, and what it says it cannot."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cards_stage import PATIENCE, PROFESSIONAL, code_of, verify
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding

from card_sim import cast
from card_sim.deck import card_named
from card_sim.vpcd import VpcdSlot
from cps_bridge.cards.holder import authentication_pair, professional_of, signature_pair
from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.cards.pkcs11 import Pkcs11Module
from cps_bridge.cards.signer import KeyUse

_PLACES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib")
MODULE = next((str(path) for each in _PLACES if (path := Path(each, "opensc-pkcs11.so")).is_file()), "")
DIGEST = hashlib.sha256(b"lot").digest()

pytestmark = [
    pytest.mark.pcsc,
    pytest.mark.skipif(not MODULE, reason="the PKCS#11 module of OpenSC is not installed (apt-get install opensc)"),
]


@pytest.fixture
def names(vpcd_pair):
    return vpcd_pair[2]


@pytest.fixture
def port(names):
    port = PcscReaders(only=frozenset(names))
    view = port.readers()
    while any(atr for _, atr, _ in view):
        view = port.wait(view, PATIENCE)
    yield port
    port.close()


@pytest.fixture
def module(opensc_conf, monkeypatch):
    """The module, blind to the readers of other workers."""
    monkeypatch.setenv("OPENSC_CONF", str(opensc_conf))
    module = Pkcs11Module.load(MODULE)
    yield module
    module.close()


@pytest.fixture
def put(vpcd_pair, port, authority):
    """Inserts a card in slot 0 or 1 and waits until PC/SC shows it."""
    slots = [VpcdSlot(vpcd_pair[0]), VpcdSlot(vpcd_pair[1])]

    def until(slot: int, present: bool) -> None:
        view = port.readers()
        while bool({reader: atr for reader, atr, _ in view}[vpcd_pair[2][slot]]) is not present:
            view = port.wait(view, PATIENCE)

    def insert(name: str = "generaliste", slot: int = 0):
        card = card_named(name, authority)
        again(card, slot)
        return card

    def again(card, slot: int = 0) -> None:
        until(slot, present=False)
        slots[slot].insert(card)
        until(slot, present=True)

    insert.slots, insert.again = slots, again
    yield insert
    for slot in slots:
        slot.remove()


@pytest.fixture
def access(put, module, names):
    put()
    access = module.open(names[0])
    yield access
    access.close()


def test_the_module_names_itself(module):
    assert "OpenSC" in module.info()


def test_a_reader_without_card_has_no_token(module, names, port):
    assert module.tokens() == ()
    assert code_of(module.open, names[0]) == "PKCS11_TOKEN_MISSING"


def test_the_slot_of_the_reader_is_chosen_among_two(module, put, names):
    put("generaliste", 0)
    put("infirmiere", 1)
    for name, reader in (("generaliste", names[0]), ("infirmiere", names[1])):
        access = module.open(reader)
        assert access.read_serial() == cast.professionals()[name].serial
        access.close()


def test_the_card_is_read_without_the_pin(access):
    who = cast.professionals()["generaliste"]
    pairs = access.read_certificates()
    holder = professional_of(authentication_pair(pairs).certificate, access.read_specialty)
    assert (access.read_serial(), holder.id_nat, access.read_specialty()) == (who.serial, who.id_nat, who.specialty)
    assert signature_pair(pairs).certificate.signs_documents
    assert code_of(access.read_activities) == "PIN_REQUIRED"
    assert not access.has_pin_pad


def test_the_authentication_key_signs_and_decrypts(access):
    access.verify_pin(bytearray(b"1234"))
    pair = authentication_pair(access.read_certificates())
    verify(pair.certificate.der, access.sign(pair, KeyUse.AUTHENTICATION, "sha256", DIGEST), "sha256", DIGEST)
    key = x509.load_der_x509_certificate(pair.certificate.der).public_key()
    assert access.decrypt(pair, key.encrypt(b"un secret", padding.PKCS1v15())) == b"un secret"
    assert code_of(access.decrypt, pair, bytes(256)) == "DECRYPTION_FAILED"


def test_activities_are_read_after_the_pin(access):
    access.verify_pin(bytearray(b"1234"))
    assert [each.sector for each in access.read_activities()] == ["SA08", "SA05"]


def test_the_signature_key_cannot_be_used_through_this_module_and_that_is_said(access):
    access.verify_pin(bytearray(b"1234"))
    pair = signature_pair(access.read_certificates())
    assert code_of(access.sign, pair, KeyUse.SIGNATURE, "sha256", DIGEST) == "KEY_NOT_USABLE"
    pair = authentication_pair(access.read_certificates())  # and the session goes on
    verify(pair.certificate.der, access.sign(pair, KeyUse.AUTHENTICATION, "sha256", DIGEST), "sha256", DIGEST)


def test_wrong_pins_are_flagged_down_to_the_last_try(access):
    assert not access.read_pin_state().is_last_try  # this module warns
    assert code_of(access.verify_pin, bytearray(b"9999")) == "PIN_WRONG"
    assert not access.read_pin_state().is_last_try
    assert code_of(access.verify_pin, bytearray(b"9999")) == "PIN_WRONG"
    assert access.read_pin_state().tries_left == 1
    assert code_of(access.verify_pin, bytearray(b"9999")) == "PIN_BLOCKED"
    assert access.read_pin_state().tries_left == 0
    assert code_of(access.verify_pin, bytearray(b"1234")) == "PIN_BLOCKED"


def test_the_pin_is_changed(put, module, names):
    card = put()
    access = module.open(names[0])
    access.change_pin(bytearray(b"1234"), bytearray(b"4321"))
    access.close()
    put.slots[0].remove()  # this module presents no code to a card that says it is verified: it would take any
    put.again(card)
    access = module.open(names[0])
    assert code_of(access.verify_pin, bytearray(b"1234")) == "PIN_WRONG"
    access.verify_pin(bytearray(b"4321"))
    access.close()


def test_no_right_outlives_the_login(access):
    access.verify_pin(bytearray(b"1234"))
    access.log_out()
    assert code_of(access.read_activities) == "PIN_REQUIRED"


def test_the_service_signs_through_the_module_until_the_card_is_pulled(services, port, put, module):
    service = services(port, backend=module)
    put()
    epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
    service.verify_pin(epoch, bytearray(b"1234"))
    assert len(service.read_activities(epoch)) == 2
    signer = service.signer(epoch, KeyUse.AUTHENTICATION)
    verify(signer.certificate, signer.sign("sha256", DIGEST), "sha256", DIGEST)
    assert code_of(service.signer(epoch, KeyUse.SIGNATURE).sign, "sha256", DIGEST) == "KEY_NOT_USABLE"
    put.slots[0].remove()
    assert code_of(signer.sign, "sha256", DIGEST) == "CARD_REMOVED"


def test_another_card_in_the_reader_never_signs_for_the_first(services, port, put, module):
    service = services(port, backend=module)
    put("generaliste")
    epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
    service.verify_pin(epoch, bytearray(b"1234"))
    signer = service.signer(epoch, KeyUse.AUTHENTICATION)
    put.slots[0].remove()
    put("infirmiere")
    assert code_of(signer.sign, "sha256", DIGEST) == "CARD_REMOVED"
    second = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
    assert second != epoch
    assert code_of(service.signer(second, KeyUse.AUTHENTICATION).sign, "sha256", DIGEST) == "PIN_REQUIRED"
    assert service.read_professional(second).serial == cast.professionals()["infirmiere"].serial


def test_after_a_log_out_the_card_itself_has_forgotten_the_pin(services, port, put, module, names):
    service = services(port, backend=module)
    put()
    epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
    service.verify_pin(epoch, bytearray(b"1234"))
    service.log_out(epoch)
    link = port.connect(names[0])
    assert link.transmit(bytes.fromhex("0020000100")) == bytes.fromhex("63C3")
    link.close()
    assert code_of(service.signer(epoch, KeyUse.AUTHENTICATION).sign, "sha256", DIGEST) == "PIN_REQUIRED"
    assert code_of(service.verify_pin, epoch, bytearray(b"9999")) == "PIN_WRONG"
    service.verify_pin(epoch, bytearray(b"1234"))
    signer = service.signer(epoch, KeyUse.AUTHENTICATION)
    verify(signer.certificate, signer.sign("sha256", DIGEST), "sha256", DIGEST)
