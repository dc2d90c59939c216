"""The virtual host, a process of its own that is reached by real TLS, and the hands of its operator."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from cps_bridge.house import HostAddress
from cps_bridge.simulated.process import launch, stop
from dossier.failure import Failure

_START_SECONDS = 60.0


class SimulatedHost:
    """The virtual host's process, and the hands of its operator (clock, faults, log)."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[str] | None = None
        self._port = 0
        self._ready: dict[str, Any] = {}

    def start(self) -> None:
        """Start the host, on the same port as before when it ran already; raises Failure SIMULATOR_DOWN."""
        self._process, self._ready = launch(
            *("hôte", "host_sim", "serve", "--data", self._directory / "host"),
            *("--port", self._port, "--authority", self._directory / "authority"),
        )
        self._port = int(self.address.base_url.split(":")[2].split("/")[0])

    def stop(self) -> None:
        """End the host politely."""
        if self._process:
            stop(self._process)

    def wait_until_dead(self) -> None:
        """Wait for the end of a host that an armed fault kills."""
        if self._process:
            self._process.wait(_START_SECONDS)

    @property
    def address(self) -> HostAddress:
        """Where the host is and which authorities answer for it."""
        services = self._ready["endpoints"]
        return HostAddress(services["patients"].removesuffix("patients"), Path(self._ready["ca"]), services)

    @property
    def web(self) -> str:
        """Where its web site is (TD0.9), "" for a host that has none."""
        return str(self._ready.get("web", ""))

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
