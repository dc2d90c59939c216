"""One request from its body to its answer: reading, gate, dispatch, and the form of what goes back."""

from __future__ import annotations

import logging
import shutil
import uuid
from pathlib import Path

from . import dispatch, message, points, soap
from .call import HostFault
from .envelope import Envelope
from .faults import Dropped, Refused
from .gate import Gate
from .house import House
from .http_body import BadFraming, Body
from .http_exchange import Answer
from .noting import place_of
from .signature import Trust
from .web_access import WebAccess

_LOG = logging.getLogger("host_sim")


class Service:
    """The host behind its HTTP server."""

    def __init__(self, house: House, trust: Trust) -> None:
        self.house = house
        self._gate = Gate(house, trust)
        self.web = WebAccess(house, trust)

    def serve(self, endpoint: str, content_type: str, body: Body, peer: bytes) -> Answer:
        """Serve one request; raises Dropped, Refused or BadFraming when nothing is to be answered as usual."""
        folder = self.house.store.incoming / uuid.uuid4().hex
        folder.mkdir()
        opened: list[Envelope] = []
        try:
            return self._serve(endpoint, self._read(content_type, body, folder), peer, opened)
        except HostFault as refusal:
            return _refused(endpoint, refusal, opened)
        except (Dropped, Refused, BadFraming):
            raise
        except Exception as error:
            _LOG.error("unexpected %s", place_of(error))
            return _refused(endpoint, HostFault("DMPTechnicalError", sender=False), opened)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _read(self, content_type: str, body: Body, folder: Path) -> message.Message:
        limits = self.house.parameters
        return message.read(
            content_type, body, folder, max_root=limits["max_root_bytes"], max_parts=limits["max_parts"]
        )

    def _serve(self, endpoint: str, request: message.Message, peer: bytes, opened: list[Envelope]) -> Answer:
        try:
            opened.append(self._gate.open(request))
            call = self._gate.admit(endpoint, request, opened[0], peer)
        except HostFault as refusal:
            action = opened[0].action if opened else endpoint
            self.house.audit.record(self.house.clock.now(), action, refusal.code)
            raise
        reply = dispatch.run(call, self.house)
        points.passed(points.ANSWERING)
        envelope = soap.answer(reply.action, call.message_id, reply.body)
        return Answer(200, envelope, reply.parts, reply.multipart or bool(reply.parts))


def _refused(endpoint: str, refusal: HostFault, opened: list[Envelope]) -> Answer:
    _LOG.info("refused %s %s", endpoint, refusal.code)
    relates_to = opened[0].message_id if opened else ""
    retrieving = bool(opened) and opened[0].action.endswith(":RetrieveDocumentSet")
    return Answer(500, soap.fault(refusal, relates_to), multipart=retrieving)
