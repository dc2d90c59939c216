"""What the tour leaves behind: screens, prints, documents, exchanges, the practice's journal and the host's log."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from cps_bridge.storage.outbox import Outbox
from dossier.document import Content
from gui.tour.story import TourError

FOLDERS = ("screens", "prints", "documents", "wire")
JOURNAL, HOST_LOG = "journal.jsonl", "host-access.jsonl"
_PASSWORD = re.compile(rb"(<(?:[\w.-]+:)?password\b[^>]*>)[^<]+(</)")
_HIDDEN = "masqué dans la trace".encode()


class Album:
    """One directory of proofs; what an earlier tour left in its own folders is thrown away, nothing else."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._screens = self._documents = 0
        self._extracted: set[int] = set()
        directory.mkdir(parents=True, exist_ok=True)
        for name in FOLDERS:
            folder = directory / name
            if folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder)
            folder.mkdir(exist_ok=True)
        for name in (JOURNAL, HOST_LOG):
            (directory / name).unlink(missing_ok=True)

    def folder(self, name: str) -> Path:
        """Give one folder of the album."""
        return self.directory / name

    def screen(self, widget: QWidget, name: str) -> Path:
        """Keep what a window shows now, as screens/NN-name.png."""
        self._screens += 1
        path = self.folder("screens") / f"{self._screens:02d}-{name}.png"
        if not widget.grab().save(str(path)):
            raise TourError(f"L'écran {path.name} n'a pas pu être écrit.")
        return path

    def documents(self, outbox: Outbox, step: str) -> int:
        """Keep the frozen parts of the lots that are new in the outbox, as documents/NN-step-kind; gives how many."""
        before = self._documents
        for item in outbox.items():
            if item.id in self._extracted:
                continue
            self._extracted.add(item.id)
            for part in outbox.parts(item.id):
                self._documents += 1
                data = _bytes(part.content)
                name = f"{self._documents:02d}-{step}-{_kind(data)}"
                (self.folder("documents") / name).write_bytes(data)
        return self._documents - before

    def hide_password(self) -> None:
        """Take the patient's password out of the exchanges: it belongs on one sheet of paper, nowhere else."""
        for path in sorted(self.folder("wire").glob("*-TD1.5*-response.xml")):
            path.write_bytes(_PASSWORD.sub(rb"\1" + _HIDDEN + rb"\2", path.read_bytes()))

    def host_log(self, lines: Iterable[Any]) -> None:
        """Keep the host's access log, one object a line."""
        text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in lines)
        (self.directory / HOST_LOG).write_text(text, encoding="utf-8")


def _bytes(content: Content) -> bytes:
    with content.open() as stream:
        return stream.read()


def _kind(data: bytes) -> str:
    if data[128:132] == b"DICM":
        return "kos.dcm"
    return "cda.xml" if b"ClinicalDocument" in data[:2000] else "signature.xml"
