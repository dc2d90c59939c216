"""SOAP over plain HTTP on 127.0.0.1: one thread for each connection."""

from __future__ import annotations

from importlib.resources import files
from urllib.parse import urlsplit

from host_sim.http_exchange import Answer, LoopbackServer, SoapHandler

from . import soap
from .faults import SoapFault
from .service import Service

PATHS = {name: f"/ihe/{name}" for name in ("iti18", "iti41", "iti42", "iti43", "iti57")}


class IheServer(LoopbackServer):
    """The listening socket; every transaction is served at every path, as some clients know one address for several."""

    def __init__(self, port: int, service: Service) -> None:
        super().__init__(port, _Handler)
        self.service = service

    @property
    def base(self) -> str:
        """Where the service is reached."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(SoapHandler):
    """Requests of one connection."""

    server: IheServer

    def do_POST(self) -> None:  # noqa: N802 - the parent's name
        """Serve one SOAP request."""
        if urlsplit(self.path).path.rstrip("/") not in PATHS.values():
            self.plain(404)
            return
        service = self.server.service
        self.exchange(
            service.context.house.parameters["ihe_max_body_bytes"],
            service.serve,
            lambda refusal: Answer(500, soap.fault(SoapFault(refusal.reason or refusal.code), "")),
        )

    def do_GET(self) -> None:  # noqa: N802 - the parent's name
        """Give the WSDL to `?wsdl`; nothing else."""
        asked = urlsplit(self.path)
        if asked.query.lower() not in ("wsdl", "singlewsdl") or asked.path.rstrip("/") not in PATHS.values():
            self.plain(405)
            return
        text = files("host_sim.ihe").joinpath("xds.wsdl").read_text("utf-8")
        data = text.replace("http://127.0.0.1:0", self.server.base).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
