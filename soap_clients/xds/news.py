"""Incremental consultation: what is new in a dossier since the last look, without listing it all again.

The lots registered since then, what they hold, and these entries by twenty (ANS guide of consultation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dossier.access import NORMAL_ACCESS, Access
from dossier.metadata import AssociationKind, Availability, DocumentEntry
from dossier.patient import Ins
from dossier.timestamp import Timestamp
from soap_clients.xds import query

if TYPE_CHECKING:
    from soap_clients.host import Host

_READABLE = (Availability.APPROVED, Availability.ARCHIVED)
_SIGNATURE_TYPE = "E1762"


def whats_new(host: Host, ins: Ins, since: Timestamp, access: Access = NORMAL_ACCESS) -> tuple[DocumentEntry, ...]:
    """Give the documents deposited or changed since a moment, each in its current state, as the host shows them.

    Signatures of lots, and documents that were replaced or deleted since, are left out. A status change alone (archive)
    makes no new version and is not told. Raises as ``query.find_documents``.
    """
    lots = {each.entry_uuid for each in query.find_submission_sets(host, ins, since, access)}
    if not lots:
        return ()
    links = query.get_associations(host, ins, sorted(lots), access)
    members = [each.target for each in links if each.kind is AssociationKind.HAS_MEMBER and each.source in lots]
    entries, _ = query.get_documents_and_associations(host, ins, members, access)
    asked = frozenset(members)
    newest: dict[str, DocumentEntry] = {}
    for each in entries:
        known = newest.get(each.unique_id)
        if each.entry_uuid in asked and _is_news(each) and (known is None or _version(each) > _version(known)):
            newest[each.unique_id] = each
    return tuple(newest.values())


def _is_news(entry: DocumentEntry) -> bool:
    return entry.status in _READABLE and entry.type_code.code != _SIGNATURE_TYPE


def _version(entry: DocumentEntry) -> int:
    return int(entry.version) if entry.version.isascii() and entry.version.isdigit() else 0
