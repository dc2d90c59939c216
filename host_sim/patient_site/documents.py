"""The first page, and the documents: list, reading, adding, masking."""

from __future__ import annotations

import re

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from .. import patient_space
from ..patient_space import Opened, Refused
from . import cda_text
from .visit import BAD, attempt, field, go, house, say, ticked, visitor

PAGES = Blueprint("documents", __name__)
_SHOWN = {"application/pdf", "image/jpeg", "image/png"}
_FILE_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "text/plain": "txt", "text/xml": "xml"}
TYPES = {
    "EXPPAT_2": "Document ou photo que je veux partager",
    "EXPPAT_1": "Mes souhaits",
    "EXPPAT_3": "Mes directives anticipées",
}


@PAGES.get("/accueil")
def summary() -> str:
    """In what state the dossier is."""
    host, who = house(), visitor()
    told = patient_space.notifications(host, who)[:5]
    return render_template("summary.html", dossier=patient_space.summary(host, who), told=told)


@PAGES.get("/documents")
def listed() -> str:
    """Every document, grouped by year."""
    found = patient_space.documents(house(), visitor())
    wanted = request.args.get("recherche", "").strip()[:100]
    shown = [each for each in found if wanted.casefold() in f"{each.title} {each.type_name} {each.author}".casefold()]
    shown.sort(key=lambda each: each.created, reverse=True)
    years: dict[int, list[patient_space.Document]] = {}
    for each in shown:
        years.setdefault(each.created.year, []).append(each)
    return render_template("documents.html", years=years, wanted=wanted, count=len(found))


@PAGES.get("/documents/<unique_id>")
def one(unique_id: str) -> str:
    """A document with what is known of it and what may be done with it."""
    host, who = house(), visitor()
    known = next((each for each in patient_space.documents(host, who) if each.unique_id == unique_id), None)
    if known is not None and known.media_type in _SHOWN:
        # The page only frames the file, whose own request is the reading that the history shows.
        return render_template("document.html", document=known, media_type=known.media_type)
    opened, blocks = _body(patient_space.read(host, who, unique_id))
    text = opened.data.decode(errors="replace") if opened.media_type == "text/plain" else ""
    return render_template("document.html", document=known, media_type=opened.media_type, blocks=blocks, text=text)


@PAGES.get("/documents/<unique_id>/fichier")
def file(unique_id: str) -> Response:
    """The body of a document; what a browser could run is only handed over to be saved."""
    opened, _ = _body(patient_space.read(house(), visitor(), unique_id))
    answer = make_response(opened.data)
    shown = opened.media_type in _SHOWN and "enregistrer" not in request.args
    answer.content_type = opened.media_type if opened.media_type in _ENDINGS else "application/octet-stream"
    name = re.sub(r"[^\w .-]", "_", opened.title).strip() or "document"
    ending = _ENDINGS.get(opened.media_type, "bin")
    answer.headers.set("Content-Disposition", "inline" if shown else "attachment", filename=f"{name[:80]}.{ending}")
    answer.headers["Content-Security-Policy"] = _FILE_POLICY
    return answer


def _body(opened: Opened) -> tuple[Opened, tuple[cda_text.Block, ...]]:
    """What a CDA holds, instead of the CDA."""
    if opened.media_type not in ("text/xml", "application/xml", "application/cda+xml"):
        return opened, ()
    found = cda_text.read(opened.data)
    if isinstance(found, cda_text.Carried):
        return Opened(opened.title, found.media_type, opened.file_name, found.data), ()
    return opened, found or ()


@PAGES.get("/ajouter")
def adding() -> str:
    """The form of a document or photo."""
    patient_space.documents(house(), visitor())
    megabytes = int(house().parameters["patient_document_bytes"]) >> 20
    return render_template("add.html", types=TYPES, megabytes=megabytes)


@PAGES.post("/ajouter")
def add() -> Response:
    """Add a document or photo."""
    sent = request.files.get("file")
    data = sent.read() if sent else b""
    if sent is None or not data:
        say("Choisissez un fichier.", BAD)
        return go("documents.adding")
    media_type = _media_type(data)
    try:
        patient_space.add_document(
            house(), visitor(), title=field("title"), data=data, media_type=media_type, type_code=field("type")
        )
    except Refused as refused:
        say(refused.sentence, BAD)
        return go("documents.adding")
    say("Le document est dans votre dossier.")
    return go("documents.listed")


def _media_type(data: bytes) -> str:
    """What the first bytes say; what the browser says of a file is a guess by its name."""
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    try:
        data.decode()
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "text/plain" if b"\0" not in data else "application/octet-stream"


@PAGES.post("/documents/<unique_id>/visibilite")
def visibility(unique_id: str) -> Response:
    """Mask a document to professionals, or show it again."""
    masked = field("masked") == "1"
    done = "Le document est masqué aux professionnels." if masked else "Le document est de nouveau visible."
    return attempt(
        lambda: patient_space.set_masked(house(), visitor(), unique_id, masked=masked),
        done, "documents.one", unique_id=unique_id,
    )  # fmt: skip


@PAGES.post("/documents/<unique_id>/archive")
def archive(unique_id: str) -> Response:
    """Put a document of one's own among the archives, or back."""
    archived = field("archived") == "1"
    done = "Le document est archivé." if archived else "Le document est sorti des archives."
    return attempt(
        lambda: patient_space.set_archived(house(), visitor(), unique_id, archived=archived),
        done, "documents.one", unique_id=unique_id,
    )  # fmt: skip


@PAGES.post("/documents/<unique_id>/suppression")
def remove(unique_id: str) -> Response:
    """Delete a document of one's own, once the box is ticked."""
    if not ticked("sure"):
        say("Cochez la case pour confirmer la suppression.", BAD)
        return go("documents.one", unique_id=unique_id)
    return attempt(
        lambda: patient_space.remove_document(house(), visitor(), unique_id),
        "Le document est supprimé.", "documents.listed",
    )  # fmt: skip
