"""Right requests of every transaction, mutated: a fault or an error each time, nothing kept, the host stays up.

Input number n of a transaction is always the same change. What is refused keeps nothing; what is accepted said nothing
else about its author than what was signed.
"""

from __future__ import annotations

import io
import logging
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from campaign_requests import mutated_body, mutated_bytes, mutated_tree, mutated_type
from lxml import etree

from card_sim.authority import Authority
from host_sim.http_body import Body
from host_sim.service import Answer, Service
from host_sim.serving import Host
from host_sim.signature import Trust

sys.path.insert(0, str(Path(__file__).parents[1] / "host_sim"))
from gate_requests import BY_NAME, Request, fed, kept, outcome
from host_wire import Answer as Received
from host_wire import Stage

SEED = 20261124
SMALL = 60
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"


class _UndoneError(Exception):
    """What an attempt wrote is forgotten."""


@dataclass
class Scene:
    """A host without its network: requests go straight to its service."""

    stage: Stage
    service: Service
    before: dict[str, Any]

    def send(self, request: Request, data: bytes, kind: str) -> Received:
        """Serve one request as the TLS connection of its author would."""
        headers = {"Content-Length": str(len(data))}
        body = Body(headers, io.BytesIO(data), self.stage.house.parameters["max_body_bytes"])
        answer = self.service.serve(request.endpoint, kind, body, self.stage.who(request.who).tls_der)
        return _received(answer)

    def attempt(self, request: Request, data: bytes, kind: str) -> tuple[str, bool]:
        """Send, and undo: the code of the answer, and whether anything was kept."""
        found = ("", False)
        try:
            with self.stage.house.store.transaction():
                answer = self.send(request, data, kind)
                code = outcome(answer)
                assert answer.status in ((200,) if code == "ok" else (200, 500))
                found = (code, code != "ok" and kept(self.stage) != self.before)
                raise _UndoneError
        except _UndoneError:
            pass
        if found[0] == "ok":
            self.before = kept(self.stage)
        return found


def _received(answer: Answer) -> Received:
    form = "multipart/related" if answer.multipart else "application/soap+xml"
    data = b"--b\r\n\r\n" + answer.envelope + b"\r\n--b--" if answer.multipart else answer.envelope
    return Received(answer.status, {"Content-Type": form}, data)


@pytest.fixture(scope="module")
def scene(authority_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    authority = Authority.open(authority_dir)
    folder = tmp_path_factory.mktemp("bad-input")
    host = Host(folder / "data", authority)
    stage = Stage(authority, host.start(), host.house, folder / "pem")
    fed(stage)
    yield Scene(stage, Service(host.house, Trust(authority.ca_file)), kept(stage))
    stage.close()
    host.stop()


def _input(scene: Scene, request: Request, number: int) -> tuple[bytes, str, bytes]:
    """Input number n: bytes, media type, and what was signed of the assertion ("" when nothing was)."""
    random = Random(f"{SEED}/{request.name}/{number}")
    signed = random.random() < 0.5
    said = request.assertion(scene.stage)
    text = scene.stage.who(request.who).signed(said) if signed else said.render()
    data, kind = request.pack(scene.stage, text)
    original = _canonical(etree.fromstring(text)) if signed else b""
    how = random.random()
    if how < 0.75:
        start, end = data.index(b"<s:Envelope"), data.index(b"</s:Envelope>") + len(b"</s:Envelope>")
        change = mutated_body if how < 0.45 else mutated_tree
        tree = change(etree.fromstring(data[start:end]), random)
        data = data[:start] + etree.tostring(tree) + data[end:]
    elif how < 0.95:
        data = mutated_bytes(data, random)
    else:
        kind = mutated_type(kind, random)
    return data, kind, original


def _canonical(assertion: Any) -> bytes:
    """What a signature covers: everything but itself."""
    alone = etree.fromstring(etree.tostring(assertion, with_tail=False))
    for signature in alone.findall(_SIGNATURE):
        alone.remove(signature)
    return etree.tostring(alone, method="c14n", exclusive=True)


def _believed(data: bytes) -> bytes:
    """What is signed of the assertion in a request; "" without its signature: the TLS of the card is proof then."""
    start, end = data.index(b"<s:Envelope"), data.rindex(b"</s:Envelope>") + len(b"</s:Envelope>")
    (assertion,) = etree.fromstring(data[start:end]).iter(f"{_SAML}Assertion")
    return b"" if assertion.find(_SIGNATURE) is None else _canonical(assertion)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_mutated_request_is_refused_or_harmless(
    scene: Scene, name: str, campaign: int, caplog: pytest.LogCaptureFixture
) -> None:
    request = BY_NAME[name]
    codes: Counter[str] = Counter()
    for number in range(campaign if campaign > 1 else SMALL):
        data, kind, signed = _input(scene, request, number)
        with caplog.at_level(logging.ERROR, "host_sim"):
            code, wrote = scene.attempt(request, data, kind)
        assert code != "DMPTechnicalError", (number, caplog.text)
        assert not wrote, (number, code)
        if code == "ok" and signed:
            assert _believed(data) in (b"", signed), number
        codes[code] += 1
    assert len(codes) > 2, codes
    print(name, dict(codes.most_common()))


def test_the_host_still_answers(scene: Scene) -> None:
    scene.stage.close()  # connections that slept through the campaign
    assert outcome(BY_NAME["TD0.2"].ask(scene.stage)) == "ok"
