"""A code typed on the reader itself: the structures of PC/SC part 10 (v2.02.09, clause 2.5) and what comes of them.

The reader puts the digits into the command and presents it; the code never enters the computer.
"""

from __future__ import annotations

from typing import Final

from cps_bridge.cards import apdu
from cps_bridge.cards.apdu import Channel
from cps_bridge.cards.codes import CodeFormat
from dossier.failure import Cancelled, Failure

VERIFY_PIN_DIRECT: Final = 0x06
MODIFY_PIN_DIRECT: Final = 0x07

_SECONDS = 30
"""How long the reader waits for a first, and for a next key; it then answers 6400."""

_PATIENCE = 3 * 2 * _SECONDS + 10.0
"""Seconds after which a reader that never answers is given up: three codes, each with both its delays, and the card."""

_ASCII_FROM_FIRST_BYTE = 0x82  # bmFormatString: positions in bytes, from 0, justified left, ASCII
_BY_KEY = 0x02  # bEntryValidationCondition: never at the last digit by itself, so that a slip can be corrected
_CONFIRM, _OLD_TOO = 0x01, 0x02  # bConfirmPIN
_FRENCH = bytes.fromhex("0C04")  # wLangId, little-endian
_NO_PROLOGUE = bytes(3)  # bTeoPrologue is for T=1
_MISTYPED = (0x6402, 0x6403)
_TIME_OUT, _CANCELLED = 0x6400, 0x6401


def can_verify(channel: Channel) -> bool:
    """Tell whether the reader of this card can present a typed code."""
    return VERIFY_PIN_DIRECT in channel.features()


def can_modify(channel: Channel, form: CodeFormat) -> bool:
    """Tell whether the reader can change this code: two codes of varying length have no place in one command."""
    return MODIFY_PIN_DIRECT in channel.features() and bool(_block(form))


def verify(channel: Channel, form: CodeFormat) -> int:
    """Let the person type the code and the reader present it once, to the selected file; give the card's status word.

    Raises Failure PIN_PAD_MISSING, PIN_PAD_TIMEOUT, PIN_PAD_MISTYPED; Cancelled when the person refused.
    """
    return _ask(channel, VERIFY_PIN_DIRECT, verify_structure(form, channel.logical_channel))


def modify(channel: Channel, form: CodeFormat, *, old_too: bool) -> int:
    """Let the person type the old code (old_too) and twice the new one; raises as verify, gives the status word."""
    return _ask(channel, MODIFY_PIN_DIRECT, modify_structure(form, channel.logical_channel, old_too=old_too))


def verify_structure(form: CodeFormat, cla: int = 0) -> bytes:
    """Build PIN_VERIFY_STRUCTURE (clause 2.5.2): its 19 bytes, then VERIFY without the code."""
    blank = bytes([form.filling]) * _block(form)
    command = bytes([cla, apdu.VERIFY, 0, form.reference, len(blank)]) + blank
    return (
        bytes([_SECONDS, _SECONDS, _ASCII_FROM_FIRST_BYTE, _block(form), 0])
        + _digits(form)
        + bytes([_BY_KEY, 1])
        + _FRENCH
        + bytes([0])
        + _NO_PROLOGUE
        + len(command).to_bytes(4, "little")
        + command
    )


def modify_structure(form: CodeFormat, cla: int = 0, *, old_too: bool) -> bytes:
    """Build PIN_MODIFY_STRUCTURE (clause 2.5.3): its 24 bytes, then CHANGE REFERENCE DATA without the codes.

    old_too: the command holds the old code before the new one; else the new one alone (P1 = 01).
    """
    block = _block(form)
    blank = bytes([form.filling]) * (block * (2 if old_too else 1))
    command = bytes([cla, apdu.CHANGE_REFERENCE_DATA, 0 if old_too else 1, form.reference, len(blank)]) + blank
    messages = 3 if old_too else 2
    return (
        bytes([_SECONDS, _SECONDS, _ASCII_FROM_FIRST_BYTE, block, 0, 0, block if old_too else 0])
        + _digits(form)
        + bytes([_CONFIRM | (_OLD_TOO if old_too else 0), _BY_KEY, messages])
        + _FRENCH
        + bytes([0, 1, 2])
        + _NO_PROLOGUE
        + len(command).to_bytes(4, "little")
        + command
    )


def _block(form: CodeFormat) -> int:
    """Give the bytes that the code takes in the command; 0 when they vary, then the reader sets the length byte."""
    return form.padded_to or (form.maximum if form.minimum == form.maximum else 0)


def _digits(form: CodeFormat) -> bytes:
    """Give wPINMaxExtraDigit: minimum in the high byte, maximum in the low one, little-endian."""
    return bytes([form.maximum, form.minimum])


def _ask(channel: Channel, feature: int, structure: bytes) -> int:
    code = channel.features().get(feature)
    if code is None:
        raise Failure("PIN_PAD_MISSING")
    answer = channel.control(code, structure, _PATIENCE)
    if len(answer) < 2:
        raise Failure("CARD_UNREADABLE", what="APDU")
    return _meaning(int.from_bytes(answer[-2:], "big"))


def _meaning(status: int) -> int:
    """Raise what a status word of the reader itself means (clause 2.5.4); give one of the card."""
    if status == _CANCELLED:
        raise Cancelled("refused on the reader")
    if status == _TIME_OUT:
        raise Failure("PIN_PAD_TIMEOUT")
    if status in _MISTYPED:
        raise Failure("PIN_PAD_MISTYPED")
    return status
