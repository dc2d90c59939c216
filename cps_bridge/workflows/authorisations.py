"""Who may open the dossier: attending doctor, one's own authorisation, and everybody the patient named."""

from __future__ import annotations

from cps_bridge.workflows.acts import Act
from cps_bridge.workflows.consult_dossier import look_up_dossier, open_dossier
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import ConfirmAct, User
from dossier.access import AccessMode, AuthorisationState, Dossier
from dossier.failure import Cancelled, Failure
from dossier.following import AuthorisedParty, PartyFilter
from soap_clients import authorisations

_FILTERS = {"active": PartyFilter.ACTIVE, "blocked": PartyFilter.FORBIDDEN, "all": PartyFilter.ALL}


def set_attending(desk: Desk, user: User, *, attending: bool = True) -> Dossier:
    """Become the attending doctor of the patient, with the patient's agreement, or stop being so (TD0.3).

    Raises Failure NOT_A_DOCTOR, NOT_ATTENDING, ALREADY_ATTENDING, ACCESS_FORBIDDEN, NOT_IN_EMERGENCY; Cancelled.
    """
    session, context = desk.require_session(), desk.require_patient()
    dossier = _in_normal_mode(desk, user)
    if not session.professional.is_doctor:
        raise Failure("NOT_A_DOCTOR")
    if dossier.authorisation is AuthorisationState.FORBIDDEN:
        raise Failure("ACCESS_FORBIDDEN")
    if attending and dossier.is_attending_doctor:
        raise Failure("ALREADY_ATTENDING")
    if not attending and not dossier.is_attending_doctor:
        raise Failure("NOT_ATTENDING")
    _confirm(user, ConfirmAct(Act.ATTENDING if attending else Act.NOT_ATTENDING, context.identity.traits))
    desk.still(session, context)
    act = "attending" if attending else "not-attending"
    desk.write(act, "begun", patient=context.ins)
    if attending:
        authorisations.authorise(session.host, context.ins, attending=True)
    else:
        authorisations.withdraw(session.host, context.ins, attending_only=True)
    desk.write(act, "done", patient=context.ins)
    return look_up_dossier(desk, user)


def withdraw(desk: Desk, user: User) -> Dossier:
    """Take one's own authorisation away (TD0.3): the dossier can then not be read any more.

    Raises Failure NOT_AUTHORISED when there is none, NOT_IN_EMERGENCY; Cancelled.
    """
    session, context = desk.require_session(), desk.require_patient()
    if _in_normal_mode(desk, user).authorisation is not AuthorisationState.VALID:
        raise Failure("NOT_AUTHORISED")
    _confirm(user, ConfirmAct(Act.WITHDRAW, context.identity.traits))
    desk.still(session, context)
    desk.write("withdraw", "begun", patient=context.ins)
    authorisations.withdraw(session.host, context.ins)
    desk.write("withdraw", "done", patient=context.ins)
    return look_up_dossier(desk, user)


def list_parties(desk: Desk, user: User, *, which: str = "all") -> tuple[AuthorisedParty, ...]:
    """List the professionals and structures that the patient authorised or blocked (TD1.6).

    which: "active", "blocked" or "all". Raises Failure LIST_UNKNOWN, NOT_IN_EMERGENCY, as the host refuses.
    """
    session, context = desk.require_session(), desk.require_patient()
    if which not in _FILTERS:
        raise Failure("LIST_UNKNOWN", known=", ".join(_FILTERS))
    _in_normal_mode(desk, user)
    found = authorisations.list_parties(session.host, context.ins, _FILTERS[which])
    desk.write("parties", "done", patient=context.ins)
    return found


def _in_normal_mode(desk: Desk, user: User) -> Dossier:
    dossier = open_dossier(desk, user)
    if desk.access.mode is not AccessMode.NORMAL:
        raise Failure("NOT_IN_EMERGENCY")
    return dossier


def _confirm(user: User, question: ConfirmAct) -> None:
    if not user.ask(question):
        raise Cancelled
