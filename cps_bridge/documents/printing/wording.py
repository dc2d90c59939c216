"""How French paper writes names, dates, identifiers and amounts."""

from __future__ import annotations

from datetime import datetime

from dossier import codes
from dossier.patient import Ins, Sex, Traits
from dossier.professional import Activity, Professional
from dossier.timestamp import Timestamp

NBSP = "\u00a0"
_SEXES = {Sex.MALE: "Masculin", Sex.FEMALE: "Féminin", Sex.UNKNOWN: "Non précisé"}
_GROUPS = (1, 2, 2, 2, 3, 3, 2)


def french(text: str) -> str:
    """Put the non-breaking spaces of French typography: before ; : ! ? and inside quotation marks."""
    for mark in ";:!?»":
        text = text.replace(f" {mark}", f"{NBSP}{mark}")
    return text.replace("« ", f"«{NBSP}")


def date(digits: str) -> str:
    """Write a date of 8 digits as JJ/MM/AAAA; anything else as it is."""
    return f"{digits[6:8]}/{digits[4:6]}/{digits[:4]}" if len(digits) >= 8 and digits[:8].isdigit() else digits


def moment(when: datetime) -> str:
    """Write a date and time of the machine's time zone."""
    return french(f"{when.astimezone():%d/%m/%Y à %H:%M}")


def time_of(stamp: Timestamp) -> str:
    """Write a timestamp of a document with the precision it has."""
    if len(stamp.digits) < 12:
        return date(stamp.digits)
    return moment(stamp.to_datetime())


def matricule(ins: Ins) -> str:
    """Write an INS in its usual groups, in full: it is for the patient."""
    rest, parts = ins.matricule, []
    for length in _GROUPS:
        parts.append(rest[:length])
        rest = rest[length:]
    return NBSP.join(parts)


def identity_rows(traits: Traits, ins: Ins) -> list[tuple[str, str]]:
    """Give the traits as labelled rows."""
    rows = [("Nom de naissance", traits.birth_name.upper())]
    if traits.usage_name and traits.usage_name.upper() != traits.birth_name.upper():
        rows.append(("Nom utilisé", traits.usage_name.upper()))
    return [
        *rows,
        ("Prénoms de naissance", " ".join(traits.given_names)),
        ("Date de naissance", date(traits.birth_date)),
        ("Sexe", _SEXES[traits.sex]),
        ("Matricule INS", matricule(ins)),
    ]


def professional_rows(professional: Professional, activity: Activity) -> list[tuple[str, str]]:
    """Give who acts and where, as labelled rows."""
    known = codes.load(codes.PROFESSION).get(professional.profession)
    who = f"{professional.given_name} {professional.family_name.upper()}".strip()
    return [
        ("Professionnel", f"{who}, {known.display}" if known else who),
        ("Structure", activity.structure.name),
    ]


def spelled(secret: str) -> str:
    """Spell a secret so that O and 0, I and l are not mistaken for each other."""
    return ", ".join(_spelled(each) for each in secret)


def _spelled(character: str) -> str:
    if character.isdigit():
        return f"chiffre{NBSP}{character}"
    if character.isalpha():
        return f"{character}{NBSP}{'majuscule' if character.isupper() else 'minuscule'}"
    return f"signe{NBSP}{character}"
