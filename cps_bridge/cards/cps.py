"""The CPS3 in contact mode: an IAS-ECC application whose every method here is one exchange with the card."""

from __future__ import annotations

import re

from cps_bridge.cards import apdu
from cps_bridge.cards.access import KeyPair
from cps_bridge.cards.apdu import Channel, failure_of
from cps_bridge.cards.pkcs15 import Directory, read_directory
from cps_bridge.cards.tlv import descend, head, parse, text
from dossier.certificate import Certificate
from dossier.failure import Failure
from dossier.professional import Activity, HealthStructure

APPLICATION = bytes.fromhex("3F000001")
_MASTER_FILE = bytes.fromhex("3F00")

_SERIAL_SFI = 0x1C
_SERIAL_LENGTH = 12
_SERIAL_HEAD = bytes.fromhex("5A0A8025000001")  # a PAN of ten bytes, and the issuer of the CPS family
_PIN = 0x01  # global reference: the master file must be selected
_PIN_SHAPE = re.compile(rb"\d{4}\Z")

_INFO_LABEL = "CPS_INFO_PS"
_ACTIVITY_LABEL = re.compile(r"CPS_ACTIVITY_\d\d_PS\Z")
_ACTIVITY = 0xEE
_STRUCTURE_NAME, _STRUCTURE_ID, _SECTOR = 0x84, 0x85, 0x86
_SPECIALTY = re.compile(r"[A-Z]{2}\d{2}\Z")

# Control reference templates of MANAGE SECURITY ENVIRONMENT (ISO/IEC 7816-4 clause 10.3), set for computation.
_SET = 0x41
_AUTHENTICATION_TEMPLATE, _SIGNATURE_TEMPLATE = 0xA4, 0xB6
_RSA_PKCS1_AUTHENTICATION = 0x02
_RSA_PKCS1_SIGNATURE = {"sha1": 0x12, "sha256": 0x42}
_DIGEST_INFO = {  # RFC 8017 clause 9.2, note 1
    "sha1": bytes.fromhex("3021300906052B0E03021A05000414"),
    "sha256": bytes.fromhex("3031300D060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300D060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300D060960864801650304020305000440"),
}


class Cps:
    """One CPS3 behind a channel; directory: already read from this very card, if it was."""

    def __init__(self, channel: Channel, directory: Directory | None = None) -> None:
        self._channel = channel
        self._directory = directory

    def read_serial(self) -> str:
        """Read the serial number (EF.SN): its digits without the issuer and without the check byte.

        Raises Failure CARD_UNKNOWN when the file says that this is no card of the CPS family.
        """
        self._channel.demand(apdu.SELECT, 0x09, 0x0C, _MASTER_FILE)
        content = self._channel.demand(apdu.READ_BINARY, 0x80 | _SERIAL_SFI, 0, le=_SERIAL_LENGTH)
        if len(content) != _SERIAL_LENGTH or not content.startswith(_SERIAL_HEAD):
            raise Failure("CARD_UNKNOWN")
        return content[len(_SERIAL_HEAD) : -1].hex().upper()

    def read_tries_left(self) -> int:
        """Ask how many wrong PINs the card still accepts: VERIFY without data, which costs no try."""
        self._channel.demand(apdu.SELECT, 0x09, 0x0C, _MASTER_FILE)
        status = self._channel.send(apdu.VERIFY, 0, _PIN).status
        if status == apdu.BLOCKED:
            return 0
        if status & 0xFFF0 == 0x63C0:
            return status & 0x0F
        if status == apdu.OK:  # verified already: only the PIN object tells the counter
            return self._read_pin_counter()
        raise failure_of(status)

    def _read_pin_counter(self) -> int:
        query = bytes.fromhex("4D08 7006 BF8101 02 A080")
        for template in parse(self._channel.demand(apdu.GET_DATA, 0x3F, 0xFF, query)):
            counter = descend((template,), 0x9B)
            if counter and counter.value:
                return counter.value[-1]
        raise Failure("CARD_UNREADABLE", what="PIN")

    def verify_pin(self, pin: bytearray) -> None:
        """Present the PIN once and wipe it, whatever happens.

        Raises Failure PIN_SHAPE (nothing was sent), PIN_WRONG(tries_left=), PIN_BLOCKED.
        """
        try:
            if not _PIN_SHAPE.match(pin):
                raise Failure("PIN_SHAPE")
            self._channel.demand(apdu.SELECT, 0x09, 0x0C, _MASTER_FILE)
            status = self._channel.send(apdu.VERIFY, 0, _PIN, pin).status
        finally:
            pin[:] = bytes(len(pin))
        if status == 0x6300:  # a card may refuse without saying the counter
            raise Failure("PIN_WRONG", tries_left=self.read_tries_left())
        if status != apdu.OK:
            raise failure_of(status)

    @property
    def directory(self) -> Directory:
        """Every object that the card announces, read once."""
        if self._directory is None:
            self._directory = read_directory(self._channel, APPLICATION)
        return self._directory

    def read_certificates(self) -> tuple[KeyPair, ...]:
        """Read the certificates that have a private key on the card."""
        pairs = []
        for entry in self.directory.certificates:
            if any(key.identifier == entry.identifier for key in self.directory.private_keys):
                certificate = Certificate.parse(head(self._channel.read_file(entry.path)))
                pairs.append(KeyPair(certificate, self.directory.key_for(entry).key_reference))
        return tuple(pairs)

    def read_specialty(self) -> str:
        """Read the specialty (TRE_R01: two letters, two digits) that ends CPS_INFO_PS, "" when there is none."""
        content = self._channel.read_file(self.directory.data_object(_INFO_LABEL).path)
        code = text(content.rstrip(b"\x00\xff \x90"))[-4:]
        return code if _SPECIALTY.match(code) else ""

    def read_activities(self) -> tuple[Activity, ...]:
        """Read the practice situations (PIN needed); structure and sector always come from the same record.

        Raises Failure PIN_REQUIRED, CARD_ACTIVITY_MISSING.
        """
        entries = [entry for entry in self.directory.data_objects if _ACTIVITY_LABEL.match(entry.label)]
        contents = [self._channel.read_file(entry.path) for entry in sorted(entries, key=lambda entry: entry.label)]
        activities = tuple(activity for content in contents for activity in activities_of(content))
        if not activities:
            raise Failure("CARD_ACTIVITY_MISSING")
        return activities

    def sign_with_signature_key(self, key_reference: int, hash_name: str, digest: bytes) -> bytes:
        """Sign a ready hash: MSE SET of the digital signature template, then PSO COMPUTE DIGITAL SIGNATURE.

        Raises Failure HASH_NOT_SUPPORTED (the key knows SHA-1 and SHA-256), PIN_REQUIRED.
        """
        _demand_digest(hash_name, digest)
        algorithm = _RSA_PKCS1_SIGNATURE.get(hash_name)
        if algorithm is None:
            raise Failure("HASH_NOT_SUPPORTED", hash=hash_name)
        self._select_key(_SIGNATURE_TEMPLATE, key_reference, algorithm)
        return self._channel.demand(apdu.PERFORM_SECURITY_OPERATION, 0x9E, 0x9A, digest)

    def sign_with_authentication_key(self, key_reference: int, hash_name: str, digest: bytes) -> bytes:
        """Sign a DigestInfo (RFC 8017 clause 9.2) by INTERNAL AUTHENTICATE; raises HASH_NOT_SUPPORTED, PIN_REQUIRED."""
        _demand_digest(hash_name, digest)
        self._select_key(_AUTHENTICATION_TEMPLATE, key_reference, _RSA_PKCS1_AUTHENTICATION)
        return self._channel.demand(apdu.INTERNAL_AUTHENTICATE, 0, 0, _DIGEST_INFO[hash_name] + digest)

    def _select_key(self, template: int, key_reference: int, algorithm: int) -> None:
        self._channel.demand(apdu.SELECT, 0x09, 0x0C, APPLICATION)
        references = bytes([0x84, 1, key_reference, 0x80, 1, algorithm])
        self._channel.demand(apdu.MANAGE_SECURITY_ENVIRONMENT, _SET, template, references)


def activities_of(content: bytes) -> tuple[Activity, ...]:
    """Read the activity records of one file; a record without structure or sector cannot be used and is left out.

    Raises Failure CARD_UNREADABLE.
    """
    found = []
    for record in parse(content):
        if record.tag != _ACTIVITY:
            continue
        fields = {field.tag: text(field.value) for field in record.children}
        if fields.get(_STRUCTURE_ID) and fields.get(_SECTOR):
            structure = HealthStructure(fields[_STRUCTURE_ID], fields.get(_STRUCTURE_NAME, ""))
            found.append(Activity(structure, fields[_SECTOR]))
    return tuple(found)


def _demand_digest(hash_name: str, digest: bytes) -> None:
    prefix = _DIGEST_INFO.get(hash_name)
    if prefix is None or len(digest) != prefix[-1]:
        raise Failure("HASH_NOT_SUPPORTED", hash=hash_name[:16])
