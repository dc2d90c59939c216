"""The former identifier INS-C: 22 digits computed from the traits of a Vitale card (ASIP, INS-C 1.0.0, 2009)."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_NIR = re.compile(r"^\d{13}$", re.ASCII)


def compute(given_name: str, birth_date: str, nir: str) -> str:
    """Give the INS-C of a first name, a birth date (yyyymmdd) and a NIR of 13 digits without key.

    Raises ValueError for another NIR: how Corsican letters are written in the seed is not public.
    """
    if not _NIR.match(nir):
        raise ValueError("a NIR of 13 digits")
    seed = _folded(given_name)[:10].ljust(10) + birth_date[2:8] + nir
    number = int.from_bytes(hashlib.sha256(seed.encode("ascii")).digest()[:8], "big")
    return f"{number:020d}{97 - number % 97:02d}"


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFD", name.upper().replace("-", " "))
    return "".join(each for each in plain if each == " " or "A" <= each <= "Z")
