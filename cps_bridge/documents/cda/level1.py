"""A CDA R2 level 1 document around a PDF, a text or an image, streamed: the body is never whole in memory.

The document is canonical as written, so one pass over it gives the XDS hash, the size and the digests of the
lot's signature. The author is the holder of the card; nothing of it can be typed over.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from contextlib import closing

from cps_bridge.documents.canonical import render_around
from cps_bridge.documents.cda.header import clinical_document
from cps_bridge.documents.cda.metadata import entry_of
from cps_bridge.documents.cda.report import Identifier, ImagingOrder, Report, check_report
from cps_bridge.documents.digest import digested, stream_of
from dossier.document import Content, Document
from dossier.failure import Failure

__all__ = ["Identifier", "ImagingOrder", "Report", "build_level1"]

_STEP = 3 * 64 * 1024


def build_level1(report: Report, unique_id: str, *, both_allowed: bool = False) -> Document:
    """Write the document and derive its metadata; streams the body once to hash it.

    unique_id: a whole OID (CDA id/@root and XDS uniqueId). Raises the failures of check_report and of the value sets,
    DOCUMENT_CHANGED when the body changes while it is read, DOCUMENT_UNREADABLE when it cannot be read.
    """
    check_report(report, unique_id, both_allowed=both_allowed)
    before, after = render_around(clinical_document(report, unique_id))
    length = report.body.size
    size = len(before) + 4 * ((length + 2) // 3) + len(after)
    content = digested(size, lambda: stream_of(_wrap(before, report.body, length, after)))
    return Document(entry_of(report, unique_id, hash_=content.digests["sha1"].hex(), size=size), content)


def _wrap(before: bytes, body: Content, length: int, after: bytes) -> Iterator[bytes]:
    yield before
    done = 0
    for block in _blocks(body):
        done += len(block)
        yield binascii.b2a_base64(block, newline=False)
    if done != length:
        raise Failure("DOCUMENT_CHANGED")
    yield after


def _blocks(body: Content) -> Iterator[bytes]:
    """Yield blocks of a multiple of three bytes (the last one excepted), so that base64 pieces simply follow."""
    rest = b""
    try:
        with closing(body.open()) as stream:
            while chunk := stream.read(_STEP):
                rest += chunk
                whole = len(rest) - len(rest) % 3
                yield rest[:whole]
                rest = rest[whole:]
    except OSError as error:
        raise Failure("DOCUMENT_UNREADABLE", reason=type(error).__name__) from error
    if rest:
        yield rest
