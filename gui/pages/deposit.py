"""The drawer to deposit a document: a file, its type and title guessed, who sees it, *Envoyer*."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from dossier.patient import Traits
from dossier.professional import Professional
from gui import guess
from gui import tokens as t
from gui.pieces.boxes import Panel, column, holder, row, scrolled
from gui.pieces.buttons import Button
from gui.pieces.marks import Select
from gui.pieces.message import Message
from gui.pieces.text import Text
from gui.pieces.visibility import VisibilityChooser
from gui.words import fr, three_traits

_REPLACING = (
    "Le nouveau document prend la place de l'ancien, avec son type et sa visibilité. L'ancien reste dans le dossier,"
    " marqué remplacé."
)


class DepositDrawer(Panel):
    """Opens from the right; ``sent`` gives the request of the use case ``deposit``; ``closed`` asks to go.

    replaced: the title of the document that the new one replaces; type and visibility stay those of the old one.
    """

    sent = Signal(dict)
    closed = Signal()

    def __init__(self, professional: Professional, traits: Traits, replaced: str | None = None) -> None:
        super().__init__("drawer", margin=t.PAGE, gap=t.INNER, name="deposit")
        self._professional = professional
        self.setAcceptDrops(True)
        self._titled_by_hand = replaced is not None
        self.path = self._field("deposit.path", "Chemin du fichier", "Déposez un PDF ici, ou donnez son chemin")
        self.path.textChanged.connect(self._guess)
        self.title = self._field("deposit.title", "Titre du document", "Titre lu par le patient et ses soignants")
        self.title.textEdited.connect(self._by_hand)
        self.type = Select("deposit.type", "Type de document")
        for code in guess.types():
            self.type.addItem(fr(code.display), code.code)
        self._select(guess.type_of(Path(), professional))
        self.visibility = VisibilityChooser()
        self.message = Message("deposit.message")
        browse = Button("Parcourir…", name="deposit.browse", icon="folder", on_click=self._browse)
        self.send = Button("Envoyer", "primary", name="deposit.send", icon="send")
        self.send.clicked.connect(self._send)
        self.send.setEnabled(False)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self).activated.connect(self.send.click)
        close = Button("Annuler", name="deposit.cancel", on_click=self.closed.emit)
        line = row(self.path, browse)
        line.setStretch(0, 1)
        form = column(Text("Fichier", "strong"), line, gap=t.GROUP)
        below: tuple[QWidget, ...] = (Text("Titre", "strong"), self.title)
        if replaced is None:
            below = (Text("Type", "strong"), self.type, *below, Text("Qui le lit", "strong"), self.visibility)
        else:
            self.title.setText(replaced)
            below = (*below, Text(_REPLACING, "muted", wrap=True))
        for each in below:
            form.addWidget(each)
        form.addStretch(1)
        self.column.addWidget(Text("Déposer un document" if replaced is None else "Remplacer un document", "title"))
        self.column.addWidget(Text(three_traits(traits), "muted", wrap=True, name="deposit.patient"))
        self.column.addWidget(self.message)
        self.column.addWidget(scrolled(holder(form), on="paper"), 1)
        self.column.addLayout(row(close, 1, self.send))
        self.setFocusProxy(self.path)

    def _field(self, name: str, title: str, placeholder: str) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName(name)
        made.setAccessibleName(title)
        made.setPlaceholderText(fr(placeholder))
        return made

    def take_file(self, path: Path) -> None:
        """Take a file that was chosen or dropped."""
        self.path.setText(str(path))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Accept one local file."""
        if _file_of(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Take the dropped file."""
        path = _file_of(event.mimeData())
        if path is not None:
            self.take_file(path)

    def _guess(self, text: str) -> None:
        path = Path(text.strip().strip('"')).expanduser()
        there = bool(text.strip()) and path.is_file()
        self.send.setEnabled(there)
        if not there:
            return
        self._select(guess.type_of(path, self._professional))
        if not self._titled_by_hand:
            self.title.setText(guess.title_of(path))

    def _by_hand(self, text: str) -> None:
        self._titled_by_hand = bool(text)

    def _select(self, code: str) -> None:
        place = self.type.findData(code)
        if place >= 0:
            self.type.setCurrentIndex(place)

    def _browse(self) -> None:
        dialog = QFileDialog(self, fr("Choisir le document"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(fr("Documents (*.pdf *.txt *.jpg *.jpeg *.png *.rtf *.tif *.tiff)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda chosen: self.take_file(Path(chosen)))
        dialog.open()

    def _send(self) -> None:
        request = {
            "path": Path(self.path.text().strip().strip('"')).expanduser(),
            "type_code": str(self.type.currentData()),
            "title": self.title.text().strip(),
            "masked": self.visibility.masked(),
            "hidden_from_patient": self.visibility.hidden(),
        }
        self.send.setEnabled(False)
        self.sent.emit(request)
        self.closed.emit()


def _file_of(data: QMimeData) -> Path | None:
    urls = [each for each in data.urls() if each.isLocalFile()]
    return Path(urls[0].toLocalFile()) if len(urls) == 1 else None
