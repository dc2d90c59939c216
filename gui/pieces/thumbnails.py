"""The thumbnail strip: one picture per series of an imaging study, with its words."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QWidget

from gui import tokens as t
from gui.pieces.boxes import Panel, empty
from gui.pieces.text import ElidedText, Picture
from gui.style import mark


@dataclass(frozen=True)
class Thumbnail:
    """One series: its words, and a PNG (b"" when it has no picture)."""

    title: str
    detail: str
    png: bytes


class ThumbnailStrip(QScrollArea):
    """Series side by side; scrolls sideways."""

    def __init__(self, name: str = "thumbnails") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        mark(self, on="paper")
        mark(inside, ground="paper")
        self._line = QHBoxLayout(inside)
        self._line.setContentsMargins(0, 0, 0, t.GROUP)
        self._line.setSpacing(t.INNER)
        self.setWidget(inside)
        self.setFixedHeight(t.THUMBNAIL + 84)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_series(self, series: tuple[Thumbnail, ...]) -> None:
        """Show the series of a study; none clears the strip."""
        empty(self._line)
        for number, each in enumerate(series):
            self._line.addWidget(_tile(each, number))
        self._line.addStretch(1)


def _tile(series: Thumbnail, number: int) -> QWidget:
    tile = Panel(margin=t.GROUP, gap=t.TIGHT, name=f"thumbnail.{number}")
    tile.setFixedWidth(t.THUMBNAIL + 2 * t.GROUP + 2)
    image = QImage.fromData(series.png) if series.png else QImage()
    tile.column.addWidget(_picture(image))
    tile.column.addWidget(ElidedText(series.title, "strong"))
    tile.column.addWidget(ElidedText(series.detail, "secondary"))
    return tile


def _picture(image: QImage) -> Picture:
    shown = Picture("imaging", "secondary", t.THUMBNAIL)
    if image.isNull():
        return shown
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    shown.setPixmap(QPixmap.fromImage(image).scaled(QSize(t.THUMBNAIL, t.THUMBNAIL), keep, smooth))
    shown.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return shown
