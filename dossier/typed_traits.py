"""Traits that a person types: checked, and written as strict traits are (RNIV: capitals, no accents)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import date

from dossier.failure import Failure
from dossier.patient import Sex, Traits

_NAME = re.compile(r"[A-Z][A-Z '-]{0,99}")
_PLACE = re.compile(r"\d{5}|2[AB]\d{3}")
_SLASHED = re.compile(r"(\d{2})[/.-](\d{2})[/.-](\d{4})")
_LONGEST = 200
_MONTHS, _LONGEST_MONTH = 12, 31


def checked(traits: Traits) -> Traits:
    """Write typed traits as strict ones; raises Failure TRAITS_INVALID naming the trait."""
    given = tuple(name for each in traits.given_names for name in _name(each, "given names").split())
    if not given:
        raise Failure("TRAITS_INVALID", expected="given names")
    place = traits.birth_place.strip().upper()
    if place and not _PLACE.fullmatch(place):
        raise Failure("TRAITS_INVALID", expected="birth place")
    if traits.sex not in (Sex.MALE, Sex.FEMALE):
        raise Failure("TRAITS_INVALID", expected="sex")
    return replace(
        traits,
        birth_name=_name(traits.birth_name, "birth name"),
        given_names=given,
        birth_date=typed_date(traits.birth_date),
        birth_place=place,
        usage_name=_name(traits.usage_name, "usage name") if traits.usage_name.strip() else "",
    )


def typed_date(text: str) -> str:
    """Read a birth date typed JJ/MM/AAAA, or yyyymmdd, as yyyymmdd; an unknown day or month is 00.

    Raises Failure TRAITS_INVALID.
    """
    slashed = _SLASHED.fullmatch(text.strip())
    digits = "".join(reversed(slashed.groups())) if slashed else text.strip()
    if not is_birth_date(digits):
        raise Failure("TRAITS_INVALID", expected="birth date")
    return digits


def is_birth_date(digits: str, *, lunar: bool = False) -> bool:
    """Tell whether yyyymmdd can be a birth date; 00 stands for an unknown day or month.

    lunar: also take a day that the month has not, such as 30 February, as registers of other calendars give it.
    """
    if not (re.fullmatch(r"[0-9]{8}", digits) and 1850 <= int(digits[:4]) <= 2999):
        return False
    month, day = int(digits[4:6]), int(digits[6:])
    if lunar:
        return month <= _MONTHS and day <= _LONGEST_MONTH
    try:
        date(int(digits[:4]), month or 1, day or 1)
    except ValueError:
        return False
    return True


def _name(text: str, which: str) -> str:
    """Write a name in capitals without accents; raises Failure TRAITS_INVALID for anything that is no name."""
    if len(text) > _LONGEST:
        raise Failure("TRAITS_INVALID", expected=which)
    spelled = text.replace("Œ", "OE").replace("œ", "oe").replace("Æ", "AE").replace("æ", "ae").replace("’", "'")
    plain = "".join(each for each in unicodedata.normalize("NFKD", spelled.upper()) if not unicodedata.combining(each))
    name = " ".join(plain.split())
    if not _NAME.fullmatch(name):
        raise Failure("TRAITS_INVALID", expected=which)
    return name
