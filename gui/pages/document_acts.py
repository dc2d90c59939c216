"""What a professional does to a document that is there: mask, archive, delete, show, replace; and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Signal

from cps_bridge.workflows.acts import Act
from dossier.failure import Failure
from dossier.metadata import HIDDEN_FROM_PATIENT, HIDDEN_FROM_REPRESENTATIVES, Availability, DocumentEntry
from gui.house_port import HousePort
from gui.pieces.act_bar import Offer
from gui.pieces.preview import PreviewPanel
from gui.stage import Stage

if TYPE_CHECKING:
    from cps_bridge.workflows.desk import Desk, Session

_STATUS = {"archive": Act.ARCHIVE, "unarchive": Act.UNARCHIVE, "delete": Act.DELETE}
_USE_CASES: dict[str, tuple[str, dict[str, bool], str]] = {
    "mask": ("mask", {"masked": True}, "Le document est masqué aux professionnels."),
    "unmask": ("mask", {"masked": False}, "Le document est visible."),
    "archive": ("archive", {"archived": True}, "Le document est archivé : il quitte la liste courante."),
    "unarchive": ("archive", {"archived": False}, "Le document est de nouveau dans la liste courante."),
    "delete": ("delete", {}, "Le document est supprimé."),
    "show": ("show", {"representatives": False}, "Le patient voit maintenant ce document."),
    "show_all": ("show", {"representatives": True}, "Le patient et ses représentants voient maintenant ce document."),
}


class DocumentActs(QObject):
    """Runs the use cases on the document of the preview.

    changed: its new entry; gone: the entry of a deleted one; each with the sentence that says so. replacing: the entry
    of one that shall be replaced by a file to choose.
    """

    changed = Signal(object, str)
    gone = Signal(object, str)
    replacing = Signal(object)

    def __init__(self, stage: Stage, preview: PreviewPanel) -> None:
        super().__init__(preview)
        self._stage, self._preview = stage, preview
        preview.acted.connect(self._act)
        preview.looked.connect(self.refresh)
        stage.changed.connect(lambda _: self.refresh())

    def refresh(self) -> None:
        """Offer what the rules allow now."""
        entry, house = self._preview.entry, self._stage.house
        if entry is None or house.session is None:
            return
        self._preview.close_mask(_refusal(house, entry, "unmask" if entry.is_masked else "mask"))
        if self._preview.shows_acts():
            self._preview.offer(offers(house, entry))

    def _act(self, key: str) -> None:
        entry = self._preview.entry
        if entry is None:
            return
        if key == "replace":
            self.replacing.emit(entry)
            return
        use_case, request, words = _USE_CASES[key]
        job = self._stage.start(use_case, None, unique_id=entry.unique_id, **request)
        if job is not None:
            ended = self.gone if key == "delete" else self.changed
            job.done.connect(lambda after: ended.emit(after, words))
            job.failed.connect(self._preview.message.say_failure)


def offers(house: HousePort, entry: DocumentEntry) -> tuple[Offer, ...]:
    """Give the actions on a document; what it is already is not offered, what a rule closes says why."""
    archived = entry.status is Availability.ARCHIVED
    wanted = [
        ("replace", "Remplacer", "document"),
        ("unarchive", "Désarchiver", "folder") if archived else ("archive", "Archiver", "folder"),
    ]
    hidden = {each.code for each in entry.confidentiality}
    if HIDDEN_FROM_PATIENT in hidden:
        wanted.append(("show", "Rendre visible au patient", "eye"))
    if HIDDEN_FROM_REPRESENTATIVES in hidden:
        wanted.append(("show_all", "Rendre visible aux représentants", "eye"))
    wanted.append(("delete", "Supprimer", "cross"))
    return tuple(Offer(*each, _refusal(house, entry, each[0])) for each in wanted)


def _refusal(house: HousePort, entry: DocumentEntry, key: str) -> str:
    """Ask the rules of the use cases; the house has all that they read of a desk: session, dossier, access."""
    from cps_bridge.workflows import document_rules as rules

    desk, session = cast("Desk", house), cast("Session", house.session)
    try:
        if key in _STATUS:
            rules.check_status_change(desk, session, entry, _STATUS[key])
        elif key == "replace":
            rules.check_replacement(desk, session, entry)
        elif key == "unmask":
            rules.check_unmasking(desk, session, entry)
        elif key == "mask" and entry.is_hidden_from_patient and not house.settings.both_masks:
            raise Failure("CONFIDENTIALITY_BOTH")
        else:
            rules.check_visibility_change(desk)
    except Failure as failure:
        return failure.sentence("fr")
    return ""
