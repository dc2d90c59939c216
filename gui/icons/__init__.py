"""The icons of the window: 20 px, one stroke of 1.5 px, drawn for the project as SVG; tinted when loaded.

May import: PySide6 and gui.tokens. Never enters: a picture of another origin.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize
from PySide6.QtGui import QIcon, QImageReader, QPixmap

from gui import tokens as t


@cache
def _drawing(name: str) -> str:
    return files("gui.icons").joinpath(f"{name}.svg").read_text("utf-8")


@cache
def pixmap(name: str, colour: str, pixels: int = t.ICON, ratio: float = 1.0) -> QPixmap:
    """Draw an icon in a colour (#RRGGBB) at a size in logical pixels, for a screen of that ratio."""
    buffer = QBuffer()
    buffer.setData(QByteArray(_drawing(name).replace("currentColor", colour).encode()))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"svg"))
    reader.setScaledSize(QSize(round(pixels * ratio), round(pixels * ratio)))
    drawn = QPixmap.fromImage(reader.read())
    drawn.setDevicePixelRatio(ratio)
    return drawn


@cache
def icon(name: str, colour: str, disabled_colour: str = "", pixels: int = t.ICON) -> QIcon:
    """Give an icon for buttons and lists, sharp up to twice the size."""
    made = QIcon()
    for ratio in (1.0, 2.0):
        made.addPixmap(pixmap(name, colour, pixels, ratio))
        if disabled_colour:
            made.addPixmap(pixmap(name, disabled_colour, pixels, ratio), QIcon.Mode.Disabled)
    return made


@cache
def names() -> tuple[str, ...]:
    """Give the names of all icons."""
    return tuple(sorted(each.name[:-4] for each in files("gui.icons").iterdir() if each.name.endswith(".svg")))
