"""The CPS4: a ChipDoc application on logical channel 1, with the files of a CPS3.

How it is spoken to comes from the ANS Cryptolib CPS 5.2. Not seen there, hence inferred: the identifiers of its files
(taken from its own directory, as on a CPS3) and the reference of its signature key (taken from its directory).
"""

from __future__ import annotations

from cps_bridge.cards import apdu
from cps_bridge.cards.access import KeyPair
from cps_bridge.cards.algorithms import (
    CONFIDENTIALITY_TEMPLATE,
    CPS4_SIGNATURE,
    SET_COMPUTATION,
    SET_VERIFICATION,
    SIGNATURE_TEMPLATE,
    Digest,
)
from cps_bridge.cards.apdu import Channel
from cps_bridge.cards.codes import CodeFormat, wiping
from cps_bridge.cards.cps import Cps
from cps_bridge.cards.cps_data import serial_of
from cps_bridge.cards.pkcs15 import Directory
from cps_bridge.cards.rsa_padding import pad_signature, strip_encryption

_CHANNEL = 1
_CHIPDOC = bytes.fromhex("8025000001FF0100")
_CPS2TER = bytes.fromhex("8025000001FF0002")
_CARD_MANAGER = bytes.fromhex("A0000001510000")
_MASTER_FILE = bytes.fromhex("3F00")
_SERIAL_FILE = bytes.fromhex("D003")
_BY_IDENTIFIER, _BY_NAME, _BY_RELATIVE_PATH = 0x00, 0x04, 0x09
_HASH_GIVEN = 0x80  # high bit of a key reference: what follows is a hash, not a message


class Cps4(Cps):
    """One CPS4 behind a channel."""

    def __init__(self, channel: Channel, directory: Directory | None = None) -> None:
        super().__init__(channel, directory)
        channel.logical_channel = _CHANNEL
        self._entered = False
        self._folder = b""

    def _enter(self) -> None:
        """Select the application once per link; if need be in the order that makes the card listen to channel 1."""
        if self._entered:
            return
        if self._select_name(_CHIPDOC) != apdu.OK:
            self._select_name(_CARD_MANAGER)
            self._channel.logical_channel = 0
            try:
                self._select_name(_CPS2TER)
            finally:
                self._channel.logical_channel = _CHANNEL
            status = self._select_name(_CHIPDOC)
            if status != apdu.OK:
                raise apdu.failure_of(status)
        self._entered = True

    def _select_name(self, name: bytes) -> int:
        return self._channel.send(apdu.SELECT, _BY_NAME, 0x0C, name).status

    def read_serial(self) -> str:
        """Read EF.SN; raises Failure CARD_UNKNOWN."""
        self._enter()
        self._folder = b""
        return serial_of(self._read_file(_MASTER_FILE + _SERIAL_FILE))

    def _read_file(self, path: bytes) -> bytes:
        """Go to the folder of the file step by step, unless already there: this card takes no path from 3F00."""
        folder, file = path[:-2], path[-2:]
        if folder != self._folder:
            self._select_root()
            for start in range(2, len(folder), 2):
                self._channel.demand(apdu.SELECT, _BY_IDENTIFIER, 0x0C, folder[start : start + 2])
            self._folder = folder
        by = _BY_IDENTIFIER if folder == _MASTER_FILE else _BY_RELATIVE_PATH
        return self._channel.read_found(self._channel.demand(apdu.SELECT, by, 0x04, file))

    def _select_root(self) -> None:
        self._enter()
        self._channel.demand(apdu.SELECT, _BY_IDENTIFIER, 0x0C, _MASTER_FILE)
        self._folder = _MASTER_FILE

    def _tries_when_verified(self, form: CodeFormat) -> int | None:
        """Give None: nothing is known that tells the counter of a verified code."""
        return None

    def _change(self, form: CodeFormat, old: bytearray, new: bytearray) -> int:
        """Verify the old PIN, then put the new one alone."""
        status = self._present(form, old)
        return status if status != apdu.OK else self._put(form, new)

    def _unblock(self, puk: CodeFormat, code: bytearray, form: CodeFormat, new: bytearray) -> int:
        """Send both codes in one RESET RETRY COUNTER: the card changes both, or nothing (decision 027)."""
        first, second = puk.encoded(code), form.encoded(new)
        both = first + second
        with wiping(first, second, both):
            return self._channel.send(apdu.RESET_RETRY_COUNTER, 0x00, form.reference, both).status

    def _put(self, form: CodeFormat, new: bytearray) -> int:
        encoded = form.encoded(new)
        with wiping(encoded):
            return self._channel.send(apdu.CHANGE_REFERENCE_DATA, 0x01, form.reference, encoded).status

    def _sign_document(self, reference: int, digest: Digest) -> bytes:
        """Sign a ready hash: MSE SET 91 { algorithm, key }, then PSO COMPUTE DIGITAL SIGNATURE."""
        self._enter()
        references = bytes([0x91, 2, digest.reference_in(CPS4_SIGNATURE), reference | _HASH_GIVEN])
        self._channel.demand(apdu.MANAGE_SECURITY_ENVIRONMENT, SET_VERIFICATION, SIGNATURE_TEMPLATE, references)
        return self._channel.demand(apdu.PERFORM_SECURITY_OPERATION, 0x9E, 0x9A, digest.value)

    def _authenticate(self, pair: KeyPair, digest: Digest) -> bytes:
        """Sign by decrypting a block that the computer padded: this card has no INTERNAL AUTHENTICATE."""
        return self._apply(pair.key_reference, pad_signature(digest.information, pair.certificate.key_bytes))

    def _decrypt(self, reference: int, cryptogram: bytes) -> bytes:
        return strip_encryption(self._apply(reference, cryptogram))

    def _apply(self, reference: int, block: bytes) -> bytes:
        """Apply the private key to a block as long as its modulus, by PSO DECIPHER and command chaining."""
        self._enter()
        references = bytes([0x83, 1, reference])
        self._channel.demand(apdu.MANAGE_SECURITY_ENVIRONMENT, SET_COMPUTATION, CONFIDENTIALITY_TEMPLATE, references)
        return self._channel.demand_chained(apdu.PERFORM_SECURITY_OPERATION, 0x80, 0x86, block)
