"""A card that can be spoken to now, and what tells it from any other card."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from cps_bridge.cards.access import ProfessionalAccess
from cps_bridge.cards.apdu import Channel
from cps_bridge.cards.attempt import Attempt, Phase
from cps_bridge.cards.backend import Backend, ModuleAccess
from cps_bridge.cards.pkcs15 import Directory
from cps_bridge.cards.port import ReaderPort, ResettingPort
from cps_bridge.cards.professional import open_professional
from cps_bridge.cards.recognise import Model
from cps_bridge.cards.vitale import Vitale, VitaleContent
from dossier.professional import CardKind

_log = logging.getLogger("cards")

_MODULE_PATIENCE = 15.0
"""Seconds that one job by a module may last: it reads the whole card when it first meets it."""


class Opened(Protocol):
    """One link to one card, for one job after the other. access: of a professional card, vitale: of a Vitale."""

    access: ProfessionalAccess | None
    serial: str
    vitale: VitaleContent | None

    def begin(self, attempt: Attempt, directory: Directory | None) -> None:
        """Prepare another job; directory: of this very card, if it was read. Nothing is sent."""
        ...

    def transaction(self, attempt: Attempt) -> AbstractContextManager[None]:
        """Keep other programs away from the card until the end of the block."""
        ...

    def identify(self, atr: bytes) -> str:
        """Ask the card who it is and give what tells it from any other; raises CARD_UNKNOWN, CARD_UNREADABLE."""
        ...

    def close(self) -> None:
        """Let go of the card, and of the rights that the PIN opened."""
        ...


class OwnLink:
    """A card behind our own APDUs.

    Where the card stands (selected file, application) is not remembered between two jobs: another program may have
    moved it. Each job has an access of its own.
    """

    def __init__(self, channel: Channel, model: Model) -> None:
        self._channel = channel
        self._model = model
        self.access: ProfessionalAccess | None = None
        self.serial = ""
        self.vitale: VitaleContent | None = None

    def begin(self, attempt: Attempt, directory: Directory | None) -> None:
        """Let the watchdog of this job see the exchanges."""
        self._channel.attempt = attempt
        attempt.channel = self._channel
        if self._model.kind is not CardKind.VITALE:
            self.access = open_professional(self._channel, self._model, directory)

    @contextmanager
    def transaction(self, attempt: Attempt) -> Iterator[None]:
        """Wait for the transaction of another program, then keep our own."""
        with self._channel.transaction():
            attempt.enter(Phase.EXCHANGE)
            yield

    def identify(self, atr: bytes) -> str:
        """Read the serial number of a CPS, everything that can be read of a Vitale."""
        if self.access is not None:
            self.serial = self.access.read_serial()
            return hash_of_serial(self.serial)
        self.vitale = Vitale(self._channel).read()
        return self.vitale.digest(atr)

    def close(self) -> None:
        """Close the link; it resets the card when a PIN went through it."""
        self._channel.close()


class ModuleLink:
    """A professional card behind a PKCS#11 module, which has its own way to share the card."""

    vitale: VitaleContent | None = None

    def __init__(self, session: ModuleAccess, reset: Callable[[], None]) -> None:
        self._session = session
        self._reset = reset
        self.access: ProfessionalAccess | None = session
        self.serial = ""

    def begin(self, attempt: Attempt, directory: Directory | None) -> None:
        """Do nothing: the module sees to it."""

    @contextmanager
    def transaction(self, attempt: Attempt) -> Iterator[None]:
        """Give the module its time; it does not tell of its exchanges."""
        attempt.enter(Phase.EXCHANGE, _MODULE_PATIENCE)
        yield

    def identify(self, atr: bytes) -> str:
        """Read the serial number that the module gives of the card."""
        del atr
        self.serial = self._session.read_serial()
        return hash_of_serial(self.serial)

    def close(self) -> None:
        """Log out, end the session, and reset the card when a code was presented: it may not know that it is over."""
        self._session.log_out()
        self._session.close()
        if self._session.may_be_unlocked:
            self._reset()


class Opener:
    """The way to the cards: our own APDUs for every Vitale, and for professional cards unless there is a module."""

    def __init__(self, port: ReaderPort, backend: Backend | None) -> None:
        self._port = port
        self._backend = backend

    def open(self, reader: str, model: Model, attempt: Attempt) -> Opened:
        """Open a link to the card in a reader; raises the builtins of the port, and what the module raises."""
        if self._backend is not None and model.kind is not CardKind.VITALE:
            self._wait_until_free(reader)
            attempt.enter(Phase.EXCHANGE, _MODULE_PATIENCE)
            return ModuleLink(self._backend.open(reader), lambda: self._reset(reader))
        return OwnLink(Channel(self._port.connect(reader)), model)

    def _wait_until_free(self, reader: str) -> None:
        """Wait for another program as our own link would: a module waits without saying what for."""
        link = self._port.connect(reader)
        try:
            with link.transaction():
                pass
        finally:
            link.close()

    def nudge(self, reader: str) -> None:
        """Have the reader try again with a card that gave no answer to reset: it may have been moving still.

        When that helps, the reader tells of another answer to reset, and another stay begins.
        """
        with contextlib.suppress(OSError):
            self._port.connect(reader).close()

    def _reset(self, reader: str) -> None:
        """Reset the card, if it is still there."""
        try:
            if isinstance(self._port, ResettingPort):
                self._port.reset(reader)
        except OSError:
            _log.debug("the card was gone before it was reset")

    def close(self) -> None:
        """Let go of the module."""
        if self._backend is not None:
            self._backend.close()


def hash_of_serial(serial: str) -> str:
    """Give the card hash of a professional card, whichever way its serial was read."""
    return hashlib.sha256(f"CPS {serial}".encode()).hexdigest()
