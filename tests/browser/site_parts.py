"""A host with its patient's site, the mail server it sends to, and a client of it that speaks plain HTTP."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from host_wire import Stage, ins_of
from registry_lots import Place

from card_sim.authority import Authority
from host_sim import accounts
from host_sim.house import House
from host_sim.serving import Host

MAIL = "jean@example.org"


def _controller(handler: Any) -> Any:
    library = pytest.importorskip("aiosmtpd.controller", reason="aiosmtpd is not installed")

    class AnyPort(library.Controller):
        """The library's controller calls its server once by the port that it was given: here, the one that it got."""

        def _trigger_server(self) -> None:
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    return AnyPort(handler, hostname="127.0.0.1", port=0)


class MailServer:
    """A real SMTP server on loopback; keeps what it receives."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.stopped = False
        self._changed = threading.Condition()
        self._controller = _controller(self)
        self._controller.start()
        self.address = f"127.0.0.1:{self._controller.port}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        with self._changed:
            self.received.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
            self._changed.notify_all()
        return "250 OK"

    def wait(self, wanted: Callable[[str], bool], count: int = 1) -> list[str]:
        """The texts that satisfy `wanted`, once there are `count`."""

        def found() -> list[str]:
            return [text for _, mail in self.received if wanted(text := mail.get_content())]

        with self._changed:
            assert self._changed.wait_for(lambda: len(found()) >= count, 20), [
                m.get_content() for _, m in self.received
            ]
            return found()

    def code(self, count: int) -> str:
        """The one-time code of the mail number `count` that has one."""
        text = self.wait(lambda text: "code de connexion" in text, count)[count - 1]
        return re.search(r"\b(\d{6})\b", text)[1]

    def stop(self) -> None:
        if not self.stopped:
            self.stopped = True
            self._controller.stop()


class Beside(Place):
    """Professionals' deposits and queries, on a house that is already served."""

    def __init__(self, house: House, authority: Authority) -> None:
        self.house, self.authority = house, authority


@dataclass
class Site:
    """Everything that a test of the site needs; `codes` counts the codes already read."""

    host: Host
    stage: Stage
    place: Beside
    mails: MailServer
    url: str
    data: Path
    codes: int = 0

    @property
    def house(self) -> House:
        return self.host.house

    def account(self, patient: str = "jean", mail: str = MAIL, mobile: str = "") -> accounts.Secrets:
        """Give a patient an account of known secrets, and channels."""
        ins = ins_of(patient)
        with self.house.store.transaction() as cursor:
            cursor.execute("DELETE FROM accounts WHERE ins = ?", (ins,))
            for kind, value in (("EMAIL", mail), ("SMS", mobile)):
                if value:
                    cursor.execute("INSERT INTO otp_channels (ins, kind, canal) VALUES (?,?,?)", (ins, kind, value))
        return accounts.open_account(self.house.store, ins)

    def next_code(self) -> str:
        self.codes += 1
        return self.mails.code(self.codes)


def make_site(authority: Authority, directory: Path) -> Site:
    mails = MailServer()
    data = directory / "data"
    host = Host(data, authority, patient_site=True, smtp=mails.address)
    facts = host.start()
    stage = Stage(authority, facts, host.house, directory / "pem")
    return Site(host, stage, Beside(host.house, authority), mails, facts["patient_site"], data)


def end_site(site: Site) -> None:
    site.stage.close()
    site.host.stop()
    site.mails.stop()


@dataclass
class Answer:
    status: int
    headers: Any
    text: str

    @property
    def said(self) -> str:
        """What the page says, without its tags."""
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.text.partition("<main")[2]))


@dataclass
class Visit:
    """A browser without a screen: one cookie, the secret of the last form."""

    url: str
    cookie: str = ""
    csrf: str = ""
    cookies: list[str] = field(default_factory=list)

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        address = urlsplit(self.url).netloc
        connection = http.client.HTTPConnection(address, timeout=30)
        sent = {"Cookie": self.cookie} if self.cookie else {}
        connection.request(method, path, body, sent | headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        if made := answer.getheader("Set-Cookie"):
            self.cookies.append(made)
            self.cookie = made.partition(";")[0]
        if token := re.search(r'name="csrf" value="([^"]+)"', text):
            self.csrf = token[1]
        return Answer(answer.status, answer.headers, text)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> Answer:
        """Send a form with the secret of the session, then follow where it leads."""
        body = urlencode({"csrf": self.csrf} | fields).encode()
        sent = {"Content-Type": "application/x-www-form-urlencoded"} | (headers or {})
        answer = self.send("POST", path, body, **sent)
        return self.get(answer.headers["Location"]) if answer.status == 303 else answer


def enter(site: Site, secrets: accounts.Secrets, password: str = "") -> tuple[Visit, Answer]:
    """Come as far as the code."""
    visit = Visit(site.url)
    visit.get("/connexion")
    return visit, visit.post("/connexion", login=secrets.login, password=password or secrets.password, channel="EMAIL")


def sign_in(site: Site, secrets: accounts.Secrets) -> Visit:
    visit, answer = enter(site, secrets)
    assert "Code de connexion" in answer.text, answer.said
    answer = visit.post("/connexion/code", code=site.next_code())
    assert answer.status == 200 and "Se déconnecter" in answer.text, answer.said
    return visit
