"""The same house with both simulators at the far ends of its wires; their only importer.

Cards sit behind the real PC/SC service when a private one with virtual readers is there (``python -m card_sim
namespace``), in readers inside the process otherwise. The host is always a process of its own, reached by real TLS.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Protocol

from card_sim import deck
from card_sim.authority import Authority
from card_sim.control import tell
from card_sim.reader import DEFAULT_NAMES, InProcessReaders
from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.cards.port import ReaderPort
from cps_bridge.house import HostAddress
from dossier.failure import Failure

EMPTY = "vide"
_PAIRS, _READERS = "CPS_BRIDGE_VPCD", "CPS_BRIDGE_VPCD_READERS"
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0


class _Hands(Protocol):
    """What puts cards in and takes them out."""

    def insert(self, slot: int, name: str) -> None: ...
    def remove(self, slot: int) -> None: ...
    def wait_until_empty(self, slot: int) -> None: ...
    def another_port(self) -> ReaderPort: ...
    def close(self) -> None: ...


class Simulation:
    """Virtual cards and a virtual host, started together; ``port`` and ``address`` are what a House needs."""

    def __init__(self, directory: Path, port: ReaderPort, hands: _Hands, *, real_pcsc: bool) -> None:
        self.port, self.real_pcsc = port, real_pcsc
        self._hands = hands
        self._inserted = ["", ""]
        self.host = SimulatedHost(directory)

    @classmethod
    @contextmanager
    def start(cls, directory: Path, *, cps: str | None = None, vitale: str | None = None) -> Iterator[Simulation]:
        """Start both simulators, put the named cards in, and stop everything at the end.

        Raises Failure SIMULATOR_DOWN, CARD_NAME_UNKNOWN.
        """
        authority = directory / "authority"
        Authority.open(authority)
        # Without pyscard, virtual readers of the PC/SC service are out of reach.
        real = bool(os.environ.get(_PAIRS)) and find_spec("smartcard") is not None
        hands: _PcscHands | _ProcessHands = _PcscHands(authority) if real else _ProcessHands(authority)
        simulation = cls(directory, hands.port, hands, real_pcsc=real)
        try:
            simulation.host.start()
            for slot, name in enumerate((cps, vitale)):
                if name:
                    simulation.insert(slot, name)
            yield simulation
        finally:
            simulation.host.stop()
            hands.close()

    @property
    def address(self) -> HostAddress:
        """Where the virtual host is."""
        return self.host.address

    def another_port(self) -> ReaderPort:
        """Give the same readers to a second house, as a second program of the computer would have them."""
        return self._hands.another_port()

    def names(self) -> tuple[str, ...]:
        """Give the names of the cards that can be put in a reader."""
        return deck.names()

    def describe(self, name: str) -> str:
        """Say in French whose card it is."""
        return deck.describe(name)

    @property
    def inserted(self) -> tuple[str, ...]:
        """The name of the card in each slot, "" for an empty one."""
        return tuple(self._inserted)

    def insert(self, slot: int, name: str) -> None:
        """Put a card in a slot; one that is there leaves first, in sight of the readers.

        Raises Failure CARD_NAME_UNKNOWN.
        """
        if name not in deck.names():
            raise Failure("CARD_NAME_UNKNOWN", name=name[:40])
        if self._inserted[slot]:
            self.remove(slot)
            self._hands.wait_until_empty(slot)
        self._hands.insert(slot, name)
        self._inserted[slot] = name

    def remove(self, slot: int) -> None:
        """Take the card of a slot away."""
        self._hands.remove(slot)
        self._inserted[slot] = ""


class _ProcessHands:
    """Readers inside the process, for machines without a virtual PC/SC reader."""

    def __init__(self, authority: Path) -> None:
        self.port = InProcessReaders()
        self._deck = deck.Deck(Authority.open(authority))

    def insert(self, slot: int, name: str) -> None:
        self.port.insert(DEFAULT_NAMES[slot], self._deck.card(name))

    def remove(self, slot: int) -> None:
        self.port.remove(DEFAULT_NAMES[slot])

    def wait_until_empty(self, slot: int) -> None:
        """Nothing to wait for: these readers count every change."""

    def another_port(self) -> ReaderPort:
        return self.port

    def close(self) -> None:
        self.port.close()


class _PcscHands:
    """Cards in a process of their own, behind vpcd and the real PC/SC service."""

    def __init__(self, authority: Path) -> None:
        pair = os.environ[_PAIRS].split(";")[0].split(",")
        self._names = frozenset(os.environ[_READERS].split(";")[0].split(","))
        self.port = PcscReaders(only=self._names)
        self._place = tempfile.TemporaryDirectory(prefix="cps-bridge-cards-")
        self._socket = Path(self._place.name) / "control"
        empty = [part for address in pair for part in ("--card", f"{EMPTY}=vpcd {address}")]
        self._process, _ = _launch(
            "cartes", "card_sim", "serve", "--authority", authority, "--control", self._socket, *empty
        )

    def insert(self, slot: int, name: str) -> None:
        self._do(do="swap", slot=slot, card=name)

    def remove(self, slot: int) -> None:
        self._do(do="remove", slot=slot)

    def wait_until_empty(self, slot: int) -> None:
        """PC/SC looks every 0.4 s only: a card changed faster than that is, to everybody, the card before it."""
        reader = os.environ[_READERS].split(";")[0].split(",")[slot]
        sight = PcscReaders(only=frozenset({reader}))
        try:
            view, deadline = sight.readers(), time.monotonic() + _STOP_SECONDS
            while any(atr for _, atr, _ in view) and time.monotonic() < deadline:
                view = sight.wait(view, 1.0)
        except OSError as error:
            raise Failure("SIMULATOR_DOWN", which="cartes") from error
        finally:
            sight.close()

    def another_port(self) -> ReaderPort:
        return PcscReaders(only=self._names)

    def _do(self, **order: object) -> None:
        try:
            answer = tell(self._socket, order)
        except (OSError, ValueError) as error:
            raise Failure("SIMULATOR_DOWN", which="cartes") from error
        if not answer.get("ok"):
            raise Failure("SIMULATOR_DOWN", which="cartes")

    def close(self) -> None:
        _stop(self._process)
        self.port.close()
        self._place.cleanup()


class SimulatedHost:
    """The virtual host's process, and the hands of its operator (clock, faults, log)."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[str] | None = None
        self._port = 0
        self._ready: dict[str, Any] = {}

    def start(self) -> None:
        """Start the host, on the same port as before when it ran already; raises Failure SIMULATOR_DOWN."""
        self._process, self._ready = _launch(
            *("hôte", "host_sim", "serve", "--data", self._directory / "host"),
            *("--port", self._port, "--authority", self._directory / "authority"),
        )
        self._port = int(self.address.base_url.split(":")[2].split("/")[0])

    def stop(self) -> None:
        """End the host politely."""
        if self._process:
            _stop(self._process)

    def wait_until_dead(self) -> None:
        """Wait for the end of a host that an armed fault kills."""
        if self._process:
            self._process.wait(_START_SECONDS)

    @property
    def address(self) -> HostAddress:
        """Where the host is and which authorities answer for it."""
        services = self._ready["endpoints"]
        return HostAddress(services["patients"].removesuffix("patients"), Path(self._ready["ca"]), services)

    def operate(self, what: str, order: object = None, **query: str) -> Any:
        """Ask the operator's door (loopback, token): "log", "clock", "faults", "notifications", "parameters" ..."""
        tail = "?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else ""
        body = None if order is None else json.dumps(order).encode()
        request = urllib.request.Request(  # noqa: S310 - the simulator's own address
            f"{self._ready['admin'].rstrip('/')}/{what}{tail}", body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=_START_SECONDS) as answer:  # noqa: S310 - as above
                return json.loads(answer.read() or b"null")
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise Failure("SIMULATOR_DOWN", which="hôte") from error

    def show(self, *arguments: str) -> str:
        """Give what ``python -m host_sim show`` prints of this host's store."""
        command = [sys.executable, "-m", "host_sim", "show", "--data", str(self._directory / "host"), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _launch(which: str, module: str, *arguments: object) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start a simulator and wait for its first line; it ends with this process, whose end of the pipe it watches."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments), "--with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C at a terminal is for the client, which ends its simulators
    )
    try:
        return process, json.loads(_first_line(process.stdout))
    except ValueError as error:
        _stop(process)
        raise Failure("SIMULATOR_DOWN", which=which) from error


def _first_line(stream: IO[str] | None) -> str:
    return stream.readline() if stream else ""


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
