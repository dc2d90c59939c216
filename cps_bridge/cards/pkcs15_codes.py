"""The authentication objects of a card's directory: its PIN, and the code that unblocks it (ISO/IEC 7816-15, 8.9)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cps_bridge.cards.codes import DEFAULT_PIN, CodeFormat, Codes, bounded
from cps_bridge.cards.tlv import Tlv
from dossier.failure import Failure

_SEQUENCE, _OCTETS, _INTEGER, _BITS, _ENUMERATED = 0x30, 0x04, 0x02, 0x03, 0x0A
_TYPE_ATTRIBUTES = 0xA1
_REFERENCE = 0x80
_NEEDS_PADDING, _UNBLOCKS, _SECURITY_OFFICER = 5, 6, 7
_TEXT_TYPES = (1, 2)  # ascii-numeric, utf8: the same bytes for digits
_LONGEST_PADDED = 16


@dataclass(frozen=True)
class _Entry:
    """One code: identifier names it, guardian is the identifier of the code that unblocks it."""

    identifier: bytes
    guardian: bytes
    unblocks: bool
    format: CodeFormat


@lru_cache(maxsize=32)  # as many cards as come back in a day
def codes_of(entries: tuple[Tlv, ...]) -> Codes:
    """Find the PIN and its unblocking code among the authentication objects of the directory.

    The unblocking code is the one that the PIN names; else the one that says so of itself. A card without any such
    object has the PIN that all sources know, and no known unblocking code. Raises Failure CARD_UNREADABLE.
    """
    found = [_entry(each) for each in entries]
    pin = next((each for each in found if not each.unblocks), None)
    if pin is None:
        return Codes(DEFAULT_PIN, None)
    named = (each for each in found if each.identifier == pin.guardian and each is not pin)
    puk = next(named, None) or next((each for each in found if each.unblocks), None)
    return Codes(pin.format, puk.format if puk else None)


def _entry(entry: Tlv) -> _Entry:
    parts = [part for part in entry.children if part.tag == _SEQUENCE]
    specific = entry.first(_TYPE_ATTRIBUTES)
    attributes = specific.first(_SEQUENCE) if specific else None
    if len(parts) < 2 or attributes is None:
        raise _unreadable()
    identifier, guardian = parts[1].first(_OCTETS), parts[0].first(_OCTETS)
    flags = _flags(attributes.first(_BITS))
    unblocks = bool(flags & {_UNBLOCKS, _SECURITY_OFFICER})
    return _Entry(
        identifier.value if identifier else b"",
        guardian.value if guardian else b"",
        unblocks,
        _format(attributes, flags, unblocks=unblocks),
    )


def _flags(bits: Tlv | None) -> set[int]:
    """Give the numbers of the bits that are set, bit 0 the leftmost; the first byte counts the unused bits."""
    octets = bits.value[1:] if bits else b""
    return {8 * place + bit for place, octet in enumerate(octets) for bit in range(8) if octet & 0x80 >> bit}


def _format(attributes: Tlv, flags: set[int], *, unblocks: bool) -> CodeFormat:
    kind, reference, filling = (attributes.first(tag) for tag in (_ENUMERATED, _REFERENCE, _OCTETS))
    lengths = [int.from_bytes(each.value, "big") for each in attributes.children if each.tag == _INTEGER]
    if kind is None or not kind.value or kind.value[-1] not in _TEXT_TYPES or len(lengths) < 2:
        raise _unreadable()
    stored, longest = lengths[1], lengths[2] if len(lengths) > 2 else lengths[1]
    minimum, maximum = bounded(lengths[0], longest, unblocking=unblocks)
    padded_to = stored if _NEEDS_PADDING in flags else 0
    if padded_to > _LONGEST_PADDED:
        raise _unreadable()
    return CodeFormat(
        reference.value[-1] if reference and reference.value else 0,
        minimum,
        maximum,
        padded_to,
        filling.value[0] if filling and filling.value else 0xFF,
    )


def _unreadable() -> Failure:
    return Failure("CARD_UNREADABLE", what="PKCS#15")
