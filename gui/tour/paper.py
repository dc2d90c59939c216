"""Paper of the tour: the letters that a practice deposits, and the tray into which the window prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMarginsF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPdfWriter, QTextDocument

from gui.printing import Printer
from gui.rendering import render

_LETTERS_POINTS = 11


def write_letter(path: Path, head: str, title: str, *paragraphs: str) -> Path:
    """Write a real PDF of one page, as the practice's own software would."""
    writer = QPdfWriter(str(path))
    writer.setTitle(title)
    writer.setPageLayout(
        QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, QMarginsF(20, 20, 20, 20))
    )
    letter = QTextDocument()
    face = letter.defaultFont()
    face.setPointSize(_LETTERS_POINTS)
    letter.setDefaultFont(face)
    body = "".join(f"<p>{each}</p>" for each in paragraphs)
    letter.setHtml(f"<body><p>{head.replace(chr(10), '<br/>')}</p><h2>{title}</h2>{body}</body>")
    letter.print_(writer)
    return path


class PaperTray(Printer):
    """Stands for the printer of the desk: keeps the PDF whose very pages the window sends to print."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._expected: dict[str, bytes] = {}
        self.printed: list[str] = []

    def expect(self, name: str, pdf: bytes) -> None:
        """Know a PDF that the window may print."""
        self._expected[name] = pdf

    def forget(self) -> None:
        """Know none any more."""
        self._expected.clear()

    def print_pages(self, pages: Sequence[QImage]) -> None:
        """Keep the PDF of these pages under its name; pages that belong to none are not kept."""
        for name, pdf in self._expected.items():
            if list(render(pdf, "application/pdf").pages) == list(pages):
                (self._directory / f"{name}.pdf").write_bytes(pdf)
                self.printed.append(name)


def keep_sheets(tray: PaperTray, outcome: Any) -> None:
    """Know the two sheets of a creation."""
    tray.expect("accuse-de-creation", outcome.acknowledgement)
    tray.expect("identifiants-du-patient", outcome.secrets)
