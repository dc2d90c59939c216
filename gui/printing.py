"""Paper: pages of pixels to the default printer of the computer, without a dialog over the window."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter

from dossier.failure import Failure

_DOTS_PER_INCH = 150


class Printer:
    """The default printer of the computer."""

    def print_pages(self, pages: Sequence[QImage]) -> None:
        """Print pages, each on its own sheet; raises Failure PRINTER_MISSING."""
        from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

        info = QPrinterInfo.defaultPrinter()
        if info.isNull():
            raise Failure("PRINTER_MISSING")
        printer = QPrinter(info)
        printer.setResolution(_DOTS_PER_INCH)
        painter = QPainter()
        if not painter.begin(printer):
            raise Failure("PRINTER_MISSING")
        for number, page in enumerate(pages):
            if number:
                printer.newPage()
            area = painter.viewport()
            size = page.size()
            size.scale(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
            painter.drawImage(area.adjusted(0, 0, size.width() - area.width(), size.height() - area.height()), page)
        painter.end()
