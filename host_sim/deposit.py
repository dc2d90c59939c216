"""ITI-41: a lot is judged whole (metadata, documents, signature), then kept whole, or refused whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from . import consultation, contents, lot_signature, profile, registry, repository, rights, secret_calls
from .call import Call
from .canonical import XmlError
from .ebrim import LCM, Link, RegistryObject, Submission, new_id, read_submission
from .hl7_ids import parse_cx
from .house import House
from .lot_signature import SignatureError, SignedItem
from .registry import Entry
from .registry_errors import Findings, RegistryRefusal
from .repository import Digests
from .store import Cursor

XDS = "urn:ihe:iti:xds-b:2007"
XOP = "http://www.w3.org/2004/08/xop/include"
_MAX_SIGNATURE = 4 * 1024 * 1024


@dataclass(frozen=True)
class Received:
    """A lot as it came: metadata, the file of each entry (by id of the entry), what each RPLC replaces."""

    submission: Submission
    files: Mapping[str, Path]
    replaced: Mapping[str, Entry]

    @property
    def documents(self) -> tuple[RegistryObject, ...]:
        """The entries other than the signature."""
        return tuple(each for each in self.submission.entries if not profile.is_signature(each))

    @property
    def signatures(self) -> tuple[RegistryObject, ...]:
        """The signature entries: one, or none."""
        return tuple(each for each in self.submission.entries if profile.is_signature(each))


def receive(call: Call, house: House) -> None:
    """Take the lot of a ProvideAndRegisterDocumentSetRequest.

    Raises HostFault (rights), ebrim.MalformedError, RegistryRefusal; then nothing was kept.
    """
    rights.may("TD2.2" if call.caller.card_kind == "CPE" else "TD2.1", call, house.store)
    consultation.open_dossier(call, house)
    submission = read_submission(next(call.body.iterchildren(f"{{{LCM}}}SubmitObjectsRequest"), None))
    _check_metadata(submission, call, house)
    lot = Received(submission, _files(call, submission), _replaced(submission, call, house))
    digests = _digests(lot)
    _check_documents(lot, digests, call, house)
    # Documents are durable before anything is written of them, and before anybody is kept waiting.
    kept = repository.keep(house.store, lot.files, call.patient)
    try:
        with house.store.transaction() as cursor:
            _keep(lot, digests, kept, cursor, call, house)
    except BaseException:
        repository.forget(house.store, kept.values())
        raise


def _check_metadata(submission: Submission, call: Call, house: House) -> None:
    found = Findings()
    exclusive = house.parameters["masked_and_hidden_exclusive"]
    profile.check_set(submission.package, call.caller.structure_id, found)
    for each in submission.entries:
        profile.check_entry(each, call.caller.structure_id, found, exclusive=exclusive)
    _check_patients(submission, call, found)
    _check_links(submission, found)
    signed = sum(1 for each in submission.entries if profile.is_signature(each))
    least = 1 if house.parameters["lot_signature_required"] else 0
    found.need(least <= signed <= 1, "the lot has not its one signature entry", submission.package.id)
    found.need(len(submission.entries) > signed, "the lot has no document", submission.package.id)
    names = [each.identifier(profile.UNIQUE) for each in submission.entries]
    names.append(submission.package.identifier(profile.SET_UNIQUE))
    found.need(len(set(names)) == len(names), "a uniqueId occurs twice in the lot", submission.package.id)
    found.settle()


def _check_patients(submission: Submission, call: Call, found: Findings) -> None:
    for item in (submission.package, *submission.entries):
        scheme = profile.SET_PATIENT if item is submission.package else profile.PATIENT
        cx = parse_cx(item.identifier(scheme))
        same = cx is not None and (cx.id, cx.authority) == (call.patient, call.patient_oid)
        found.need(same, "patientId is not the resource-id of the VIHF", item.id, "XDSPatientIdDoesNotMatch")


def _check_links(submission: Submission, found: Findings) -> None:
    entries = {each.id: each for each in submission.entries}
    members, signers = [], []
    for link in submission.links:
        found.need(link.slot("SubmissionSetStatus") == "Original", "SubmissionSetStatus is Original", link.id)
        if link.type == registry.HAS_MEMBER:
            members.append(link.target)
            found.need(link.source == submission.package.id, "HasMember starts at the submission set", link.id)
        elif link.type == registry.SIGNS:
            signers.append(link.source)
            found.need(link.target == submission.package.id, "signs ends at the submission set", link.id)
        elif found.need(link.type in registry.REPLACES, f"association type {link.type[:80]} is not accepted", link.id):
            source = entries.get(link.source)
            found.need(source and not profile.is_signature(source), "RPLC starts at a document of the lot", link.id)
    where = submission.package.id
    found.need(sorted(members) == sorted(entries), "one HasMember for each entry is expected", where)
    signatures = [each.id for each in submission.entries if profile.is_signature(each)]
    found.need(sorted(signers) == sorted(signatures), "one signs association for the signature entry", where)
    sources = [each.source for each in submission.links if each.type in registry.REPLACES]
    found.need(len(set(sources)) == len(sources), "a document replaces one other at most", where)


def _files(call: Call, submission: Submission) -> dict[str, Path]:
    """The file of each entry, by the id that xds:Document and ExtrinsicObject share."""
    found = Findings()
    files: dict[str, Path] = {}
    for document in call.body.iterchildren(f"{{{XDS}}}Document"):
        name = document.get("id", "")
        path = _part(document, call.parts)
        if found.need(path, "a document is not sent as MTOM/XOP part", name, "XDSRepositoryError") and path:
            found.need(name not in files and path not in files.values(), "a document occurs twice", name)
            files[name] = path
    for each in submission.entries:
        found.need(each.id in files, "the document of this entry is missing", each.id, "XDSMissingDocument")
    for name in set(files) - {each.id for each in submission.entries}:
        found.need(False, "no entry describes this document", name, "XDSMissingDocumentMetadata")
    found.settle()
    return files


def _part(document: Any, parts: Mapping[str, Path]) -> Path | None:
    includes = list(document.iterchildren(f"{{{XOP}}}Include"))
    if len(includes) != 1 or len(document) != 1:
        return None
    href = includes[0].get("href", "")
    return parts.get(unquote(href[4:])) if href.startswith("cid:") else None


def _replaced(submission: Submission, call: Call, house: House) -> dict[str, Entry]:
    replaced = {}
    with house.store.reading() as cursor:
        for link in submission.links:
            if link.type not in registry.REPLACES:
                continue
            target = registry.find_entry(cursor, uuid=link.target)
            if target is None or target.patient != call.patient or target.is_signature:
                raise RegistryRefusal.because("XDSReplaceFailed", "the document to replace is not known", link.target)
            replaced[link.source] = target
    return replaced


def _digests(lot: Received) -> dict[str, Digests]:
    found, digests = Findings(), {}
    for each in lot.submission.entries:
        try:
            digests[each.id] = made = repository.digest(lot.files[each.id], xml=each.mime_type != profile.DICOM)
        except XmlError as error:
            found.need(False, f"the document is not well-formed XML: {error}", each.id)
            continue
        found.need(made.size, "the document is empty", each.id)
        found.need(each.slot("hash") in ("", made.hash), "hash is not the one of the document", each.id)
        found.need(each.slot("size") in ("", str(made.size)), "size is not the one of the document", each.id)
    found.settle()
    return digests


def _check_documents(lot: Received, digests: Mapping[str, Digests], call: Call, house: House) -> None:
    found = Findings()
    author = call.caller.id_nat if call.caller.card_kind == "CPS" and call.caller.mode != "INDIRECTE" else ""
    for each in lot.documents:
        if each.mime_type == profile.DICOM:
            contents.check_kos(lot.files[each.id], each, found)
        else:
            old = lot.replaced.get(each.id)
            contents.check_cda(lot.files[each.id], each, author, old.unique_id if old else "", found)
    for each in lot.signatures:
        try:
            _check_signature(lot, each, digests, call, house)
        except SignatureError as error:
            found.need(False, f"signature of the lot: {error}", each.id)
    found.settle()


def _check_signature(
    lot: Received, entry: RegistryObject, digests: Mapping[str, Digests], call: Call, house: House
) -> None:
    if digests[entry.id].size > _MAX_SIGNATURE:
        raise SignatureError("too large")
    items = [
        SignedItem(each.identifier(profile.UNIQUE), digests[each.id].raw, digests[each.id].canonical)
        for each in lot.documents
    ]
    signer = lot_signature.verify(
        lot.files[entry.id].read_bytes(),
        lot.submission.package.identifier(profile.SET_UNIQUE),
        items,
        lot_signature.read_authorities(house.ca_file),
        call.now,
    )
    if call.caller.mode == "DIRECTE":
        if lot_signature.common_name(signer) != call.caller.id_nat:
            raise SignatureError("the signer is not the user of the VIHF")
    elif lot_signature.structure(signer) != call.caller.structure_id:
        raise SignatureError("the signer is not the structure of the VIHF")


def _check_duplicates(lot: Received, digests: Mapping[str, Digests], cursor: Cursor) -> None:
    found = Findings()
    package = lot.submission.package
    for each in lot.submission.entries:
        unique_id = each.identifier(profile.UNIQUE)
        known = registry.find_entry(cursor, unique_id=unique_id)
        if known is not None:
            same = known.hash == digests[each.id].hash and known.patient == lot_patient(package)
            code = "XDSDuplicateUniqueIdInRegistry" if same else "XDSNonIdenticalHash"
            found.need(False, f"uniqueId {unique_id} is registered already", each.id, code)
    if registry.set_exists(cursor, package.identifier(profile.SET_UNIQUE)):
        found.need(False, "the submission set is registered already", package.id, "XDSDuplicateUniqueIdInRegistry")
    found.problems.sort(key=lambda each: each.code != "XDSNonIdenticalHash")
    found.settle()


def lot_patient(package: RegistryObject) -> str:
    """The INS matricule of a submission set, "" when it has none."""
    cx = parse_cx(package.identifier(profile.SET_PATIENT))
    return cx.id if cx else ""


def _check_targets(lot: Received, call: Call, house: House) -> None:
    found = Findings()
    viewer = consultation.viewer_of(call, house)
    attending = rights.is_attending(call, house.store)
    for name, old in lot.replaced.items():
        current = old.newest and old.status in (registry.APPROVED, registry.ARCHIVED)
        found.need(current, "the document to replace is not a current one", name, "XDSReplaceFailed")
        own = viewer.owns(old) or viewer.shares_structure(old) or attending
        found.need(own, "the document to replace is of another structure", name, "XDSReplaceFailed")
    found.settle()


def _keep(
    lot: Received,
    digests: Mapping[str, Digests],
    blobs: Mapping[str, str],
    cursor: Cursor,
    call: Call,
    house: House,
) -> None:
    """Judge what depends on other deposits, with nobody between, and write."""
    names = [f"document {each.identifier(profile.UNIQUE)}" for each in lot.submission.entries]
    house.store.lock(*names, f"set {lot.submission.package.identifier(profile.SET_UNIQUE)}")
    _check_duplicates(lot, digests, cursor)
    _check_targets(lot, call, house)
    _register(lot, digests, blobs, cursor, call)
    _tell_patient(lot, call, house)


def _register(
    lot: Received, digests: Mapping[str, Digests], blobs: Mapping[str, str], cursor: Cursor, call: Call
) -> None:
    package = lot.submission.package
    ids = {each.id: new_id() for each in (package, *lot.submission.entries)}
    item = replace(package, id=ids[package.id], lid=ids[package.id], status=registry.APPROVED, version="1")
    registry.insert_set(cursor, item, call.patient, call.caller.ascribed_to, call.now)
    for each in lot.submission.entries:
        made = digests[each.id]
        slots = {**each.slots, "hash": (made.hash,), "size": (str(made.size),)}
        slots["repositoryUniqueId"] = (repository.repository_of(profile.code_of(each, profile.TYPE)),)
        said = secret_calls.kept_from_representatives(each) if call.secret else each
        item = replace(said, id=ids[each.id], lid=ids[each.id], status=registry.APPROVED, version="1", slots=slots)
        registry.insert_entry(
            cursor,
            Entry(
                item.id, item.lid, 1, True, item.identifier(profile.UNIQUE), call.patient, item.status, call.now,
                call.caller.ascribed_to, call.caller.structure_id, made.hash, made.size, blobs[each.id], item,
            ),
        )  # fmt: skip
    for link in lot.submission.links:
        ends = {"source": ids.get(link.source, link.source), "target": ids.get(link.target, link.target)}
        registry.insert_link(cursor, Link(link.type, ends["source"], ends["target"], link.slots))
    for old in lot.replaced.values():
        registry.set_status(cursor, old, registry.DEPRECATED)


def _tell_patient(lot: Received, call: Call, house: House) -> None:
    """One notification for a lot; none that would betray a secret connection, or a document hidden from who reads it.

    Notices reach the legal representatives of a minor as well.
    """
    if call.secret:
        return
    hiding = {profile.HIDDEN, profile.HIDDEN_RL}
    if any(hiding.isdisjoint(profile.confidentiality(each)) for each in lot.documents):
        who = f"{call.caller.given_name} {call.caller.family_name}".strip()
        house.notify(call.patient, "document", f"{who} a ajouté un document à votre dossier.")
