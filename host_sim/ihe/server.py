"""SOAP over plain HTTP on 127.0.0.1: one thread for each connection."""

from __future__ import annotations

import contextlib
import logging
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from host_sim import multipart_answer
from host_sim.call import HostFault
from host_sim.faults import Dropped, Refused
from host_sim.http_body import BadFraming, Body

from . import soap
from .faults import SoapFault
from .mime import SOAP_TYPE, XOP_TYPE
from .service import Answer, Service

_LOG = logging.getLogger("host_sim")
_DRAINED = 1 << 23
PATHS = {name: f"/ihe/{name}" for name in ("iti18", "iti41", "iti42", "iti43", "iti57")}


class IheServer(ThreadingHTTPServer):
    """The listening socket; every transaction is served at every path, as some clients know one address for several."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, service: Service) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.service = service

    @property
    def base(self) -> str:
        """Where the service is reached."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that ends badly is the client's affair: note it, without a traceback."""
        _LOG.info("connection ended badly", exc_info=_LOG.isEnabledFor(logging.DEBUG))


class _Handler(BaseHTTPRequestHandler):
    """Requests of one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "host-sim"
    sys_version = ""
    timeout = 120
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: IheServer

    def do_POST(self) -> None:
        """Serve one SOAP request."""
        if urlsplit(self.path).path.rstrip("/") not in PATHS.values():
            self._plain(404)
            return
        service = self.server.service
        body = None
        try:
            body = Body(dict(self.headers.items()), self.rfile, service.context.house.parameters["ihe_max_body_bytes"])
            answer = service.serve(self.headers.get("Content-Type", ""), body)
        except HostFault as refusal:
            answer = Answer(500, soap.fault(SoapFault(refusal.reason or refusal.code), ""))
        except BadFraming:
            self._plain(400)
            return
        except Refused:
            self._plain(503)
            return
        except Dropped:
            self.close_connection = True
            return
        self._send(answer, finished=body is not None and body.finished)
        if body is not None and not body.finished:
            self._drain(body)

    def do_GET(self) -> None:
        """Give the WSDL to `?wsdl`; nothing else."""
        asked = urlsplit(self.path)
        if asked.query.lower() not in ("wsdl", "singlewsdl") or asked.path.rstrip("/") not in PATHS.values():
            self._plain(405)
            return
        text = files("host_sim.ihe").joinpath("xds.wsdl").read_text("utf-8")
        data = text.replace("http://127.0.0.1:0", self.server.base).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """The standard library's line of log, at debug level: it holds no body."""
        _LOG.debug(format, *args)

    def _plain(self, status: int) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def _send(self, answer: Answer, *, finished: bool) -> None:
        self.send_response(answer.status)
        if not finished:
            self.close_connection = True
            self.send_header("Connection", "close")
        if answer.multipart:
            boundary = f"uuid-{uuid.uuid4()}"
            root_type = f'{XOP_TYPE}; charset=UTF-8; type="{SOAP_TYPE}"'
            parts = (answer.envelope, answer.parts, boundary, root_type)
            self.send_header("Content-Type", multipart_answer.multipart_type(boundary))
            self.send_header("Content-Length", str(multipart_answer.length_of_parts(*parts)))
            self.end_headers()
            multipart_answer.write_parts(self.wfile, *parts)
        else:
            self.send_header("Content-Type", f"{SOAP_TYPE}; charset=UTF-8")
            self.send_header("Content-Length", str(len(answer.envelope)))
            self.end_headers()
            self.wfile.write(answer.envelope)
        self.wfile.flush()

    def _drain(self, body: Body) -> None:
        """Swallow a little of what the client still sends, so that it sees the answer before the connection closes."""
        left = _DRAINED
        with contextlib.suppress(OSError, BadFraming, HostFault):
            self.connection.settimeout(2)
            while left > 0 and (block := body.read(1 << 16)):
                left -= len(block)
