"""The carte Vitale application of a patient's telephone, behind the one interface that a provider fills.

What its QR code and its NFC exchange hold is not public: this client reads neither by itself.
"""

from __future__ import annotations

from typing import Protocol

from dossier.patient import Beneficiary


class VitaleApplication(Protocol):
    """A provider that can read the application; the simulated one reads texts of its own making only."""

    @property
    def by_qr(self) -> bool:
        """Whether it reads the text of a QR code that a scanner types."""
        ...

    @property
    def by_nfc(self) -> bool:
        """Whether it has an NFC reader of its own: then the scanned text is ""."""
        ...

    def read(self, scanned: str) -> Beneficiary:
        """Give the person whose application this is; raises Failure APPLICATION_UNREADABLE."""
        ...
