"""The running host: both servers over one house, started and stopped; usable in process or by the command line."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from card_sim.authority import Authority

from . import fixtures, life, repository
from .admin import AdminServer
from .faults import Fault
from .house import House
from .routes import PATHS
from .server import HostServer, tls_context
from .service import Service
from .signature import Trust

if TYPE_CHECKING:
    from .patient_site.serving import PatientSite


class Host:
    """A virtual host serving on 127.0.0.1 from its own threads."""

    def __init__(
        self, data: Path, authority: Authority, *, port: int = 0, matrix: str | None = None, database: str = "",
        patient_site: bool = False, smtp: str = "", with_fixtures: bool = False,
    ) -> None:  # fmt: skip
        self.house = House.open(data, database)
        self.house.store.forget_incoming()
        repository.sweep(self.house.store)
        if matrix is not None:
            self.house.parameters.set("matrix", matrix)
        life.purge(self.house)
        if with_fixtures:
            fixtures.load(self.house)
        self._ca_file = self.house.ca_file = authority.ca_file
        context = tls_context(authority.server_cert_file, authority.server_key_file, authority.ca_file)
        self._server = HostServer(port, Service(self.house, Trust(authority.ca_file)), context)
        self._admin = AdminServer(self.house)
        self._site = _site(self.house, data, smtp) if patient_site else None
        self._threads = [
            threading.Thread(target=each.serve_forever, args=(0.05,), name=f"host-sim-{name}", daemon=True)
            for name, each in (("https", self._server), ("admin", self._admin))
        ]

    def arm(self, faults: Sequence[Fault]) -> None:
        """Arm faults before or while serving."""
        for fault in faults:
            self.house.faults.arm(fault)

    def start(self) -> dict[str, Any]:
        """Begin to serve; give what a client must know: endpoints, file of authorities, admin address, web domain."""
        for thread in self._threads:
            thread.start()
        base = f"https://127.0.0.1:{self._server.server_address[1]}"
        site = {"patient_site": self._site.start()} if self._site else {}
        return site | {
            "endpoints": {name: base + path for name, path in PATHS.items()},
            "ca": str(self._ca_file),
            "admin": self._admin.url,
            "web": base,
        }

    def stop(self) -> None:
        """Stop accepting, then close the store."""
        self.house.stopping.set()
        if self._site:
            self._site.stop()
        for server in (self._server, self._admin):
            server.shutdown()
            server.server_close()
        self.house.close()


def _site(house: House, data: Path, smtp: str) -> PatientSite:
    # Its web library would slow the start of every host by a third.
    from .messages import Carrier
    from .patient_site.serving import PatientSite

    return PatientSite(house, Carrier(data / "messages", smtp))
