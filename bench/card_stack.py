"""The real card stack of the bench: virtual cards in a process of their own, behind vpcd and a private pcscd."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from card_sim.control import tell
from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.cards.port import Link, View

_PAIRS, _READERS = "CPS_BRIDGE_VPCD", "CPS_BRIDGE_VPCD_READERS"
_PATIENCE = 600


class Hands:
    """What puts cards in the two slots and breaks them."""

    def __init__(self, control: Path, names: tuple[str, str]) -> None:
        self._control = control
        self.names = names

    def order(self, **order: Any) -> None:
        """Give one order to the cards; raises RuntimeError."""
        answer = tell(self._control, order)
        if not answer["ok"]:
            raise RuntimeError(str(answer["error"]))


@contextmanager
def virtual_cards(milliseconds: float = 0) -> Iterator[Hands]:
    """Serve two empty slots, each answer taking so many milliseconds more; only inside a namespace."""
    pair, names = (os.environ[each].split(";")[0].split(",") for each in (_PAIRS, _READERS))
    with tempfile.TemporaryDirectory() as directory:
        control = Path(directory) / "control"
        command = [sys.executable, "-m", "bench.paced_cards", str(milliseconds), str(control), *pair]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            try:
                yield Hands(control, (names[0], names[1]))
            finally:
                assert process.stdin is not None
                process.stdin.close()


def in_namespace(module: str, *arguments: str) -> dict[str, Any]:
    """Run a module of the bench beside a private PC/SC service and read the JSON object that it prints last.

    The service is its own even where there is one already: other tests may use that. Raises RuntimeError when this
    machine refuses it.
    """
    command = [sys.executable, "-m", "card_sim", "namespace", "--", sys.executable, "-m", module, *arguments]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-500:] or f"{module} ended with {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


class CountingReaders:
    """The readers of the PC/SC service; keeps each command that goes to a card, and when a link was asked for."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._port = PcscReaders(only=frozenset(names))
        self.commands: list[bytes] = []
        self.connected: list[float] = []

    def readers(self) -> View:
        """Pass on."""
        return self._port.readers()

    def wait(self, known: View, timeout: float) -> View:
        """Pass on."""
        return self._port.wait(known, timeout)

    def wake(self) -> None:
        """Pass on."""
        self._port.wake()

    def connect(self, reader: str) -> Link:
        """Note the time and pass on."""
        self.connected.append(time.perf_counter())
        return _CountingLink(self._port.connect(reader), self.commands)

    def close(self) -> None:
        """Pass on."""
        self._port.close()

    def since(self, mark: int) -> list[bytes]:
        """Give the commands sent after the first so many."""
        return self.commands[mark:]


class _CountingLink:
    def __init__(self, link: Link, commands: list[bytes]) -> None:
        self._link = link
        self._commands = commands

    def transmit(self, command: bytes) -> bytes:
        self._commands.append(bytes(command))
        return self._link.transmit(command)

    def transaction(self) -> AbstractContextManager[Any]:
        return self._link.transaction()

    def features(self) -> Mapping[int, int]:
        return self._link.features()

    def control(self, code: int, data: bytes | bytearray) -> bytes:
        return self._link.control(code, data)

    def close(self) -> None:
        self._link.close()
