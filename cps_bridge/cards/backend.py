"""The other way to the content of a professional card: a module that speaks to it for us."""

from __future__ import annotations

from typing import Protocol

from cps_bridge.cards.access import ProfessionalAccess


class ModuleAccess(ProfessionalAccess, Protocol):
    """A session with one card through a module."""

    @property
    def may_be_unlocked(self) -> bool:
        """Whether a code was presented in this session: modules log out without telling every card."""
        ...

    def close(self) -> None:
        """End the session; the rights that the PIN opened in it end with it."""
        ...


class Backend(Protocol):
    """A loaded module (PKCS#11). The readers and the Vitale stay ours."""

    def open(self, reader: str) -> ModuleAccess:
        """Open a session with the card that is in a reader now; raises Failure PKCS11_TOKEN_MISSING and its kin."""
        ...

    def close(self) -> None:
        """Let go of the module."""
        ...
