"""Send what the outbox holds, and settle what is uncertain by asking the host (house rule: frozen bytes only)."""

from __future__ import annotations

from cps_bridge.storage.outbox import OutboxItem, State, due
from cps_bridge.workflows.desk import Desk, Session
from cps_bridge.workflows.user import User
from dossier.access import NORMAL_ACCESS, Access
from dossier.failure import Failure, Kind
from dossier.metadata import HIDDEN_FROM_REPRESENTATIVES
from soap_clients.xds import query, submit

_ALREADY_THERE = "XDS_DUPLICATE"
_MAY_NOT_READ = "ACCESS_DENIED"


def send_due(desk: Desk, user: User) -> tuple[OutboxItem, ...]:
    """Send this professional's waiting lots and settle the uncertain ones; gives them as they now stand.

    Lots of other professionals stay where they are. Raises Failure SESSION_NEEDED, OUTBOX_BUSY.
    """
    session = desk.require_session()
    with desk.outbox.sender():
        waiting = due(desk.outbox.items(State.QUEUED, State.UNKNOWN), session.professional.id_nat)
        return tuple(_settle(desk, session, item) for item in waiting)


def send_one(desk: Desk, session: Session, number: int) -> OutboxItem:
    """Send one lot now; gives it as it stands afterwards. A refusal or an unknown outcome is a state, not an error."""
    with desk.outbox.sender():
        return _settle(desk, session, desk.outbox.item(number))


def _settle(desk: Desk, session: Session, item: OutboxItem) -> OutboxItem:
    if item.state is State.UNKNOWN:
        try:
            item = _reconcile(desk, session, item)
        except Failure as failure:
            if failure.code != _MAY_NOT_READ:
                return item
            # Who may not read may still send: identical bytes and identifiers cannot make a second document.
            item = desk.outbox.move(item.id, State.QUEUED, failure.code, **failure.facts)
    return _attempt(desk, session, item) if item.state is State.QUEUED else item


def _reconcile(desk: Desk, session: Session, item: OutboxItem) -> OutboxItem:
    """Ask the host for the lot's documents: all there with the same hash and size is done, none there is to send."""
    parts = [part for part in desk.outbox.parts(item.id) if part.listed]
    on_screen = desk.patient is not None and desk.patient.identity.ins == item.patient
    access = desk.access if on_screen else NORMAL_ACCESS
    entries = query.find_by_unique_id(session.host, item.patient, [part.unique_id for part in parts], access)
    found = {entry.unique_id: entry for entry in entries}
    if not found:
        return desk.outbox.move(item.id, State.QUEUED, "NOT_RECEIVED")
    same = all(
        part.unique_id in found and (found[part.unique_id].hash, found[part.unique_id].size) == (part.sha1, part.size)
        for part in parts
    )
    state, code = (State.DONE, "FOUND_AT_HOST") if same else (State.REFUSED, "XDS_NON_IDENTICAL_HASH")
    desk.write("deposit", "done" if same else code, patient=item.patient, subject=item.unique_id)
    return desk.outbox.move(item.id, state, code)


def _attempt(desk: Desk, session: Session, item: OutboxItem) -> OutboxItem:
    resent = item.attempts > 0
    item = desk.outbox.move(item.id, State.SENDING)
    frozen = submit.FrozenLot(
        desk.outbox.metadata(item.id),
        tuple((part.document_id, part.content) for part in desk.outbox.parts(item.id)),
    )
    try:
        submit.send(session.host, frozen, _access(frozen), patient=item.patient)
    except Failure as failure:
        state = _after(failure, resent)
        desk.write(
            "deposit", "done" if state is State.DONE else failure.code, patient=item.patient, subject=item.unique_id
        )
        return desk.outbox.move(item.id, state, failure.code, **failure.facts)
    desk.write("deposit", "done", patient=item.patient, subject=item.unique_id)
    return desk.outbox.move(item.id, State.DONE)


def _access(frozen: submit.FrozenLot) -> Access:
    """A lot hidden from the legal representatives leaves in secret connection, however late: its bytes say so."""
    secret = any(
        code.code == HIDDEN_FROM_REPRESENTATIVES
        for entry in submit.read_entries(frozen.metadata)
        for code in entry.confidentiality
    )
    return Access(secret=True) if secret else NORMAL_ACCESS


def _after(failure: Failure, resent: bool) -> State:
    if failure.code == _ALREADY_THERE and resent:
        return State.DONE
    if failure.kind is Kind.UNKNOWN_OUTCOME:
        return State.UNKNOWN
    return State.REFUSED if failure.kind in (Kind.HOST, Kind.INPUT) else State.QUEUED
