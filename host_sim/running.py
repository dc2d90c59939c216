"""Servers over one house, started and stopped together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from socketserver import BaseServer

from .faults import Fault
from .house import House


class Running:
    """A house and its servers, each served from a thread of its own."""

    def __init__(self, house: House, **servers: BaseServer) -> None:
        self.house = house
        self._servers = servers
        self._threads = [
            threading.Thread(target=each.serve_forever, args=(0.05,), name=f"host-sim-{name}", daemon=True)
            for name, each in servers.items()
        ]

    def arm(self, faults: Sequence[Fault]) -> None:
        """Arm faults before or while serving, by the names of the transactions (TD2.1, ITI-41...)."""
        for fault in faults:
            self.house.faults.arm(fault)

    def begin(self) -> None:
        """Begin to serve."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop accepting, then close the store."""
        self.house.stopping.set()
        for server in self._servers.values():
            server.shutdown()
            server.server_close()
        self.house.close()
