"""The gate: raw bytes first, then the signature, then the meaning; only what passes becomes a Call."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from dossier.failure import Failure
from dossier.patient import Ins

from . import card_certificates, distinguished, envelope, signature, vihf
from .call import Call, Caller, HostFault
from .directory import Practitioner
from .envelope import Envelope
from .house import House
from .message import Message
from .routes import ROUTES, Route
from .signature import Trust
from .vihf import Vihf

_SECTOR_SYSTEM = "1.2.250.1.71.4.2.4"
_PROFESSIONS = "1.2.250.1.71.1.2.7"
_IN_TRAINING = "1.2.250.1.71.1.2.8"
_SPECIALTIES = "1.2.250.1.71.4.2.5"
_OTHER_ROLES = "1.2.250.1.213.1.1.4.6"
_PURPOSES = "1.2.250.1.213.1.1.4.248"
_KNOWN_PURPOSES = frozenset({"normal", "bris_de_glace", "centre_15"})
_WITH_SPECIALTY = frozenset({"10", "21"})
_TAUGHT = frozenset({"10", "21", "40", "50"})  # the professions that TRE_G16 knows in training
_SECRETARY = "SECRETARIAT_MEDICAL"
_RESOURCE = re.compile(r"^(?P<ins>[^\^&]+)\^\^\^&(?P<oid>[0-9.]+)&ISO\^NH$")
_CONTEXTS = {"{urn:siram:bam:ctxbam}ContexteBAM": "01_02", "{urn:siram:lps:ctxlps}ContexteLPS": "01_00"}


class Gate:
    """Judges requests of one house; remembers the assertions it saw, for as long as they could be replayed."""

    def __init__(self, house: House, trust: Trust) -> None:
        self._house = house
        self._trust = trust
        self._seen: OrderedDict[str, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, endpoint: str, message: Message) -> Envelope:
        """Judge the bytes and the structure; raises HostFault."""
        opened = envelope.open_envelope(message.envelope, message.parts)
        route = ROUTES.get((endpoint, opened.action))
        if route is None:
            raise HostFault("ActionNotSupported")
        _matches_route(opened, message, route)
        if endpoint == "insi" and self._house.parameters["insi_contexts_required"]:
            _contexts(opened.headers)
        return opened

    def admit(self, endpoint: str, message: Message, opened: Envelope, peer: bytes) -> Call:
        """Judge signature and meaning; `peer` is the client certificate of the TLS session (DER). Raises HostFault."""
        now = self._house.clock.now()
        client = card_certificates.load(peer)
        tree, holder = self._prove(opened.assertion, client)
        said = vihf.read(tree)
        _same_person(said, holder, client)
        self._fresh(said, now)
        person = self._house.directory.practitioner(said.name_id)
        if person is None:
            raise HostFault("DMPUnknownProfessional")
        caller = self._caller(said, person)
        patient, oid = self._patient(endpoint, opened.action, said)
        reason = said.texts.get(vihf.REASON, "")
        self._purpose(said, reason)
        self._once(said.identifier, now)
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
        )

    def _prove(self, assertion: Any, client: x509.Certificate) -> tuple[Any, x509.Certificate]:
        if assertion.find(f"{{{signature.DS}}}Signature") is not None:
            return signature.verified(assertion, self._trust, self._house.parameters["signature_algorithms"])
        if self._house.parameters["signature_required"] or any(assertion.iter(f"{{{signature.DS}}}*")):
            raise HostFault("DMPInvalidSignature", "the VIHF is not signed")
        return assertion, client

    def _fresh(self, said: Vihf, now: datetime) -> None:
        margin = timedelta(minutes=self._house.parameters["assertion_minutes"])
        if abs(said.issue_instant - now) > margin:
            raise HostFault("DMPExpiredAssertion")
        if said.not_before is not None and now < said.not_before - margin:
            raise HostFault("DMPExpiredAssertion", "NotBefore is in the future")
        if said.not_on_or_after is not None and now >= said.not_on_or_after:
            raise HostFault("DMPExpiredAssertion", "NotOnOrAfter is over")

    def _once(self, identifier: str, now: datetime) -> None:
        if not self._house.parameters["replay_refused"]:
            return
        margin = timedelta(minutes=self._house.parameters["assertion_minutes"])
        with self._lock:
            # Insertion order is order in time: what can no longer be replayed is at the front.
            while self._seen and abs(now - next(iter(self._seen.values()))) > 2 * margin:
                self._seen.popitem(last=False)
            if identifier in self._seen:
                raise HostFault("DMPReplayedAssertion")
            self._seen[identifier] = now

    def _caller(self, said: Vihf, person: Practitioner) -> Caller:
        structure = said.texts[vihf.STRUCTURE]
        if not self._house.directory.structure_is_active(structure):
            raise HostFault("DMPUnknownStructure")
        sectors = self._house.directory.sectors(person.id_nat, structure)
        if not sectors:
            raise HostFault("DMPStructureNotLinked")
        sector, _, system = said.texts[vihf.SECTOR].partition("^")
        if system != _SECTOR_SYSTEM or sector not in sectors:
            raise HostFault("DMPInvalidSector")
        _roles(said, person)
        return Caller(
            id_nat=person.id_nat,
            family_name=person.family_name,
            given_name=person.given_name,
            profession=person.profession,
            specialty=person.specialty,
            structure_id=structure,
            sector=sector,
            mode=said.texts[vihf.MODE],
            card_kind=person.card_kind,
        )

    def _patient(self, endpoint: str, action: str, said: Vihf) -> tuple[str, str]:
        value = said.texts.get(vihf.RESOURCE_ID, "")
        if not value:
            if ROUTES[endpoint, action].patient_optional:
                return "", ""
            raise HostFault("DMPInvalidPatientIdentifier", "resource-id is missing")
        if endpoint != "insi" and said.texts[vihf.RESOURCE_URN] != "urn:dmp":
            raise HostFault("DMPInvalidAssertion", "Ressource_URN")
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


def _matches_route(opened: Envelope, message: Message, route: Route) -> None:
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


def _same_person(said: Vihf, holder: x509.Certificate, client: x509.Certificate) -> None:
    if said.texts[vihf.VERSION] != "3.0":
        raise HostFault("DMPInvalidAssertion", "VIHF_Version")
    if said.texts[vihf.MODE] != "DIRECTE" or said.authentication != "SmartcardPKI":
        # The authority makes cards of persons only: an indirect mode cannot be proved here.
        raise HostFault("DMPInvalidAssertion", "a card proves DIRECTE with SmartcardPKI, and nothing else")
    try:
        issuer = distinguished.parse(said.issuer)
    except ValueError:
        raise HostFault("DMPInvalidAssertion", "Issuer is not a distinguished name") from None
    name = distinguished.of_certificate(holder)
    common = distinguished.common_name(name)
    if issuer != name:
        raise HostFault("DMPIdentityMismatch", "Issuer is not the holder of the certificate")
    if common != said.name_id.casefold() or common != distinguished.common_name(distinguished.of_certificate(client)):
        raise HostFault("DMPIdentityMismatch", "NameID, Issuer and TLS certificate are not of one person")


def _roles(said: Vihf, person: Practitioner) -> None:
    first, *others = said.roles
    if not person.profession:
        if others or (first.code, first.system) != (_SECRETARY, _OTHER_ROLES):
            raise HostFault("DMPInvalidRole")
        return
    student = person.card_kind == "CPF" and not person.specialty and person.profession in _TAUGHT
    if (first.code, first.system) != (person.profession, _IN_TRAINING if student else _PROFESSIONS):
        raise HostFault("DMPInvalidRole")
    specialties = [each.code for each in others if each.system == _SPECIALTIES]
    if person.profession in _WITH_SPECIALTY and not student and not specialties:
        raise HostFault("DMPMissingSpecialty")
    if specialties != ([person.specialty] if person.specialty else []):
        raise HostFault("DMPInvalidRole", "the specialty is not the one of the directory")
