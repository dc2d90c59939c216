"""The CPS3 in contact mode: an IAS-ECC application."""

from __future__ import annotations

from cps_bridge.cards import apdu
from cps_bridge.cards.access import KeyPair
from cps_bridge.cards.algorithms import (
    AUTHENTICATION_TEMPLATE,
    CONFIDENTIALITY_TEMPLATE,
    CPS3_AUTHENTICATION,
    CPS3_DECRYPTION,
    CPS3_SIGNATURE,
    SET_COMPUTATION,
    SIGNATURE_TEMPLATE,
    Digest,
)
from cps_bridge.cards.codes import CodeFormat, wiping
from cps_bridge.cards.cps import APPLICATION, Cps
from cps_bridge.cards.cps_data import SERIAL_LENGTH, serial_of
from cps_bridge.cards.tlv import descend, parse
from dossier.failure import Failure

_MASTER_FILE = bytes.fromhex("3F00")
_ROOT = bytes.fromhex("8025000001FF0100")
_OTHER_COMMAND_SET = (0x6B00, 0x6D00, 0x6E00)
_CPS2TER_STATUS = (0x92, 0x94, 0x98, 0x9F)  # SW1 of the older application alone (ANS Cryptolib CPS 5.2)
_SERIAL_SFI = 0x1C
_COUNTER = 0x9B
_RSA_PADDING = b"\x81"


class Cps3(Cps):
    """One CPS3 behind a channel, for one transaction: within it, where the card stands is known."""

    _at_root = False

    def read_serial(self) -> str:
        """Read EF.SN by its short identifier; raises Failure CARD_UNKNOWN, CARD_CPS2TER."""
        self._enter()
        return serial_of(self._channel.demand(apdu.READ_BINARY, 0x80 | _SERIAL_SFI, 0, le=SERIAL_LENGTH))

    def _enter(self) -> None:
        """Go to the master file, from the older application of the card if another program left it there.

        A card that knows neither has that older application alone: it is a CPS2ter, whatever its answer to reset says.
        """
        status = self._channel.send(apdu.SELECT, 0x09, 0x0C, _MASTER_FILE).status
        if status in _OTHER_COMMAND_SET or status >> 8 in _CPS2TER_STATUS:
            if self._channel.send(apdu.SELECT, 0x04, 0x0C, _ROOT).status != apdu.OK:
                raise Failure("CARD_CPS2TER")
        elif status != apdu.OK:
            raise apdu.failure_of(status)
        self._at_root = True

    def _read_file(self, path: bytes) -> bytes:
        self._at_root = False
        return self._channel.read_file(path)

    def _select_root(self) -> None:
        if not self._at_root:
            self._channel.demand(apdu.SELECT, 0x09, 0x0C, _MASTER_FILE)
            self._at_root = True

    def _tries_when_verified(self, form: CodeFormat) -> int | None:
        """Read the security data object of the code: 70 { BF 81 reference { A0 { 9B counter } } }."""
        query = bytes.fromhex("4D08 7006 BF81") + bytes([form.reference & 0x1F]) + bytes.fromhex("02 A080")
        for template in parse(self._channel.demand(apdu.GET_DATA, 0x3F, 0xFF, query)):
            counter = descend((template,), _COUNTER)
            if counter and counter.value:
                return counter.value[-1]
        return None

    def _change(self, form: CodeFormat, old: bytearray, new: bytearray) -> int:
        first, second = form.encoded(old), form.encoded(new)
        both = first + second
        with wiping(first, second, both):
            return self._channel.send(apdu.CHANGE_REFERENCE_DATA, 0, form.reference, both).status

    def _unblock(self, puk: CodeFormat, code: bytearray, form: CodeFormat, new: bytearray) -> int:
        """Verify the unblocking code, then put the new PIN by right of it."""
        status = self._present(puk, code)
        if status != apdu.OK:
            return status
        encoded = form.encoded(new)
        with wiping(encoded):
            return self._channel.send(apdu.RESET_RETRY_COUNTER, 0x02, form.reference, encoded).status

    def _sign_document(self, reference: int, digest: Digest) -> bytes:
        """Sign a ready hash: MSE SET of the digital signature template, then PSO COMPUTE DIGITAL SIGNATURE."""
        self._select_key(SIGNATURE_TEMPLATE, reference, digest.reference_in(CPS3_SIGNATURE))
        return self._channel.demand(apdu.PERFORM_SECURITY_OPERATION, 0x9E, 0x9A, digest.value)

    def _authenticate(self, pair: KeyPair, digest: Digest) -> bytes:
        """Sign a DigestInfo by INTERNAL AUTHENTICATE."""
        self._select_key(AUTHENTICATION_TEMPLATE, pair.key_reference, CPS3_AUTHENTICATION)
        return self._channel.demand(apdu.INTERNAL_AUTHENTICATE, 0, 0, digest.information)

    def _decrypt(self, reference: int, cryptogram: bytes) -> bytes:
        """PSO DECIPHER by command chaining; the card takes the padding off."""
        self._select_key(CONFIDENTIALITY_TEMPLATE, reference, CPS3_DECRYPTION)
        return self._channel.demand_chained(apdu.PERFORM_SECURITY_OPERATION, 0x80, 0x86, _RSA_PADDING + cryptogram)

    def _select_key(self, template: int, reference: int, algorithm: int) -> None:
        self._at_root = False
        self._channel.demand(apdu.SELECT, 0x09, 0x0C, APPLICATION)
        references = bytes([0x84, 1, reference, 0x80, 1, algorithm])
        self._channel.demand(apdu.MANAGE_SECURITY_ENVIRONMENT, SET_COMPUTATION, template, references)
