"""The settings of the window, and those of the practice as they are."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from gui import tokens as t
from gui.flows import Flows
from gui.pages.page import Page
from gui.pieces.boxes import Panel, column, holder, row, scrolled
from gui.pieces.choice import RadioCards
from gui.pieces.text import Text
from gui.stage import Stage

LOOKS = ("system", "light", "dark")
_LOOK_CARDS = (
    ("settings.look.system", "Comme le poste", "Suit le réglage de l'ordinateur."),
    ("settings.look.light", "Clair", ""),
    ("settings.look.dark", "Sombre", ""),
)


class SettingsPage(Page):
    """Appearance; then what the settings file of the practice says."""

    key = "settings"
    title = "Réglages"

    def __init__(self, stage: Stage, flows: Flows) -> None:
        super().__init__(stage, flows)
        self.looks = RadioCards(_LOOK_CARDS, side_by_side=True, start=0)
        self.looks.chosen.connect(lambda number: stage.looks.emit(LOOKS[number]))
        look = Panel(margin=t.BETWEEN, gap=t.INNER)
        look.column.addWidget(Text("Apparence", "trait"))
        look.column.addWidget(self.looks)
        self._practice = Panel(margin=t.BETWEEN, gap=t.GROUP)
        self._practice.column.addWidget(Text("Poste et cabinet", "trait"))
        note = "Ces valeurs viennent du fichier settings.toml du dossier de données ; elles sont lues au démarrage."
        self._practice.column.addWidget(Text(note, "muted", wrap=True))
        for title, value in _values(stage):
            label = Text(title, "muted")
            label.setFixedWidth(t.STEP_LIST_WIDTH)
            line = row(label, Text(value, wrap=True), gap=t.BETWEEN)
            line.setStretch(1, 1)
            self._practice.column.addLayout(line)
        inside: QVBoxLayout = column(look, self._practice, 1, gap=t.BETWEEN)
        self.body.addWidget(scrolled(holder(inside), "settings.area"), 1)


def _values(stage: Stage) -> list[tuple[str, str]]:
    known = stage.house.settings

    def get(name: str) -> object:
        return getattr(known, name, "")

    return [
        ("Mode", "Production" if get("production") else "Test et simulation"),
        ("Adresse de l'hôte", str(get("host_url") or "celle de la simulation")),
        ("Téléservice INSi", str(get("insi_url") or "celui de l'hôte")),
        ("Verrouillage sans activité", f"après {get('idle_minutes')} minutes"),
        ("Délai de connexion", f"{get('connect_seconds'):g} s, puis {get('read_seconds'):g} s de lecture"),
        ("Taille d'un document", f"{get('size_limit_mb')} Mo au plus"),
        ("Nom annoncé à l'hôte", f"{get('software_name')}, instance {get('software_instance')}"),
        ("Homologation", str(get("homologation"))),
        ("Signature de l'assertion", f"{'oui' if get('vihf_signed') else 'non'}, {get('hash_name')}"),
    ]
