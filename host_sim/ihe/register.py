"""ITI-42, and the registry's half of ITI-41: judge a submission whole, then write it whole (ITI TF-2 3.42)."""

from __future__ import annotations

from collections import Counter

from host_sim.registry_errors import METADATA, Findings, RegistryRefusal
from host_sim.store import Cursor

from . import links, metadata, registry
from . import vocabulary as v
from .context import Context
from .objects import UUID, Item, Submission, new_id

REPEATED = "XDSRegistryDuplicateUniqueIdInMessage"


def register(submission: Submission, cursor: Cursor, context: Context, repeated: str = REPEATED) -> None:
    """Register a submission; `repeated` is the code for a uniqueId that comes twice in it. Raises RegistryRefusal."""
    patient = judge_objects(submission, context, repeated)
    names = [each.unique_id for each in submission.of_kind(v.SET, v.FOLDER, v.ENTRY)]
    context.house.store.lock(f"ihe {patient}", *(f"ihe {name}" for name in names))
    judge_duplicates(submission, cursor)
    found = Findings()
    links.check(submission, links.Ends(submission, cursor), patient, found)
    settle(found)
    write(submission, cursor, patient, context.now())


def judge_objects(submission: Submission, context: Context, repeated: str = REPEATED) -> str:
    """Judge every object by itself; gives the one patient (`id^^^&oid&ISO`). Raises RegistryRefusal."""
    objects = submission.of_kind(v.SET, v.FOLDER, v.ENTRY)
    found = Findings()
    for each in objects:
        metadata.check(each, found)
    for name, count in Counter(each.unique_id for each in objects).items():
        found.need(count == 1, f"uniqueId {name[:64]} comes {count} times", name, repeated)
    settle(found)
    patient = metadata.patient_key(submission.set.patient)
    for each in objects:
        same = metadata.patient_key(each.patient) == patient
        found.need(same, "patientId is not the one of the submission set", each.id, "XDSPatientIdDoesNotMatch")
    settle(found)
    context.admit(patient)
    return patient


def judge_duplicates(submission: Submission, cursor: Cursor) -> None:
    """Refuse ids that the registry has: a document may come again only with the same bytes. Raises RegistryRefusal."""
    found = Findings()
    for each in submission.of_kind(v.SET, v.FOLDER):
        known = registry.by_unique_ids(cursor, each.kind, [each.unique_id])
        context = f"a {each.kind} {each.unique_id} is registered already"
        found.need(not known, context, each.id, "XDSDuplicateUniqueIdInRegistry")
    for each in submission.of_kind(v.ENTRY):
        for former in registry.by_unique_ids(cursor, v.ENTRY, [each.unique_id]):
            same = former.item().slot("hash").lower() == each.slot("hash").lower()
            found.need(same, f"{former.unique_id} is registered with another hash", each.id, "XDSNonIdenticalHash")
    uuids = [each.id for each in submission.items if each.id.startswith("urn:uuid:")]
    for name in uuids:
        found.need(UUID.fullmatch(name), "an entryUUID is not a lower-case UUID", name)
    for stored in registry.by_ids(cursor, uuids):
        found.need(False, "the entryUUID is registered already", stored.id)
    settle(found)


def write(submission: Submission, cursor: Cursor, patient: str, now: str) -> None:
    """Give registry ids to a judged submission and write it."""
    name_for_good(submission)
    for each in submission.of_kind(v.SET, v.FOLDER, v.ENTRY):
        if each.kind == v.FOLDER:
            each.set_slot("lastUpdateTime", now)
        if each.kind == v.ENTRY and each.slot("hash"):
            each.set_slot("hash", each.slot("hash").lower())
        registry.insert(cursor, each, patient, lid=each.id)
    for each in _members_last(submission.of_kind(v.LINK)):
        links.apply(each, cursor, patient, now)


def name_for_good(submission: Submission) -> None:
    """Replace symbolic ids by entryUUIDs."""
    ids = {each.id: each.id if UUID.fullmatch(each.id) else new_id() for each in submission.items}
    for each in submission.items:
        each.rename(ids)


def _members_last(found: list[Item]) -> list[Item]:
    """Memberships first, so that a replacement finds the folders that its submission filled."""
    return sorted(found, key=lambda each: each.type != v.HAS_MEMBER)


def settle(found: Findings) -> None:
    """Raise what was found, in one refusal; codes that say more than "metadata" come first."""
    found.problems.sort(key=lambda each: each.code == METADATA)
    if found.problems:
        raise RegistryRefusal(found.problems)
