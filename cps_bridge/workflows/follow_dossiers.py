"""My patients: the dossiers that were authorised to me, and what is new in them since I last looked (TD0.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import User
from dossier.following import FollowedDossier, ListBasis
from soap_clients import patient_list

FOLLOWED_FOR = timedelta(days=365)
_WHAT = "followed dossiers"


@dataclass(frozen=True)
class FollowedLine:
    """One dossier of the list; is_new: its documents changed since the last look of this professional."""

    dossier: FollowedDossier
    is_new: bool


def list_followed(desk: Desk, user: User, *, owner: str = "", remember: bool = True) -> tuple[FollowedLine, ...]:
    """List the dossiers authorised within a year or changed since the last look; changed ones first.

    owner: PS_IdNat of a professional of one's structure, for an establishment card; remember: this look counts as the
    last one from now on. Raises as the host refuses.
    """
    session, now = desk.require_session(), desk.clock()
    who = (_WHAT, session.professional.id_nat, owner)
    last = desk.looks.last(*who)
    year = now - FOLLOWED_FOR
    known = patient_list.list_dossiers(session.host, year, ListBasis.AUTHORISED, owner)
    changed = patient_list.list_dossiers(session.host, last.at if last else year, ListBasis.DOCUMENTS, owner)
    new = {each.ins for each in changed}
    lines = {each.ins: FollowedLine(each, each.ins in new) for each in (*known, *changed)}
    if remember:
        desk.looks.remember(now, (), *who)
    desk.write("followed", "done")
    return tuple(sorted(lines.values(), key=_order))


def _order(line: FollowedLine) -> tuple[bool, str, str]:
    return not line.is_new, line.dossier.family_name, line.dossier.given_name
