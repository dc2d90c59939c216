"""HTTP connections over a card's TLS context: a requests adapter that never sends twice and can be cut.

Imported by transport.py when the first request leaves, since requests is heavy.
"""

from __future__ import annotations

import logging
import socket
import ssl
import time
import weakref
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from dossier.failure import Failure

IDLE_SECONDS = 4.0
SEND_SECONDS = 60.0
LOST = (requests.RequestException, HTTPError, OSError)
_SEND_BLOCK = 256 * 1024

# urllib3 quotes what it could not parse of an answer's head; what a host sends does not belong in a log.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


class _Connection(HTTPSConnection):
    """A connection whose failures to open are told apart, and that is not used again once it idled.

    A host may close an idle connection while our next request is on its way: the request would then be lost or not,
    nobody knows. Opening a new one costs little, the TLS session being resumed without the card.
    """

    _used_at = 0.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.blocksize = _SEND_BLOCK

    def connect(self) -> None:
        """Open the connection; raises Failure saying who refused whom. Nothing of the request has left then."""
        try:
            super().connect()
        except ssl.SSLCertVerificationError as error:
            raise Failure("HOST_CERTIFICATE_REFUSED", reason=error.verify_message[:120]) from error
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise Failure("HOST_UNREACHABLE", reason="handshake cut") from error
        except ssl.SSLError as error:
            raise Failure("HOST_TLS_REFUSED", reason=str(error.reason or "TLS")[:120]) from error
        except (HTTPError, OSError) as error:
            raise Failure("HOST_UNREACHABLE", reason=type(error).__name__) from error
        self._used_at = time.monotonic()

    def send(self, data: Any) -> None:
        """Send a block; a slow line has SEND_SECONDS for it, not the time-out of opening a connection."""
        if self.sock is not None:
            self.sock.settimeout(SEND_SECONDS)
        super().send(data)

    def getresponse(self) -> Any:
        """Read the head of the answer, noting the moment."""
        found = super().getresponse()
        self._used_at = time.monotonic()
        return found

    @property
    def is_connected(self) -> bool:
        """Whether the connection may carry another request."""
        return super().is_connected and time.monotonic() - self._used_at < IDLE_SECONDS

    def cut(self) -> None:
        """End the connection from another thread, whatever it is doing."""
        sock = self.sock
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class CardAdapter(HTTPAdapter):
    """An adapter over one TLS context; one per transport, so that cutting it cuts nobody else."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        live: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._live = live

        class Tracked(_Connection):
            def connect(self) -> None:
                live.add(self)
                super().connect()

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Tracked

        self._pool_class = Pool
        super().__init__(max_retries=Retry(0, read=False, redirect=False, status=False, other=False))

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Make the pool over our context and connections."""
        super().init_poolmanager(*arguments, ssl_context=self._context, **named)
        self.poolmanager.pool_classes_by_scheme = {"https": self._pool_class}

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Leave trust to the context: requests would add the authorities of its own bundle."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {"cert_reqs": "CERT_REQUIRED"}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave trust to the context."""

    def cut(self) -> None:
        """Close the pool and end the connections in use."""
        self.close()
        for each in tuple(self._live):
            each.cut()


def open_session(context: ssl.SSLContext) -> tuple[requests.Session, CardAdapter]:
    """Make a session over a context: nothing of the environment (proxies, bundles, netrc), HTTPS only."""
    session, adapter = requests.Session(), CardAdapter(context)
    session.trust_env = False
    session.adapters.clear()
    session.mount("https://", adapter)
    session.headers.clear()
    session.headers.update({"User-Agent": "CPS-Bridge", "Accept-Encoding": "identity", "Accept": "*/*"})
    return session, adapter
