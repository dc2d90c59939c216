"""The doctor: what is wrong with this computer, its cards, its host and its vault, in rows a person can read aloud.

May import: cps_bridge.house and every room under it.
Never enters: a PIN, a name, a number of a person, a question; nothing is made, sent or signed that a session did not.
"""

from __future__ import annotations

from pathlib import Path

from cps_bridge.doctor.examination import examine_place
from cps_bridge.doctor.place import FindKey, place_of, place_without_house
from cps_bridge.doctor.words import title
from cps_bridge.house import HostAddress, House
from cps_bridge.storage.settings import Settings
from dossier.failure import Failure
from dossier.finding import Finding

__all__ = ["FindKey", "Finding", "examine", "examine_without_house", "title"]


def examine(house: House) -> tuple[Finding, ...]:
    """Examine everything around an open house; takes a few seconds at worst. Not on the GUI or the card thread."""
    return examine_place(place_of(house))


def examine_without_house(
    directory: Path,
    settings: Settings | Failure,
    address: HostAddress | Failure | None,
    *,
    failure: Failure | None = None,
    key: FindKey | None = None,
) -> tuple[Finding, ...]:
    """Examine a computer where the house is not, or cannot be, opened; each part is opened alone, and nothing is made.

    settings, address: as read, or why they could not be; failure: why the house did not open, None when nobody tried;
    key: another source of the vault's key than the keyring (a passphrase), asked only where a vault exists.
    """
    return examine_place(place_without_house(directory, settings, address, failure, key))
