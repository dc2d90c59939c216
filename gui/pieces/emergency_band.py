"""The emergency band: the whole width, the whole time of an access that the patient did not authorise."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QSizePolicy

from dossier.access import Access, AccessMode
from gui import tokens as t
from gui.pieces.boxes import Panel, column, row
from gui.pieces.buttons import Button
from gui.pieces.text import ElidedText, Picture, Text
from gui.style import mark
from gui.words import elapsed

_TITLES = {AccessMode.BREAK_GLASS: "ACCÈS EN URGENCE", AccessMode.REGULATION: "ACCÈS DE RÉGULATION (CENTRE 15)"}


class EmergencyBand(Panel):
    """Words, patient, what it entails; reason, elapsed time, *Terminer l'accès*; red for break-glass, else violet."""

    ended = Signal()

    def __init__(self) -> None:
        super().__init__("emergency", margin=0)
        self.setObjectName("emergency.band")
        self.setFixedHeight(t.BAR_HEIGHT)
        self._began = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._tick)
        self._title = Text("", "trait", name="emergency.band.title")
        self._who = ElidedText("", "strong", name="emergency.band.patient")
        self._reason = ElidedText("", name="emergency.band.reason")
        self._traced = ElidedText("accès tracé et signalé au patient", name="emergency.band.traced")
        self._time = Text("00:00", "title", name="emergency.band.time")
        end = Button("Terminer l'accès", "band", name="emergency.end", on_click=self.ended.emit)
        # It takes what the patient's name leaves, and is cut first.
        self._traced.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        head = row(self._title, self._who, self._traced, gap=t.BETWEEN)
        head.setStretch(2, 1)
        inside = row(
            Picture("warning", "on_emergency", t.PAGE), column(head, self._reason, gap=t.TIGHT), self._time, end
        )
        inside.setSpacing(t.BETWEEN)
        inside.setContentsMargins(t.PAGE, t.GROUP, t.PAGE, t.GROUP)
        inside.setStretch(1, 1)
        self.column.addLayout(inside)
        self.hide()

    def begin(self, access: Access, patient: str) -> None:
        """Show the band of an access that begins; a call for the same access changes nothing."""
        if not self.isHidden() and self._title.text() == _TITLES.get(access.mode):
            return
        mark(self, frame="emergency" if access.mode is AccessMode.BREAK_GLASS else "regulation")
        self._title.say(_TITLES.get(access.mode, ""))
        self._who.say(patient)
        reason = f"Motif : {access.justification}" if access.justification else "Régulation médicale du SAMU"
        self._reason.say(reason)
        self._began = time.monotonic()
        self._tick()
        self._timer.start()
        self.show()

    def end(self) -> None:
        """Hide and forget."""
        self._timer.stop()
        self._who.say("")
        self._reason.say("")
        self.hide()

    def _tick(self) -> None:
        self._time.say(elapsed(int(time.monotonic() - self._began)))
