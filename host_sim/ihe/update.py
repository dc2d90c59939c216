"""ITI-57: new versions of entries and folders, other statuses, associations submitted alone (ITI TF-2 3.57)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from host_sim.registry_errors import Findings, RegistryRefusal
from host_sim.store import Cursor

from . import metadata, registry
from . import vocabulary as v
from .context import Context
from .objects import UUID, Item, Submission, link
from .register import judge_duplicates, name_for_good, settle
from .registry import Stored

_FAILED = "XDSMetadataUpdateError"
_OPERATION = "XDSMetadataUpdateOperationError"
_PATIENT = "XDSPatientIDReconciliationError"
_FIXED = ("hash", "size", "repositoryUniqueId")


@dataclass
class _Plan:
    """What a judged request will do, in order; `used` are the objects of the request that an operation took."""

    submission: Submission
    cursor: Cursor
    patient: str
    now: str
    steps: list[Callable[[], None]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)


def update(submission: Submission, cursor: Cursor, context: Context) -> None:
    """Apply the operations of a request, all or none; raises RegistryRefusal."""
    package = submission.set
    found = Findings()
    metadata.check(package, found)
    settle(found)
    patient = metadata.patient_key(package.patient)
    context.admit(patient)
    context.house.store.lock(f"ihe {patient}", f"ihe {package.unique_id}")
    judge_duplicates(Submission([package]), cursor)
    plan = _Plan(submission, cursor, patient, context.now())
    name_for_good(submission)
    plan.submission = Submission(submission.items)
    for each in submission.of_kind(v.LINK):
        if each.source == package.id:
            _plan(each, plan)
    left = [each.id for each in submission.items if each.id not in plan.used and each is not package]
    if left or not plan.steps:
        raise RegistryRefusal.because(_OPERATION, "no operation of ITI-57, or objects that belong to none", *left[:1])
    registry.insert(cursor, package, patient, lid=package.id)
    for step in plan.steps:
        step()


def _plan(trigger: Item, plan: _Plan) -> None:
    plan.used.add(trigger.id)
    new = plan.submission.by_id.get(trigger.target)
    if trigger.type == v.HAS_MEMBER and new is not None and new.kind in (v.ENTRY, v.FOLDER):
        _plan_version(trigger, new, plan)
    elif trigger.type == v.UPDATE_STATUS:
        _plan_status(trigger, plan)
    elif trigger.type == v.SUBMIT_ASSOCIATION and new is not None and new.kind == v.LINK:
        _plan_link(new, plan)
    else:
        raise RegistryRefusal.because(_OPERATION, "an operation that ITI-57 does not have", trigger.id)


def _once(identifier: str, plan: _Plan) -> None:
    if identifier in plan.touched:
        raise RegistryRefusal.because(_FAILED, "two changes of the same object", identifier)
    plan.touched.add(identifier)


def _plan_version(trigger: Item, new: Item, plan: _Plan) -> None:
    """3.57.4.1.3.3.1 and .3: a new version of an entry or of a folder."""
    plan.used.add(new.id)
    if not UUID.fullmatch(new.lid):
        raise RegistryRefusal.because(_FAILED, "lid is not a UUID", new.id)
    versions = registry.by_lids(plan.cursor, new.kind, [new.lid])
    if not versions:
        raise RegistryRefusal.because(_FAILED, "the lid is not in the registry", new.lid)
    old = max(versions, key=lambda each: each.version)
    _once(old.id, plan)
    previous = trigger.slot("PreviousVersion")
    if not previous:
        raise RegistryRefusal.because(_OPERATION, "PreviousVersion is missing", new.id)
    if previous != str(old.version):
        raise RegistryRefusal.because("XDSMetadataVersionError", f"the current version is {old.version}", new.id)
    _check_version(old, new, plan)
    if registry.by_ids(plan.cursor, [new.id]):
        raise RegistryRefusal.because(_FAILED, "the entryUUID is registered already", new.id)
    propagates = trigger.slot("AssociationPropagation").lower() != "no"
    plan.steps.append(lambda: _write_version(trigger, old, new, plan, propagates=propagates))


def _check_version(old: Stored, new: Item, plan: _Plan) -> None:
    if metadata.patient_key(new.patient) != old.patient or old.patient != plan.patient:
        raise RegistryRefusal.because(_PATIENT, "the patient may not change", new.id)
    if old.status != v.APPROVED:
        raise RegistryRefusal.because(_FAILED, "the current version is not approved", old.id)
    if new.unique_id != old.unique_id or (new.kind == v.ENTRY and new.type != old.type):
        raise RegistryRefusal.because(_FAILED, "uniqueId and objectType may not change", new.id)
    former = old.item()
    for name in _FIXED if new.kind == v.ENTRY else ():
        value = former.slot(name)
        if new.slot(name).lower() not in ("", value.lower()):
            raise RegistryRefusal.because(_FAILED, f"{name} may not change", new.id)
        if value:
            new.set_slot(name, value)
    found = Findings()
    metadata.check(new, found)
    settle(found)


def _write_version(trigger: Item, old: Stored, new: Item, plan: _Plan, *, propagates: bool) -> None:
    if new.kind == v.FOLDER:
        new.set_slot("lastUpdateTime", plan.now)
    registry.set_status(plan.cursor, old, v.DEPRECATED, newest=False)
    registry.insert(plan.cursor, new, plan.patient, lid=old.lid, version=old.version + 1)
    registry.insert(plan.cursor, trigger, plan.patient, lid=trigger.id)
    if not propagates:
        return
    for each in registry.links_of(plan.cursor, [old.id]):
        source = registry.by_id(plan.cursor, each.source)
        if each.status == v.APPROVED and source is not None and source.kind != v.SET:
            ends = [new.id if end == old.id else end for end in (each.source, each.target)]
            registry.add_link(plan.cursor, link(each.type, ends[0], ends[1]), plan.patient, plan.now)


def _plan_status(trigger: Item, plan: _Plan) -> None:
    """3.57.4.1.3.3.2 and following: another availability status of an entry, a folder or an association."""
    old = registry.by_id(plan.cursor, trigger.target)
    before, after = trigger.slot("OriginalStatus"), trigger.slot("NewStatus")
    if not before or not after:
        raise RegistryRefusal.because(_OPERATION, "OriginalStatus or NewStatus is missing", trigger.id)
    if old is None or old.kind == v.SET or not old.newest:
        raise RegistryRefusal.because(_FAILED, "no current object of that id", trigger.target)
    if old.patient != plan.patient:
        raise RegistryRefusal.because(_PATIENT, "the object is of another patient", old.id)
    if old.status != before:
        raise RegistryRefusal.because(_FAILED, "OriginalStatus is not the current status", old.id)
    if after not in (v.APPROVED, v.DEPRECATED) or after == before:
        raise RegistryRefusal.because(_FAILED, "NewStatus is neither Approved nor Deprecated, or is no change", old.id)
    _once(old.id, plan)
    plan.steps.append(lambda: registry.set_status(plan.cursor, old, after))


def _plan_link(new: Item, plan: _Plan) -> None:
    """3.57.4.1.3.3.6: an association between objects of the registry."""
    plan.used.add(new.id)
    ends = {each.id: each for each in registry.by_ids(plan.cursor, (new.source, new.target))}
    source, target = ends.get(new.source), ends.get(new.target)
    if source is None or target is None:
        raise RegistryRefusal.because(_FAILED, "an end of the association is not in the registry", new.id)
    if {source.patient, target.patient} != {plan.patient}:
        raise RegistryRefusal.because(_PATIENT, "an end of the association is of another patient", new.id)
    member = new.type == v.HAS_MEMBER and (source.kind, target.kind) == (v.FOLDER, v.ENTRY)
    related = new.type in v.RELATIONS and (source.kind, target.kind) == (v.ENTRY, v.ENTRY)
    if not member and not related:
        raise RegistryRefusal.because(_FAILED, "this type of association may not link these objects", new.id)
    if not (source.newest and target.newest and {source.status, target.status} == {v.APPROVED}):
        raise RegistryRefusal.because(_FAILED, "an end of the association is deprecated", new.id)
    plan.steps.append(lambda: registry.add_link(plan.cursor, new, plan.patient, plan.now))
