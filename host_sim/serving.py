"""The running host: both servers over one house, started and stopped; usable in process or by the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from card_sim.authority import Authority

from . import fixtures, life, repository
from .admin import AdminServer
from .house import House
from .routes import PATHS
from .running import Running
from .server import HostServer, tls_context
from .service import Service
from .signature import Trust

if TYPE_CHECKING:
    from .patient_site.serving import PatientSite


class Host(Running):
    """A virtual host serving on 127.0.0.1 from its own threads."""

    def __init__(
        self, data: Path, authority: Authority, *, port: int = 0, matrix: str | None = None, database: str = "",
        patient_site: bool = False, smtp: str = "", with_fixtures: bool = False,
    ) -> None:  # fmt: skip
        house = House.open(data, database)
        house.store.forget_incoming()
        repository.sweep(house.store)
        if matrix is not None:
            house.parameters.set("matrix", matrix)
        life.purge(house)
        if with_fixtures:
            fixtures.load(house)
        self._ca_file = house.ca_file = authority.ca_file
        context = tls_context(authority.server_cert_file, authority.server_key_file, authority.ca_file)
        self._server = HostServer(port, Service(house, Trust(authority.ca_file)), context)
        self._admin = AdminServer(house)
        self._site = _site(house, data, smtp) if patient_site else None
        super().__init__(house, https=self._server, admin=self._admin)

    def start(self) -> dict[str, Any]:
        """Begin to serve; give what a client must know: endpoints, file of authorities, admin address, web domain."""
        self.begin()
        base = f"https://127.0.0.1:{self._server.server_address[1]}"
        site = {"patient_site": self._site.start()} if self._site else {}
        return site | {
            "endpoints": {name: base + path for name, path in PATHS.items()},
            "ca": str(self._ca_file),
            "admin": self._admin.url,
            "web": base,
        }

    def stop(self) -> None:
        """Stop accepting, then close the store; the patient's site leaves first."""
        self.house.stopping.set()
        if self._site:
            self._site.stop()
        super().stop()


def _site(house: House, data: Path, smtp: str) -> PatientSite:
    # Its web library would slow the start of every host by a third.
    from .messages import Carrier
    from .patient_site.serving import PatientSite

    return PatientSite(house, Carrier(data / "messages", smtp))
