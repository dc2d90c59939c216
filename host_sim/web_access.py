"""TD0.9: the pages that a professional's software opens in a browser, proved by the card in the TLS connection.

Addresses: /AccesDirect/<target>[/<INS>], the INS bare or as a CX. What each page shows is a summary of what the same
person would be answered by the services. TD0.10, the same with the certificates of a structure, carries the assertion
to the web server in a way that is not published: it is refused, and the page says so.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.x509.oid import NameOID

from dossier.failure import Failure
from dossier.patient import Ins

from . import card_certificates, dossiers, following, rights, web_pages, web_views
from .call import Call, Caller, HostFault
from .dossiers import EXPIRED, FORBIDDEN, VALID, DossierRow
from .hl7_ids import parse_cx
from .house import House
from .signature import Trust
from .transactions.habilitations import declare
from .web_pages import BASE, Page

DASHBOARD, CREATION = "TableauDeBord", "CreationDMP"
_FOR_EVERY_CARD = frozenset({DASHBOARD, "DossierPatient", "GestionDMPPatient"})
_ALONE = frozenset({DASHBOARD, "Parametrages", CREATION})
_MAX_FORM = 4096


class WebAccess:
    """The web domain of one host."""

    def __init__(self, house: House, trust: Trust) -> None:
        self._house = house
        self._trust = trust
        self._key = secrets.token_bytes(32)

    def answer(self, path: str, peer: bytes, form: bytes | None = None) -> Page:
        """Give the page of a path to the holder of a TLS certificate (DER); `form`: what was posted, None for a GET."""
        parts = [unquote(each) for each in urlsplit(path).path.removeprefix(BASE).split("/")]
        target, ins = parts[0], self._patient(parts[1]) if len(parts) == 2 else ""
        if len(parts) > 2 or (len(parts) == 2 and not ins) or not self._exists(target, ins):
            return web_pages.refusal(404, "DMPInvalidMessage", "Cette adresse n’est celle d’aucune page.")
        try:
            call = self._call(target, ins, peer)
        except HostFault as fault:
            return web_pages.refusal(403, fault.code, fault.reason)
        return self._judged(call, target, form)

    def _exists(self, target: str, ins: str) -> bool:
        known = target in web_views.VIEWS if ins else target in _ALONE
        return known or target == DASHBOARD

    def _patient(self, text: str) -> str:
        cx = parse_cx(text)
        number = cx.id if cx else text
        accepted: list[str] = self._house.parameters["accepted_oids"]
        try:
            return Ins.parse(number, cx.authority if cx else accepted[0]).matricule
        except Failure:
            return ""

    def _call(self, target: str, ins: str, peer: bytes) -> Call:
        """What the page is judged by: the same as a call of the services; raises HostFault, with a French sentence."""
        if self._trust.holder(peer).is_structure:
            raise HostFault(
                rights.DENIED,
                "L’accès Web-DMP par les certificats d’une structure (TD0.10) existe, mais la façon dont il transmet "
                "l’identité de l’utilisateur n’est pas publiée : il n’est pas simulé.",
            )
        names = card_certificates.load(peer).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        person = self._house.directory.practitioner(str(names[0].value)) if names else None
        places = self._house.directory.places(person.id_nat) if person else []
        if person is None or not places:
            raise HostFault("DMPUnknownProfessional", "Cette carte n’est pas celle d’un professionnel connu.")
        structure, sector = places[0]
        caller = Caller(
            person.id_nat, person.family_name, person.given_name, person.profession, person.specialty, structure,
            sector, "DIRECTE", person.card_kind,
        )  # fmt: skip
        row = dossiers.dossier(self._house.store, ins) if ins else None
        oid = row.oid if row else ""
        now = self._house.clock.now()
        return Call("web", target, None, caller, "normal", "", ins, oid, "", {}, now)

    def _judged(self, call: Call, target: str, form: bytes | None) -> Page:
        refused = self._refused(call, target)
        if refused is not None:
            self._record(call, rights.DENIED)
            return refused
        if not call.patient:
            self._record(call, "ok")
            return web_views.ALONE[target](call, self._house)
        row = dossiers.dossier(self._house.store, call.patient)
        state = self._house.authorisation(call).state
        if target == DASHBOARD:
            self._record(call, "ok")
            return web_views.dashboard_of(call, self._house, row, state)
        return self._patient_page(call, target, row, state, form)

    def _refused(self, call: Call, target: str) -> Page | None:
        """Pages that are open to nobody, or not to this card."""
        allowed = rights.right("TD0.9", call, self._house.store).allowed
        every = rights.column_of(call.caller) != "CPE" or target in _FOR_EVERY_CARD
        if target == CREATION:
            sentence = "Les DMP ne sont plus créés depuis cette page."
        elif not allowed or not every:
            sentence = "Cette page n’est pas ouverte à votre carte."
        else:
            return None
        return web_pages.refusal(403, rights.DENIED, sentence, web_pages.link(DASHBOARD, "", "Tableau de bord"))

    def _patient_page(self, call: Call, target: str, row: DossierRow | None, state: str, form: bytes | None) -> Page:
        back = web_pages.link(DASHBOARD, call.patient, "Tableau de bord du patient")
        if row is None or row.state != "open":
            code = "DMPUnknownPatient" if row is None else "DMPClosed"
            words = "Ce patient n’a pas de DMP." if row is None else "Le DMP de ce patient est fermé."
            self._record(call, code)
            return web_pages.refusal(404 if row is None else 409, code, words, back)
        if state == FORBIDDEN:
            self._record(call, rights.DENIED)
            return web_pages.refusal(403, rights.DENIED, "Le patient vous a interdit l’accès à son DMP.", back)
        if state != VALID:
            return self._declaration(call, target, state, form)
        self._record(call, "ok")
        return web_views.VIEWS[target](call, self._house, row)

    def _declaration(self, call: Call, target: str, state: str, form: bytes | None) -> Page:
        """The window equal to TD0.3: confirmed, the authorisation is written and the page opens."""
        token = self._token(call, target)
        if form is None:
            words = (
                "Votre autorisation d’accès au DMP de ce patient a expiré."
                if state == EXPIRED
                else "Vous n’avez pas d’autorisation d’accès au DMP de ce patient."
            )
            window = web_pages.confirmation(target, call.patient, token, words)
            return web_pages.page("Autorisation d’accès", window)
        sent = _fields(form).get("token", "")
        if not hmac.compare_digest(sent.encode(), token.encode()):
            return web_pages.refusal(403, "DMPInvalidMessage", "Cette confirmation n’est pas celle de la page.")
        try:
            rights.may("TD0.3", call, self._house.store)
            with self._house.store.transaction():
                self._house.store.lock(f"dossier {call.patient}")
                declare(call, self._house)
                self._record(call, "ok", transaction="TD0.3")
        except HostFault as fault:
            return web_pages.refusal(403, fault.code, "Cette autorisation ne peut pas être déclarée par votre carte.")
        return Page(303, location=web_pages.address(target, call.patient))

    def _token(self, call: Call, target: str) -> str:
        about = "|".join((call.caller.id_nat, target, call.patient, call.now.date().isoformat()))
        return hmac.new(self._key, about.encode(), sha256).hexdigest()

    def _record(self, call: Call, outcome: str, transaction: str = "TD0.9") -> None:
        with self._house.store.transaction() as cursor:
            if outcome == "ok" and call.patient:
                following.acted(cursor, call.patient, call.caller, call.now)
            self._house.audit.record(
                call.now, transaction, outcome, caller=call.caller, patient=call.patient, purpose=call.purpose
            )


def _fields(form: bytes) -> Mapping[str, str]:
    try:
        found = parse_qs(form[:_MAX_FORM].decode("ascii"), max_num_fields=4)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}
