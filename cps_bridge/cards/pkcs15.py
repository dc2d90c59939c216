"""The directory of a card: which file holds which certificate, key or data object (ISO/IEC 7816-15, PKCS #15 v1.1).

File identifiers are never assumed: the object directory (ODF) names the directory files, and these name the objects by
label and identifier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from cps_bridge.cards.codes import Codes
from cps_bridge.cards.pkcs15_codes import codes_of
from cps_bridge.cards.tlv import Tlv, descend, is_constructed, parse, text
from dossier.failure import Failure

_ODF = bytes.fromhex("5031")
_PRIVATE_KEYS = 0xA0
_CERTIFICATES = 0xA4
_DATA_OBJECTS = 0xA7
_AUTHENTICATION_OBJECTS = 0xA8
_SEQUENCE = 0x30
_OCTETS = 0x04
_INTEGER = 0x02
_UTF8 = 0x0C
_TYPE_ATTRIBUTES = 0xA1
_MASTER_FILE = bytes.fromhex("3F00")
_MOST_FILES = 32  # a card names about eight; one made to keep us busy, thousands


@dataclass(frozen=True)
class CardObject:
    """One entry of a directory file: label, identifier (shared by a key and its certificate), file path from 3F00.

    key_reference: of a private key, 0 otherwise; path: b"" for a key, which lives in the application itself.
    """

    label: str
    identifier: bytes
    path: bytes
    key_reference: int = 0


@dataclass(frozen=True)
class Directory:
    """Every object that a card's application announces; codes: the entries of its authentication objects."""

    private_keys: tuple[CardObject, ...]
    certificates: tuple[CardObject, ...]
    data_objects: tuple[CardObject, ...]
    codes: tuple[Tlv, ...] = ()

    @cached_property
    def both_codes(self) -> Codes:
        """The formats of the PIN and of its unblocking code; raises Failure CARD_UNREADABLE."""
        return codes_of(self.codes)

    def data_object(self, label: str) -> CardObject:
        """Give the data object with this label; raises Failure CARD_DATA_MISSING."""
        for each in self.data_objects:
            if each.label == label:
                return each
        raise Failure("CARD_DATA_MISSING")

    def key_for(self, certificate: CardObject) -> CardObject:
        """Give the private key of a certificate: the one with the same identifier; raises Failure CARD_KEY_MISSING."""
        for each in self.private_keys:
            if each.identifier == certificate.identifier:
                return each
        raise Failure("CARD_KEY_MISSING")


def read_directory(read_file: Callable[[bytes], bytes], application: bytes) -> Directory:
    """Read the directory of an application given by its path (3F00...); read_file: gives a file by path from 3F00.

    Raises Failure CARD_UNREADABLE, CARD_DATA_MISSING.
    """
    directories = parse(read_file(application + _ODF))
    if len(directories) > _MOST_FILES:
        raise Failure("CARD_UNREADABLE", what="PKCS#15")
    read_once = cache(read_file)

    def contents(kind: int) -> Iterator[bytes]:
        for path in dict.fromkeys(_path(entry, application) for entry in directories if entry.tag == kind):
            yield read_once(path)

    def objects(kind: int) -> tuple[CardObject, ...]:
        return tuple(each for content in contents(kind) for each in _objects(content, application))

    codes = tuple(
        each for content in contents(_AUTHENTICATION_OBJECTS) for each in parse(content) if each.tag == _SEQUENCE
    )
    return Directory(objects(_PRIVATE_KEYS), objects(_CERTIFICATES), objects(_DATA_OBJECTS), codes)


@lru_cache(maxsize=32)  # the same cards come back all day, and all cards of a product are laid out alike
def _objects(content: bytes, application: bytes) -> tuple[CardObject, ...]:
    return tuple(_object(entry, application) for entry in parse(content) if is_constructed(entry.tag))


def _object(entry: Tlv, application: bytes) -> CardObject:
    """Read CommonObjectAttributes, then class attributes, then type attributes (clause 8.2.1)."""
    parts = [part for part in entry.children if part.tag == _SEQUENCE]
    if len(parts) < 2:
        raise Failure("CARD_UNREADABLE", what="PKCS#15")
    label = parts[0].first(_UTF8)
    identifier = parts[1].first(_OCTETS)
    reference = parts[1].first(_INTEGER)
    specific = entry.first(_TYPE_ATTRIBUTES)
    return CardObject(
        text(label.value) if label else "",
        identifier.value if identifier else b"",
        _path(specific, application, required=False) if specific else b"",
        reference.value[-1] if reference and reference.value else 0,
    )


def _path(entry: Tlv, application: bytes, *, required: bool = True) -> bytes:
    """Give the absolute path that an entry points to; a relative one starts in the application."""
    octets = descend(entry.children, _OCTETS)
    path = octets.value if octets else b""
    if not path and not required:
        return b""
    if not path or len(path) % 2 or len(path) > 16:
        raise Failure("CARD_UNREADABLE", what="PKCS#15")
    return path if path.startswith(_MASTER_FILE) else application + path
