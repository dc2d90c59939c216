"""What lies over the page: a veil with one panel in the middle, or a drawer at the right. Never one over another."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from gui import tokens as t
from gui.style import Appearance


class Overlay(QWidget):
    """Covers its parent; keeps the keyboard inside; Esc asks to leave."""

    escaped = Signal()

    def __init__(self, parent: QWidget, name: str, *, drawer: bool = False) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._drawer = drawer
        self._content: QWidget | None = None
        self._before: QWidget | None = None
        self._place: QHBoxLayout = QHBoxLayout(self)
        margin = 0 if drawer else t.PAGE
        self._place.setContentsMargins(margin, margin, margin, margin)
        parent.installEventFilter(self)
        self.hide()

    def show_content(self, content: QWidget) -> None:
        """Show one widget over the page, and give it the keyboard."""
        self.clear()
        self._content = content
        self._before = QApplication.focusWidget()
        # One flat layout, placed by alignment: taking a nested layout out again frees what its widgets still hold.
        content.setFixedWidth(t.DRAWER_WIDTH if self._drawer else t.PANEL_WIDTH)
        side = Qt.AlignmentFlag.AlignRight if self._drawer else Qt.AlignmentFlag.AlignCenter
        self._place.addWidget(content, 0, side)
        self._cover()
        self.show()
        self.raise_()
        content.show()
        content.setFocus(Qt.FocusReason.OtherFocusReason)

    def content(self) -> QWidget | None:
        """Give what is shown, or None."""
        return self._content

    def clear(self) -> None:
        """Take the content away, and give the keyboard back."""
        if self._content is None:
            return
        self._content.hide()
        self._place.removeWidget(self._content)
        self._content.deleteLater()
        self._content = None
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self._before = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Follow the size of the parent."""
        if event.type() is QEvent.Type.Resize and watched is self.parent():
            self._cover()
        return False

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802 - Qt's name and signature
        """Turn round inside the overlay."""
        inside = [each for each in self.findChildren(QWidget) if _takes_tab(each)]
        if not inside:
            return True
        now = QApplication.focusWidget()
        place = inside.index(now) if now in inside else -1
        inside[(place + (1 if forward else -1)) % len(inside)].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Esc asks to leave; no other key passes to what lies under."""
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        event.accept()

    def mousePressEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        """Stop clicks from reaching what lies under."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the veil."""
        painter = QPainter(self)
        veil = Appearance.colour("veil")
        veil.setAlphaF(0.45)
        painter.fillRect(self.rect(), veil)
        painter.end()

    def _cover(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())


def _takes_tab(widget: QWidget) -> bool:
    return widget.isVisible() and widget.isEnabled() and bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
