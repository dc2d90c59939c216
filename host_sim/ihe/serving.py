"""The running profile: the XDS.b server and the admin over one house, started and stopped."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from host_sim.admin import AdminServer
from host_sim.faults import Fault
from host_sim.house import House
from host_sim.store import Store

from . import registry
from .context import REPOSITORY_ID, Context, read_patients
from .server import PATHS, IheServer
from .service import Service


class IheHost:
    """An XDS.b registry and repository serving on 127.0.0.1 from its own threads."""

    def __init__(self, data: Path, *, port: int = 0, known_patients: Path | None = None, database: str = "") -> None:
        known = read_patients(known_patients) if known_patients else None
        self.house = House(Store.open(data, database))
        self.house.store.forget_incoming()
        registry.ensure_tables(self.house.store)
        self._server = IheServer(port, Service(Context(self.house, known)))
        self._admin = AdminServer(self.house)
        self._threads = [
            threading.Thread(target=each.serve_forever, args=(0.05,), name=f"host-sim-{name}", daemon=True)
            for name, each in (("ihe", self._server), ("admin", self._admin))
        ]

    def arm(self, faults: Sequence[Fault]) -> None:
        """Arm faults; the transactions are called ITI-18, ITI-41, ITI-42, ITI-43 and ITI-57."""
        for fault in faults:
            self.house.faults.arm(fault)

    def start(self) -> dict[str, Any]:
        """Begin to serve; give what a client must know: endpoints, the repository's OID, the admin's address."""
        for thread in self._threads:
            thread.start()
        return {
            "endpoints": {name: self._server.base + path for name, path in PATHS.items()},
            "repositoryUniqueId": REPOSITORY_ID,
            "admin": self._admin.url,
        }

    def stop(self) -> None:
        """Stop accepting, then close the store."""
        self.house.stopping.set()
        for server in (self._server, self._admin):
            server.shutdown()
            server.server_close()
        self.house.close()
