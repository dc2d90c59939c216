"""What is new in the dossier on screen since this professional last looked (TD3.1, incremental consultation).

The last look is remembered in the vault. A lot bears the time of its making, and may have waited in somebody's outbox:
the question goes back some days further, and what was there at the last look is left out of the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cps_bridge.workflows.consult_dossier import open_dossier
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.read_documents import newest_first
from cps_bridge.workflows.user import User
from dossier.document_filter import DocumentFilter
from dossier.metadata import DocumentEntry
from dossier.timestamp import Timestamp
from soap_clients.xds import news, query

FIRST_LOOK = timedelta(days=2 * 365)
OVERLAP = timedelta(days=7)
_WHAT = "documents"


@dataclass(frozen=True)
class WhatsNew:
    """The documents that came since a look; since: None at the first one, which gives those of two years."""

    since: datetime | None
    documents: tuple[DocumentEntry, ...]


def whats_new(desk: Desk, user: User, *, remember: bool = True) -> WhatsNew:
    """List what came since the last look, newest first; at the first look, all of two years.

    remember: this look counts as the last one from now on. Raises as list_documents.
    """
    session, context = desk.require_session(), desk.require_patient()
    open_dossier(desk, user)
    now, who = desk.clock(), (_WHAT, session.professional.id_nat, context.ins.matricule, context.ins.oid)
    last = desk.looks.last(*who)
    if last is None:
        wanted = DocumentFilter(created_from=Timestamp.of(now - FIRST_LOOK))
        found = tuple(query.find_documents(session.host, context.ins, wanted, desk.access))
    else:
        found = news.whats_new(session.host, context.ins, Timestamp.of(last.at - OVERLAP), desk.access)
    seen = last.seen if last else frozenset()
    new = tuple(each for each in found if desk.looks.digest(each.unique_id) not in seen)
    if remember:
        desk.still(session, context)
        desk.looks.remember(now, (each.unique_id for each in found), *who)
    desk.write("news", "done", patient=context.ins)
    return WhatsNew(last.at if last else None, newest_first(new))
