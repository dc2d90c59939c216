"""What is particular to minors: the age of majority, and the secret connection (EX_0.1-1100, EX_GEN-1550)."""

from __future__ import annotations

from datetime import datetime

from cps_bridge.workflows.acts import Act
from cps_bridge.workflows.consult_dossier import open_dossier
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import ConfirmAct, User
from dossier.access import Access, AccessMode, Dossier
from dossier.failure import Cancelled, Failure
from dossier.patient import Traits
from soap_clients import patients


def open_secretly(desk: Desk, user: User) -> Dossier:
    """Open the dossier of a minor in secret connection: every call of this access says so, until it ends.

    What is deposited meanwhile is hidden from the legal representatives. Raises Failure NOT_A_MINOR,
    SECRET_TOO_YOUNG, NOT_IN_EMERGENCY, DOSSIER_ABSENT, DOSSIER_CLOSED; Cancelled.
    """
    session, context = desk.require_session(), desk.require_patient()
    traits = context.identity.traits
    check_minor(desk, traits)
    if age(traits, desk.clock()) < desk.settings.secret_from_age:
        raise Failure("SECRET_TOO_YOUNG", age=desk.settings.secret_from_age)
    if desk.access.mode is not AccessMode.NORMAL:
        raise Failure("NOT_IN_EMERGENCY")
    if not user.ask(ConfirmAct(Act.SECRET, traits)):
        raise Cancelled
    desk.still(session, context)
    access = Access(secret=True)
    desk.write("secret-access", "begun", patient=context.ins, access=access)
    dossier = patients.existence(session.host, context.ins, access)
    desk.show_dossier(context, dossier, access)
    desk.write("secret-access", "done", patient=context.ins, access=access)
    return open_dossier(desk, user)


def check_minor(desk: Desk, traits: Traits) -> None:
    """Raise Failure NOT_A_MINOR unless the patient is younger than the age of majority of the settings."""
    if age(traits, desk.clock()) >= desk.settings.majority_age:
        raise Failure("NOT_A_MINOR", age=desk.settings.majority_age)


def age(traits: Traits, now: datetime) -> int:
    """Count whole years; an unknown month or day (lunar dates) counts as the first: nobody is made younger."""
    born = traits.birth_date.ljust(8, "0")
    year, month, day = int(born[:4]), int(born[4:6]), int(born[6:8])
    if not 1 <= month <= 12:
        month, day = 1, 1
    return now.year - year - ((now.month, now.day) < (month, max(day, 1)))
