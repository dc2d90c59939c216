"""Find somebody without an INS, for a regulation centre (TD0.5)."""

from __future__ import annotations

from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import User
from dossier.access import Access, AccessMode
from dossier.failure import Failure
from dossier.following import Candidate, SearchedTraits
from soap_clients import patient_search

_REGULATION = Access(AccessMode.REGULATION)


def search_people(
    desk: Desk,
    user: User,
    *,
    family_name: str,
    given_name: str = "",
    birth_date: str = "",
    sex: str = "",
    city: str = "",
    postal_code: str = "",
) -> tuple[Candidate, ...]:
    """Look for people by what a caller says of somebody; likeliest first. The journal keeps no name.

    birth_date: yyyymmdd, yyyymm or yyyy; sex: M, F or "". The line of the journal is durable before anything leaves.
    Raises Failure SEARCH_TOO_VAGUE, SEARCH_INVALID, TOO_MANY_CANDIDATES, SEARCH_FOR_REGULATION.
    """
    session = desk.require_session()
    searched = SearchedTraits(family_name, given_name, birth_date, sex.upper(), city, postal_code)
    desk.write("search", "begun", access=_REGULATION)
    try:
        found = patient_search.find_candidates(session.host, searched)
    except Failure as refused:
        failure = Failure("SEARCH_FOR_REGULATION") if refused.code == "ACCESS_DENIED" else refused
        desk.write("search", failure.code, access=_REGULATION)
        raise failure from refused
    desk.write("search", "done", access=_REGULATION)
    return found
