"""The pages, one over the other: only the one shown is asked what room it needs."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QStackedWidget


class PageStack(QStackedWidget):
    """Qt's own asks every page, at each change of a word on any of them, how high it would be."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """The page takes the height there is."""
        return False

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Give the wish of the page shown."""
        shown = self.currentWidget()
        return QSize() if shown is None else shown.sizeHint()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Give the need of the page shown."""
        shown = self.currentWidget()
        return QSize() if shown is None else shown.minimumSizeHint()
