"""Who sees which document: masks, the wait of hidden documents, and the rights of professions over types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from . import rights
from .profile import HIDDEN, HIDDEN_RL, MASKED

HOST, PATIENT, REPRESENTATIVE, PROFESSIONAL = "host", "patient", "representative", "professional"
_OWN_MASKED, _MASKED_IN_EMERGENCY = 6, 7


class Seen(Protocol):
    """What the rules need to know of a document."""

    @property
    def author_ids(self) -> frozenset[str]: ...  # noqa: D102

    @property
    def confidentiality(self) -> frozenset[str]: ...  # noqa: D102

    @property
    def depositor(self) -> str: ...  # noqa: D102

    @property
    def structure(self) -> str: ...  # noqa: D102

    @property
    def type_code(self) -> str: ...  # noqa: D102

    @property
    def received_at(self) -> datetime: ...  # noqa: D102

    @property
    def is_signature(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True)
class Viewer:
    """Who looks at a dossier, and when. Made by as_host, as_patient and as_professional.

    column is the one of the functional matrix (see rights.column_of); hidden_days how long INVISIBLE_PATIENT holds.
    """

    kind: str
    now: datetime
    hidden_days: int = 28
    id_nat: str = ""
    structure_id: str = ""
    profession: str = ""
    column: str = ""
    matrix: str = "2016"
    masked_in_emergency: bool = False
    masked_by_author: bool = True

    def owns(self, document: Seen) -> bool:
        """Whether the viewer is an author of the document, or deposited it."""
        return bool(self.id_nat) and (self.id_nat in document.author_ids or self.id_nat == document.depositor)

    def shares_structure(self, document: Seen) -> bool:
        """Whether the document was deposited from the structure of the viewer."""
        return bool(self.structure_id) and self.structure_id == document.structure


def as_host(now: datetime) -> Viewer:
    """The host itself (admin): sees all."""
    return Viewer(HOST, now)


def as_patient(now: datetime, parameters: Mapping[str, Any], *, representative: bool = False) -> Viewer:
    """The patient, or the legal representative of a minor; parameters of the house."""
    return Viewer(REPRESENTATIVE if representative else PATIENT, now, parameters["hidden_days"])


def as_professional(
    now: datetime, parameters: Mapping[str, Any], *, id_nat: str, structure_id: str, profession: str, column: str
) -> Viewer:
    """A professional, in a column of the functional matrix; parameters of the house."""
    return Viewer(
        PROFESSIONAL, now, parameters["hidden_days"], id_nat, structure_id, profession, column,
        parameters["matrix"], parameters["masked_in_emergency"], parameters["masked_seen_by_author"],
    )  # fmt: skip


def hidden_until(document: Seen, days: int) -> datetime | None:
    """When a document hidden from the patient becomes visible; None when it is not hidden."""
    return document.received_at + timedelta(days=days) if HIDDEN in document.confidentiality else None


def sees(viewer: Viewer, document: Seen) -> bool:
    """Whether the viewer may know of the document and read it."""
    if viewer.kind == HOST:
        return True
    if viewer.kind == PROFESSIONAL:
        return _professional_sees(viewer, document)
    until = hidden_until(document, viewer.hidden_days)
    if document.is_signature or (until is not None and viewer.now < until):
        return False
    return viewer.kind == PATIENT or HIDDEN_RL not in document.confidentiality


def _professional_sees(viewer: Viewer, document: Seen) -> bool:
    if not rights.right_in("TD3.2", viewer.column).allowed:
        return False
    if MASKED in document.confidentiality and not _sees_masked(viewer, document):
        return False
    return viewer.owns(document) or rights.may_read_type(viewer.profession, document.type_code, viewer.matrix)


def _sees_masked(viewer: Viewer, document: Seen) -> bool:
    right = rights.right_in("TD3.2_MASKED", viewer.column)
    if right.note == _OWN_MASKED:
        return right.allowed and viewer.masked_by_author and viewer.owns(document)
    if right.note == _MASKED_IN_EMERGENCY:
        return right.allowed and viewer.masked_in_emergency
    return right.allowed
