"""Know the patient, by one of several sources; qualified by INSi, never by a card, a scan or a typed text alone."""

from __future__ import annotations

from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.patient_sources import SOURCES, Asked
from cps_bridge.workflows.user import User
from dossier.context import PatientContext
from dossier.failure import Failure
from dossier.patient import IdentityStatus, Traits


def identify_patient(
    desk: Desk,
    user: User,
    *,
    source: str = "vitale",
    ins: str = "",
    oid: str = "",
    datamatrix: str = "",
    traits: Traits | None = None,
) -> PatientContext:
    """Put a patient on screen.

    source: "vitale", "ins" (with ins, and oid, by default the one of the mode), "datamatrix", "traits" or
    "application"; datamatrix, traits: asked when not given. Raises Failure INSI_NOT_FOUND, INS_TRAITS_DIFFER,
    TEST_IDENTITY_REFUSED, PATIENT_CHANGED, APPLICATION_NOT_AVAILABLE, PATIENT_SOURCE_UNKNOWN, and as the sources say.
    """
    session = desk.require_session()
    identify = SOURCES.get(source)
    if identify is None:
        raise Failure("PATIENT_SOURCE_UNKNOWN", name=source[:40])
    desk.leave_patient()
    context = identify(desk, user, session, Asked(ins, oid, datamatrix, traits))
    found = context.identity.ins
    if desk.settings.production and found is not None and found.is_test:
        raise Failure("TEST_IDENTITY_REFUSED")
    desk.show_patient(context)
    is_qualified = context.identity.status is IdentityStatus.QUALIFIED
    desk.write("patient", "done", patient=found if is_qualified else None, subject=context.source.value)
    return context


def leave_patient(desk: Desk, user: User) -> None:
    """Take the patient off the screen."""
    desk.leave_patient()
