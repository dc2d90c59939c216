"""Open a dossier in an emergency: break the glass, or regulate a call of centre 15; and end that access."""

from __future__ import annotations

from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import AskBreakGlass, ConfirmBreakGlass, User
from dossier.access import NORMAL_ACCESS, Access, AccessMode, Dossier, DossierState
from dossier.failure import Cancelled, Failure
from soap_clients import patients


def break_glass(desk: Desk, user: User) -> Dossier:
    """Open the patient's dossier without authorisation: reason, second confirmation, journal, then the first request.

    The journal line is durable before anything leaves. Raises Failure EMERGENCY_OPPOSED when the patient opposed it.
    """
    _, context = desk.require_session(), desk.require_patient()
    traits = context.identity.traits
    justification = user.ask(AskBreakGlass(traits))
    if not user.ask(ConfirmBreakGlass(traits, justification)):
        raise Cancelled
    return _enter(desk, Access(AccessMode.BREAK_GLASS, justification), "break-glass")


def regulate(desk: Desk, user: User) -> Dossier:
    """Open the patient's dossier for the regulation of an emergency call (centre_15)."""
    return _enter(desk, Access(AccessMode.REGULATION), "regulation")


def _enter(desk: Desk, access: Access, action: str) -> Dossier:
    session, context = desk.require_session(), desk.require_patient()
    desk.write(action, "begun", patient=context.ins, access=access)
    try:
        dossier = patients.existence(session.host, context.ins, access)
    except Failure as refused:
        failure = Failure("EMERGENCY_OPPOSED") if refused.code == "ACCESS_DENIED" else refused
        desk.write(action, failure.code, patient=context.ins, access=access)
        raise failure from refused
    if dossier.state is not DossierState.OPEN:
        raise Failure("DOSSIER_ABSENT" if dossier.state is DossierState.ABSENT else "DOSSIER_CLOSED")
    desk.show_dossier(context, dossier, access)
    desk.write(action, "done", patient=context.ins, access=access)
    return dossier


def end_access(desk: Desk, user: User) -> None:
    """End the emergency access: the dossier leaves the screen, later calls are normal again."""
    context = desk.require_patient()
    desk.write("end-access", "done", patient=context.ins)
    if desk.dossier:
        desk.show_dossier(context, desk.dossier, NORMAL_ACCESS)
