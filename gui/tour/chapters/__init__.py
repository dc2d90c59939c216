"""The chapters of the tour: one file each, a readable story that checks its facts.

May import: gui.tour, dossier, what gui.tour may import.
Never enters: a call that goes around the window where a person would use it.
"""

from __future__ import annotations

from gui.tour.chapters import away_card, away_host, consultation, counter, emergency, imaging, masking, rights
from gui.tour.play import Chapter
from gui.tour.tour import Tour

_ORDER = (counter, consultation, imaging, rights, emergency, masking, away_host, away_card)


def chapters(tour: Tour) -> tuple[Chapter, ...]:
    """Give the chapters in their order: each one stands on the patients that those before it left."""
    return tuple(Chapter(each.TITLE, lambda each=each: each.story(tour)) for each in _ORDER)  # type: ignore[misc]
