"""Deposit a report: a file becomes a CDA, the CDA a signed lot, the lot frozen bytes in the outbox, and leaves."""

from __future__ import annotations

from pathlib import Path

from cps_bridge.cards.service import KeyUse
from cps_bridge.documents import check, lot, lot_signature
from cps_bridge.documents.cda.level1 import build_level1
from cps_bridge.documents.cda.report import Report
from cps_bridge.documents.oid import new_oid
from cps_bridge.storage.frozen import NewPart
from cps_bridge.storage.outbox import NewItem, OutboxItem
from cps_bridge.workflows.authors import author_of
from cps_bridge.workflows.consult_dossier import open_dossier
from cps_bridge.workflows.desk import Desk, Session
from cps_bridge.workflows.minors import check_minor
from cps_bridge.workflows.send import send_one
from cps_bridge.workflows.user import ConfirmDeposit, Step, User
from dossier import codes
from dossier.context import PatientContext
from dossier.document import Document, FileContent, Lot
from dossier.failure import Cancelled, Failure
from dossier.metadata import HIDDEN_FROM_PATIENT, HIDDEN_FROM_REPRESENTATIVES, MASKED
from dossier.timestamp import Timestamp
from soap_clients.xds import submit

_MEGABYTE = 1_000_000


def deposit_document(
    desk: Desk,
    user: User,
    *,
    path: Path,
    type_code: str,
    title: str = "",
    masked: bool = False,
    hidden_from_patient: bool = False,
    hidden_from_representatives: bool = False,
    author: str = "",
) -> OutboxItem:
    """Deposit one file in the dossier of the patient on screen (TD2.1, TD2.2); gives the lot as it stands afterwards.

    hidden_from_representatives: of a minor, always so in secret connection; author: PS_IdNat of the professional for
    whom a secretary deposits, one of the settings. Raises Failure FILE_MISSING, PDF_UNREADABLE, DOCUMENT_TOO_LARGE,
    CODE_UNKNOWN, AUTHOR_NOT_PROFESSIONAL, NOT_A_MINOR, PATIENT_CHANGED, CARD_REMOVED, ...
    """
    session, context = desk.require_session(), desk.require_patient()
    open_dossier(desk, user)
    chosen = visibility(desk, context, masked, hidden_from_patient, hidden_from_representatives)
    report = report_of(desk, session, context, path, type_code, title, chosen, author)
    document = build_level1(report, new_oid(desk.settings.software_oid), both_allowed=desk.settings.both_masks)
    return send_documents(desk, user, session, context, (document,), kind="document")


def report_of(
    desk: Desk,
    session: Session,
    context: PatientContext,
    path: Path,
    type_code: str,
    title: str,
    confidentiality: tuple[str, ...],
    author: str = "",
) -> Report:
    """Gather what a level 1 CDA needs: the checked file, its author, the qualified patient; raises as author_of."""
    writer = author_of(desk.settings, session.professional, author)
    content = FileContent(path)
    media_type = check.check_file(content, limit=desk.settings.size_limit_mb * _MEGABYTE)
    now = Timestamp.of(desk.clock())
    return Report(
        patient=context.identity,
        author=writer,
        activity=session.activity,
        type_code=type_code,
        title=title or codes.find(codes.TYPE, type_code).display,
        body=content,
        media_type=media_type,
        created=now,
        software_oid=desk.settings.software_oid,
        confidentiality=confidentiality,
    )


def visibility(
    desk: Desk,
    context: PatientContext,
    masked: bool,
    hidden_from_patient: bool = False,
    hidden_from_representatives: bool = False,
) -> tuple[str, ...]:
    """Give the confidentiality codes of a choice of visibility; the base level N is added by the document itself.

    In secret connection nothing is shown to the legal representatives. Raises Failure NOT_A_MINOR.
    """
    secret = desk.access.secret or hidden_from_representatives
    if secret:
        check_minor(desk, context.identity.traits)
    return (*[MASKED] * masked, *[HIDDEN_FROM_PATIENT] * hidden_from_patient, *[HIDDEN_FROM_REPRESENTATIVES] * secret)


def send_documents(
    desk: Desk,
    user: User,
    session: Session,
    context: PatientContext,
    documents: tuple[Document, ...],
    *,
    kind: str,
    replaces: str = "",
) -> OutboxItem:
    """Sign documents as one lot with the card, freeze it in the outbox, and send it at once.

    replaces: uniqueId of the document that the first of them replaces; its entryUUID is asked for at sending.
    Person and patient are compared again at each step that commits: raises Failure PATIENT_CHANGED, CARD_REMOVED,
    PATIENT_MISMATCH, DOCUMENT_CHANGED, or Cancelled. Once frozen, the lot is given as it stands, even queued.
    """
    titles = tuple(document.entry.title for document in documents)
    if not user.ask(ConfirmDeposit(context.identity.traits, titles)):
        raise Cancelled
    desk.still(session, context)
    user.tell(Step("sign"))
    signed = _signed(desk, session, context, documents)
    if replaces:
        signed = lot.add_replacement(signed, signed.documents[0].entry.entry_uuid, f"urn:oid:{replaces}")
    desk.look_again(context)
    desk.still(session, context)
    item = desk.outbox.enqueue(_frozen(session, context, signed, kind, " + ".join(titles)))
    desk.write("deposit", "begun", patient=context.ins, subject=item.unique_id)
    user.tell(Step("send"))
    try:
        desk.still(session, context)
        return send_one(desk, session, item.id)
    except Failure:
        # The lot is kept and will leave once: an error would make people deposit it again.
        return desk.outbox.item(item.id)


def _signed(desk: Desk, session: Session, context: PatientContext, documents: tuple[Document, ...]) -> Lot:
    unsigned = lot.build_lot(
        documents,
        session.professional,
        session.activity,
        context.ins,
        lot.content_type_of(session.activity),
        desk.settings.software_oid,
        desk.clock(),
    )
    structure = session.structure
    signer = structure.signature if structure else desk.cards.signer(session.epoch, KeyUse.SIGNATURE)
    signed = lot_signature.sign_lot(unsigned, signer, desk.clock(), desk.settings.hash_name)
    context.assert_same_patient(
        submission_set=signed.submission_set.patient_id,
        **{f"document_{number}": each.entry.patient_id for number, each in enumerate(signed.documents, 1)},
    )
    return signed


def _frozen(session: Session, context: PatientContext, signed: Lot, kind: str, title: str) -> NewItem:
    frozen = submit.freeze(signed)
    entries = {each.entry.entry_uuid: each.entry for each in signed.documents}
    parts = tuple(
        NewPart(
            name, entries[name].unique_id, content, listed=name != lot_signature.SIGNATURE_ID, sha1=entries[name].hash
        )
        for name, content in frozen.parts
    )
    return NewItem(
        kind=kind,
        title=title,
        patient=context.ins,
        author=session.professional.id_nat,
        structure=session.activity.structure.id_nat,
        unique_id=signed.submission_set.unique_id,
        metadata=frozen.metadata,
        parts=parts,
        epoch=None if session.structure else session.epoch,
    )
