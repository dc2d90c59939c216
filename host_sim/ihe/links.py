"""Associations: which ends each type may have, and what they do to the objects at those ends (ITI TF-3 4.2.2)."""

from __future__ import annotations

from collections.abc import Mapping

from host_sim.registry_errors import Findings
from host_sim.store import Cursor

from . import registry
from . import vocabulary as v
from .objects import Item, Submission, link
from .registry import Stored

_STATUSES = ("Original", "Reference")
_FOLLOWERS = (v.APPENDS, v.TRANSFORMS)
_REPLACEMENTS = (v.REPLACES, v.TRANSFORMS_REPLACES)


class Ends:
    """Finds what an association points to: an object of the submission, or one of the registry."""

    def __init__(self, submission: Submission, cursor: Cursor) -> None:
        self.new: Mapping[str, Item] = submission.by_id
        links = submission.of_kind(v.LINK)
        wanted = {end for each in links for end in (each.source, each.target)} - set(self.new)
        self.old: Mapping[str, Stored] = {each.id: each for each in registry.by_ids(cursor, wanted)}

    def kind(self, identifier: str) -> str:
        """entry, set, folder or link; "" for nothing known."""
        found = self.new.get(identifier) or self.old.get(identifier)
        return found.kind if found else ""


def check(submission: Submission, ends: Ends, patient: str, found: Findings) -> None:
    """Note every problem of the associations of a submission."""
    for each in submission.of_kind(v.LINK):
        for end in (each.source, each.target):
            if end in ends.old and ends.old[end].patient != patient:
                found.need(False, "the object is of another patient", end, "XDSPatientIdDoesNotMatch")
        if each.type == v.HAS_MEMBER:
            _check_member(each, submission, ends, found)
        elif each.type in v.RELATIONS:
            _check_relation(each, ends, found)
        else:
            found.need(False, f"associationType {each.type[:80]} is not known here", each.id)
    _check_membership(submission, found)


def _check_member(each: Item, submission: Submission, ends: Ends, found: Findings) -> None:
    source, target = ends.kind(each.source), ends.kind(each.target)
    if source == v.SET:
        if not found.need(each.source == submission.set.id, "HasMember starts at another submission set", each.id):
            return
        if not found.need(target in (v.ENTRY, v.FOLDER, v.LINK), "HasMember leads to nothing known", each.id):
            return
        if target == v.ENTRY:
            status = each.slot("SubmissionSetStatus")
            found.need(status in _STATUSES, "SubmissionSetStatus is neither Original nor Reference", each.id)
            new = each.target in ends.new
            found.need(new == (status != "Reference"), "SubmissionSetStatus does not fit the document", each.id)
        return
    found.need(
        (source, target) == (v.FOLDER, v.ENTRY), "HasMember leads from a set, or from a folder to a document", each.id
    )
    if each.target in ends.old:
        found.need(ends.old[each.target].newest, "HasMember leads to a former version", each.id)


def _check_relation(each: Item, ends: Ends, found: Findings) -> None:
    source_is_new = each.source in ends.new and ends.kind(each.source) == v.ENTRY
    found.need(source_is_new, "the source of this association is no document of the submission", each.id)
    if each.type == v.SIGNS:
        found.need(ends.kind(each.target) in (v.ENTRY, v.SET), "what is signed is not known", each.id)
        return
    old = ends.old.get(each.target)
    code = "XDSReplaceFailed" if each.type in _REPLACEMENTS else "XDSRegistryMetadataError"
    if not found.need(old is not None and old.kind == v.ENTRY, "the target is not in the registry", each.target, code):
        return
    assert old is not None
    if each.type == v.IS_SNAPSHOT_OF:
        found.need(old.type == v.ON_DEMAND, "the target is not an on-demand document", each.target)
    approved = old.status == v.APPROVED
    found.need(approved, "the target is deprecated", each.target, "XDSRegistryDeprecatedDocumentError")


def _check_membership(submission: Submission, found: Findings) -> None:
    members = {
        each.target
        for each in submission.of_kind(v.LINK)
        if each.type == v.HAS_MEMBER and each.source == submission.set.id
    }
    for each in submission.of_kind(v.ENTRY, v.FOLDER):
        found.need(each.id in members, "no HasMember leads from the submission set to this object", each.id)


def apply(each: Item, cursor: Cursor, patient: str, now: str) -> None:
    """Write an association whose ends are registered, and what follows from it.

    A replacement deprecates the old document with what was appended to or transformed from it, and enters the folders
    of the old one (ITI TF-3 4.2.2.2.3; ITI TF-2 3.42.4.1.3).
    """
    registry.add_link(cursor, each, patient, now)
    if each.type not in _REPLACEMENTS:
        return
    for folder in _folders_of(cursor, each.target):
        registry.add_link(cursor, link(v.HAS_MEMBER, folder, each.source), patient, now)
    _deprecate(cursor, each.target, spared=each.source)


def _folders_of(cursor: Cursor, identifier: str) -> list[str]:
    links = registry.links_of(cursor, [identifier])
    sources = [each.source for each in links if each.type == v.HAS_MEMBER and each.status == v.APPROVED]
    return [each.id for each in registry.by_ids(cursor, sources) if each.kind == v.FOLDER]


def _deprecate(cursor: Cursor, identifier: str, spared: str) -> None:
    stored = registry.by_id(cursor, identifier)
    if stored is None or stored.id == spared or stored.status != v.APPROVED:
        return
    registry.set_status(cursor, stored, v.DEPRECATED, newest=stored.newest)
    for each in registry.links_of(cursor, [identifier]):
        if each.type in _FOLLOWERS and each.target == identifier:
            _deprecate(cursor, each.source, spared)
