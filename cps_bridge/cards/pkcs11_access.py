"""A professional card behind a PKCS #11 module: the same questions as by our own APDUs, the module's answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from cps_bridge.cards import pkcs11_types as p11
from cps_bridge.cards.access import KeyPair, PinState
from cps_bridge.cards.algorithms import CPS3_SIGNATURE, Digest
from cps_bridge.cards.codes import (
    CodeFormat,
    Codes,
    bounded,
    demand_new_pin,
    demand_pin,
    demand_puk,
    wiping,
)
from cps_bridge.cards.cps_data import ACTIVITY_LABEL, INFO_LABEL, gathered, specialty_of
from cps_bridge.cards.pkcs11_meaning import KEY_MEANINGS, explained
from cps_bridge.cards.pkcs11_session import Session
from cps_bridge.cards.signer import KeyUse
from cps_bridge.cards.tlv import text
from dossier.certificate import Certificate
from dossier.failure import Failure
from dossier.professional import Activity

_CARD_NUMBER = re.compile(r"8025000001/(\d{8})\d{2}\Z")
_PUK: Final = CodeFormat(0, *bounded(4, 16, unblocking=True))
"""PKCS #11 says nothing of the digits of the security officer's code."""


class Pkcs11Access:
    """One card of one module; warns: whether this module is known to flag the last try of a code.

    may_be_unlocked: a code was presented; some modules leave the card verified when they log out.
    """

    def __init__(self, session: Session, *, warns: bool = False) -> None:
        self._session = session
        self._warns = warns
        self.may_be_unlocked = False

    def close(self) -> None:
        """End the session; the login ends with it."""
        self._session.close()

    @property
    def has_pin_pad(self) -> bool:
        """Whether the module lets the person type the PIN on the reader (protected authentication path)."""
        with explained():
            return bool(self._session.token().flags & p11.PROTECTED_PATH)

    def read_serial(self) -> str:
        """Give the serial number: of the certificates, where it is the one of EF.SN, else of the token.

        Raises Failure CARD_UNKNOWN when neither says anything.
        """
        for pair in self.read_certificates():
            number = _CARD_NUMBER.match(pair.certificate.card_id)
            if number:
                return number[1]
        with explained():
            serial = p11.text_of(self._session.token().serial)
        if not serial:
            raise Failure("CARD_UNKNOWN")
        return serial

    def read_pin_state(self) -> PinState:
        """Ask the module: it flags a code that is blocked, or at its last try, and never counts otherwise."""
        with explained():
            token = self._session.token()
        codes = _codes_of(token)
        return PinState(
            _tries(token.flags, p11.USER_LOCKED, p11.USER_FINAL_TRY),
            codes.pin.minimum,
            codes.pin.maximum,
            _tries(token.flags, p11.OFFICER_LOCKED, p11.OFFICER_FINAL_TRY),
            _PUK.minimum,
            _PUK.maximum,
            warns=self._warns,
        )

    def _codes(self) -> Codes:
        with explained():
            return _codes_of(self._session.token())

    def verify_pin(self, pin: bytearray) -> None:
        """Present the PIN once and wipe it, whatever happens; raises Failure PIN_SHAPE, PIN_WRONG, PIN_BLOCKED."""
        with wiping(pin):
            demand_pin(self._codes().pin, pin)
            self._log_in(pin)

    def verify_pin_on_pad(self) -> None:
        """Let the person type the PIN on the reader; raises as verify_pin, Failure PIN_PAD_MISSING, Cancelled."""
        if not self.has_pin_pad:
            raise Failure("PIN_PAD_MISSING")
        self._log_in(None)

    def _log_in(self, pin: bytearray | None) -> None:
        refused = Failure("PIN_SHAPE", digits=self._codes().pin.digits)
        self.may_be_unlocked = True
        with explained({p11.PIN_INCORRECT: self._wrong_pin, **_misshapen(refused)}):
            self._session.log_in(p11.USER, pin)

    def change_pin(self, old: bytearray, new: bytearray) -> None:
        """Replace the PIN, and wipe both whatever happens; raises as verify_pin, and Failure PIN_NEW_SHAPE."""
        with wiping(old, new):
            codes = self._codes()
            demand_pin(codes.pin, old)
            demand_new_pin(codes.pin, new)
            refused = Failure("PIN_NEW_SHAPE", digits=codes.pin.digits)
            self.may_be_unlocked = True
            with explained({p11.PIN_INCORRECT: self._wrong_pin, **_misshapen(refused)}):
                self._session.set_pin(old, new)

    def unblock_pin(self, code: bytearray, new: bytearray) -> None:
        """Put a new PIN, logged in as security officer with the unblocking code, and wipe both whatever happens.

        Raises Failure PUK_SHAPE, PIN_NEW_SHAPE (nothing was sent), PUK_WRONG(tries_left=), PUK_BLOCKED.
        """
        with wiping(code, new):
            codes = self._codes()
            demand_puk(codes, code)
            demand_new_pin(codes.pin, new)
            refused = Failure("PUK_SHAPE", digits=_PUK.digits)
            self.may_be_unlocked = True
            with explained({p11.PIN_INCORRECT: self._wrong_puk, p11.PIN_LOCKED: _blocked_puk, **_misshapen(refused)}):
                self._session.log_in(p11.SECURITY_OFFICER, code)
            try:
                with explained(_misshapen(Failure("PIN_NEW_SHAPE", digits=codes.pin.digits))):
                    self._session.initialize_pin(new)
            finally:
                self._session.log_out()

    def _wrong_pin(self) -> Failure:
        left = self.read_pin_state().tries_left
        if left == 0:
            return Failure("PIN_BLOCKED")
        return Failure("PIN_WRONG", tries_left=left) if left else Failure("PIN_WRONG")

    def _wrong_puk(self) -> Failure:
        left = self.read_pin_state().unblocking_tries_left
        if left == 0:
            return _blocked_puk()
        return Failure("PUK_WRONG", tries_left=left) if left else Failure("PUK_WRONG")

    def read_certificates(self) -> tuple[KeyPair, ...]:
        """Read the certificates of the holder; their private keys, which no one sees before the PIN, are found later.

        An authority's certificate has no private key on the card.
        """
        with explained():
            found = self._session.find(p11.CERTIFICATE)
            read = [(self._session.read(each, p11.VALUE), self._session.read(each, p11.IDENTIFIER)) for each in found]
        pairs = (KeyPair(Certificate.parse(value), 0, identifier) for value, identifier in read if value)
        return tuple(pair for pair in pairs if "key_cert_sign" not in pair.certificate.key_usage)

    def read_specialty(self) -> str:
        """Read the specialty (TRE_R01) of CPS_INFO_PS, "" when there is none; raises Failure CARD_DATA_MISSING."""
        with explained():
            objects = self._session.find(p11.DATA, {p11.LABEL: INFO_LABEL.encode()})
            if not objects:
                raise Failure("CARD_DATA_MISSING")
            return specialty_of(self._session.read(objects[0], p11.VALUE))

    def read_activities(self) -> tuple[Activity, ...]:
        """Read the practice situations; raises Failure PIN_REQUIRED, CARD_ACTIVITY_MISSING."""
        with explained():
            if not self._session.is_logged_in:
                raise Failure("PIN_REQUIRED")
            labelled = [(text(self._session.read(each, p11.LABEL)), each) for each in self._session.find(p11.DATA)]
            chosen = sorted(each for each in labelled if ACTIVITY_LABEL.match(each[0]))
            return gathered([self._session.read(handle, p11.VALUE) for _, handle in chosen])

    def sign(self, pair: KeyPair, use: KeyUse, hash_name: str, digest: bytes) -> bytes:
        """Sign a DigestInfo, the module pads it; raises Failure HASH_NOT_SUPPORTED, PIN_REQUIRED, KEY_NOT_USABLE."""
        checked = Digest(hash_name, digest)
        if (use is KeyUse.SIGNATURE) is not pair.certificate.signs_documents:
            raise Failure("KEY_NOT_USABLE", reason="key usage")
        if use is KeyUse.SIGNATURE:
            checked.reference_in(CPS3_SIGNATURE)  # the signature key of no CPS knows another hash
        with explained(KEY_MEANINGS):
            return self._session.sign(self._key_of(pair), checked.information)

    def decrypt(self, pair: KeyPair, cryptogram: bytes) -> bytes:
        """Decrypt, the module takes the padding off; raises Failure KEY_NOT_USABLE, DECRYPTION_FAILED, PIN_REQUIRED."""
        if pair.certificate.signs_documents:
            raise Failure("KEY_NOT_USABLE", reason="key usage")
        if len(cryptogram) != pair.certificate.key_bytes:
            raise Failure("DECRYPTION_FAILED")
        meanings = {**KEY_MEANINGS, **dict.fromkeys((*p11.UNDECIPHERED, *p11.TROUBLE), self._undeciphered)}
        with explained(meanings):
            return self._session.decrypt(self._key_of(pair), cryptogram)

    def _undeciphered(self) -> Exception:
        """Tell a bad cryptogram, for which some modules have only vague words, from a card that left."""
        with explained():
            self._session.token()
        return Failure("DECRYPTION_FAILED")

    def _key_of(self, pair: KeyPair) -> int:
        """Find the private key that has the identifier of the certificate (CKA_ID), which the PIN makes visible."""
        if not self._session.is_logged_in:
            raise Failure("PIN_REQUIRED")
        keys = self._session.find(p11.PRIVATE_KEY, {p11.IDENTIFIER: pair.identifier})
        if not keys:
            raise Failure("CARD_KEY_MISSING")
        return keys[0]

    def log_out(self) -> None:
        """End the login; what the module says about it is of no interest."""
        self._session.log_out()


def _codes_of(token: p11.TokenInfo) -> Codes:
    return Codes(CodeFormat(0, *bounded(token.min_pin, token.max_pin, unblocking=False)), _PUK)


def _tries(flags: int, locked: int, final: int) -> int | None:
    if flags & locked:
        return 0
    return 1 if flags & final else None


def _misshapen(failure: Failure) -> dict[int, Callable[[], Exception]]:
    return dict.fromkeys(p11.MISSHAPEN_PIN, lambda: failure)


def _blocked_puk() -> Failure:
    return Failure("PUK_BLOCKED")
