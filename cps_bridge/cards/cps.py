"""What every CPS product has in common behind APDUs: its files, its codes, and the order of what is asked of it.

A product says how its files are selected, how its keys sign and decrypt, and how its PIN is changed and unblocked.
"""

from __future__ import annotations

from cps_bridge.cards import apdu, pin_pad
from cps_bridge.cards.access import KeyPair, PinState
from cps_bridge.cards.algorithms import Digest
from cps_bridge.cards.apdu import Channel
from cps_bridge.cards.codes import (
    CodeFormat,
    Codes,
    demand_new_pin,
    demand_pin,
    demand_puk,
    pin_refusal,
    puk_refusal,
    tries_in,
    wiping,
)
from cps_bridge.cards.cps_data import ACTIVITY_LABEL, INFO_LABEL, gathered, specialty_of
from cps_bridge.cards.pkcs15 import Directory, read_directory
from cps_bridge.cards.signer import KeyUse
from cps_bridge.cards.tlv import head
from dossier.certificate import Certificate
from dossier.failure import Failure
from dossier.professional import Activity

APPLICATION = bytes.fromhex("3F000001")


class Cps:
    """One professional card behind a channel; directory: already read from this very card, if it was."""

    def __init__(self, channel: Channel, directory: Directory | None = None) -> None:
        self._channel = channel
        self._directory = directory

    # What a product has of its own

    def read_serial(self) -> str:
        """Read the serial number, which also proves that the card is of the CPS family; raises Failure CARD_UNKNOWN."""
        raise NotImplementedError

    def _read_file(self, path: bytes) -> bytes:
        """Read a file by its path from 3F00."""
        raise NotImplementedError

    def _select_root(self) -> None:
        """Go where the codes are."""
        raise NotImplementedError

    def _tries_when_verified(self, form: CodeFormat) -> int | None:
        """Ask for the counter of a code that is verified, which VERIFY without data cannot tell."""
        raise NotImplementedError

    def _change(self, form: CodeFormat, old: bytearray, new: bytearray) -> int:
        """Present the old PIN and put the new one; give the status word."""
        raise NotImplementedError

    def _unblock(self, puk: CodeFormat, code: bytearray, form: CodeFormat, new: bytearray) -> int:
        """Present the unblocking code once and put a new PIN; give the status word."""
        raise NotImplementedError

    def _sign_document(self, reference: int, digest: Digest) -> bytes:
        raise NotImplementedError

    def _authenticate(self, pair: KeyPair, digest: Digest) -> bytes:
        raise NotImplementedError

    def _decrypt(self, reference: int, cryptogram: bytes) -> bytes:
        raise NotImplementedError

    # Files

    @property
    def directory(self) -> Directory:
        """Every object that the card announces, read once."""
        if self._directory is None:
            self._directory = read_directory(self._read_file, APPLICATION)
        return self._directory

    def read_certificates(self) -> tuple[KeyPair, ...]:
        """Read the certificates that have a private key on the card."""
        pairs = []
        for entry in self.directory.certificates:
            for key in self.directory.private_keys:
                if key.identifier == entry.identifier:
                    certificate = Certificate.parse(head(self._read_file(entry.path)))
                    pairs.append(KeyPair(certificate, key.key_reference, key.identifier))
                    break
        return tuple(pairs)

    def read_specialty(self) -> str:
        """Read the specialty (TRE_R01: two letters, two digits) of CPS_INFO_PS, "" when there is none."""
        return specialty_of(self._read_file(self.directory.data_object(INFO_LABEL).path))

    def read_activities(self) -> tuple[Activity, ...]:
        """Read the practice situations (PIN needed), in the order of their numbers; some numbers may be missing.

        Raises Failure PIN_REQUIRED, CARD_ACTIVITY_MISSING.
        """
        entries = [entry for entry in self.directory.data_objects if ACTIVITY_LABEL.match(entry.label)]
        return gathered(self._read_file(entry.path) for entry in sorted(entries, key=lambda entry: entry.label))

    # Codes

    @property
    def codes(self) -> Codes:
        """The formats and references of both codes, from the authentication objects of the directory."""
        return self.directory.both_codes

    def read_pin_state(self) -> PinState:
        """Ask the card how many wrong codes it still accepts: VERIFY without data costs no try."""
        pin, puk = self.codes.pin, self.codes.puk
        self._select_root()
        return PinState(
            self._read_tries(pin, required=True),
            pin.minimum,
            pin.maximum,
            self._read_tries(puk) if puk else None,
            puk.minimum if puk else 8,
            puk.maximum if puk else 8,
        )

    def _read_tries(self, form: CodeFormat, *, required: bool = False) -> int | None:
        status = self._channel.send(apdu.VERIFY, 0, form.reference).status
        if status == apdu.OK:
            return self._tries_when_verified(form)
        tries = tries_in(status)
        in_trouble = status >> 8 == apdu.TROUBLE  # no code is presented to such a card
        if tries is None and (in_trouble or (required and status != apdu.NO_COUNTER)):
            raise apdu.failure_of(status)
        return tries

    def verify_pin(self, pin: bytearray) -> None:
        """Present the PIN once and wipe it, whatever happens.

        Raises Failure PIN_SHAPE (nothing was sent), PIN_WRONG(tries_left=), PIN_BLOCKED.
        """
        with wiping(pin):
            form = self.codes.pin
            demand_pin(form, pin)
            self._select_root()
            self._check_pin(form, self._present(form, pin))

    def _present(self, form: CodeFormat, code: bytearray) -> int:
        encoded = form.encoded(code)
        with wiping(encoded):
            return self._channel.send(apdu.VERIFY, 0, form.reference, encoded).status

    def _check_pin(self, form: CodeFormat, status: int) -> None:
        if status != apdu.OK:
            raise pin_refusal(status, self._read_tries(form) if status == _REFUSED_UNCOUNTED else None)

    def change_pin(self, old: bytearray, new: bytearray) -> None:
        """Replace the PIN, and wipe both whatever happens; raises as verify_pin, and Failure PIN_NEW_SHAPE."""
        with wiping(old, new):
            form = self.codes.pin
            demand_pin(form, old)
            demand_new_pin(form, new)
            self._select_root()
            self._check_pin(form, self._change(form, old, new))

    def unblock_pin(self, code: bytearray, new: bytearray) -> None:
        """Put a new PIN with the unblocking code, and wipe both whatever happens.

        Raises Failure PUK_UNKNOWN, PUK_SHAPE, PIN_NEW_SHAPE (nothing was sent), PUK_WRONG(tries_left=), PUK_BLOCKED.
        """
        with wiping(code, new):
            form = self.codes.pin
            puk = demand_puk(self.codes, code)
            demand_new_pin(form, new)
            self._select_root()
            status = self._unblock(puk, code, form, new)
            if status != apdu.OK:
                raise puk_refusal(status, self._read_tries(puk) if status == _REFUSED_UNCOUNTED else None)

    @property
    def has_pin_pad(self) -> bool:
        """Whether the reader lets the person type the PIN on itself (PC/SC part 10)."""
        return pin_pad.can_verify(self._channel)

    def verify_pin_on_pad(self) -> None:
        """Let the person type the PIN on the reader, which presents it once: it never enters the computer.

        Raises Failure PIN_PAD_MISSING, PIN_PAD_TIMEOUT, PIN_PAD_MISTYPED, PIN_WRONG(tries_left=), PIN_BLOCKED;
        Cancelled when the person refused on the reader.
        """
        form = self.codes.pin
        if not self.has_pin_pad:
            raise Failure("PIN_PAD_MISSING")
        self._select_root()
        self._check_pin(form, pin_pad.verify(self._channel, form))

    def log_out(self) -> None:
        """Do nothing: no command of these cards closes a session for sure; the rights end with the link, by a reset."""

    # Keys

    def sign(self, pair: KeyPair, use: KeyUse, hash_name: str, digest: bytes) -> bytes:
        """Sign a digest, PKCS#1 v1.5.

        The signature key knows SHA-1 and SHA-256, the authentication key any hash. Raises Failure HASH_NOT_SUPPORTED,
        PIN_REQUIRED, and KEY_NOT_USABLE when the certificate says that the key is not for this use.
        """
        checked = Digest(hash_name, digest)
        if (use is KeyUse.SIGNATURE) is not pair.certificate.signs_documents:
            raise Failure("KEY_NOT_USABLE", reason="key usage")
        if use is KeyUse.SIGNATURE:
            return self._sign_document(pair.key_reference, checked)
        return self._authenticate(pair, checked)

    def decrypt(self, pair: KeyPair, cryptogram: bytes) -> bytes:
        """Decrypt what was encrypted for the authentication key, PKCS#1 v1.5.

        Raises Failure KEY_NOT_USABLE (the signature key never decrypts), DECRYPTION_FAILED, PIN_REQUIRED.
        """
        if pair.certificate.signs_documents:
            raise Failure("KEY_NOT_USABLE", reason="key usage")
        if len(cryptogram) != pair.certificate.key_bytes:
            raise Failure("DECRYPTION_FAILED")
        try:
            return self._decrypt(pair.key_reference, cryptogram)
        except Failure as failure:
            if failure.code == "CARD_REFUSED":
                raise Failure("DECRYPTION_FAILED") from failure
            raise


_REFUSED_UNCOUNTED = 0x6300
"""A card may refuse a code without saying the counter: then it is asked for it."""
