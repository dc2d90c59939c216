"""Pages of paper on screen: a page painted to the width, a printed sheet with its blur."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import icons
from gui import tokens as t
from gui.style import Appearance, font
from gui.words import fr


class PageView(QWidget):
    """Pages of a document, one under the other, as wide as there is room."""

    def __init__(self, name: str = "preview.pages") -> None:
        super().__init__()
        self.setObjectName(name)
        self._pages: list[QImage] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_pages(self, pages: list[QImage]) -> None:
        """Show pages; an empty list clears them from memory."""
        self._pages = list(pages)
        self._measure()
        self.update()

    def count(self) -> int:
        """Give the number of pages shown."""
        return len(self._pages)

    def _shown_width(self, page: QImage) -> int:
        return min(self.width(), round(page.width() / 1.5))

    def _height(self, page: QImage) -> int:
        return round(page.height() * self._shown_width(page) / max(1, page.width()))

    def _measure(self) -> None:
        self.setFixedHeight(max(1, sum(self._height(each) + t.INNER for each in self._pages)))

    def resizeEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        """Follow the width."""
        self._measure()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the pages that the event uncovers."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        top = 0
        for page in self._pages:
            width, height = self._shown_width(page), self._height(page)
            area = QRect((self.width() - width) // 2, top, width, height)
            if area.intersects(event.rect()):
                painter.fillRect(area, Appearance.colour("sheet"))
                painter.drawImage(area, page)
                painter.setPen(QPen(Appearance.colour("line"), t.HAIR))
                painter.drawRect(area.adjusted(0, 0, -1, -1))
            top += height + t.INNER
        painter.end()


class SheetPreview(QWidget):
    """One printed sheet; blurred until somebody asks to see it, and blurred in the memory it shows too."""

    def __init__(self, name: str, title: str, *, secret: bool = False) -> None:
        super().__init__()
        self.setObjectName(name)
        self._title, self._secret, self._shown = fr(title), secret, not secret
        self._image: QImage | None = None
        self._gone = ""
        self.setFixedSize(QSize(*t.SHEET))
        self._tell()

    def show_sheet(self, image: QImage | None) -> None:
        """Take the picture of the sheet."""
        self._image, self._gone = image, ""
        self._shown = not self._secret
        self._tell()

    def reveal(self, shown: bool) -> None:
        """Show, or blur again."""
        self._shown = shown
        self._tell()

    def is_revealed(self) -> bool:
        """Whether the sheet can be read on screen."""
        return self._shown and self._image is not None

    def destroy_sheet(self, why: str) -> None:
        """Forget the sheet and say why it is not there."""
        self._image, self._gone = None, fr(why)
        self._tell()

    def _tell(self) -> None:
        self.setAccessibleName(f"{self._title}{'' if self._shown else fr(' : masqué')}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the sheet, its blur, or why it is gone."""
        painter = QPainter(self)
        area = self.rect().adjusted(0, 0, -1, -1)
        painter.fillRect(area, Appearance.colour("sheet" if self._image else "raised"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._image is not None:
            painter.drawImage(area, self._image if self._shown else _blurred(self._image))
        painter.setPen(QPen(Appearance.colour("line"), t.HAIR))
        painter.drawRect(area)
        if self._image is None or not self._shown:
            self._paint_words(painter, area)
        painter.end()

    def _paint_words(self, painter: QPainter, area: QRect) -> None:
        words = self._gone or ("Masqué" if self._image else "Préparation…")
        painter.setFont(font(t.BODY_TEXT, strong=True))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        inside = area.adjusted(t.PAGE, 0, -t.PAGE, 0)
        text = painter.boundingRect(inside, flags, words).adjusted(-t.INNER, -t.GROUP - t.PAGE, t.INNER, t.GROUP)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Appearance.colour("paper"))
        painter.drawRoundedRect(text, t.RADIUS_CONTROL, t.RADIUS_CONTROL)
        colour = Appearance.palette.secondary
        drawn = icons.pixmap("check" if self._gone else "eye-off", colour, t.ICON, self.devicePixelRatioF())
        painter.drawPixmap(text.center().x() - t.ICON // 2, text.top() + t.GROUP, drawn)
        painter.setPen(Appearance.colour("ink"))
        painter.drawText(text.adjusted(t.INNER, t.PAGE, -t.INNER, 0), flags, words)


def _blurred(image: QImage) -> QImage:
    """Throw the detail away: a few dozen pixels cannot be read, whatever is done to them after."""
    smooth = Qt.TransformationMode.SmoothTransformation
    return image.scaled(t.BLUR, t.BLUR, Qt.AspectRatioMode.KeepAspectRatio, smooth)
