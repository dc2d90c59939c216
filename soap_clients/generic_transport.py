"""HTTP without TLS to this machine alone: a simulated registry, or a tunnel that carries the security."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dossier.failure import Failure
from soap_clients.trace import Trace
from soap_clients.transport import ANSWER_LIMIT, Transport

if TYPE_CHECKING:
    import requests


class PlainTransport(Transport):
    """A `Transport` that reaches http://127.0.0.1, http://localhost and http://[::1], and nothing else."""

    def __init__(
        self,
        *,
        connect_timeout: float = 15.0,
        read_timeout: float = 60.0,
        trace: Trace | None = None,
        size_limit: int = ANSWER_LIMIT,
    ) -> None:
        super().__init__(
            None,
            Path(),
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            trace=trace,
            size_limit=size_limit,
        )

    def _session(self) -> requests.Session:
        with self._lock:
            if self._dropped:
                raise Failure("HOST_SESSION_CLOSED")
            if self._opened is None:
                self._opened = (_open(), _Nothing(), _Nothing())
            return self._opened[0]


class _Nothing:
    """What a transport without TLS has to cut."""

    def cut(self) -> None:
        """Nothing."""

    def drop(self) -> None:
        """Nothing."""


def _open() -> Any:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    session = requests.Session()
    session.trust_env = False
    session.adapters.clear()
    for name in ("127.0.0.1", "localhost", "[::1]"):
        for end in (":", "/"):
            never = Retry(0, read=False, redirect=False, status=False, other=False)
            session.mount(f"http://{name}{end}", HTTPAdapter(max_retries=never))
    session.headers.clear()
    session.headers.update({"User-Agent": "CPS-Bridge", "Accept-Encoding": "identity", "Accept": "*/*"})
    return session
