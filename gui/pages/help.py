"""Help: first steps, rights by profession, keys, and what this program is."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from PySide6.QtWidgets import QWidget

from gui import tokens as t
from gui.flows import Flows
from gui.pages.page import Page
from gui.pieces.boxes import Panel, column, holder, row, scrolled
from gui.pieces.text import Text
from gui.stage import Stage


@cache
def texts() -> dict[str, Any]:
    """Load the texts of the help page."""
    return tomllib.loads(files("gui").joinpath("help.fr.toml").read_text("utf-8"))


class HelpPage(Page):
    """Short panels, one subject each."""

    key = "help"
    title = "Aide"

    def __init__(self, stage: Stage, flows: Flows) -> None:
        super().__init__(stage, flows)
        panels: list[QWidget] = [self._section(each) for each in texts()["section"]]
        panels.insert(1, self._rights())
        inside = column(*panels, 1, gap=t.BETWEEN)
        self.body.addWidget(scrolled(holder(inside), "help.area"), 1)
        self.refresh()

    def _section(self, section: dict[str, Any]) -> Panel:
        panel = Panel(margin=t.BETWEEN, gap=t.GROUP)
        panel.column.addWidget(Text(section["title"], "trait"))
        for line in section["lines"]:
            panel.column.addWidget(Text(f"•  {line}", wrap=True))
        return panel

    def _rights(self) -> Panel:
        rights = texts()["rights"]
        panel = Panel(margin=t.BETWEEN, gap=t.GROUP, name="help.rights")
        panel.column.addWidget(Text(rights["title"], "trait"))
        panel.column.addWidget(Text(rights["intro"], "muted", wrap=True))
        self._yours = Text("", "strong", wrap=True, name="help.rights.yours")
        panel.column.addWidget(self._yours)
        for each in rights["profession"]:
            name = Text(each["name"], "strong", wrap=True)
            name.setFixedWidth(t.TERM_WIDTH)
            line = row(name, Text(each["reads"], wrap=True), gap=t.BETWEEN)
            line.setStretch(1, 1)
            panel.column.addLayout(line)
        return panel

    def refresh(self) -> None:
        """Say which line is the reader's own."""
        session = self.house.session
        mine = session.professional.profession if session else ""
        found = next((each["name"] for each in texts()["rights"]["profession"] if mine in each["codes"]), "")
        self._yours.say(f"Votre ligne : {found}" if found and session else "")
        self._yours.setVisible(bool(found and session))
