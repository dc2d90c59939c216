"""The INS datamatrix (ANS "Format datamatrix", version 01) as a 2D scanner types it: blocks by tag, in any order.

A header ``IS01`` and 22 zeros, then blocks S1 matricule, S2 OID, S3 given names, S4 birth name, S5 sex, S6 birth date,
S7 INSEE birth place. GS (ASCII 29) ends a block shorter than its maximum. Scanners that act as a keyboard drop GS or
type something else for it: no field may hold what they type, nor a digit after a letter S, so blocks stay told apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dossier.failure import Failure
from dossier.patient import Ins, Sex, Traits
from dossier.typed_traits import is_birth_date

LIMIT = 1024
"""Characters read at most; the longest datamatrix of this format has about 300."""

GS = "\x1d"
_HEADER = "IS01" + 22 * "0"
_SEPARATORS = ("<GS>", "{GS}", "[GS]", "<0x1D>", "\\x1D", "^]", "\u241d", "\u2194", "|", "~", "]", "$")
"""What scanners and terminals make of GS."""
_FIXED = {"1": 15, "5": 1, "6": 10, "7": 5}
_LONGEST = {"2": 20, "3": 100, "4": 100}
_TRAIT_WORDS = ("given names", "birth name", "sex", "birth date", "birth place")
_CAUSES = dict(zip("1234567", ("matricule", "OID", *_TRAIT_WORDS), strict=True))
_NEEDED = "123456"
_NAME = re.compile(r"[^\W\d_]([^\W\d_]|[ '’-])*")
_AZERTY_DIGITS = frozenset("à&é\"'(-è_çÀÉÈÇ)")
"""What a scanner set to another keyboard types for digits, and for the hyphen, on a French one."""
_GARBLED_HEADER = re.compile(r"is(01|[àÀ][&1])", re.IGNORECASE)


@dataclass(frozen=True)
class DatamatrixIdentity:
    """What a datamatrix says; printed for qualified identities only, it still qualifies nothing by itself."""

    ins: Ins
    traits: Traits


def parse(text: str) -> DatamatrixIdentity:
    """Read the text of an INS datamatrix.

    Raises Failure DATAMATRIX_KEYBOARD (the scanner speaks another keyboard), DATAMATRIX_HEADER (something else was
    scanned), DATAMATRIX_VERSION, DATAMATRIX_FIELD naming the block, INS_SHAPE, INS_KEY, INS_OID.
    """
    found = read_blocks(text)
    for tag in _NEEDED:
        if not found.get(tag):
            raise _bad(tag)
    day, month, year = found["6"][:2], found["6"][3:5], found["6"][6:]
    born = year + month + day
    if not re.fullmatch(r"[0-9]{2}-[0-9]{2}-[0-9]{4}", found["6"]) or not is_birth_date(born, lunar=True):
        raise _bad("6")
    if found["5"] not in ("M", "F"):
        raise _bad("5")
    if "7" in found and not re.fullmatch(r"[0-9][0-9AB][0-9]{3}", found["7"]):
        raise _bad("7")
    traits = Traits(
        birth_name=_name(found, "4"),
        given_names=tuple(_name(found, "3").split()),
        birth_date=born,
        sex=Sex(found["5"]),
        birth_place=found.get("7", ""),
    )
    return DatamatrixIdentity(Ins.parse(found["1"], found["2"]), traits)


def read_blocks(text: str) -> dict[str, str]:
    """Split the text into its blocks by the digit of their tag, in whatever order; raises Failure as parse does."""
    if len(text) > LIMIT:
        raise Failure("DATAMATRIX_HEADER")
    scanned = _after_header(text)
    for typed in _SEPARATORS:
        scanned = scanned.replace(typed, GS)
    found: dict[str, str] = {}
    position = 0
    while position < len(scanned):
        if scanned[position] == GS:
            position += 1
            continue
        tag, position = _tag(scanned, position)
        if tag in found:
            raise _bad(tag)
        found[tag], position = _value(scanned, position, tag)
    return found


def _after_header(text: str) -> str:
    # An AIM symbology identifier ("]d1") may come before, the key Enter or Tab after, STX and ETX or a GS around.
    around = "\ufeff \t\r\n\x00\x02\x03\x04" + GS
    scanned = re.sub(r"^\][a-zA-Z][0-9]", "", text.strip(around)).strip(around)
    if _GARBLED_HEADER.match(scanned) and not scanned.startswith("IS01"):
        raise Failure("DATAMATRIX_KEYBOARD")
    if not re.match(r"IS[0-9]{2}", scanned):
        raise Failure("DATAMATRIX_HEADER")
    if scanned[2:4] != "01":
        raise Failure("DATAMATRIX_VERSION", version=scanned[2:4])
    if not scanned.startswith(_HEADER):
        raise Failure("DATAMATRIX_HEADER")
    return scanned[len(_HEADER) :]


def _tag(text: str, position: int) -> tuple[str, int]:
    found = re.compile(r"S([1-7])").match(text, position)
    if found:
        return found[1], found.end()
    if text[position] in "sS" and text[position + 1 : position + 2] in _AZERTY_DIGITS | set("1234567"):
        raise Failure("DATAMATRIX_KEYBOARD")
    raise Failure("DATAMATRIX_FIELD", field="S?", cause="unknown block")


def _value(text: str, position: int, tag: str) -> tuple[str, int]:
    if tag in _FIXED:
        end = position + _FIXED[tag]
        value = text[position:end]
        if len(value) != _FIXED[tag] or GS in value:
            raise _garbled_or_bad(value, tag)
    else:
        ending = re.compile(rf"{GS}|S[1-9]").search(text, position)
        end = ending.start() if ending else len(text)
        value = text[position:end].strip(" ")
        if not value or len(value) > _LONGEST[tag]:
            raise _bad(tag)
    if tag in "1267" and not re.fullmatch(r"[0-9AB.-]+", value):
        raise _garbled_or_bad(value, tag)
    return value, end


def _name(found: dict[str, str], tag: str) -> str:
    value = found[tag]
    if not _NAME.fullmatch(value) or value != value.upper():
        raise _garbled_or_bad(value, tag)
    return value


def _garbled_or_bad(value: str, tag: str) -> Failure:
    """A digit of another keyboard in a field of digits, or a small letter in a name, is the scanner's doing."""
    if any(each in _AZERTY_DIGITS - {"-", "'"} or each in ":;,!%" or each.islower() for each in value):
        return Failure("DATAMATRIX_KEYBOARD")
    return _bad(tag)


def _bad(tag: str) -> Failure:
    return Failure("DATAMATRIX_FIELD", field=f"S{tag}", cause=_CAUSES[tag])
