"""The professional's authorisation on a dossier (TD0.3)."""

from __future__ import annotations

from typing import Any

from dossier.failure import Failure
from dossier.patient import Ins
from soap_clients.faults import refusal
from soap_clients.host import Host

ACTION = "urn:si-dmp-habilitations:HabilitationsEndPoint:setAuthorization"
_ATTENDING = "MEDECIN_TRAITANT"


def authorise(host: Host, ins: Ins, attending: bool = False) -> None:
    """Declare that the patient authorises this professional, and makes them the attending doctor if said so.

    Idempotent at the host. Raises Failure as Host.call does, or that of the host's status.
    """
    _set(host, ins, "AJOUT", attending)


def withdraw(host: Host, ins: Ins, attending_only: bool = False) -> None:
    """Withdraw the authorisation, or only the attending doctor status; raises as ``authorise``."""
    _set(host, ins, "SUPPRESSION", attending_only)


def _set(host: Host, ins: Ins, action: str, attending: bool) -> None:
    values = {"action": action, **({"role": _ATTENDING} if attending else {})}
    check_status(host.invoke("habilitations", ACTION, values, patient=ins, transaction="TD0.3"))


def check_status(output: Any) -> None:
    """Check the ``status`` of a typed answer; raises the Failure of another status than DMPOk."""
    status = getattr(output, "status", None)
    if not isinstance(status, str) or not status:
        raise Failure("HOST_ANSWER_INVALID", field="status")
    if status != "DMPOk":
        context = getattr(output, "context", None)
        raise refusal(status, context if isinstance(context, str) else "")
