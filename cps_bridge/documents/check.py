"""Cheap checks of a file before it is deposited: what it is, whether it is whole, whether it is too large.

The media types are those that a level 1 CDA may carry: PDF, plain text, RTF, JPEG, TIFF.
"""

from __future__ import annotations

import codecs
import re
from contextlib import closing

from dossier.document import Content, read_chunks
from dossier.failure import Failure

PDF = "application/pdf"
TEXT = "text/plain"
RTF = "text/rtf"
JPEG = "image/jpeg"
TIFF = "image/tiff"

_NAMES = {PDF: "PDF", RTF: "RTF", JPEG: "JPEG", TIFF: "TIFF"}
DEFAULT_LIMIT = 10 * 1024 * 1024
_EDGE = 4096
_HEADER_WITHIN = 1024
_START_XREF = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF")
_ENCRYPT = re.compile(rb"/Encrypt[\s<\[\d/]")
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MAGIC = (
    (b"{\\rtf", RTF),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
)


def check_file(content: Content, *, limit: int = DEFAULT_LIMIT) -> str:
    """Recognise a document by its bytes, whatever its name, and check that it is whole; give its media type.

    limit: largest size in bytes. Raises Failure DOCUMENT_UNREADABLE, DOCUMENT_EMPTY, DOCUMENT_TOO_LARGE,
    DOCUMENT_FORMAT_UNKNOWN, DOCUMENT_TRUNCATED, PDF_ENCRYPTED, TEXT_NOT_UTF8.
    """
    try:
        size = _checked_size(content, limit)
        head, tail = _edges(content, size)
        kind = _sniff(head)
        if kind == PDF:
            _check_pdf(content, head, tail)
        elif kind == TEXT:
            _check_text(content)
        elif not _is_whole(kind, tail):
            raise Failure("DOCUMENT_TRUNCATED", kind=_NAMES[kind])
    except OSError as error:
        raise Failure("DOCUMENT_UNREADABLE", reason=type(error).__name__) from error
    return kind


def check_pdf(content: Content, *, limit: int = DEFAULT_LIMIT) -> None:
    """Check a file that must be a PDF; as check_file, and Failure DOCUMENT_NOT_PDF when it is something else."""
    try:
        if _sniffed_or_none(_edges(content, _checked_size(content, limit))[0]) != PDF:
            raise Failure("DOCUMENT_NOT_PDF")
    except OSError as error:
        raise Failure("DOCUMENT_UNREADABLE", reason=type(error).__name__) from error
    check_file(content, limit=limit)


def _checked_size(content: Content, limit: int) -> int:
    size = content.size
    if size == 0:
        raise Failure("DOCUMENT_EMPTY")
    if size > limit:
        raise Failure("DOCUMENT_TOO_LARGE", size=_megabytes(size), limit=_megabytes(limit))
    return size


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f}".replace(".", ",")


def _edges(content: Content, size: int) -> tuple[bytes, bytes]:
    with closing(content.open()) as stream:
        head = stream.read(_EDGE)
        if size <= _EDGE:
            return head, head
        stream.seek(size - _EDGE)
        return head, stream.read(_EDGE)


def _sniff(head: bytes) -> str:
    kind = _sniffed_or_none(head)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Failure("TEXT_NOT_UTF8")
    if kind is None:
        raise Failure("DOCUMENT_FORMAT_UNKNOWN")
    return kind


def _sniffed_or_none(head: bytes) -> str | None:
    if b"%PDF-" in head[:_HEADER_WITHIN]:
        return PDF
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    return None if _NOT_TEXT.search(head) else TEXT


def _is_whole(kind: str, tail: bytes) -> bool:
    if kind == JPEG:
        return b"\xff\xd9" in tail[-64:]
    if kind == RTF:
        return tail.rstrip(b"\r\n\t \x00").endswith(b"}")
    return len(tail) > 8


def _check_pdf(content: Content, head: bytes, tail: bytes) -> None:
    if b"%%EOF" not in tail:
        raise Failure("DOCUMENT_TRUNCATED", kind=_NAMES[PDF])
    places = [head, tail]
    for found in _START_XREF.finditer(tail):
        with closing(content.open()) as stream:
            stream.seek(int(found.group(1)))
            places.append(stream.read(_EDGE))
    if any(_ENCRYPT.search(place) for place in places):
        raise Failure("PDF_ENCRYPTED")


def _check_text(content: Content) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in read_chunks(content):
            if _NOT_TEXT.search(chunk):
                raise Failure("DOCUMENT_FORMAT_UNKNOWN")
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Failure("TEXT_NOT_UTF8") from error
