"""The repository: ITI-41 takes documents and registers them, ITI-43 gives them back (ITI TF-2 3.41, 3.43)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from lxml import etree

from host_sim.registry_errors import PARTIAL_SUCCESS, Findings, Problem, RegistryRefusal, registry_response
from host_sim.store import Cursor

from . import registry
from . import vocabulary as v
from .context import REPOSITORY_ID, Context
from .incoming import Arrived, Request
from .objects import Item, Submission, read_submission
from .register import register, settle
from .registry import Kept

_X = f"{{{v.XDS}}}"
_INCLUDE = f"{{{v.XOP}}}Include"
_ERROR = "XDSRepositoryError"
_METADATA = "XDSRepositoryMetadataError"
_MOST = 1000


def provide(body: Any, request: Request, cursor: Cursor, context: Context) -> None:
    """Keep the documents of an ITI-41 request and register them, all or none; raises RegistryRefusal."""
    if body.tag != f"{_X}ProvideAndRegisterDocumentSetRequest":
        raise RegistryRefusal.because(_ERROR, "ProvideAndRegisterDocumentSetRequest is expected")
    submission = read_submission(body.find(f"{{{v.LCM}}}SubmitObjectsRequest"))
    files = _paired(submission, _documents(body, request))
    _complete(submission, files)
    kept = _judge_again(submission, files, cursor)
    names: list[str] = []
    try:
        for each in kept:
            names.append(context.keep(files[each.id].path))
            arrived, mime = files[each.id], each.element.get("mimeType", "")
            registry.keep_document(cursor, Kept(each.unique_id, arrived.hash, arrived.size, mime, names[-1]))
        register(submission, cursor, context, "XDSRepositoryDuplicateUniqueIdInMessage")
    except BaseException:
        forget(context, names)
        raise


def forget(context: Context, names: Iterable[str]) -> None:
    """Remove documents whose registration failed."""
    for name in names:
        context.file_of(name).unlink(missing_ok=True)


def _documents(body: Any, request: Request) -> dict[str, Arrived]:
    found: dict[str, Arrived] = {}
    for each in body.iterchildren(f"{_X}Document"):
        identifier = each.get("id", "")
        include = each.find(_INCLUDE)
        if include is not None:
            href = include.get("href", "")
            arrived = request.parts.get(unquote(href.removeprefix("cid:")))
        else:
            arrived = request.inline.get(identifier)
        if arrived is None:
            raise RegistryRefusal.because("XDSMissingDocument", "a Document without bytes", identifier)
        if identifier in found:
            raise RegistryRefusal.because(_METADATA, "two Documents of the same id", identifier)
        found[identifier] = arrived
    return found


def _paired(submission: Submission, files: dict[str, Arrived]) -> dict[str, Arrived]:
    found = Findings()
    entries = {each.id for each in submission.of_kind(v.ENTRY)}
    for name in entries - set(files):
        found.need(False, "a document entry without its Document", name, "XDSMissingDocument")
    for name in set(files) - entries:
        found.need(False, "a Document without its document entry", name, "XDSMissingDocumentMetadata")
    settle(found)
    return files


def _complete(submission: Submission, files: Mapping[str, Arrived]) -> None:
    """Write hash, size and repositoryUniqueId; what the source told of them must be true."""
    found = Findings()
    for each in submission.of_kind(v.ENTRY):
        arrived = files[each.id]
        told, size = each.slot("hash").lower(), each.slot("size")
        found.need(told in ("", arrived.hash), "hash is not the one of the document", each.id, _METADATA)
        found.need(size in ("", str(arrived.size)), "size is not the one of the document", each.id, _METADATA)
        where = each.slot("repositoryUniqueId")
        found.need(where in ("", REPOSITORY_ID), "repositoryUniqueId is another repository", each.id, _METADATA)
        values = {"hash": arrived.hash, "size": str(arrived.size), "repositoryUniqueId": REPOSITORY_ID}
        for name, value in values.items():
            each.set_slot(name, value)
    settle(found)


def _judge_again(submission: Submission, files: Mapping[str, Arrived], cursor: Cursor) -> list[Item]:
    """The documents to keep: those that the repository has not; one that it has must have the same bytes."""
    found = Findings()
    fresh: dict[str, Item] = {}
    for each in submission.of_kind(v.ENTRY):
        known = next(registry.documents(cursor, [each.unique_id]), None)
        if known is None:
            fresh.setdefault(each.unique_id, each)
            continue
        same = known.hash == files[each.id].hash
        found.need(same, f"the repository has {known.unique_id} with other bytes", each.id, "XDSNonIdenticalHash")
    settle(found)
    return list(fresh.values())


def retrieve(body: Any, cursor: Cursor, context: Context) -> tuple[Any, dict[str, Path]]:
    """Answer ITI-43: the body, and the files that it includes by Content-ID."""
    answer = etree.Element(f"{_X}RetrieveDocumentSetResponse", nsmap={"xds": v.XDS, "xop": v.XOP})
    parts: dict[str, Path] = {}
    problems: list[Problem] = []
    asked = list(body.iterchildren(f"{_X}DocumentRequest"))
    if body.tag != f"{_X}RetrieveDocumentSetRequest" or not 0 < len(asked) <= _MOST:
        problems.append(Problem(_ERROR, "RetrieveDocumentSetRequest with documents is expected"))
        asked = []
    for each in asked:
        found = _wanted(each, cursor)
        if isinstance(found, Problem):
            problems.append(found)
            continue
        cid = f"document{len(parts) + 1}@host-sim"
        parts[cid] = context.file_of(found.blob)
        answer.append(_response(found, cid))
    answer.insert(0, registry_response(problems, PARTIAL_SUCCESS if problems and parts else ""))
    return answer, parts


def _wanted(request: Any, cursor: Cursor) -> Kept | Problem:
    where = (request.findtext(f"{_X}RepositoryUniqueId") or "").strip()
    unique_id = (request.findtext(f"{_X}DocumentUniqueId") or "").strip()
    if where != REPOSITORY_ID:
        return Problem("XDSUnknownRepositoryId", f"this repository is {REPOSITORY_ID}", where[:64])
    kept = next(registry.documents(cursor, [unique_id]), None)
    return kept or Problem("XDSDocumentUniqueIdError", "the repository has no such document", unique_id[:128])


def _response(kept: Kept, cid: str) -> Any:
    element = etree.Element(f"{_X}DocumentResponse")
    for name, text in (("RepositoryUniqueId", REPOSITORY_ID), ("DocumentUniqueId", kept.unique_id)):
        etree.SubElement(element, f"{_X}{name}").text = text
    etree.SubElement(element, f"{_X}mimeType").text = kept.mime
    etree.SubElement(etree.SubElement(element, f"{_X}Document"), _INCLUDE, href=f"cid:{quote(cid, safe='')}")
    return element
