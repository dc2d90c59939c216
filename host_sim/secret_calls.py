"""Secret connections of a minor: legal representatives are shown neither these calls nor what they deposit."""

from __future__ import annotations

from dataclasses import replace

from dossier import codes

from . import profile
from .call import Call
from .ebrim import Classification, RegistryObject
from .store import Cursor, Store

_SCHEMA = """
CREATE TABLE IF NOT EXISTS secret_calls (
    patient TEXT NOT NULL, message_id TEXT NOT NULL, PRIMARY KEY (patient, message_id));
"""


def ensure_tables(store: Store) -> None:
    """Make the table of this module."""
    store.ensure(_SCHEMA)


def note(cursor: Cursor, call: Call) -> None:
    """Remember a call that was one."""
    if call.secret and call.patient:
        cursor.execute(
            "INSERT INTO secret_calls (patient, message_id) VALUES (?,?) ON CONFLICT (patient, message_id) DO NOTHING",
            (call.patient, call.message_id),
        )


def of_patient(store: Store, ins: str) -> frozenset[str]:
    """The message identifiers, as in the access log, of the secret calls about a patient."""
    with store.reading() as cursor:
        rows = cursor.execute("SELECT message_id FROM secret_calls WHERE patient = ?", (ins,)).fetchall()
    return frozenset(row["message_id"] for row in rows)


def kept_from_representatives(entry: RegistryObject) -> RegistryObject:
    """What a secret connection deposits is hidden from the legal representatives, whether the client said so or not."""
    if profile.is_signature(entry) or profile.HIDDEN_RL in profile.confidentiality(entry):
        return entry
    known = codes.load(codes.CONFIDENTIALITY)[profile.HIDDEN_RL]
    code = Classification(
        profile.CONFIDENTIALITY,
        representation=known.code,
        slots={"codingScheme": (known.system,)},
        name=known.display,
    )
    return replace(entry, classifications=(*entry.classifications, code))
