"""The proof of a deposit: what the host accepted, when, and the fingerprints by which it can be checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cps_bridge.documents.printing.sheet import Sheet
from cps_bridge.documents.printing.wording import NBSP, identity_rows, moment, professional_rows, time_of
from dossier.metadata import DocumentEntry
from dossier.patient import PatientIdentity
from dossier.professional import Activity, Professional


def proof_of_deposit(
    identity: PatientIdentity,
    professional: Professional,
    activity: Activity,
    entries: Sequence[DocumentEntry],
    submission_id: str,
    accepted_at: datetime,
    *,
    host: str = "",
) -> bytes:
    """Draw the proof of an accepted lot (A4, PDF bytes).

    entries: the documents of the lot, its signature left out by the caller or not; accepted_at: aware datetime of the
    host's answer; host: name shown to people. Raises Failure IDENTITY_NOT_QUALIFIED.
    """
    ins = identity.qualified_ins()
    sheet = Sheet("Preuve de dépôt", "Documents acceptés par le dossier médical partagé", specimen=ins.is_test)
    sheet.heading("Patient")
    sheet.rows(identity_rows(identity.traits, ins))
    sheet.heading("Dépôt")
    sheet.rows(
        [
            ("Accepté le", moment(accepted_at)),
            *([("Hébergeur", host)] if host else []),
            *professional_rows(professional, activity),
            ("Identifiant du lot", submission_id),
        ]
    )
    for number, entry in enumerate(entries, start=1):
        sheet.heading(f"Document {number} : {entry.title}")
        sheet.rows(_rows(entry))
    sheet.frame(
        "Que prouve cette feuille ?",
        [
            "L'hébergeur a répondu « accepté » pour ce lot à l'heure indiquée. L'empreinte identifie le contenu "
            "exact : un document dont l'empreinte est différente n'est pas celui qui a été déposé.",
        ],
    )
    return sheet.pdf()


def _rows(entry: DocumentEntry) -> list[tuple[str, str]]:
    return [
        ("Type", entry.type_code.display or entry.type_code.code),
        ("Date du document", time_of(entry.creation_time)),
        ("Confidentialité", ", ".join(each.display or each.code for each in entry.confidentiality)),
        ("Identifiant unique", entry.unique_id),
        ("Empreinte SHA-1", entry.hash),
        ("Taille", f"{entry.size:,}".replace(",", NBSP) + f"{NBSP}octets"),
    ]
