"""From the name of a file: a likely type and a title, both offered and never imposed."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from dossier import codes
from dossier.failure import Failure
from dossier.metadata import Code
from dossier.professional import Professional
from gui.desks import IMAGING, desks_of

_WORDS = (
    ("ordonnance|prescription|traitement", "57833-6"),
    ("biolog|labo|analyse|bilan sanguin", "11502-2"),
    ("irm|scanner|radio|echo|imagerie|mammo", "18748-4"),
    ("operatoire|chirurg", "34874-8"),
    ("hospitalis|sortie", "11490-0"),
    ("vaccin", "87273-9"),
    ("courrier|lettre|adressage", "96349-6"),
    ("synthese|vsm", "60591-5"),
    ("medicament", "56445-0"),
    ("certificat", "CERT_DECL"),
    ("consult|visite", "11488-4"),
)
_NOT_OURS = re.compile(r"^(EXPPAT|DOCPAT|REMB$|E1762$|IMG-KOS$)")


def types() -> tuple[Code, ...]:
    """Give the types a professional may deposit, by name; the patient's own and the technical ones are left out."""
    known = (each for each in codes.load(codes.TYPE).values() if not _NOT_OURS.match(each.code))
    return tuple(sorted((each for each in known if _has_class(each.code)), key=lambda each: _plain(each.display)))


def _has_class(code: str) -> bool:
    try:
        codes.class_of(code)
    except Failure:
        return False
    return True


def type_of(path: Path, professional: Professional) -> str:
    """Guess a type code from the file name, or from the profession."""
    name = _plain(path.stem)
    for words, code in _WORDS:
        if re.search(words, name):
            return code
    if not professional.is_doctor:
        return "56445-0" if professional.profession == "21" else "11506-3"
    return "18748-4" if desks_of(professional)[0] == IMAGING else "11488-4"


def title_of(path: Path) -> str:
    """Make a title of a file name: without underscores, dates kept, first letter in capital."""
    words = re.sub(r"[_\s]+", " ", path.stem).strip()
    return words[:1].upper() + words[1:120]


def _plain(text: str) -> str:
    split = unicodedata.normalize("NFD", text.casefold().replace("_", " "))
    return "".join(each for each in split if not unicodedata.combining(each))
