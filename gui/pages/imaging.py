"""Imaging: a report and a folder of images become one lot; what is ready, what must be looked at, what was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit, QVBoxLayout, QWidget

from dossier.access import DossierState
from dossier.failure import Failure
from gui import tokens as t
from gui.jobs import Job
from gui.pages.page import Page
from gui.pieces.boxes import Panel, column, empty, holder, row, scrolled
from gui.pieces.buttons import Button
from gui.pieces.empty_state import EmptyState
from gui.pieces.message import Message
from gui.pieces.progress import Progress
from gui.pieces.text import ElidedText, Text
from gui.pieces.thumbnails import Thumbnail, ThumbnailStrip
from gui.words import count, day, foreign, fr


@dataclass
class Pair:
    """One report with its study: state is prêt, à vérifier, en cours or envoyé."""

    report: Path
    folder: Path
    title: str
    words: str
    series: tuple[Thumbnail, ...]
    state: str = "prêt"
    why: str = ""
    remedy: str = ""


_TONES = {"prêt": "info", "à vérifier": "warning", "en cours": "info", "envoyé": "success"}


class ImagingPage(Page):
    """Left, what to pair; right, the pairs with their thumbnails; *Tout envoyer* sends what is ready."""

    key = "imaging"
    title = "Radiologie"

    def parts(self) -> Iterator[None]:
        """Make the lines of what was prepared, and the form."""
        self._pairs: list[Pair] = []
        self._drawn: list[Pair] | None = None
        self._told_needs = False
        self.send = Button("Tout envoyer", "primary", name="imaging.send", icon="send", on_click=self._send_next)
        self.head.addWidget(self.send)
        self.progress = Progress("imaging.progress")
        self.progress.cancelled.connect(self._cancel)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(t.GROUP)
        self._lines.setContentsMargins(0, 0, 0, 0)
        right = QWidget()
        right.setLayout(column(self.progress, scrolled(holder(self._lines)), gap=t.INNER))
        yield
        left = scrolled(self._form(), on="")
        left.setFixedWidth(t.LIST_WIDTH - 2 * t.PAGE)
        yield
        self.body.addLayout(row(left, right, gap=t.BETWEEN), 1)
        yield
        self.refresh()

    def _form(self) -> Panel:
        panel = Panel(margin=t.BETWEEN, gap=t.GROUP)
        self.report = self._path("imaging.report", "Compte rendu (PDF)")
        self.folder = self._path("imaging.folder", "Dossier des images DICOM")
        self.title_field = QLineEdit()
        self.title_field.setObjectName("imaging.title_field")
        self.title_field.setAccessibleName("Titre du compte rendu")
        self.title_field.setPlaceholderText(fr("CR d'imagerie médicale"))
        self.add = Button("Préparer l'examen", name="imaging.add", icon="plus", on_click=self._add)
        self.add.setEnabled(False)
        self._form_message = Message("imaging.form_message")
        lines = (
            ("Compte rendu", self.report, self._browse("imaging.report.browse", self.report, folder=False)),
            ("Images", self.folder, self._browse("imaging.folder.browse", self.folder, folder=True)),
        )
        panel.column.addWidget(Text("Un compte rendu et son examen", "trait", wrap=True))
        for title, field, browse in lines:
            panel.column.addWidget(Text(title, "strong"))
            panel.column.addWidget(field)
            panel.column.addLayout(row(browse, 1))
        panel.column.addWidget(Text("Titre", "strong"))
        panel.column.addWidget(self.title_field)
        panel.column.addWidget(self._form_message)
        panel.column.addStretch(1)
        panel.column.addWidget(self.add)
        return panel

    def _path(self, name: str, title: str) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName(name)
        made.setAccessibleName(title)
        made.setPlaceholderText(fr(title))
        made.textChanged.connect(self._enable)
        return made

    def _browse(self, name: str, field: QLineEdit, *, folder: bool) -> Button:
        def choose() -> None:
            dialog = QFileDialog(self, fr("Choisir le dossier" if folder else "Choisir le compte rendu"))
            mode = QFileDialog.FileMode
            dialog.setFileMode(mode.Directory if folder else mode.ExistingFile)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.fileSelected.connect(field.setText)
            dialog.open()

        return Button("Parcourir…", "link", name=name, icon="folder", on_click=choose)

    def refresh(self) -> None:
        """Show the pairs, and whether they may leave for the patient on screen."""
        if self._pairs != self._drawn:
            self._drawn = [replace(each) for each in self._pairs]
            self._draw()
        ready = any(each.state == "prêt" for each in self._pairs)
        dossier = self.house.dossier
        open_one = dossier is not None and dossier.state is DossierState.OPEN
        self.add.become("quiet" if ready else "primary")
        self.send.become("primary" if ready else "quiet")
        self.send.setEnabled(ready and open_one and not self._sending())
        if ready and not open_one:
            self.message.say(*self._needs_patient())
            self._told_needs = True
        elif self._told_needs:
            self.message.clear()
            self._told_needs = False

    def _draw(self) -> None:
        empty(self._lines)
        for number, pair in enumerate(self._pairs):
            self._lines.addWidget(self._line(number, pair))
        if self._pairs:
            self._lines.addStretch(1)
        else:
            hint = "Choisissez un compte rendu et le dossier de ses images, puis « Préparer l'examen »."
            self._lines.addWidget(EmptyState("imaging", "Aucun examen préparé", hint, name="imaging.empty"), 1)

    def _needs_patient(self) -> tuple[str, str, str]:
        if self.house.patient is None:
            return ("Aucun patient à l'écran.", "Identifiez le patient de l'examen avant d'envoyer.", "warning")
        return ("Ce patient n'a pas de dossier ouvert.", "L'examen ne peut pas y être déposé.", "warning")

    def clear(self) -> None:
        """Forget pairs, thumbnails and paths."""
        super().clear()
        self._pairs.clear()
        for field in (self.report, self.folder, self.title_field):
            field.clear()
        self._form_message.clear()
        self.refresh()

    def _line(self, number: int, pair: Pair) -> QWidget:
        name = f"imaging.line.{number}"
        panel = Panel(margin=t.INNER, gap=t.GROUP, name=name)
        tag = Text(pair.state, "tag", tone=_TONES[pair.state], name=f"{name}.state")
        head = row(ElidedText(pair.title, "trait"), tag)
        head.setStretch(0, 1)
        panel.column.addLayout(head)
        panel.column.addWidget(Text(pair.words, "muted", wrap=True))
        if pair.why:
            panel.column.addWidget(Text(pair.why, wrap=True, tone="danger" if pair.state == "à vérifier" else ""))
            panel.column.addWidget(Text(pair.remedy, "muted", wrap=True))
        strip = ThumbnailStrip(f"{name}.series")
        strip.show_series(pair.series)
        panel.column.addWidget(strip)
        if pair.state in ("prêt", "à vérifier"):
            remove = Button("Retirer", "link", name=f"{name}.remove", on_click=self._remover(pair))
            panel.column.addLayout(row(remove, 1))
        return panel

    def _remover(self, pair: Pair) -> Callable[[], None]:
        def remove() -> None:
            self._pairs.remove(pair)
            self.message.clear()
            self.refresh()

        return remove

    def _enable(self) -> None:
        report, folder = self.report.text().strip(), self.folder.text().strip()
        self.add.setEnabled(bool(report and folder) and Path(report).is_file() and Path(folder).is_dir())

    def _add(self) -> None:
        report, folder = Path(self.report.text().strip()), Path(self.folder.text().strip())
        job = self.stage.start("study", folder=folder)
        if job is None:
            return
        self._form_message.clear()
        self.progress.begin("Lecture des images…", can_cancel=False)
        title = self.title_field.text().strip()
        job.done.connect(lambda shown: self._prepared(report, folder, title, shown))
        job.failed.connect(self._form_message.say_failure)
        job.ended.connect(self.progress.end)

    def _prepared(self, report: Path, folder: Path, title: str, shown: Any) -> None:
        study = shown.study
        series = tuple(
            Thumbnail(
                foreign(each.description or each.modality) or "Série",
                f"{each.modality} · {count(len(each.instances), 'image')}",
                png,
            )
            for each, png in zip(study.series, shown.thumbnails, strict=False)
        )
        images = count(sum(len(each.instances) for each in study.series), "image")
        parts = [
            foreign(study.description),
            day(study.date),
            f"examen n° {foreign(study.accession)}" if study.accession else "",
        ]
        words = " · ".join(each for each in (*parts, count(len(study.series), "série"), images, report.name) if each)
        self._pairs.append(Pair(report, folder, title or foreign(study.description) or "Examen", words, series))
        for field in (self.report, self.folder, self.title_field):
            field.clear()
        self.refresh()

    def _sending(self) -> bool:
        return self.stage.jobs.running("deposit-imaging") is not None

    def _send_next(self) -> None:
        pair = next((each for each in self._pairs if each.state == "prêt"), None)
        if pair is None or self._sending():
            return
        files = {"report": pair.report, "folder": pair.folder}
        job = self.stage.start("deposit-imaging", None, title=pair.title, **files)
        if job is not None:
            self.message.clear()
            self._follow(job, pair)

    def _follow(self, job: Job, pair: Pair) -> None:
        pair.state, pair.why, pair.remedy = "en cours", "", ""
        self.progress.begin("Envoi du compte rendu et de l'examen…")
        job.done.connect(lambda item: self._sent(pair, item))
        job.failed.connect(lambda failure: self._mark(pair, failure))
        job.cancelled.connect(lambda: self._back(pair))
        job.ended.connect(self.progress.end)
        self.refresh()

    def _sent(self, pair: Pair, item: Any) -> None:
        word = item.state.value
        if word == "refusé":
            self._mark(pair, Failure(item.code))
            return
        pair.state = "envoyé" if word == "envoyé" else "en cours"
        pair.why = "" if word == "envoyé" else "L'issue est suivie dans la page Envois."
        self.refresh()
        if word == "envoyé":
            self.message.say(f"« {pair.title} » est dans le dossier du patient.", tone="success")
        self._send_next()

    def _mark(self, pair: Pair, failure: Failure) -> None:
        pair.state, pair.why, pair.remedy = "à vérifier", failure.sentence("fr"), failure.remedy("fr")
        self.refresh()
        self._send_next()

    def _back(self, pair: Pair) -> None:
        pair.state = "prêt"
        self.message.say("Envoi abandonné : rien n'a été envoyé.")
        self.refresh()

    def _cancel(self) -> None:
        job = self.stage.jobs.running("deposit-imaging")
        if job is not None:
            job.cancel()
