"""A CPS3 professional card, contact side, IAS-ECC personality."""

from __future__ import annotations

import os
from collections.abc import Mapping

from card_sim.authority import Material
from card_sim.card import Command, Handler, StatusError, T0Card
from card_sim.cast import CastProfessional
from card_sim.cps_files import build_tree
from card_sim.der import length, tlv
from card_sim.filesystem import MAXIMUM_READ, FileSystem, Rule, ias_parameters
from card_sim.keys import KeyStore, authentication_key, signature_key
from card_sim.secrets import Secret

ATR = bytes.fromhex("3BAC00402A001225006480000310009000")
_PIN, _PUK = 0x01, 0x02


class CpsCard(T0Card):
    """The card of one professional: its counters and its CPS_DATA live as long as the object."""

    atr = ATR

    def __init__(self, who: CastProfessional, material: Material) -> None:
        super().__init__()
        signature, authentication, signature_certificate, authentication_certificate = material
        self.secrets = {
            _PIN: Secret(_PIN, who.pin.encode(), tries=3, minimum=len(who.pin), maximum=len(who.pin)),
            _PUK: Secret(_PUK, who.puk.encode(), tries=5, minimum=len(who.puk), maximum=len(who.puk)),
        }
        tree = build_tree(who, signature_certificate, authentication_certificate)
        self._files = FileSystem(tree, ias_parameters, self._permitted, MAXIMUM_READ)
        keys = {1: signature_key(signature), 2: authentication_key(authentication)}
        self._keys = KeyStore(keys, lambda: self.secrets[_PIN].verified)
        self._handlers: dict[int, Handler] = {
            0xA4: self._select,
            0xB0: self._files.read,
            0xD6: self._files.update,
            0x20: self._verify,
            0x24: self._change,
            0x2C: self._unblock,
            0xCB: self._get_data,
            0x22: self._keys.manage_environment,
            0x2A: self._keys.perform,
            0x88: self._keys.authenticate,
            0x84: self._challenge,
        }

    def handlers(self) -> Mapping[int, Handler]:
        """The commands of the card, by INS."""
        return self._handlers

    def reset(self) -> None:
        """Warm reset: nothing selected, no code verified; counters stay."""
        super().reset()
        self._files.reset()
        self._keys.reset()
        for secret in self.secrets.values():
            secret.forget()

    def _permitted(self, rule: Rule) -> bool:
        return rule is Rule.ALWAYS or (rule is Rule.PIN and self.secrets[_PIN].verified)

    def _select(self, command: Command) -> bytes:
        before = self._files.folder
        answer = self._files.select(command)
        if self._files.folder is not before:
            self._keys.reset()  # a security environment belongs to its folder
        return answer

    def _secret(self, reference: int) -> Secret:
        secret = self.secrets.get(reference & 0x1F)
        if secret is None:
            raise StatusError(0x6A88)
        return secret

    def _verify(self, command: Command) -> bytes:
        secret = self._secret(command.p2)
        if command.data:
            secret.verify(command.data)
        else:
            secret.status()
        return b""

    def _change(self, command: Command) -> bytes:
        self._secret(command.p2).change(command.data)
        return b""

    def _unblock(self, command: Command) -> bytes:
        """RESET RETRY COUNTER (ISO 7816-4 11.5.10): P1 00 the PUK then the new PIN, 02 the new PIN, 03 neither."""
        puk, new = self.secrets[_PUK], command.data
        if command.p1 == 0:
            puk.verify(command.data[: puk.maximum])
            new = command.data[puk.maximum :]
        elif command.p1 not in (2, 3):
            raise StatusError(0x6A86)
        elif not puk.verified:
            raise StatusError(0x6982)
        self._secret(command.p2).unblock(new)
        return b""

    def _challenge(self, command: Command) -> bytes:
        return os.urandom(command.expected or 8)

    def _get_data(self, command: Command) -> bytes:
        """GET DATA of a security data object: 4D { 70 { BF class reference { tag, 80 } } }."""
        data = command.data
        if command.p1p2 != 0x3FFF or len(data) < 10 or data[0] != 0x4D or data[2] != 0x70 or data[4] != 0xBF:
            raise StatusError(0x6A80)
        kind, reference, tag = data[5], data[6], bytes(data[8:-1])
        if data[1] != len(data) - 2 or data[3] != data[1] - 2 or data[7] != len(tag) + 1 or data[-1] != 0x80:
            raise StatusError(0x6A80)
        inner = self._code_object(reference, tag) if kind & 0x7F == 1 else self._other_object(kind, reference, tag)
        return tlv(0x70, bytes([0xBF, kind, reference]) + length(len(inner)) + inner)

    def _code_object(self, reference: int, tag: bytes) -> bytes:
        secret = self._secret(reference)
        if tag == b"\xa0":
            rules = tlv(0xA1, tlv(0x8C, bytes.fromhex("F3000013FF00")))
            return tlv(0xA0, tlv(0x9A, bytes([secret.tries])), tlv(0x9B, bytes([secret.left])), rules)
        if tag == b"\x7f\x41":
            return tlv(0x7F41, tlv(0x80, bytes([secret.maximum])), tlv(0x81, bytes([secret.minimum])))
        raise StatusError(0x6A88)

    def _other_object(self, kind: int, reference: int, tag: bytes) -> bytes:
        if kind & 0x7F == 0x10:
            key = self._keys.get(reference)
            if tag != b"\xa0":
                raise StatusError(0x6A80)  # OpenSC asks 7F48 first and goes on only after 6A80
            rules = tlv(0xA1, tlv(0x8C, key.conditions))
            return tlv(0xA0, tlv(0x80, b"\x01\x00"), tlv(0x9E, bytes([key.non_repudiation])), rules)
        if kind & 0x7F == 0x7B and reference & 0x1F in (1, 3):
            code = _PIN if reference & 0x1F == 1 else _PUK
            return tlv(0x7B, tlv(0xA4, bytes.fromhex("950108"), tlv(0x83, bytes([code]))))
        raise StatusError(0x6A88)
