"""A request with any one element or attribute taken out, or spoiled: an answer of the standard, never a failure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ihe_wire import (
    APPROVED,
    HAS_MEMBER,
    PATIENT,
    RPLC,
    UPDATE_STATUS,
    Client,
    asked,
    entry,
    folder,
    include,
    link,
    oid,
    original,
    package,
    provide,
    query,
    slot,
    submit,
)  # fmt: skip
from lxml import etree

KNOWN = {"hash": "a" * 40, "size": "7", "repositoryUniqueId": "1.2.3"}


def _variants(body: str) -> Iterator[str]:
    """The body with each element taken out, then each attribute, then each attribute and text made nonsense."""
    root = etree.fromstring(body)
    count = len(list(root.iter()))
    for number in range(1, count):
        copy = etree.fromstring(body)
        element = list(copy.iter())[number]
        element.getparent().remove(element)
        yield etree.tostring(copy, encoding="unicode")
    for number in range(count):
        for name in list(root.iter())[number].attrib:
            for value in (None, "", "été ' ( &"):
                copy = etree.fromstring(body)
                element = list(copy.iter())[number]
                if value is None:
                    del element.attrib[name]
                else:
                    element.set(name, value)
                yield etree.tostring(copy, encoding="unicode")
        if (list(root.iter())[number].text or "").strip():
            copy = etree.fromstring(body)
            list(copy.iter())[number].text = "nonsense ' ("
            yield etree.tostring(copy, encoding="unicode")


def _lot(client: Client) -> str:
    old = client.deposit_one(b"ancien")
    return submit(
        package(), entry(**KNOWN), folder(), original(), link(HAS_MEMBER, "set1", "folder1"),
        link(HAS_MEMBER, "folder1", "doc1"), link(RPLC, "doc1", old),
    )  # fmt: skip


def _update(client: Client) -> str:
    unique = oid()
    old = client.deposit_one(b"ancien", unique=unique)
    other = client.deposit_one(b"autre")
    move = link(UPDATE_STATUS, "set1", other, OriginalStatus=APPROVED, NewStatus="urn:x")
    return submit(package(), entry(unique=unique, lid=old), original(PreviousVersion="1"), move)


def _question(client: Client) -> str:
    return query(
        "FindDocuments",
        slot("$XDSDocumentEntryPatientId", f"'{PATIENT}'"),
        slot("$XDSDocumentEntryStatus", f"('{APPROVED}')"),
        slot("$XDSDocumentEntryEventCodeList", "('a^^b')", "('c^^d')"),
        slot("$XDSDocumentEntryCreationTimeFrom", "'2026'"),
    )


BODIES = {
    "iti42": _lot,
    "iti57": _update,
    "iti18": _question,
    "iti43": lambda client: asked(("1.2.3", "1.2.4")),
}


@pytest.mark.parametrize("name", BODIES)
def test_any_one_thing_spoiled_gets_an_answer_of_the_standard(client: Client, name: str) -> None:
    for variant in _variants(BODIES[name](client)):
        reply = client.send(name, variant)
        assert (reply.status, reply.outcome in ("Success", "Failure")) == (200, True), variant
        assert not reply.errors or all(error.startswith("XDS") for error in reply.errors)


def test_any_one_thing_spoiled_in_a_deposit_too(site, client: Client) -> None:
    body = provide(submit(package(), entry(), original()), include("doc1", "a@b"))
    for variant in _variants(body):
        reply = client.send_mtom("iti41", variant, {"a@b": b"x"})
        assert (reply.status, reply.outcome in ("Success", "Failure")) == (200, True), variant
    assert not any(site.host.house.store.incoming.iterdir())
