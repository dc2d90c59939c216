"""The site on a loopback port of its own, served by Waitress from its own threads."""

from __future__ import annotations

import threading
from collections.abc import Callable

from waitress import create_server

from .. import messages
from ..house import House
from ..messages import Carrier
from .app import create_app

_THREADS = 4


class PatientSite:
    """The running site of a house; notices of the house are carried to patients while it runs."""

    def __init__(self, house: House, carrier: Carrier, port: int = 0) -> None:
        self._house, self._carrier = house, carrier
        self._server = create_server(
            create_app(house, carrier),
            host="127.0.0.1", port=port, threads=_THREADS, ident=None, max_request_body_size=26 << 20,
        )  # fmt: skip
        self.url = f"http://127.0.0.1:{self._server.effective_port}/"
        self._thread = threading.Thread(target=self._server.run, name="host-sim-patient-site", daemon=True)
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> str:
        """Begin to serve; give the address."""
        self._unsubscribe = self._house.subscribe(messages.listener(self._house, self._carrier))
        self._thread.start()
        return self.url

    def stop(self) -> None:
        """Stop serving."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._server.close()
        self._thread.join(10)
