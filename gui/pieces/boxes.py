"""Panels and rows: the spacing of the window in one place."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

from gui import tokens as t
from gui.style import mark


class Panel(QFrame):
    """A sheet of paper with rounded corners and a column inside; frame: panel, well, message, strip, rail, choice."""

    def __init__(self, frame: str = "panel", *, margin: int = t.BETWEEN, gap: int = t.GROUP, name: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        mark(self, frame=frame)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(margin, margin, margin, margin)
        self.column.setSpacing(gap)


def column(*widgets: QWidget | QLayout | int, gap: int = t.GROUP, margin: int = 0) -> QVBoxLayout:
    """Stack widgets from top to bottom; an integer is a stretch."""
    made = QVBoxLayout()
    made.setSpacing(gap)
    made.setContentsMargins(margin, margin, margin, margin)
    _fill(made, widgets)
    return made


def row(*widgets: QWidget | QLayout | int, gap: int = t.GROUP, margin: int = 0) -> QHBoxLayout:
    """Put widgets side by side; an integer is a stretch."""
    made = QHBoxLayout()
    made.setSpacing(gap)
    made.setContentsMargins(margin, margin, margin, margin)
    _fill(made, widgets)
    return made


def _fill(layout: QVBoxLayout | QHBoxLayout, widgets: tuple[QWidget | QLayout | int, ...]) -> None:
    for each in widgets:
        if isinstance(each, int):
            layout.addStretch(each)
        elif isinstance(each, QLayout):
            layout.addLayout(each)
        else:
            layout.addWidget(each)


def holder(layout: QLayout) -> QWidget:
    """Give a layout a widget of its own."""
    made = QWidget()
    made.setLayout(layout)
    return made


def scrolled(widget: QWidget, name: str = "", *, on: str = "ground") -> QScrollArea:
    """Put a widget in a scroll area that follows its width; on: the ground of the page, or the paper of a panel."""
    area = QScrollArea()
    area.setObjectName(name)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    mark(area, on=on)
    mark(widget, ground=on)
    area.setWidget(widget)
    return area


def empty(layout: QLayout) -> None:
    """Take every widget out of a layout and delete it."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            empty(inner)
