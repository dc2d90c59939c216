"""A person at the window: looks for a widget by its name, reads, clicks and types where a person could."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QLineEdit,
    QListView,
    QPlainTextEdit,
    QScrollArea,
    QWidget,
)

from gui.jobs import Job
from gui.tour.story import Story, TourError, Wait
from gui.window import Window

_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "’": "'"})


def plain(text: str) -> str:
    """Give a text with ordinary spaces and apostrophes, to compare words and not typography."""
    return text.translate(_SPACES)


class Person:
    """Acts on one window. Every method that waits is a story; each fails naming the widget in French."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def find(self, name: str) -> QWidget | None:
        """Give the widget of this name that can be seen now, None when there is none."""
        found = [each for each in self.window.findChildren(QWidget, name) if each.isVisible()]
        return found[-1] if found else None

    def see(self, name: str) -> Story[QWidget]:
        """Wait until a widget can be seen."""
        seen: QWidget = yield Wait(f"« {name} » à l'écran", lambda: self.find(name))
        return seen

    def gone(self, name: str) -> Story[None]:
        """Wait until a widget cannot be seen any more."""
        yield Wait(f"« {name} » disparu de l'écran", lambda: self.find(name) is None)

    def words(self, name: str) -> str:
        """Read the words of a widget now; "" when it cannot be seen."""
        found = self.find(name)
        whole: Callable[[], str] | None = getattr(found, "whole", None)
        if whole is not None:
            return plain(whole())
        if isinstance(found, QLabel | QAbstractButton | QLineEdit):
            return plain(found.text())
        return plain(found.toPlainText()) if isinstance(found, QPlainTextEdit) else ""

    def read(self, name: str, *words: str) -> Story[str]:
        """Wait until a widget says all these words; gives what it says."""
        wanted = [plain(each) for each in words]
        what = f"« {' … '.join(words)} » dans « {name} »"
        yield Wait(what, lambda: self.find(name) is not None and all(each in self.words(name) for each in wanted))
        return self.words(name)

    def is_enabled(self, name: str) -> bool:
        """Whether a widget can be seen and used."""
        found = self.find(name)
        return found is not None and found.isEnabled()

    def is_ticked(self, name: str) -> bool:
        """Whether a box or a radio button can be seen and is ticked."""
        found = self.find(name)
        return isinstance(found, QAbstractButton) and found.isChecked()

    def click(self, name: str) -> Story[None]:
        """Click a widget with the mouse, once it can be used and nothing lies over it."""
        yield Wait(f"« {name} » utilisable", lambda: self._within_reach(name))
        target = self._target(name)
        QTest.mouseClick(target, Qt.MouseButton.LeftButton, pos=_middle(target))

    def type(self, name: str, text: str) -> Story[None]:
        """Click a field, empty it and type a text."""
        yield from self.click(name)
        target = self._target(name)
        if isinstance(target, QLineEdit):
            target.clear()
        for each in text:
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QCoreApplication.sendEvent(target, QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, each))

    def pick(self, name: str, value: str) -> Story[None]:
        """Choose the entry of a list that stands for a value."""
        yield Wait(f"« {name} » utilisable", lambda: self._within_reach(name))
        target = self._target(name)
        place = target.findData(value) if isinstance(target, QComboBox) else -1
        if place < 0 or not isinstance(target, QComboBox):
            raise TourError(f"La liste « {name} » n'offre pas « {value} ».")
        target.setCurrentIndex(place)

    def click_line(self, name: str, words: str) -> Story[None]:
        """Click the line of a list that begins with these words."""
        yield Wait(f"la ligne « {words} » dans « {name} »", lambda: words in self.lines(name))
        view = self._target(name)
        assert isinstance(view, QListView)
        index = view.model().index(self.lines(name).index(words), 0)
        view.scrollTo(index)
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())

    def lines(self, name: str) -> list[str]:
        """Read the lines of a list that can be seen; nothing when it cannot."""
        view = self.find(name)
        if not isinstance(view, QListView):
            return []
        model = view.model()
        return [plain(str(model.index(row, 0).data())) for row in range(model.rowCount())]

    def catch(self, use_case: str) -> list[Any]:
        """Hear the result of a use case that a click has just begun: the list holds it once it is there."""
        caught: list[Any] = []
        self.job(use_case).done.connect(caught.append)
        return caught

    def job(self, use_case: str) -> Job:
        """Give a use case that a click has just begun."""
        job = self.window.stage.jobs.running(use_case)
        if job is None:
            raise TourError(f"Le geste n'a pas commencé « {use_case} ».")
        return job

    def settled(self) -> Story[None]:
        """Wait until nothing moves any more: no work but what waits for a person, and the layout is done."""
        yield Wait("une fenêtre au repos", self.is_at_rest)
        for _ in range(2):
            yield Wait("un tour de la fenêtre", lambda: True)

    def is_at_rest(self) -> bool:
        """Whether everything under way waits for a person's answer."""
        return all(job.user.pending() is not None for job in self.window.stage.jobs.findChildren(Job))

    def _target(self, name: str) -> QWidget:
        found = self.find(name)
        if found is None:
            raise TourError(f"« {name} » n'est plus à l'écran.")
        return found

    def _within_reach(self, name: str) -> bool:
        """Whether a click in the middle of a widget would reach it; scrolls it into view as a person does."""
        found = self.find(name)
        if found is None or not found.isEnabled():
            return False
        parent = found.parentWidget()
        while parent is not None:
            if isinstance(parent, QScrollArea):
                parent.ensureWidgetVisible(found)
            parent = parent.parentWidget()
        top = found.window()
        hit = top.childAt(found.mapTo(top, _middle(found)))
        return hit is found or (hit is not None and found.isAncestorOf(hit))


def _middle(widget: QWidget) -> QPoint:
    return widget.rect().center()
