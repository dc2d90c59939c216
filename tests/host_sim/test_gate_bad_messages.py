"""Bad messages around right assertions: sizes, MIME parts, encodings, structure, for every transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from gate_requests import BY_NAME, REQUESTS, Request, fed, kept, mtom, outcome
from host_wire import HL7, Answer, Stage
from lxml import etree

_INVALID, _LARGE = "DMPInvalidMessage", "DMPMessageTooLarge"
WITH_PARTS = [each for each in REQUESTS if each.mtom]
WITHOUT_PARTS = [each for each in REQUESTS if not each.mtom]
OF_THE_REGISTRY = [each for each in WITHOUT_PARTS if each.endpoint == "registry"]


@pytest.fixture(scope="module")
def ready(quiet_stage: Stage) -> Stage:
    fed(quiet_stage)
    return quiet_stage


def send(stage: Stage, request: Request, data: bytes, kind: str) -> Answer:
    return stage.who(request.who).post(request.endpoint, data, kind)


def right(stage: Stage, request: Request) -> tuple[bytes, str]:
    return request.pack(stage, request.assertion(stage).render())


def judge(stage: Stage, requests: list[Request], ask: Callable[[Request], Answer], code: str) -> None:
    before = kept(stage)
    found = {request.name: outcome(ask(request)) for request in requests}
    assert found == dict.fromkeys(found, code)
    assert kept(stage) == before
    assert stage.query("generaliste", "jean").status == 200


# Bytes


def _latin(data: bytes) -> bytes:
    return data.replace(b"<s:Envelope", b'<?xml version="1.0" encoding="ISO-8859-1"?><s:Envelope', 1)


def _entity(data: bytes) -> bytes:
    head = b'<!DOCTYPE s:Envelope [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    return data.replace(b"<s:Envelope", head + b"<s:Envelope", 1)


def _laughs(data: bytes) -> bytes:
    levels = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 9))
    head = b'<!DOCTYPE s:Envelope [<!ENTITY l0 "ha">' + levels + b"]>"
    return data.replace(b"<s:Envelope", head + b"<s:Envelope", 1)


def _deep(data: bytes) -> bytes:
    return data.replace(b"</s:Body>", b"<a>" * 400 + b"</a>" * 400 + b"</s:Body>")


BYTES: dict[str, Callable[[bytes], bytes]] = {
    "an external entity": _entity,
    "entities that grow": _laughs,
    "an unknown entity": lambda data: data.replace(b"</a:MessageID>", b"&e;</a:MessageID>"),
    "another encoding": _latin,
    "bytes that are not UTF-8": lambda data: data.replace(b"</a:MessageID>", b"\xe9</a:MessageID>"),
    "an end too early": lambda data: data.replace(b"</s:Body>", b""),
    "a comment in the body": lambda data: data.replace(b"<s:Body>", b"<s:Body><!-- x -->"),
    "an instruction in the body": lambda data: data.replace(b"<s:Body>", b"<s:Body><?x y?>"),
    "two bodies": lambda data: data.replace(b"</s:Envelope>", b"<s:Body/></s:Envelope>"),
    "no header": lambda data: data[: data.index(b"<s:Header>")] + data[data.index(b"</s:Header>") + 11 :],
    "a tree too deep": _deep,
    "the same identifier twice": lambda data: data.replace(b"<s:Header>", b'<s:Header xml:id="x">').replace(
        b"<s:Body>", b'<s:Body xml:id="x">'
    ),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_no_clean_envelope(ready: Stage, name: str) -> None:
    def ask(request: Request) -> Answer:
        data, kind = right(ready, request)
        changed = BYTES[name](data)
        assert changed != data
        return send(ready, request, changed, kind)

    judge(ready, REQUESTS if isinstance(REQUESTS, list) else list(REQUESTS), ask, _INVALID)


def test_soap_1_1(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        data, kind = right(ready, request)
        old = data.replace(b"http://www.w3.org/2003/05/soap-envelope", b"http://schemas.xmlsoap.org/soap/envelope/")
        return send(ready, request, old, kind)

    judge(ready, list(REQUESTS), ask, "VersionMismatch")


def test_a_header_that_nobody_understands(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        more = '<x:Strange xmlns:x="urn:x" s:mustUnderstand="1"/>'
        return request.post(ready, request.assertion(ready).render(), more=more)

    judge(ready, list(REQUESTS), ask, "MustUnderstand")


@pytest.mark.parametrize("name", ["MessageID", "To", "ReplyTo", "Action"])
def test_an_addressing_header_less(ready: Stage, name: str) -> None:
    def ask(request: Request) -> Answer:
        return request.post(ready, request.assertion(ready).render(), **{name: ""})

    judge(ready, list(REQUESTS), ask, "MessageAddressingHeaderRequired")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MessageID", "<a:MessageID>urn:uuid:12345678-1234-1234-1234-12345678901g</a:MessageID>"),
        ("MessageID", "<a:MessageID>uuid:1</a:MessageID>"),
        ("To", "<a:To>ftp://elsewhere/</a:To>"),
        ("To", "<a:To><x/></a:To>"),
        ("ReplyTo", "<a:ReplyTo><a:Address>https://elsewhere.example/</a:Address></a:ReplyTo>"),
        ("ReplyTo", "<a:ReplyTo/>"),
    ],
)
def test_an_addressing_header_of_another_form(ready: Stage, name: str, value: str) -> None:
    def ask(request: Request) -> Answer:
        return request.post(ready, request.assertion(ready).render(), **{name: value})

    judge(ready, list(REQUESTS), ask, "InvalidAddressingHeader")


def test_an_action_that_the_service_does_not_have(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        action = '<a:Action s:mustUnderstand="true">urn:nothing</a:Action>'
        return request.post(ready, request.assertion(ready).render(), Action=action)

    judge(ready, list(REQUESTS), ask, "ActionNotSupported")


def test_the_body_of_another_action(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        body = f'<PRPA_IN201310UV02 xmlns="{HL7}"/>'
        return send(ready, request, *request.pack_body(request.assertion(ready).render(), body, {}))

    judge(ready, list(REQUESTS), ask, "ActionMismatch")


def test_a_body_with_an_element_of_somebody_else(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        body, parts = request.body(ready)
        tree = etree.fromstring(body)
        etree.SubElement(tree, "{urn:x}extra")
        packed = request.pack_body(request.assertion(ready).render(), etree.tostring(tree).decode(), parts)
        return send(ready, request, *packed)

    judge(ready, list(REQUESTS), ask, _INVALID)


def test_a_body_with_an_attribute_of_nobody(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        body, parts = request.body(ready)
        tree = etree.fromstring(body)
        tree.set("extra", "x")
        packed = request.pack_body(request.assertion(ready).render(), etree.tostring(tree).decode(), parts)
        return send(ready, request, *packed)

    judge(ready, list(REQUESTS), ask, _INVALID)


def _loose_text(body: str) -> Iterator[str]:
    """The body with text between elements, where a reader might or might not look."""
    tree = etree.fromstring(body)
    for element in tree.iter():
        if len(element) and not (element.text or "").strip():
            element.text = "text"
            yield etree.tostring(tree).decode()
            element.text = None


def test_text_between_elements(ready: Stage) -> None:
    """Names and addresses of HL7 are mixed content; a xds:Document may hold base64."""
    before, surprises = kept(ready), {}
    for request in (each for each in REQUESTS if each.endpoint not in ("patients", "patientsPDQ", "repository")):
        body, parts = request.body(ready)
        for number, loose in enumerate(_loose_text(body)):
            answer = send(ready, request, *request.pack_body(request.assertion(ready).render(), loose, parts))
            if outcome(answer) != _INVALID:
                surprises[request.name, number] = outcome(answer)
    assert surprises == {}
    assert kept(ready) == before


# Sizes


@pytest.mark.parametrize("limit", ["max_root_bytes", "max_body_bytes"])
def test_a_message_over_the_limit(stage: Stage, limit: str) -> None:
    fed(stage)
    stage.admin("parameters", {limit: 2000})
    before = kept(stage)
    for request in REQUESTS:
        assert outcome(send(stage, request, *right(stage, request))) == _LARGE, request.name
    assert kept(stage) == before
    stage.admin("parameters", {limit: 20_000_000})
    assert stage.query("generaliste", "jean").status == 200


def test_more_parts_than_are_taken(stage: Stage) -> None:
    stage.admin("parameters", {"max_parts": 1})
    before = kept(stage)
    assert outcome(BY_NAME["TD2.1"].ask(stage)) == _LARGE
    assert kept(stage) == before


def test_a_part_over_the_limit(stage: Stage) -> None:
    stage.admin("parameters", {"max_body_bytes": 60_000})
    request = BY_NAME["TD2.1"]
    body, parts = request.body(stage)
    large = {name: data + b" " * 70_000 for name, data in parts.items()}
    before = kept(stage)
    assert outcome(send(stage, request, *request.pack_body(request.assertion(stage).render(), body, large))) == _LARGE
    assert kept(stage) == before


# MIME parts


def _without_one(parts: dict[str, bytes]) -> dict[str, bytes]:
    return dict(list(parts.items())[1:])


PARTS: dict[str, Callable[[dict[str, bytes]], dict[str, bytes]]] = {
    "a part less": _without_one,
    "no part": lambda parts: {},
    "a part more": lambda parts: {**parts, "extra@test": b"x"},
    "a part of another name": lambda parts: {**_without_one(parts), "other@test": b"x"},
    "a second root": lambda parts: {**parts, "root@test": b"x"},
}


@pytest.mark.parametrize("name", PARTS)
def test_parts_that_are_not_those_of_the_request(ready: Stage, name: str) -> None:
    request, before = BY_NAME["TD2.1"], kept(ready)
    body, parts = request.body(ready)
    packed = request.pack_body(request.assertion(ready).render(), body, PARTS[name](dict(parts)))
    assert outcome(send(ready, request, *packed)) == _INVALID
    assert kept(ready) == before


def test_a_part_beside_a_request_that_has_none(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        body, parts = request.body(ready)
        packed = request.pack_body(request.assertion(ready).render(), body, {**parts, "extra@test": b"x"})
        return send(ready, request, *packed)

    judge(ready, WITH_PARTS, ask, _INVALID)


def test_a_part_that_two_places_refer_to(ready: Stage) -> None:
    request = BY_NAME["TD2.1"]
    body, parts = request.body(ready)
    first, second = (name.replace("@", "%40") for name in parts)
    packed = request.pack_body(request.assertion(ready).render(), body.replace(f"cid:{second}", f"cid:{first}"), parts)
    assert outcome(send(ready, request, *packed)) == _INVALID


@pytest.mark.parametrize("address", ["http://elsewhere.example/x", "file:///etc/hostname", "", "cid:", "#x"])
def test_a_document_that_is_elsewhere(ready: Stage, address: str) -> None:
    request = BY_NAME["TD2.1"]
    body, parts = request.body(ready)
    name = next(iter(parts)).replace("@", "%40")
    changed = body.replace(f"cid:{name}", address)
    assert changed != body
    packed = request.pack_body(request.assertion(ready).render(), changed, parts)
    assert outcome(send(ready, request, *packed)) == _INVALID


MIME: dict[str, Callable[[bytes], bytes]] = {
    "the same part twice": lambda data: data.replace(b"signature01@test>", b"document01@test>"),
    "another transfer encoding": lambda data: data.replace(b"Encoding: binary", b"Encoding: base64", 1),
    "a part without name": lambda data: data.replace(b"Content-ID: <document01@test>\r\n", b"", 1),
    "a name without brackets": lambda data: data.replace(b"<document01@test>", b"document01@test", 1),
    "a header twice": lambda data: data.replace(b"Content-ID: <doc", b"Content-ID: <x>\r\nContent-ID: <doc", 1),
    "no last boundary": lambda data: data.replace(b"--limit--", b""),
    "a boundary with a tail": lambda data: data.replace(b"--limit\r\n", b"--limit tail\r\n"),
    "a root of another type": lambda data: data.replace(b"application/xop+xml", b"text/xml", 1),
    "a root for SOAP 1.1": lambda data: data.replace(b'type="application/soap+xml"', b'type="text/xml"', 1),
    "a root in another encoding": lambda data: data.replace(b"charset=UTF-8", b"charset=UTF-16", 1),
}


@pytest.mark.parametrize("name", MIME)
def test_a_multipart_body_of_another_form(ready: Stage, name: str) -> None:
    request, before = BY_NAME["TD2.1"], kept(ready)
    data, kind = right(ready, request)
    changed = MIME[name](data)
    assert changed != data
    assert outcome(send(ready, request, changed, kind)) == _INVALID
    assert kept(ready) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('type="application/xop+xml"', 'type="text/xml"'),
        ('start-info="application/soap+xml"', 'start-info="text/xml"'),
        ('boundary="limit"', 'boundary=""'),
        ('boundary="limit"', 'boundary="other"'),
        ('start="<root@test>"', 'start="<nowhere@test>"'),
        ("multipart/related", "multipart/mixed"),
    ],
)
def test_a_media_type_that_is_not_the_one_of_mtom(ready: Stage, old: str, new: str) -> None:
    def ask(request: Request) -> Answer:
        data, kind = right(ready, request)
        assert old in kind
        return send(ready, request, data, kind.replace(old, new))

    judge(ready, WITH_PARTS, ask, _INVALID)


def test_mtom_where_there_is_none(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        data, _ = right(ready, request)
        return send(ready, request, *mtom(data, {}))

    judge(ready, [each for each in WITHOUT_PARTS if each not in OF_THE_REGISTRY], ask, _INVALID)


def test_no_mtom_where_there_must_be(ready: Stage) -> None:
    def ask(request: Request) -> Answer:
        body, _ = request.body(ready)
        data = request.pack_body(request.assertion(ready).render(), body, {})[0]
        root = data.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--limit--")[0]
        return send(ready, request, root.replace(b"xop:Include", b"xop:Exclude"), "application/soap+xml; charset=UTF-8")

    judge(ready, WITH_PARTS, ask, _INVALID)


# What facts say varies in the real world is taken


@pytest.mark.parametrize("name", ["TD3.1", "TD3.3d"])
def test_the_registry_takes_both_forms(stage: Stage, name: str) -> None:
    fed(stage)
    request = BY_NAME[name]
    data, _ = right(stage, request)
    assert outcome(send(stage, request, *mtom(data, {}))) == "ok"


@pytest.mark.parametrize("to", ["<a:To/>", "<a:To></a:To>", "<a:To>https://host.example/si-dmp-server/v2/</a:To>"])
def test_to_is_empty_or_an_address(ready: Stage, to: str) -> None:
    request = BY_NAME["TD0.2"]
    assert outcome(request.post(ready, request.assertion(ready).render(), To=to)) == "ok"


@pytest.mark.parametrize("spelling", ["Authentification_mode", "Authentification_Mode"])
def test_both_spellings_of_the_mode(ready: Stage, spelling: str) -> None:
    assert outcome(BY_NAME["TD0.2"].ask(ready, mode_name=spelling)) == "ok"


@pytest.mark.parametrize(
    "identifier", ["_8d6c", "a5b0f7f2-0f0a-4b51-8a3d-0d6a4c1b2e3f", "15b0f7f2-0f0a-4b51-8a3d-0d6a4c1b2e3f"]
)
def test_both_forms_of_an_assertion_identifier(stage: Stage, identifier: str) -> None:
    request = BY_NAME["TD0.2"]
    assert outcome(request.ask(stage, identifier=identifier)) == "ok"
    who = stage.who(request.who)
    signed = who.signed(request.assertion(stage, identifier=identifier.replace("8", "9")))
    assert outcome(request.post(stage, signed)) == "ok"


@pytest.mark.parametrize("attribute", ["mustUnderstand", "s:mustUnderstand"])
@pytest.mark.parametrize("value", ["true", "1"])
def test_must_understand_with_and_without_its_namespace(ready: Stage, attribute: str, value: str) -> None:
    request = BY_NAME["TD0.2"]
    action = f'<a:Action {attribute}="{value}">{request.action}</a:Action>'
    assert outcome(request.post(ready, request.assertion(ready).render(), Action=action)) == "ok"


@pytest.mark.parametrize("prefixes", ["saml2", "ds saml2 #default xsi", "#default"])
def test_listed_prefixes_of_a_signature_are_honoured(ready: Stage, prefixes: str) -> None:
    """Some emitters add InclusiveNamespaces to the second transform."""
    from signed_by_hand import sign

    request = BY_NAME["TD0.2"]
    who = ready.who(request.who)
    text = sign(request.assertion(ready).render(), who.signature_key, who.signature_der, prefixes)
    assert f'PrefixList="{prefixes}"' in text
    assert outcome(request.post(ready, text)) == "ok"
