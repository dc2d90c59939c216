"""The pages of the window: each made at its first use, or before it in small steps, and one of them shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gui.pages.page import Page
from gui.pieces.page_stack import PageStack


class Shelf:
    """Keeps pages in a stack by their keys; make: begins a page."""

    def __init__(self, stack: PageStack, make: Callable[[str], Page]) -> None:
        self._stack, self._make = stack, make
        self._begun: dict[str, Page] = {}
        self._made: dict[str, Page] = {}

    def page(self, key: str) -> Page:
        """Give a page, made to its end."""
        for _ in self.furnish(key):
            pass
        return self._made[key]

    def furnish(self, key: str) -> Iterator[None]:
        """Make a page in steps, each short enough for one turn of the event loop; nothing is left to do when made."""
        if key in self._made:
            return
        if key not in self._begun:
            self._begun[key] = made = self._make(key)
            self._stack.addWidget(made)  # from here on it goes when the window goes
            yield
        page = self._begun[key]
        while page.furnish():
            yield
        self._made[key] = page

    def show(self, key: str) -> Page:
        """Bring a page to the front as the house is now."""
        page = self.page(key)
        self._stack.setCurrentWidget(page)
        return page

    def shown(self) -> Page | None:
        """Give the page in front, None when something else is."""
        front = self._stack.currentWidget()
        return front if isinstance(front, Page) else None

    def refresh(self) -> None:
        """Let every page show what the house knows now."""
        for page in self._made.values():
            page.refresh()

    def clear(self) -> None:
        """Let every page forget what it shows of patients."""
        for page in self._made.values():
            page.clear()
