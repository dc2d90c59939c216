"""Bytes of a document to pages of pixels, on a worker: PDF by PDFium, pictures by Qt. Nothing is written to disk."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QImage

from dossier.failure import Failure

PAGES_MAX = 60
_WIDTH_PIXELS = 1240
_PIXELS_MAX = 12_000_000
_TEXTS = ("text/plain",)
_one_at_a_time = threading.Lock()  # PDFium keeps global state


@dataclass(frozen=True)
class Rendered:
    """What can be shown of a document: pages, or a text; pages_in_all may exceed what was rendered."""

    pages: tuple[QImage, ...] = ()
    text: str = ""
    pages_in_all: int = 0


def render(body: bytes, media_type: str, *, width: int = _WIDTH_PIXELS) -> Rendered:
    """Render a body; raises Failure PREVIEW_UNREADABLE. width: of a page, in pixels."""
    if body[:1024].lstrip().startswith(b"%PDF") or media_type == "application/pdf":
        return _render_pdf(body, width)
    if media_type.startswith("image/"):
        return _render_picture(body)
    if media_type in _TEXTS:
        return Rendered(text=body.decode("utf-8", "replace"))
    raise Failure("PREVIEW_UNREADABLE", media_type=media_type[:60])


def _render_picture(body: bytes) -> Rendered:
    image = QImage.fromData(QByteArray(body))
    if image.isNull():
        raise Failure("PREVIEW_UNREADABLE", media_type="image")
    return Rendered((image,), pages_in_all=1)


def _render_pdf(body: bytes, width: int) -> Rendered:
    import pypdfium2 as pdfium

    with _one_at_a_time:
        try:
            document = pdfium.PdfDocument(body)
            try:
                count = len(document)
                pages = tuple(_render_page(document[number], width) for number in range(min(count, PAGES_MAX)))
            finally:
                document.close()
        except (pdfium.PdfiumError, ValueError, MemoryError) as error:
            raise Failure("PREVIEW_UNREADABLE", media_type="application/pdf") from error
    return Rendered(pages, pages_in_all=count)


def _render_page(page: object, width: int) -> QImage:
    wide, high = page.get_size()  # type: ignore[attr-defined]
    scale = min(width / max(1.0, wide), (_PIXELS_MAX / max(1.0, wide * high)) ** 0.5)
    bitmap = page.render(scale=scale)  # type: ignore[attr-defined]
    form = {1: QImage.Format.Format_Grayscale8, 3: QImage.Format.Format_BGR888, 4: QImage.Format.Format_RGB32}
    shown = QImage(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride, form[bitmap.n_channels])
    return shown.copy()
