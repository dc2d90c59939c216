"""What a use case gives, as one JSON object a line, or as French lines for people."""

from __future__ import annotations

import base64
import enum
import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.card_output import card_text, card_values, tries_text
from dossier.failure import Failure

_LEFT_OUT = frozenset({"host", "epoch", "authentication", "signature", "card"})


def to_plain(value: Any) -> Any:
    """Turn domain objects into JSON values; bytes as base64, enums as their value, secrets never."""
    if is_dataclass(value) and not isinstance(value, type):
        return to_plain(_told(value))
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): to_plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return [to_plain(each) for each in value]
    if isinstance(value, Path):
        return str(value)
    return value


def _told(value: Any) -> Any:
    """Choose what is said of a domain object."""
    kind = type(value).__name__
    if kind == "Timestamp":
        return str(value)
    if kind == "CardReport":
        return card_values(value)
    kept = {each.name: getattr(value, each.name) for each in fields(value) if each.name not in _LEFT_OUT}
    return {"professional": value.professional, **kept} if kind == "Session" else kept


def json_lines(value: Any) -> list[str]:
    """Give one line per object: a tuple gives one line per element, None gives one empty object."""
    objects = list(value) if isinstance(value, tuple) else [value if value is not None else {}]
    plain = [to_plain(each) for each in objects]
    return [json.dumps(each if isinstance(each, dict) else {"value": each}, ensure_ascii=False) for each in plain]


def text_lines(name: str, value: Any) -> list[str]:
    """Give what a person reads of a result."""
    if value is None:
        return ["Fait."]
    objects = value if isinstance(value, tuple) else (value,)
    if not objects:
        return ["Rien à montrer."]
    return [_text(name, each) for each in objects]


def _text(name: str, value: Any) -> str:
    shown: Callable[[Any], str] | None = _TEXTS.get(type(value).__name__)
    return shown(value) if shown else f"{name} : {value}"


def _dossier(value: Any) -> str:
    return f"DMP {value.state.value} - autorisation : {value.authorisation.value}" + (
        " - médecin traitant" if value.is_attending_doctor else ""
    )


def _entry(value: Any) -> str:
    day = value.creation_time.digits
    author = value.authors[0].person if value.authors else None
    columns = (
        f"{day[6:8]}/{day[4:6]}/{day[:4]}",
        value.type_code.display,
        value.title,
        f"{author.given_name} {author.family_name}" if author else "",
        *_states(value),
        value.unique_id,
    )
    return "  ".join(filter(None, columns))


_STATES = {"ARCHIVED": "archivé", "DEPRECATED": "remplacé", "DELETED": "supprimé"}


def _states(value: Any) -> tuple[str, ...]:
    """Say by words what is particular to a document (EX_3.1-1080)."""
    hidden = {each.code for each in value.confidentiality}
    return (
        "déposé par le patient" if value.class_code.code == "90" or value.type_code.code.startswith("DOCPAT") else "",
        "masqué aux professionnels" if value.is_masked else "",
        "non visible par le patient" if value.is_hidden_from_patient else "",
        "non visible par les représentants légaux" if "INVISIBLE_REPRESENTANTS_LEGAUX" in hidden else "",
        _STATES.get(value.status.name, ""),
    )


def _day(moment: datetime | None) -> str:
    return f"{moment:%d/%m/%Y}" if moment else ""


def _party(value: Any) -> str:
    columns = (
        f"{value.given_name} {value.family_name}".strip(),
        "structure" if value.is_structure else ", ".join(each.display or each.code for each in value.specialties),
        "bloqué" if value.is_forbidden else "autorisé",
        "médecin traitant" if value.is_attending_doctor else "",
        f"depuis le {_day(value.since)}" if value.since else "",
        f"dernier accès le {_day(value.last_action)}" if value.last_action else "",
    )
    return "  ".join(filter(None, columns))


def _followed(value: Any) -> str:
    each = value.dossier
    columns = (
        "NOUVEAU" if value.is_new else "",
        f"{each.family_name} {each.given_name}",
        f"né(e) le {each.birth_date[6:8]}/{each.birth_date[4:6]}/{each.birth_date[:4]}" if each.birth_date else "",
        f"INS {each.ins}",
        "médecin traitant" if each.is_attending_doctor else "",
        "message du patient" if each.has_message else "",
        f"dernier document le {_day(each.last_added)}" if each.last_added else "",
    )
    return "  ".join(filter(None, columns))


def _candidate(value: Any) -> str:
    born = value.traits.birth_date
    columns = (
        f"{value.traits.shown_name} {value.traits.first_given_name}",
        f"né(e) le {born[6:8]}/{born[4:6]}/{born[:4]}",
        f"{value.postal_code} {value.city}".strip(),
        f"INS {value.ins.matricule}" if value.ins else "sans INS",
        f"ressemblance {value.score} %" if value.score is not None else "",
        "s'oppose à l'accès du centre 15" if value.opposes_regulation else "",
    )
    return "  ".join(filter(None, columns))


def _administration(value: Any) -> str:
    traits, address = value.traits, value.address
    lines = (
        f"{value.title} {traits.shown_name} {' '.join(traits.given_names)}".strip(),
        ", ".join(filter(None, (*address.lines, f"{address.postal_code} {address.city}".strip(), address.country))),
        *(f"{each.kind.value} {each.value}" for each in value.contacts),
        f"téléphone {value.home_phone}" if value.home_phone else "",
        f"bris de glace {'accepté' if value.choices.allow_break_glass else 'refusé'}",
        f"centre 15 {'accepté' if value.choices.allow_regulation else 'refusé'}",
        f"compte internet {'ouvert' if value.account_open else 'non ouvert'}",
        *(f"représentant légal {each.given_name} {each.family_name}" for each in value.representatives),
    )
    return "  |  ".join(filter(None, lines))


def _news(value: Any) -> str:
    since = f"depuis le {value.since:%d/%m/%Y %H:%M}" if value.since else "premier regard, deux ans"
    lines = [f"{len(value.documents)} document(s) nouveau(x) ({since})", *map(_entry, value.documents)]
    return "\n".join(lines)


def _patient(value: Any) -> str:
    traits = value.identity.traits
    born = traits.birth_date
    return (
        f"{traits.shown_name} {traits.first_given_name}, né(e) le {born[6:8]}/{born[4:6]}/{born[:4]},"
        f" {f'INS {value.identity.ins}' if value.identity.ins else 'sans INS'}, identité {value.identity.status.value}"
        f" ({value.source.value})"
    )


_TEXTS: dict[str, Callable[[Any], str]] = {
    "Dossier": _dossier,
    "DocumentEntry": _entry,
    "PatientContext": _patient,
    "CardReport": card_text,
    "ProfessionalCard": tries_text,
    "Session": lambda v: (
        f"Session ouverte : {v.professional.given_name} {v.professional.family_name}, {v.activity.structure.name}"
    ),
    "OutboxItem": lambda v: f"Envoi n° {v.id} : {v.title} - {v.state.value}" + (f" ({v.code})" if v.code else ""),
    "Move": lambda v: f"{v.at:%d/%m/%Y %H:%M:%S}  {v.state.value}  {v.code}",
    "JournalEntry": lambda v: f"{v.seq}  {v.at:%d/%m/%Y %H:%M:%S}  {v.action}  {v.outcome}  {v.mode}  {v.reason}",
    "AuthorisedParty": _party,
    "FollowedLine": _followed,
    "Candidate": _candidate,
    "Administration": _administration,
    "WhatsNew": _news,
    "Contact": lambda v: f"{v.kind.value} {v.value}",
    "str": str,
    "CreationOutcome": lambda v: f"DMP créé. {_dossier(v.dossier)}",
}


def write(lines: list[str], *, as_json: bool) -> None:
    """Print lines on the standard output; nobody reading them any more is no failure.

    Raises Failure FILE_NOT_WRITTEN when they cannot be written.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8" if as_json else None, errors="replace")
    try:
        for line in lines:
            print(line)  # noqa: T201 - the terminal is this door
        if sys.stdout:
            sys.stdout.flush()
    except OSError as error:
        _give_up_output()
        if not isinstance(error, BrokenPipeError):
            raise Failure("FILE_NOT_WRITTEN", path="sortie standard") from error


def _give_up_output() -> None:
    """Let what is still buffered go nowhere: the interpreter writes it once more at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
