"""The keys and the small screen of a reader: PC/SC part 10 (v2.02.09), 2.5.2 and 2.5.3, taken at its word.

Stricter than readers are: a structure that is not exactly what the standard says gets 6B80, and nothing is typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

VERIFY_PIN_DIRECT, MODIFY_PIN_DIRECT = 0x06, 0x07
CONTROL_CODES = {VERIFY_PIN_DIRECT: 0x42330006, MODIFY_PIN_DIRECT: 0x42330007}

Type = Callable[[], bytes | None]
"""What the person does when the reader asks a code: ASCII digits then the green key, b"" the red key, None nothing."""

_TIME_OUT, _CANCELLED, _MISMATCH, _SIZE, _WRONG_STRUCTURE = (
    b"\x64\x00",
    b"\x64\x01",
    b"\x64\x02",
    b"\x64\x03",
    b"\x6b\x80",
)
_VERIFY, _CHANGE, _UNBLOCK = 0x20, 0x24, 0x2C
_VERIFY_SIZE, _MODIFY_SIZE = 19, 24
_LANGUAGES = (0x040C, 0x0409)
_BINARY, _BCD, _ASCII = 0, 1, 2
_AT_MAXIMUM, _BY_KEY = 0x01, 0x02


class _RefusedError(Exception):
    def __init__(self, sw: bytes) -> None:
        super().__init__(sw.hex())
        self.sw = sw


@dataclass(frozen=True)
class _Order:
    """A structure that was understood; sizes and offsets in bytes; offsets count from the first data byte."""

    template: bytes
    encoding: int
    right: bool
    block: int
    offsets: tuple[int, ...]
    minimum: int
    maximum: int
    conditions: int
    confirm: bool = False

    def type_one(self, typing: Type) -> bytes:
        """Let the person type one code; gives its digits."""
        digits = typing()
        if digits is None:
            raise _RefusedError(_TIME_OUT)
        if not digits:
            raise _RefusedError(_CANCELLED)
        if not digits.isdigit() or not self.minimum <= len(digits) <= self.maximum:
            raise _RefusedError(_SIZE)
        if len(digits) < self.maximum and not self.conditions & _BY_KEY:
            raise _RefusedError(_TIME_OUT)  # the reader waits for a digit more, and the green key says nothing to it
        return digits

    def command(self, codes: tuple[bytes, ...]) -> bytes:
        """Put the codes where they belong, each at its offset."""
        header, data = self.template[:4], bytearray(self.template[5:])
        for offset, digits in zip(self.offsets, codes, strict=True):
            written = _encoded(digits, self.encoding)
            if not self.block:
                data[offset:offset] = written
            elif self.right:
                data[offset + self.block - len(written) : offset + self.block] = written
            else:
                data[offset : offset + len(written)] = written
        return header + bytes([len(data)]) + bytes(data)


def control(code: int, structure: bytes, typing: Type, transmit: Callable[[bytes], bytes]) -> bytes:
    """Carry out a control of the reader: codes are typed, the pad itself presents them to the card by transmit.

    Gives the answer of the card, or of the pad: 6400 time-out, 6401 cancelled, 6402 two new codes that differ, 6403 too
    few or too many digits, 6B80 a wrong structure (2.5.4). Raises OSError for a control code that the reader has not.
    """
    if code not in CONTROL_CODES.values():
        raise OSError("the reader does not know this control code")
    try:
        if code == CONTROL_CODES[VERIFY_PIN_DIRECT]:
            order = _verification(structure)
            codes: tuple[bytes, ...] = (order.type_one(typing),)
        else:
            order = _modification(structure)
            codes = _modified(order, typing)
    except _RefusedError as refusal:
        return refusal.sw
    return transmit(order.command(codes))


def _modified(order: _Order, typing: Type) -> tuple[bytes, ...]:
    codes = tuple(order.type_one(typing) for _ in order.offsets)
    if order.confirm and order.type_one(typing) != codes[-1]:
        raise _RefusedError(_MISMATCH)
    return codes


def _verification(structure: bytes) -> _Order:
    _demand(len(structure) >= _VERIFY_SIZE)
    messages, language, index = structure[8], structure[9:11], structure[11]
    _demand(messages in (0, 1, 0xFF) and index == 0)
    template = _template(structure, _VERIFY_SIZE, language, (_VERIFY,))
    offset = _position(structure[2])
    return _order(structure, template, (offset,), structure[5:7], structure[7])


def _modification(structure: bytes) -> _Order:
    _demand(len(structure) >= _MODIFY_SIZE)
    confirm, messages = structure[9], structure[11]
    asked = 1 + (confirm & 1) + (confirm >> 1 & 1)
    _demand(confirm <= 3 and messages in (0, asked, 0xFF))
    _demand(all(index <= 2 for index in structure[14:17]))
    template = _template(structure, _MODIFY_SIZE, structure[12:14], (_CHANGE, _UNBLOCK))
    start, old, new = _position(structure[2]), structure[5], structure[6]
    offsets = (start + old, start + new) if confirm & 2 else (start + new,)
    _demand(len(set(offsets)) == len(offsets))
    block = structure[3] & 0x0F
    _demand(bool(block) or len(offsets) == 1)  # without a block size the second code has no place of its own
    if len(offsets) == 2:
        _demand(abs(offsets[0] - offsets[1]) >= block)
    return _order(structure, template, offsets, structure[7:9], structure[10], confirm=bool(confirm & 1))


def _template(structure: bytes, size: int, language: bytes, allowed: tuple[int, ...]) -> bytes:
    """Check what both structures end with: language, TeoPrologue (T=1 only), length, command."""
    _demand(int.from_bytes(language, "little") in _LANGUAGES)
    _demand(structure[size - 7 : size - 4] == bytes(3))
    template = bytes(structure[size:])
    _demand(int.from_bytes(structure[size - 4 : size], "little") == len(template))
    _demand(len(template) >= 5 and template[1] in allowed and template[4] == len(template) - 5)
    return template


def _order(
    structure: bytes,
    template: bytes,
    offsets: tuple[int, ...],
    digits: bytes,
    conditions: int,
    *,
    confirm: bool = False,
) -> _Order:
    form, block, length_size, length_place = structure[2], structure[3] & 0x0F, structure[3] >> 4, structure[4]
    _demand(length_size == 0 and length_place == 0)  # this card's commands carry no length of the code
    maximum, minimum = digits  # wPINMaxExtraDigit is XXYY, minimum then maximum, and travels little-endian
    encoding = form & 3
    _demand(encoding in (_BINARY, _BCD, _ASCII) and 0 < minimum <= maximum <= 16 and 0 < conditions <= 7)
    if block:
        _demand(_size(maximum, encoding) <= block and max(offsets) + block <= len(template) - 5)
    else:
        _demand(max(offsets) <= len(template) - 5)
    return _Order(template, encoding, bool(form & 4), block, offsets, minimum, maximum, conditions, confirm)


def _position(form: int) -> int:
    place = form >> 3 & 0x0F
    if form & 0x80:
        return place
    _demand(place % 8 == 0)
    return place // 8


def _size(digits: int, encoding: int) -> int:
    return (digits + 1) // 2 if encoding == _BCD else digits


def _encoded(digits: bytes, encoding: int) -> bytes:
    if encoding == _ASCII:
        return digits
    if encoding == _BCD:
        return bytes.fromhex(digits.decode() + "F" * (len(digits) % 2))
    return bytes(digit - 0x30 for digit in digits)


def _demand(met: bool) -> None:
    if not met:
        raise _RefusedError(_WRONG_STRUCTURE)
