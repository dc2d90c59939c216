"""What a search in a patient's documents asks for (ITI TF-2 3.18.4.1.2.3.7.1)."""

from __future__ import annotations

from dataclasses import dataclass

from dossier.metadata import Availability, Code
from dossier.timestamp import Timestamp


@dataclass(frozen=True)
class DocumentFilter:
    """The limits of a search: an entry passes when each limit that is set accepts it; (), "" and None set none.

    Codes are wanted one or the other; author: a part of the author's name; a period holds from its first instant up to
    its last excluded, and an entry without that time is outside any period.
    """

    statuses: tuple[Availability, ...] = (Availability.APPROVED,)
    type_codes: tuple[Code, ...] = ()
    class_codes: tuple[Code, ...] = ()
    format_codes: tuple[Code, ...] = ()
    practice_settings: tuple[Code, ...] = ()
    facility_types: tuple[Code, ...] = ()
    event_codes: tuple[Code, ...] = ()
    author: str = ""
    created_from: Timestamp | None = None
    created_to: Timestamp | None = None
    service_from: Timestamp | None = None
    service_to: Timestamp | None = None
    service_stop_from: Timestamp | None = None
    service_stop_to: Timestamp | None = None
    confidentiality: tuple[Code, ...] = ()
