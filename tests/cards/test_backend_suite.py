"""The same questions to a professional card, by each way to reach it: our APDUs (CPS3, CPS4), a PKCS#11 module."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import softhsm_stage
from cards_stage import HASHES, code_of, verify
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding

from card_sim import cast
from card_sim.making import make_card
from cps_bridge.cards.apdu import Channel
from cps_bridge.cards.holder import authentication_pair, professional_of, signature_pair
from cps_bridge.cards.pkcs11 import Pkcs11Module
from cps_bridge.cards.professional import open_professional
from cps_bridge.cards.recognise import recognise
from cps_bridge.cards.signer import KeyUse

NO_SOFTHSM = pytest.mark.skipif(not softhsm_stage.MODULE, reason="SoftHSM2 is not installed (apt-get install softhsm2)")


class _Link:
    def __init__(self, card) -> None:
        self.transmit = lambda command: card.apdu(bytes(command))

    def transaction(self):
        return contextlib.nullcontext()

    def features(self):
        return {}

    def close(self):
        pass


@dataclass
class Stage:
    """One card behind one back end; counts: whether the card tells how many tries are left, and blocks."""

    who: cast.CastProfessional
    counts: bool

    def pin(self, text: str = "") -> bytearray:
        return bytearray((text or self.who.pin).encode())

    def puk(self, text: str = "") -> bytearray:
        return bytearray((text or self.who.puk).encode())

    def open(self):
        """A new link to the same card: no right is inherited."""
        raise NotImplementedError


class ApduStage(Stage):
    def __init__(self, name: str, authority) -> None:
        super().__init__(cast.professionals()[name], counts=True)
        self.card = make_card(self.who, authority.material_of(self.who))

    def open(self):
        self.card.reset()
        return open_professional(Channel(_Link(self.card)), recognise(self.card.atr))


class ModuleStage(Stage):
    def __init__(self, name: str) -> None:
        super().__init__(cast.professionals()[name], counts=False)
        self.module = Pkcs11Module.load(softhsm_stage.MODULE)
        self.session = None

    def open(self):
        if self.session:
            self.session.close()
        self.session = self.module.open("Lecteur sans nom dans ce module")
        return self.session

    def close(self) -> None:
        if self.session:
            self.session.close()
        self.module.close()


@pytest.fixture(scope="session")
def token(tmp_path_factory, authority) -> Path:
    who = cast.professionals()["generaliste"]
    folder = tmp_path_factory.mktemp("softhsm")
    softhsm_stage.make_token(folder, who, authority.material_of(who))
    return folder / "tokens"


@pytest.fixture(params=["cps3", "cps4", pytest.param("softhsm", marks=NO_SOFTHSM)])
def stage(request, authority, tmp_path, monkeypatch):
    if request.param != "softhsm":
        yield ApduStage({"cps3": "generaliste", "cps4": "medecin-cps4"}[request.param], authority)
        return
    shutil.copytree(request.getfixturevalue("token"), tmp_path / "tokens")
    monkeypatch.setenv("SOFTHSM2_CONF", str(softhsm_stage.write_configuration(tmp_path)))
    stage = ModuleStage("generaliste")
    yield stage
    stage.close()


@pytest.fixture
def card(stage):
    return stage.open()


@pytest.fixture
def unlocked(stage, card):
    card.verify_pin(stage.pin())
    return card


def digest_of(hash_name: str) -> bytes:
    return hashlib.new(hash_name, b"un document").digest()


def pair_for(card, use: KeyUse):
    pairs = card.read_certificates()
    return signature_pair(pairs) if use is KeyUse.SIGNATURE else authentication_pair(pairs)


def test_the_serial_is_the_one_people_see(stage, card):
    assert card.read_serial() == stage.who.serial


def test_the_holder_is_read_without_the_pin(stage, card):
    holder = professional_of(pair_for(card, KeyUse.AUTHENTICATION).certificate, card.read_specialty)
    assert (holder.id_nat, holder.family_name, holder.specialty) == (
        stage.who.id_nat, stage.who.family_name, stage.who.specialty,
    )  # fmt: skip


def test_the_specialty_is_read_from_the_data_of_the_card(stage, card):
    assert card.read_specialty() == stage.who.specialty


def test_both_certificates_are_there_with_their_keys_identifiers(card):
    pairs = card.read_certificates()
    assert len(pairs) == len({pair.identifier for pair in pairs}) == 2
    assert {pair.certificate.signs_documents for pair in pairs} == {True, False}


def test_the_state_of_the_pin_costs_no_try_and_holds_its_length(stage, card):
    states = {card.read_pin_state() for _ in range(4)}
    (state,) = states
    assert state.minimum <= len(stage.who.pin) <= state.maximum
    assert state.unblocking_minimum <= len(stage.who.puk) <= state.unblocking_maximum
    assert state.tries_left == (3 if stage.counts else None)


def test_the_state_is_still_told_once_the_pin_is_verified(unlocked, stage):
    state = unlocked.read_pin_state()
    assert state.minimum <= len(stage.who.pin) <= state.maximum
    assert state.tries_left in (3, None)


def test_activities_need_the_pin(card):
    assert code_of(card.read_activities) == "PIN_REQUIRED"


def test_activities_come_in_the_order_of_their_numbers(unlocked, stage):
    found = [(each.structure.id_nat, each.sector) for each in unlocked.read_activities()]
    assert found == [(each.structure.id_nat, each.sector) for each in stage.who.activities]


@pytest.mark.parametrize("use", list(KeyUse))
def test_no_key_signs_before_the_pin(card, use):
    assert code_of(card.sign, pair_for(card, use), use, "sha256", digest_of("sha256")) == "PIN_REQUIRED"


@pytest.mark.parametrize(
    ("use", "hash_name"),
    [
        (KeyUse.SIGNATURE, "sha1"),
        (KeyUse.SIGNATURE, "sha256"),
        *((KeyUse.AUTHENTICATION, each) for each in HASHES),
    ],
)
def test_each_key_signs(unlocked, use, hash_name):
    pair = pair_for(unlocked, use)
    signature = unlocked.sign(pair, use, hash_name, digest_of(hash_name))
    verify(pair.certificate.der, signature, hash_name, digest_of(hash_name))


def test_a_key_signs_again_and_again_and_in_turns(unlocked):
    for use in (*KeyUse, *KeyUse):
        pair = pair_for(unlocked, use)
        verify(pair.certificate.der, unlocked.sign(pair, use, "sha256", bytes(32)), "sha256", bytes(32))


@pytest.mark.parametrize(("hash_name", "size"), [("sha384", 48), ("sha256", 20), ("md5", 16), ("sha256", 0)])
def test_the_signature_key_refuses_digests_it_does_not_know(unlocked, hash_name, size):
    pair = pair_for(unlocked, KeyUse.SIGNATURE)
    assert code_of(unlocked.sign, pair, KeyUse.SIGNATURE, hash_name, bytes(size)) == "HASH_NOT_SUPPORTED"


@pytest.mark.parametrize("use", list(KeyUse))
def test_a_key_is_never_used_for_the_other_purpose(unlocked, use):
    other = next(each for each in KeyUse if each is not use)
    assert code_of(unlocked.sign, pair_for(unlocked, use), other, "sha256", bytes(32)) == "KEY_NOT_USABLE"


def encrypted(pair, message: bytes) -> bytes:
    key = x509.load_der_x509_certificate(pair.certificate.der).public_key()
    return key.encrypt(message, padding.PKCS1v15())


@pytest.mark.parametrize("message", [b"", b"un secret", bytes(245)])
def test_the_authentication_key_decrypts(unlocked, message):
    pair = pair_for(unlocked, KeyUse.AUTHENTICATION)
    assert unlocked.decrypt(pair, encrypted(pair, message)) == message


def test_nothing_is_decrypted_before_the_pin(card):
    pair = pair_for(card, KeyUse.AUTHENTICATION)
    assert code_of(card.decrypt, pair, encrypted(pair, b"un secret")) == "PIN_REQUIRED"


def test_the_signature_key_never_decrypts(unlocked):
    pair = pair_for(unlocked, KeyUse.SIGNATURE)
    assert code_of(unlocked.decrypt, pair, encrypted(pair, b"un secret")) == "KEY_NOT_USABLE"


@pytest.mark.parametrize("cryptogram", [b"", bytes(255), bytes(257), bytes(256), b"\x01" * 256])
def test_what_was_not_encrypted_for_the_key_is_said_so(unlocked, cryptogram):
    assert code_of(unlocked.decrypt, pair_for(unlocked, KeyUse.AUTHENTICATION), cryptogram) == "DECRYPTION_FAILED"


def test_every_code_is_wiped_whether_right_or_wrong(stage, card):
    buffers = [stage.pin(), stage.pin("9999"), stage.pin("12"), *(stage.pin("0000") for _ in range(2))]
    card.verify_pin(buffers[0])
    for buffer in buffers[1:3]:
        code_of(card.verify_pin, buffer)
    code_of(card.change_pin, *buffers[3:])
    pins = [stage.puk("00000000"), stage.pin("4321")]
    code_of(card.unblock_pin, *pins)
    assert not any(any(buffer) for buffer in (*buffers, *pins))


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "12 4", "é234"])
def test_a_pin_that_the_card_cannot_have_is_not_presented(stage, card, pin):
    before = card.read_pin_state()
    assert code_of(card.verify_pin, bytearray(pin.encode())) == "PIN_SHAPE"
    assert code_of(card.change_pin, bytearray(pin.encode()), stage.pin("4321")) == "PIN_SHAPE"
    assert code_of(card.change_pin, stage.pin(), bytearray(pin.encode())) == "PIN_NEW_SHAPE"
    assert code_of(card.unblock_pin, stage.puk(), bytearray(pin.encode())) == "PIN_NEW_SHAPE"
    assert card.read_pin_state() == before
    card.verify_pin(stage.pin())


@pytest.mark.parametrize("puk", ["", "123", "1234567x", "1" * 17])
def test_an_unblocking_code_that_cannot_be_one_is_not_presented(stage, card, puk):
    before = card.read_pin_state()
    assert code_of(card.unblock_pin, bytearray(puk.encode()), stage.pin("4321")) == "PUK_SHAPE"
    assert card.read_pin_state() == before


def test_a_wrong_pin_gives_no_right(stage, card):
    assert code_of(card.verify_pin, stage.pin("9999")) == "PIN_WRONG"
    assert code_of(card.read_activities) == "PIN_REQUIRED"
    card.verify_pin(stage.pin())
    assert card.read_activities()


def test_a_wrong_pin_after_the_right_one_takes_the_rights_away(stage, unlocked):
    assert code_of(unlocked.verify_pin, stage.pin("9999")) == "PIN_WRONG"
    assert code_of(unlocked.read_activities) == "PIN_REQUIRED"


def test_no_right_outlives_the_link(stage, unlocked):
    unlocked.log_out()
    assert code_of(stage.open().read_activities) == "PIN_REQUIRED"


def test_logging_out_twice_does_no_harm(stage, card):
    card.log_out()
    card.log_out()
    card.verify_pin(stage.pin())


def test_the_pin_is_changed(stage, card):
    card.change_pin(stage.pin(), stage.pin("4321"))
    again = stage.open()
    assert code_of(again.verify_pin, stage.pin()) == "PIN_WRONG"
    again.verify_pin(stage.pin("4321"))
    assert again.read_activities()


def test_a_wrong_old_pin_changes_nothing(stage, card):
    assert code_of(card.change_pin, stage.pin("9999"), stage.pin("4321")) == "PIN_WRONG"
    stage.open().verify_pin(stage.pin())


def test_the_unblocking_code_puts_a_new_pin(stage, card):
    card.unblock_pin(stage.puk(), stage.pin("4321"))
    stage.open().verify_pin(stage.pin("4321"))


def test_a_wrong_unblocking_code_changes_nothing(stage, card):
    assert code_of(card.unblock_pin, stage.puk("00000000"), stage.pin("4321")) == "PUK_WRONG"
    stage.open().verify_pin(stage.pin())


def test_wrong_pins_are_counted_down_until_the_card_blocks_and_is_unblocked(stage, card):
    if not stage.counts:
        pytest.skip("SoftHSM neither counts nor blocks")
    for left in (2, 1):
        assert code_of(card.verify_pin, stage.pin("9999")) == "PIN_WRONG"
        assert card.read_pin_state().tries_left == left
    assert card.read_pin_state().is_last_try
    assert code_of(card.verify_pin, stage.pin("9999")) == "PIN_BLOCKED"
    assert card.read_pin_state().tries_left == 0
    assert code_of(card.verify_pin, stage.pin()) == "PIN_BLOCKED"
    card.unblock_pin(stage.puk(), stage.pin("4321"))
    assert stage.open().read_pin_state().tries_left == 3
    stage.open().verify_pin(stage.pin("4321"))


def test_wrong_unblocking_codes_are_counted_down_until_they_block(stage, card):
    if not stage.counts:
        pytest.skip("SoftHSM neither counts nor blocks")
    left = card.read_pin_state().unblocking_tries_left
    assert left and left > 1
    for expected in range(left - 1, 0, -1):
        assert code_of(card.unblock_pin, stage.puk("00000000"), stage.pin("4321")) == "PUK_WRONG"
        assert card.read_pin_state().unblocking_tries_left == expected
    assert code_of(card.unblock_pin, stage.puk("00000000"), stage.pin("4321")) == "PUK_BLOCKED"
    assert code_of(card.unblock_pin, stage.puk(), stage.pin("4321")) == "PUK_BLOCKED"
    assert card.read_pin_state().unblocking_tries_left == 0


def test_a_reader_without_keys_says_so(card):
    assert not card.has_pin_pad
    assert code_of(card.verify_pin_on_pad) == "PIN_PAD_MISSING"
