"""Ask the host what it knows of the patient's dossier, and declare an access by an explicit gesture."""

from __future__ import annotations

from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import AccessChoice, AskAccess, User
from dossier.access import AuthorisationState, Dossier, DossierState
from dossier.administration import Administration
from dossier.failure import Failure
from soap_clients import authorisations, patients


def look_up_dossier(desk: Desk, user: User) -> Dossier:
    """Ask whether the dossier exists and whether this professional is authorised (TD0.2)."""
    session, context = desk.require_session(), desk.require_patient()
    dossier = patients.existence(session.host, context.ins, desk.access)
    desk.show_dossier(context, dossier, desk.access)
    desk.write("dossier", "done", patient=context.ins)
    return dossier


def read_administration(desk: Desk, user: User) -> Administration:
    """Read the administrative part of the dossier (TD1.3a)."""
    session, context = desk.require_session(), desk.require_patient()
    found = patients.read_administration(session.host, context.ins, desk.access)
    desk.write("administration", "done", patient=context.ins)
    return found


def authorise(desk: Desk, user: User) -> Dossier:
    """Declare the patient's authorisation (TD0.3): only on an explicit gesture, never by itself.

    Raises Failure DOSSIER_ABSENT, DOSSIER_CLOSED, ACCESS_FORBIDDEN.
    """
    session, context = desk.require_session(), desk.require_patient()
    dossier = open_dossier(desk, user)
    if dossier.authorisation is AuthorisationState.FORBIDDEN:
        raise Failure("ACCESS_FORBIDDEN")
    choice = user.ask(AskAccess(context.identity.traits, session.professional.is_doctor))
    if choice is AccessChoice.NOT_NOW:
        return dossier
    desk.still(session, context)
    desk.write("authorise", "begun", patient=context.ins, subject=choice.name)
    authorisations.authorise(session.host, context.ins, attending=choice is AccessChoice.ATTENDING)
    desk.write("authorise", "done", patient=context.ins, subject=choice.name)
    return look_up_dossier(desk, user)


def open_dossier(desk: Desk, user: User) -> Dossier:
    """Give what is known of the dossier, asked now if need be; raises Failure DOSSIER_ABSENT or DOSSIER_CLOSED."""
    dossier = desk.dossier or look_up_dossier(desk, user)
    if dossier.state is DossierState.ABSENT:
        raise Failure("DOSSIER_ABSENT")
    if dossier.state is DossierState.CLOSED:
        raise Failure("DOSSIER_CLOSED")
    return dossier
