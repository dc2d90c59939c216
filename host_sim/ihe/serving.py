"""The running profile: the XDS.b server and the admin over one house, started and stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from host_sim.admin import AdminServer
from host_sim.house import House
from host_sim.running import Running
from host_sim.store import Store

from . import registry
from .context import REPOSITORY_ID, Context, read_patients
from .server import PATHS, IheServer
from .service import Service


class IheHost(Running):
    """An XDS.b registry and repository serving on 127.0.0.1 from its own threads."""

    def __init__(self, data: Path, *, port: int = 0, known_patients: Path | None = None, database: str = "") -> None:
        known = read_patients(known_patients) if known_patients else None
        house = House(Store.open(data, database))
        house.store.forget_incoming()
        registry.ensure_tables(house.store)
        self._server = IheServer(port, Service(Context(house, known)))
        self._admin = AdminServer(house)
        super().__init__(house, ihe=self._server, admin=self._admin)

    def start(self) -> dict[str, Any]:
        """Begin to serve; give what a client must know: endpoints, the repository's OID, the admin's address."""
        self.begin()
        return {
            "endpoints": {name: self._server.base + path for name, path in PATHS.items()},
            "repositoryUniqueId": REPOSITORY_ID,
            "admin": self._admin.url,
        }
