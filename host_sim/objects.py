"""Connected objects of a patient: they feed the dossier and read nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import dossiers, made_documents, notices
from .call import Caller
from .house import House
from .made_documents import Made, Source
from .repository import REPOSITORY_ID


def feed(house: House, ins: str, device: str, measures: Mapping[str, Any]) -> str:
    """Deposit measures ({"poids": "71 kg"...}) of a device; gives the uniqueId.

    Raises ValueError unless the dossier is open, and for a device without name or measures.
    """
    row = dossiers.dossier(house.store, ins)
    if row is None or row.state != "open" or not device.strip() or not measures:
        raise ValueError("an open dossier, a device and measures")
    name = device.strip()[:60]
    source = Source(
        "DISPOSITIF", REPOSITORY_ID, "RI", name.replace("^", " ").replace("&", " "), "", "EXP_PATIENT", "EXP_PATIENT",
        "EXP_PATIENT", "EXP_PATIENT", ins,
    )  # fmt: skip
    text = "".join(f"{key} : {value}\n" for key, value in measures.items())
    made = Made(f"Mesures : {name}", "EXPPAT_2", "text/plain", text.encode())
    with house.changing(ins) as cursor:
        unique_id = made_documents.register(house, cursor, row, source, made)
        caller = Caller("DISPOSITIF", name, "", "", "", "", "")
        house.audit.record(house.clock.now(), "OBJECT", "ok", caller=caller, patient=ins, objects=(unique_id,))
        house.notify(ins, notices.DOCUMENT, f"{name} a ajouté des mesures à votre dossier.")
    return unique_id
