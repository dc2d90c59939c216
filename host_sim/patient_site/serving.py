"""The site on a loopback port of its own, served by Waitress from its own threads."""

from __future__ import annotations

import threading

from waitress import create_server, wasyncore

from .. import messages
from ..house import House
from ..messages import Carrier
from .app import create_app

_THREADS = 4


class PatientSite:
    """The running site of a house; notices of the house are carried to patients while it runs."""

    def __init__(self, house: House, carrier: Carrier, port: int = 0) -> None:
        self._house, self._carrier = house, carrier
        self._sockets: dict[int, object] = {}
        self._stopping = threading.Event()
        self._server = create_server(
            create_app(house, carrier),
            map=self._sockets,
            host="127.0.0.1", port=port, threads=_THREADS, ident=None, max_request_body_size=26 << 20,
        )  # fmt: skip
        self.url = f"http://127.0.0.1:{self._server.effective_port}/"
        self._thread = threading.Thread(target=self._run, name="host-sim-patient-site", daemon=True)

    def start(self) -> str:
        """Begin to serve; give the address."""
        self._house.subscribe(messages.listener(self._house, self._carrier))
        self._thread.start()
        return self.url

    def stop(self) -> None:
        """Stop serving; what the house has still to tell is carried when it closes."""
        self._stopping.set()
        if self._thread.is_alive():
            self._server.pull_trigger()
            self._thread.join(10)

    def _run(self) -> None:
        # Waitress's own loop ends by an exception when its sockets are closed by another thread.
        while not self._stopping.is_set():
            wasyncore.loop(timeout=1, map=self._sockets, count=1)
        self._server.task_dispatcher.shutdown()
        self._server.close()
        wasyncore.close_all(self._sockets)
