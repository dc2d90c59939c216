"""The one label: plain text always, French typography, roles that the style sheet knows."""

from __future__ import annotations

import html

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from gui import icons
from gui import tokens as t
from gui.style import Appearance, mark
from gui.words import fr


class Text(QLabel):
    """A label that never reads its text as markup.

    role: body, secondary, muted, strong, trait, title, figure, tag; tone: "", info, success, warning, danger.
    """

    def __init__(
        self, text: str = "", role: str = "body", *, wrap: bool = False, tone: str = "", name: str = ""
    ) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self.setObjectName(name)
        mark(self, role=role, tone=tone)
        self.say(text)
        if role == "tag":
            self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)

    def say(self, text: str, tone: str | None = None) -> None:
        """Show another text, in another tone when one is given."""
        self.setText(fr(text))
        if tone is not None:
            mark(self, tone=tone)


class ElidedText(Text):
    """A label of one line that ends with an ellipsis when it lacks room; the whole text is in its tooltip."""

    def __init__(self, text: str = "", role: str = "body", *, name: str = "") -> None:
        self._whole = ""
        super().__init__(text, role, name=name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def say(self, text: str, tone: str | None = None) -> None:
        """Show another text, elided to the width at hand."""
        self._whole = fr(text)
        super().say(text, tone)
        self.updateGeometry()
        self._fit()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for the whole text."""
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for a few letters."""
        return QSize(t.PRIMARY_HEIGHT, super().minimumSizeHint().height())

    def whole(self) -> str:
        """Give the text before elision."""
        return self._whole

    def resizeEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        """Elide again when the width changes."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._fit()

    def _fit(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, max(0, self.width()))
        if shown != self.text():
            self.setText(shown)
            tip(self, self._whole if shown != self._whole else "")
            self.setAccessibleName(self._whole)


class Picture(QLabel):
    """An icon in a colour of the palette; decorative, the word stands beside it."""

    def __init__(self, icon: str, colour: str = "secondary", pixels: int = t.ICON) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._icon, self._colour, self._pixels = icon, colour, pixels
        self.setFixedSize(pixels, pixels)
        self.draw()

    def show_icon(self, icon: str, colour: str) -> None:
        """Show another icon."""
        self._icon, self._colour = icon, colour
        self.draw()

    def draw(self) -> None:
        """Draw the icon again, after a change of appearance."""
        colour = getattr(Appearance.palette, self._colour)
        drawn: QPixmap = icons.pixmap(self._icon, colour, self._pixels, self.devicePixelRatioF())
        self.setPixmap(drawn)


class Rule(QFrame):
    """A thin horizontal line between two groups."""

    def __init__(self) -> None:
        super().__init__()
        mark(self, frame="rule")


def tip(widget: QWidget, text: str) -> None:
    """Give a widget a tooltip that is never read as markup."""
    shown = fr(text)
    widget.setToolTip(f"<qt>{html.escape(shown)}</qt>" if "<" in shown or "&" in shown else shown)
