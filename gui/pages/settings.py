"""The settings of the window, those of the cards, which it can write, and those of the practice as they are."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QVBoxLayout

from gui import tokens as t
from gui.flows import Flows
from gui.pages.page import Page
from gui.pieces.boxes import Panel, column, holder, row, scrolled
from gui.pieces.buttons import Button
from gui.pieces.choice import RadioCards
from gui.pieces.number import NumberField
from gui.pieces.text import Text
from gui.stage import Stage

LOOKS = ("system", "light", "dark")
_LOOK_CARDS = (
    ("settings.look.system", "Comme le poste", "Suit le réglage de l'ordinateur."),
    ("settings.look.light", "Clair", ""),
    ("settings.look.dark", "Sombre", ""),
)
_ENTRIES = ("auto", "dialog", "pinpad")
_ENTRY_CARDS = (
    ("settings.pin.auto", "Selon le lecteur", "Sur ses touches s'il en a, au clavier sinon."),
    ("settings.pin.dialog", "Toujours au clavier", "Même si le lecteur a des touches."),
    ("settings.pin.pinpad", "Toujours sur le lecteur", "Un lecteur sans touches est refusé."),
)
_BACKENDS = ("apdu", "pkcs11")
_BACKEND_CARDS = (
    ("settings.backend.apdu", "Directement", "Le choix courant : rien à installer."),
    ("settings.backend.pkcs11", "Par un module PKCS#11", "Par exemple la Cryptolib CPS de l'ANS."),
)
_LONGEST_IDLE = 240


class SettingsPage(Page):
    """Appearance; cards, with what is written for the next start; then what the settings file of the practice says."""

    key = "settings"
    title = "Réglages"

    def __init__(self, stage: Stage, flows: Flows) -> None:
        super().__init__(stage, flows)
        self.looks = RadioCards(_LOOK_CARDS, side_by_side=True, start=0)
        self.looks.chosen.connect(lambda number: stage.looks.emit(LOOKS[number]))
        look = Panel(margin=t.BETWEEN, gap=t.INNER)
        look.column.addWidget(Text("Apparence", "trait"))
        look.column.addWidget(self.looks)
        inside: QVBoxLayout = column(look, self._cards(), self._practice(), 1, gap=t.BETWEEN)
        self.body.addWidget(scrolled(holder(inside), "settings.area"), 1)

    def _cards(self) -> Panel:
        known = self.house.settings
        panel = Panel(margin=t.BETWEEN, gap=t.INNER)
        self._entry = RadioCards(_ENTRY_CARDS, side_by_side=True, start=_ENTRIES.index(known.pin_entry))
        self._backend = RadioCards(_BACKEND_CARDS, side_by_side=True, start=_BACKENDS.index(known.card_backend))
        self._module = QLineEdit(known.pkcs11_module)
        self._module.setObjectName("settings.module")
        self._module.setAccessibleName("Chemin du module PKCS#11")
        self._module.setPlaceholderText("Chemin du module ; vide pour la Cryptolib CPS du poste")
        self._idle = NumberField("settings.idle", "Minutes sans activité avant la fin de la session")
        self._idle.begin(known.idle_minutes, 1, max(_LONGEST_IDLE, known.idle_minutes))
        self._save = Button("Enregistrer", "primary", name="settings.save", on_click=self._write)
        idle = row(Text("Fin de la session sans activité après", "strong"), self._idle, Text("minutes"), 1, gap=t.INNER)
        panel.column.addWidget(Text("Cartes", "trait"))
        panel.column.addWidget(Text("Saisie du code", "strong"))
        panel.column.addWidget(self._entry)
        panel.column.addWidget(Text("Accès à la carte CPS", "strong"))
        panel.column.addWidget(self._backend)
        panel.column.addWidget(self._module)
        panel.column.addLayout(idle)
        panel.column.addLayout(row(1, self._save))
        for each in (self._entry, self._backend):
            each.chosen.connect(lambda _: self._changed())
        self._module.textChanged.connect(lambda _: self._changed())
        self._idle.textChanged.connect(lambda _: self._changed())
        self._changed()
        return panel

    def _practice(self) -> Panel:
        panel = Panel(margin=t.BETWEEN, gap=t.GROUP)
        panel.column.addWidget(Text("Poste et cabinet", "trait"))
        note = "Ces valeurs viennent du fichier settings.toml du dossier de données ; elles sont lues au démarrage."
        panel.column.addWidget(Text(note, "muted", wrap=True))
        for title, value in _values(self.stage):
            label = Text(title, "muted")
            label.setFixedWidth(t.STEP_LIST_WIDTH)
            line = row(label, Text(value, wrap=True), gap=t.BETWEEN)
            line.setStretch(1, 1)
            panel.column.addLayout(line)
        return panel

    def _chosen(self) -> dict[str, object]:
        return {
            "pin_entry": _ENTRIES[self._entry.index()],
            "card_backend": _BACKENDS[self._backend.index()],
            "pkcs11_module": self._module.text().strip(),
            "idle_minutes": self._idle.value(),
        }

    def _changed(self) -> None:
        self._module.setVisible(_BACKENDS[self._backend.index()] == "pkcs11")
        known = self.house.settings
        self._save.setEnabled(any(getattr(known, name) != value for name, value in self._chosen().items()))

    def _write(self) -> None:
        """Write what was chosen, away from the GUI thread: a disk may take its time."""
        self._save.setEnabled(False)
        chosen, directory = self._chosen(), self.house.directory
        job = self.stage.errand("settings", lambda: write(directory, chosen))
        job.done.connect(lambda _: self._written())
        job.failed.connect(self.fail)
        job.failed.connect(lambda _: self._changed())

    def _written(self) -> None:
        self.message.say("Les réglages sont enregistrés.", "Ils valent au prochain démarrage.", "success")


def write(directory: Path, chosen: dict[str, object]) -> None:
    """Change some values in the settings file, and no other; raises Failure as Settings does.

    What the options of this start changed for itself is not written.
    """
    from cps_bridge.storage.settings import Settings

    Settings.load(directory).changed(**chosen).save(directory)


def _values(stage: Stage) -> list[tuple[str, str]]:
    known = stage.house.settings

    def get(name: str) -> object:
        return getattr(known, name, "")

    return [
        ("Mode", "Production" if get("production") else "Test et simulation"),
        ("Adresse de l'hôte", str(get("host_url") or "celle de la simulation")),
        ("Téléservice INSi", str(get("insi_url") or "celui de l'hôte")),
        ("Lecteurs utilisés", ", ".join(known.readers) or "tous ceux du poste"),
        ("Silence d'une carte", f"{get('card_seconds'):g} s au plus, comme l'attente d'un autre logiciel"),
        ("Autorités des cartes", str(get("card_ca") or "non vérifiées : aucun fichier indiqué")),
        ("Délai de connexion", f"{get('connect_seconds'):g} s, puis {get('read_seconds'):g} s de lecture"),
        ("Taille d'un document", f"{get('size_limit_mb')} Mo au plus"),
        ("Nom annoncé à l'hôte", f"{get('software_name')}, instance {get('software_instance')}"),
        ("Homologation", str(get("homologation"))),
        ("Signature de l'assertion", f"{'oui' if get('vihf_signed') else 'non'}, {get('hash_name')}"),
    ]
