"""Buttons: primary, quiet, danger, link, rail, filter. Their names are verbs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy

from gui import icons
from gui import tokens as t
from gui.pieces.focus import paint_focus
from gui.pieces.text import tip
from gui.style import Appearance, mark
from gui.words import fr

_GAP = "\u2002"
_ICON_COLOUR = {"primary": "on_primary", "danger": "on_emergency", "link": "primary", "rail": "secondary"}


class Button(QPushButton):
    """A button; kind: quiet, primary, danger, link, rail, filter, band, strip.

    name: stable object name; shortcut: key sequence, told in the tooltip; its words are plain text.
    """

    def __init__(
        self,
        text: str,
        kind: str = "quiet",
        *,
        name: str,
        icon: str = "",
        shortcut: str = "",
        on_click: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self._icon_name, self._kind, self._icon_colour = icon, kind, ""
        self.say(text)
        mark(self, kind=kind)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.setIconSize(QSize(t.ICON, t.ICON))
        self.setAutoDefault(False)
        self.draw_icon()
        if shortcut:
            self.setShortcut(shortcut)
            tip(self, f"{text} ({shortcut})")
        if on_click is not None:
            self.clicked.connect(lambda: on_click())

    def say(self, text: str, tone: str | None = None) -> None:
        """Show other words."""
        gap = _GAP if text and self._icon_name else ""
        self.setText(gap + fr(text).replace("&", "&&"))
        self.setAccessibleName(fr(text))
        if tone is not None:
            mark(self, tone=tone)

    def become(self, kind: str) -> None:
        """Change its kind: what is primary now may be quiet at the next step."""
        if kind != self._kind:
            self._kind = kind
            mark(self, kind=kind)
            self.draw_icon()
            self.updateGeometry()

    def draw_icon(self, icon: str | None = None, colour: str = "") -> None:
        """Draw the icon in a colour, which it keeps, or in that of its kind; also after a change of appearance."""
        self._icon_name = self._icon_name if icon is None else icon
        self._icon_colour = colour or self._icon_colour
        if self._icon_name:
            wanted = self._icon_colour or _ICON_COLOUR.get(self._kind, "ink")
            palette = Appearance.palette
            self.setIcon(icons.icon(self._icon_name, getattr(palette, wanted), palette.disabled_ink))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter clicks, as the space bar does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint, then the focus ring inside the edge."""
        super().paintEvent(event)
        if self._kind in ("primary", "danger"):
            paint_focus(self, "on_primary", t.TIGHT)
        else:
            paint_focus(self)
