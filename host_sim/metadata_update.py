"""ITI-57: other confidentiality codes for an entry (TD3.3a, TD3.3b), or another status (TD3.3c, TD3.3d)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import consultation, profile, registry, rights
from .call import Call, HostFault
from .dossiers import VALID
from .ebrim import Link, RegistryObject, Submission, new_id
from .hl7_ids import parse_cx
from .house import House
from .profile import HIDDEN, HIDDEN_RL, MASKED
from .registry import APPROVED, ARCHIVED, DELETED, DEPRECATED, Entry
from .registry_errors import Findings, RegistryRefusal
from .store import Cursor

UPDATE_STATUS = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"
FAILED = "XDSMetadataUpdateError"
_PATIENT_CLASS, _PATIENT_TYPES = "90", "DOCPAT"
_MOVES = {
    (APPROVED, ARCHIVED): "TD3.3d",
    (ARCHIVED, APPROVED): "TD3.3d",
    (APPROVED, DELETED): "TD3.3c",
    (ARCHIVED, DELETED): "TD3.3c",
}
_OWN, _OF_STRUCTURE = 8, 9  # notes of the functional matrix


def apply(submission: Submission, cursor: Cursor, call: Call, house: House) -> None:
    """Apply the changes of one SubmitObjectsRequest; everything is judged before anything is written.

    Raises HostFault (rights) and RegistryRefusal.
    """
    consultation.open_dossier(call, house)
    _check_set(submission.package, cursor, call)
    members = [each for each in submission.links if each.type != UPDATE_STATUS]
    if any(each.type != registry.HAS_MEMBER for each in members):
        raise RegistryRefusal.because("XDSMetadataUpdateOperationError", "an association asks for no known change")
    versions = [_new_version(each, submission, cursor, call, house) for each in submission.entries]
    moves = [
        _new_status(each, submission, cursor, call, house) for each in submission.links if each.type == UPDATE_STATUS
    ]
    if len(members) != len(versions) or not (versions or moves):
        raise RegistryRefusal.because(FAILED, "the request has no change, or associations that belong to none")
    lids = [old.lid for old, _ in versions + moves]
    if len(set(lids)) != len(lids):
        raise RegistryRefusal.because(FAILED, "two changes of the same document")
    identifier = new_id()
    package = replace(submission.package, id=identifier, lid=identifier, status=APPROVED, version="1")
    registry.insert_set(cursor, package, call.patient, call.caller.ascribed_to, call.now)
    for old, item in versions:
        _write_version(old, item, package.id, cursor)
    for old, status in moves:
        registry.set_status(cursor, old, status)


def _check_set(package: RegistryObject, cursor: Cursor, call: Call) -> None:
    found = Findings()
    profile.check_set(package, call.caller.structure_id, found)
    cx = parse_cx(package.identifier(profile.SET_PATIENT))
    same = cx is not None and (cx.id, cx.authority) == (call.patient, call.patient_oid)
    found.need(same, "patientId is not the resource-id of the VIHF", package.id, "XDSPatientIdDoesNotMatch")
    known = registry.set_exists(cursor, package.identifier(profile.SET_UNIQUE))
    found.need(not known, "the submission set is registered already", package.id, "XDSDuplicateUniqueIdInRegistry")
    found.settle()


def _member_link(item: RegistryObject, submission: Submission) -> Link:
    ends = (submission.package.id, item.id)
    links = [each for each in submission.links if (each.source, each.target) == ends]
    if len(links) != 1 or links[0].type != registry.HAS_MEMBER:
        raise RegistryRefusal.because(FAILED, "one HasMember leads to the entry", item.id)
    if links[0].slot("SubmissionSetStatus") != "Original":
        raise RegistryRefusal.because(FAILED, "SubmissionSetStatus is Original", item.id)
    return links[0]


def _new_version(
    item: RegistryObject, submission: Submission, cursor: Cursor, call: Call, house: House
) -> tuple[Entry, RegistryObject]:
    link = _member_link(item, submission)
    old = registry.find_entry(cursor, lid=item.lid) if item.lid else None
    _reachable(old, item.lid or item.id, call, house)
    if not link.slot("PreviousVersion"):
        raise RegistryRefusal.because("XDSMetadataAnnotationError", "PreviousVersion is missing", item.id)
    if old is None or link.slot("PreviousVersion") != str(old.version):
        raise RegistryRefusal.because("XDSMetadataVersionError", "PreviousVersion is not the current version", item.id)
    changed = _difference(old.item, item)
    if changed:
        raise RegistryRefusal.because(FAILED, f"only confidentialityCode may change, not {changed}", item.id)
    found = Findings()
    profile.check_entry(item, "", found, exclusive=house.parameters["masked_and_hidden_exclusive"])
    found.settle()
    before, after = old.confidentiality, profile.confidentiality(item)
    for function in _functions(before, after, item.id):
        _allowed(function, old, call, house)
    return old, item


def _functions(before: frozenset[str], after: frozenset[str], where: str) -> list[str]:
    """The functions of the matrix that a change of codes needs; raises RegistryRefusal for one that does not exist."""
    if before == after:
        raise RegistryRefusal.because(FAILED, "confidentialityCode does not change", where)
    if {HIDDEN, HIDDEN_RL} & (after - before):
        raise RegistryRefusal.because(FAILED, "a document can be hidden at its deposit only", where)
    if HIDDEN_RL in before - after and HIDDEN in after:
        raise RegistryRefusal.because(FAILED, "visible to representatives means visible to the patient", where)
    if (before ^ after) - {MASKED, HIDDEN, HIDDEN_RL}:
        raise RegistryRefusal.because(FAILED, "the level N, R or V does not change", where)
    functions = []
    if MASKED in before ^ after:
        functions.append("TD3.3a_MASK" if MASKED in after else "TD3.3a_UNMASK")
    if {HIDDEN, HIDDEN_RL} & (before - after):
        functions.append("TD3.3b")
    return functions


def _new_status(link: Link, submission: Submission, cursor: Cursor, call: Call, house: House) -> tuple[Entry, str]:
    old = registry.find_entry(cursor, uuid=link.target)
    wanted = (link.slot("OriginalStatus"), link.slot("NewStatus"))
    function = _MOVES.get(wanted)
    if link.source != submission.package.id or function is None:
        raise RegistryRefusal.because(FAILED, "this change of status does not exist", link.target)
    _reachable(old, link.target, call, house, authorised=function == "TD3.3c")
    if old is None or not old.newest or old.status != wanted[0]:
        raise RegistryRefusal.because(FAILED, "OriginalStatus is not the current status", link.target)
    _allowed(function, old, call, house)
    return old, wanted[1]


def _reachable(old: Entry | None, where: str, call: Call, house: House, *, authorised: bool = False) -> None:
    """Refuse what the caller may not know of; a deletion needs no authorisation of the patient (EX_3.3-1060)."""
    authorised = authorised or call.purpose != "normal" or house.authorisation(call).state == VALID
    if not authorised:
        raise HostFault(rights.DENIED, "no valid authorisation of the patient")
    if old is None or old.patient != call.patient or old.is_signature:
        raise RegistryRefusal.because(FAILED, "the entry is not known", where)


def _allowed(function: str, entry: Entry, call: Call, house: House) -> None:
    rights.may(function, call, house.store)
    note = rights.right(function, call, house.store).note
    viewer = consultation.viewer_of(call, house)
    mine = viewer.owns(entry)
    if function in ("TD3.3c", "TD3.3d") and _is_patients(entry):
        mine = rights.is_attending(call, house.store)
        if not mine:
            raise HostFault(rights.DENIED, f"{function}: {rights.note(_OWN)}")
    if (note == _OWN and not mine) or (note == _OF_STRUCTURE and not viewer.shares_structure(entry)):
        raise HostFault(rights.DENIED, f"{function}: {rights.note(note)}")


def _is_patients(entry: Entry) -> bool:
    """Whether the patient deposited the document: by its depositor, its class or its type."""
    patients_class = profile.code_of(entry.item, profile.CLASS) == _PATIENT_CLASS
    return entry.depositor == entry.patient or patients_class or entry.type_code.startswith(_PATIENT_TYPES)


def _difference(old: RegistryObject, new: RegistryObject) -> str:
    """The name of the first attribute, confidentialityCode apart, that differs; "" when none does."""
    for name in ("object_type", "mime_type", "title", "description"):
        if getattr(old, name) != getattr(new, name):
            return name
    for name in sorted({*old.slots, *new.slots}):
        if old.slots.get(name) != new.slots.get(name):
            return f"slot {name}"
    if _codes(old) != _codes(new):
        return "a classification"
    kept = sorted((each.scheme, *each.value.split("^")[:5]) for each in old.identifiers)
    return "" if kept == sorted((each.scheme, *each.value.split("^")[:5]) for each in new.identifiers) else "an id"


def _codes(item: RegistryObject) -> list[Any]:
    return sorted(
        (each.scheme, each.representation, sorted(each.slots.items()))
        for each in item.classifications
        if each.scheme != profile.CONFIDENTIALITY
    )


def _write_version(old: Entry, item: RegistryObject, set_id: str, cursor: Cursor) -> None:
    """Write the next version: new id, same lid, version + 1; the former one becomes obsolete."""
    version = old.version + 1
    item = replace(item, id=new_id(), lid=old.lid, status=old.status, version=str(version))
    registry.set_status(cursor, old, DEPRECATED, newest=False)
    registry.insert_entry(cursor, replace(old, entry_uuid=item.id, version=version, item=item))
    slots = {"SubmissionSetStatus": ("Original",), "PreviousVersion": (str(old.version),)}
    registry.insert_link(cursor, Link(registry.HAS_MEMBER, set_id, item.id, slots))
