"""The gate: raw bytes first, then the schema, the signature, the meaning; only what passes becomes a Call."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dossier.failure import Failure
from dossier.patient import Ins

from . import envelope, identity, schemas, signature, vihf
from .call import Call, HostFault
from .envelope import Envelope
from .exclusive import DS, Node
from .house import House
from .identity import Speaker
from .message import Message
from .routes import ROUTES
from .signature import Holder, Trust
from .vihf import Vihf

_PURPOSES = "1.2.250.1.213.1.1.4.248"
_KNOWN_PURPOSES = frozenset({"normal", "bris_de_glace", "centre_15"})
_RESOURCE = re.compile(r"^(?P<ins>[^\^&]+)\^\^\^&(?P<oid>[0-9.]+)&ISO\^NH$")
_CONTEXTS = {"{urn:siram:bam:ctxbam}ContexteBAM": "01_02", "{urn:siram:lps:ctxlps}ContexteLPS": "01_00"}


class Gate:
    """Judges requests of one house; remembers what it admitted, for as long as it could be replayed."""

    def __init__(self, house: House, trust: Trust) -> None:
        self._house = house
        self._trust = trust
        self._seen: OrderedDict[str, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, message: Message) -> Envelope:
        """Judge the bytes and the structure of the envelope; raises HostFault."""
        return envelope.open_envelope(message.envelope, message.parts)

    def admit(self, endpoint: str, message: Message, opened: Envelope, peer: bytes) -> Call:
        """Judge route, schema, signature and meaning; `peer` is the client certificate of the TLS session (DER).

        Raises HostFault.
        """
        _route(endpoint, message, opened)
        if endpoint == "insi" and self._house.parameters["insi_contexts_required"]:
            _contexts(opened.headers)
        schemas.check_assertion(opened.assertion)
        schemas.check_body(opened.body)
        now = self._house.clock.now()
        tree, speaker = self._prove(opened.assertion, self._trust.holder(peer))
        said = vihf.read(tree)
        caller = identity.identify(said, speaker, self._house.directory)
        self._fresh(said, now)
        patient, oid = self._patient(endpoint, opened.action, said)
        reason = said.texts.get(vihf.REASON, "")
        self._purpose(said, reason)
        self._once(said.identifier, "DMPReplayedAssertion", now)
        self._once(opened.message_id, "DuplicateMessageID", now)
        return Call(
            endpoint=endpoint,
            action=opened.action,
            body=opened.body,
            caller=caller,
            purpose=said.purpose.code,
            reason=reason,
            patient=patient,
            patient_oid=oid,
            message_id=opened.message_id,
            parts=message.parts,
            now=now,
            secret=said.secret,
        )

    def _prove(self, assertion: Any, client: Holder) -> tuple[Node, Speaker]:
        if assertion.find(f"{{{DS}}}Signature") is not None:
            tree, signer = signature.verified(assertion, self._trust, self._house.parameters["signature_algorithms"])
            return tree, Speaker(client, signer)
        if self._house.parameters["signature_required"]:
            raise HostFault("DMPInvalidSignature", "the VIHF is not signed")
        return signature.unsigned(assertion), Speaker(client, None)

    def _fresh(self, said: Vihf, now: datetime) -> None:
        margin = timedelta(minutes=self._house.parameters["assertion_minutes"])
        if abs(said.issue_instant - now) > margin:
            raise HostFault("DMPExpiredAssertion")
        if said.authenticated_at > now + margin:
            raise HostFault("DMPExpiredAssertion", "AuthnInstant is in the future")
        if said.not_before is not None and now < said.not_before - margin:
            raise HostFault("DMPExpiredAssertion", "NotBefore is in the future")
        if said.not_on_or_after is not None and now >= said.not_on_or_after:
            raise HostFault("DMPExpiredAssertion", "NotOnOrAfter is over")

    def _once(self, identifier: str, code: str, now: datetime) -> None:
        if not self._house.parameters["replay_refused"]:
            return
        margin = timedelta(minutes=self._house.parameters["assertion_minutes"])
        with self._lock:
            # Insertion order is order in time: what can no longer be replayed is at the front.
            while self._seen and abs(now - next(iter(self._seen.values()))) > 2 * margin:
                self._seen.popitem(last=False)
            if identifier in self._seen:
                raise HostFault(code)
            self._seen[identifier] = now

    def _patient(self, endpoint: str, action: str, said: Vihf) -> tuple[str, str]:
        if endpoint != "insi" and said.texts[vihf.RESOURCE_URN] != "urn:dmp":
            raise HostFault("DMPInvalidAssertion", "Ressource_URN")
        value = said.texts.get(vihf.RESOURCE_ID, "")
        if not value:
            if ROUTES[endpoint, action].patient_optional:
                return "", ""
            raise HostFault("DMPInvalidPatientIdentifier", "resource-id is missing")
        shape = _RESOURCE.match(value)
        try:
            ins = Ins.parse(shape.group("ins"), shape.group("oid")) if shape else None
        except Failure:
            ins = None
        if ins is None or shape is None or ins.matricule != shape.group("ins"):
            raise HostFault("DMPInvalidPatientIdentifier")
        if ins.oid not in self._house.parameters["accepted_oids"]:
            raise HostFault("DMPInvalidPatientIdentifier", "this kind of INS is not accepted here")
        return ins.matricule, ins.oid

    def _purpose(self, said: Vihf, reason: str) -> None:
        if said.purpose.code not in _KNOWN_PURPOSES or said.purpose.system != _PURPOSES:
            raise HostFault("DMPInvalidPurpose")
        if said.purpose.code == "bris_de_glace" and self._house.parameters["reason_required"] and not reason:
            raise HostFault("DMPMissingReason")


def _route(endpoint: str, message: Message, opened: Envelope) -> None:
    route = ROUTES.get((endpoint, opened.action))
    if route is None:
        raise HostFault("ActionNotSupported")
    if opened.body.tag != route.root:
        raise HostFault("ActionMismatch", "the body is not the one of the action")
    if message.media_action not in ("", opened.action, *route.media_actions):
        raise HostFault("ActionMismatch", "the action of the media type is another one")
    if route.mtom is not None and message.multipart != route.mtom:
        raise HostFault("DMPInvalidMessage", "this service wants MTOM" if route.mtom else "this service has no MTOM")


def _contexts(headers: Mapping[str, Any]) -> None:
    for name, version in _CONTEXTS.items():
        block = headers.get(name)
        if block is None or block.get("Version") != version:
            raise HostFault("DMPInvalidMessage", f"{name.rpartition('}')[2]} {version} is missing")
