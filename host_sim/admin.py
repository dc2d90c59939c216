"""The admin door: JSON over plain HTTP on 127.0.0.1, behind a token in the path."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dossier.failure import Failure
from dossier.patient import Ins

from . import accounts, admin_life, administrative, audit_check, desk, dossiers, life, seed, show, visibility
from .faults import Fault
from .house import House

_MAX_BODY = 1 << 20


class AdminServer(ThreadingHTTPServer):
    """The admin's listening socket, on a port of its own."""

    daemon_threads = True

    def __init__(self, house: House) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.house = house
        self.token = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """Where the admin is reached; paths go right after."""
        return f"http://127.0.0.1:{self.server_address[1]}/{self.token}"


class BadRequest(Exception):  # noqa: N818 - becomes a 400
    """The request cannot be served; its text goes back to the admin."""


def _get_log(house: House, query: dict[str, str]) -> Any:
    return house.audit.rows(_ins(house, query["patient"]) if "patient" in query else None)


def _get_verify(house: House, query: dict[str, str]) -> Any:
    return asdict(audit_check.verify(house.audit))


def _get_notifications(house: House, query: dict[str, str]) -> Any:
    return house.audit.notifications(_ins(house, query.get("patient", "")))


def _get_documents(house: House, query: dict[str, str]) -> Any:
    viewer = visibility.as_host(house.clock.now())
    return show.documents(house, _ins(house, query.get("patient", "")), viewer)


def _get_dossier(house: House, query: dict[str, str]) -> Any:
    return dossiers.summary(house.store, _ins(house, query.get("patient", "")))


def _get_parameters(house: House, query: dict[str, str]) -> Any:
    return house.parameters.as_dict()


def _get_faults(house: House, query: dict[str, str]) -> Any:
    return house.faults.listed()


def _post_patients(house: House, body: Any) -> Any:
    people = body if isinstance(body, list) else [body]
    with house.store.transaction() as cursor:
        for facts in people:
            Ins.parse(facts["ins"], facts.get("oid", "1.2.250.1.213.1.4.10"))
            seed.add_patient(cursor, facts, house.clock.now(), house.parameters["authorisation_days"])
    return {"added": len(people)}


def _post_people(house: House, body: Any) -> Any:
    """Add what the host must know of the holders of cards: {"professionals": [...], "patients": [...]}."""
    patients = _post_patients(house, body.get("patients", []))
    for facts in body.get("professionals", []):
        seed.add_professional(house.store, house.directory, facts)
    return {"added": patients["added"] + len(body.get("professionals", []))}


def _post_clock(house: House, body: Any) -> Any:
    if "now" in body:
        house.clock.set(datetime.fromisoformat(body["now"]))
    if "advance_days" in body:
        house.clock.advance(timedelta(days=float(body["advance_days"])))
    house.parameters.set("clock_offset_seconds", house.clock.offset.total_seconds())
    life.purge(house)
    return {"now": house.clock.now().isoformat()}


def _post_faults(house: House, body: Any) -> Any:
    if body == []:
        house.faults.clear()
    for facts in body if isinstance(body, list) else [body]:
        house.faults.arm(Fault.from_json(facts))
    return house.faults.listed()


def _post_parameters(house: House, body: Any) -> Any:
    for name, value in body.items():
        house.parameters.set(name, value)
    return house.parameters.as_dict()


def _post_account(house: House, body: Any) -> Any:
    """The host's desk renews what a patient has lost (TD1.5c has no message): {"patient": ...} to login and password.

    The patient asks for it on paper; the identity is checked there.
    """
    made = accounts.renew(house.store, _ins(house, body["patient"]))
    if made is None:
        raise BadRequest("no such account")
    return {"login": made.login, "password": made.password}


def _get_lost_logins(house: House, query: dict[str, str]) -> Any:
    """What patients have asked on the site: lost logins, with whether name, birth date and INS go together."""
    return desk.lost_logins(house)


def _post_lost_login(house: House, body: Any) -> Any:
    """The desk settles such a request: {"number": ...} to login and password."""
    made = desk.renew(house, int(body["number"]))
    if made is None:
        raise BadRequest("nothing to renew")
    return {"login": made.login, "password": made.password}


def _post_message(house: House, body: Any) -> Any:
    """The patient leaves a message for a professional: {"patient": ..., "professional": key or identifier}."""
    reader = house.directory.practitioner(body["professional"])
    if reader is None:
        raise BadRequest("no such professional")
    with house.store.transaction() as cursor:
        administrative.leave_message(cursor, _ins(house, body["patient"]), reader.id_nat, house.clock.now())
    return {"waiting": True}


def _ins(house: House, key: str) -> str:
    person = dossiers.person(house.store, key)
    if person is None:
        raise BadRequest("no such patient")
    return person.ins


_GET: dict[str, Callable[[House, dict[str, str]], Any]] = {
    "log": _get_log,
    "verify": _get_verify,
    "notifications": _get_notifications,
    "documents": _get_documents,
    "dossier": _get_dossier,
    "parameters": _get_parameters,
    "faults": _get_faults,
    "lost-logins": _get_lost_logins,
    **admin_life.GET,
}
_POST: dict[str, Callable[[House, Any], Any]] = {
    "patients": _post_patients,
    "people": _post_people,
    "account": _post_account,
    "lost-login": _post_lost_login,
    "message": _post_message,
    "clock": _post_clock,
    "faults": _post_faults,
    "parameters": _post_parameters,
    **admin_life.POST,
}


class _Handler(BaseHTTPRequestHandler):
    """One admin request: /TOKEN/subject."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    server: AdminServer

    def do_GET(self) -> None:
        """Read something."""
        subject = self._subject()
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if subject == "host-access.jsonl":
            self._answer(200, self.server.house.audit.export().encode(), "application/x-ndjson")
        elif subject in _GET:
            self._run(lambda: _GET[subject](self.server.house, query))
        else:
            self._json(404, {"error": "unknown"})

    def do_POST(self) -> None:
        """Change something."""
        subject = self._subject()
        length = self.headers.get("Content-Length", "")
        if subject not in _POST or not length.isdigit() or int(length) > _MAX_BODY:
            self.close_connection = True
            self._json(404, {"error": "unknown"})
            return
        data = self.rfile.read(int(length))
        self._run(lambda: _POST[subject](self.server.house, json.loads(data)))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """No log: the path holds the token."""

    def _subject(self) -> str:
        """The subject of an allowed request; "" for a wrong token, another Host or a page of a browser."""
        host = f"127.0.0.1:{self.server.server_address[1]}"
        _, token, *rest = [*urlsplit(self.path).path.split("/"), ""]
        allowed = hmac.compare_digest(token.encode(), self.server.token.encode())
        if not allowed or self.headers.get("Host") != host or "Origin" in self.headers:
            return ""
        return rest[0]

    def _run(self, action: Callable[[], Any]) -> None:
        try:
            self._json(200, action())
        except (BadRequest, Failure, ValueError, KeyError, TypeError, AttributeError) as error:
            self._json(400, {"error": f"{type(error).__name__}: {error}"})

    def _json(self, status: int, value: Any) -> None:
        self._answer(status, json.dumps(value, ensure_ascii=False).encode(), "application/json")

    def _answer(self, status: int, data: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
