"""Who may do what: the functional rights and the rights of professions over document types, both read from data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dossier import codes
from dossier.failure import Failure

from . import dossiers
from .call import Call, Caller, HostFault
from .store import Store

DENIED = "DMPAccessDeniedByRightsService"
OCCUPATIONAL = frozenset({"SM25", "C41", "CAPA11"})  # savoir-faire of occupational medicine (TRE_R01)
INSURERS = frozenset({"SA23", "SA24"})  # sectors of private insurers and of social security bodies (TRE_R02)
_DATA = Path(__file__).parent / "data"
_FOR_EVER = 10**5  # days; being the treating doctor does not lapse with the authorisation
_PURPOSES = {"normal": "", "centre_15": "r", "bris_de_glace": "b"}


@dataclass(frozen=True)
class Right:
    """One cell of the functional matrix: open or not, and the number of its note (0: no condition)."""

    allowed: bool
    note: int = 0


@cache
def _functions() -> dict[str, Any]:
    return tomllib.loads((_DATA / "rights_functions.toml").read_text("utf-8"))


@cache
def _types(matrix: str) -> dict[str, Any]:
    path = _DATA / f"rights_types_{matrix}.toml"
    if matrix not in ("2016", "2023"):
        raise ValueError(f"no such matrix: {matrix[:10]}")
    return tomllib.loads(path.read_text("utf-8"))


def note(number: int) -> str:
    """Give the text of a note of the functional matrix."""
    return str(_functions()["notes"][str(number)])


def column_of(caller: Caller, purpose: str = "normal", *, attending: bool = False) -> str:
    """Give the column of the functional matrix that a caller falls in; "" when no column fits (then nothing is open).

    Establishment cards and structure certificates have no break-glass; occupational doctors have no emergency mode.
    Nobody who practises at an insurer has a column, whatever the profession; its machines feed (AM).
    """
    suffix = _PURPOSES.get(purpose)
    if suffix is None:
        return ""
    if caller.sector in INSURERS:
        return "" if suffix or caller.profession else "AM"
    if caller.mode == "INDIRECTE":
        return {"": "ES", "r": "ESr"}.get(suffix, "")
    if caller.card_kind == "CPE" or not caller.profession:
        return "" if suffix else "CPE"
    if not caller.is_doctor:
        return "PS" + (suffix or "n")
    if caller.specialty in OCCUPATIONAL:
        return "" if suffix else "MdT"
    return ("MT" if attending and suffix != "r" else "M") + suffix


def right_in(function: str, column: str, *, reinforced: bool = False) -> Right:
    """Read one cell; KeyError when the function is not in the matrix."""
    matrix = _functions()
    cells = matrix["functions"][function].split()
    cell = dict(zip(matrix["columns"], cells, strict=True)).get(column, "n")
    if column == "AM":
        cell = matrix["insurer"].get(function, "n")
    if reinforced:
        cell = matrix["air"].get(function, cell)
    return Right(cell.startswith("o"), int(cell[1:] or 0))


def never_reads(profession: str, specialty: str, sectors: frozenset[str]) -> bool:
    """Whether no authorisation of a patient opens a dossier: occupational doctors, whoever works for insurers only."""
    insurers_only = bool(sectors) and sectors <= INSURERS
    return insurers_only or not profession or (profession == "10" and specialty in OCCUPATIONAL)


def is_attending(call: Call, store: Store) -> bool:
    """Whether the caller is the treating doctor (médecin traitant) of the patient of the call."""
    holders = (call.caller.id_nat, call.caller.structure_id)
    return bool(call.patient) and dossiers.authorisation(store, call.patient, holders, call.now, _FOR_EVER).attending


def right(function: str, call: Call, store: Store) -> Right:
    """Give the right of the caller of a call, the patient of the call considered (who is the treating doctor?)."""
    column = column_of(call.caller, call.purpose, attending=is_attending(call, store))
    return right_in(function, column, reinforced=call.caller.mode == "INDIRECTE_RENFORCEE")


def may(function: str, call: Call, store: Store) -> None:
    """Raise HostFault DMPAccessDeniedByRightsService unless the matrix opens the function to the caller.

    A note of the cell ("own documents only") is for the handler to apply: see `right`.
    """
    if not right(function, call, store).allowed:
        raise HostFault(DENIED, f"{function} is not open to this caller in this mode")


def may_read_type(profession: str, type_code: str, matrix: str) -> bool:
    """Whether a profession (G15 code) reads documents of a type; matrix "2016" or "2023"; a missing cell means no."""
    row = _types(matrix).get(profession)
    if row is None:
        return False
    for selector in (type_code, _class_selector(type_code), "*"):
        if selector in row["refused"]:
            return False
        if selector in row["read"]:
            return True
    return False


def _class_selector(type_code: str) -> str:
    try:
        return f"class:{codes.class_of(type_code).code}"
    except Failure:
        return "class:"
