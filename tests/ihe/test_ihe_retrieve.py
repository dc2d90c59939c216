"""ITI-43: documents back as they were sent, and partial successes (ITI TF-2 3.43)."""

from __future__ import annotations

import hashlib

from ihe_wire import NS, Client, asked, entry, oid, original, package, submit


def _deposited(client: Client, data: bytes) -> str:
    unique = oid()
    client.deposit_one(data, unique=unique, mime="text/plain")
    return unique


def test_a_document_comes_back_byte_for_byte_as_mtom(site, client: Client) -> None:
    data = bytes(range(256)) * 4096 + b"\r\n--limite--\r\n"
    unique = oid()
    reply = client.send_mtom("iti41", _provided(unique), {"a@b": data.replace(b"--limite", b"--autre")})
    assert reply.outcome == "Success"
    reply = client.send("iti43", asked((site.repository, unique)))
    assert (reply.outcome, reply.action) == ("Success", "urn:ihe:iti:2007:RetrieveDocumentSetResponse")
    href = reply.root.find(".//xop:Include", NS).get("href")
    assert reply.parts[href.removeprefix("cid:").replace("%40", "@")] == data.replace(b"--limite", b"--autre")
    assert reply.root.findtext(".//xds:mimeType", namespaces=NS) == "text/plain"
    assert reply.root.findtext(".//xds:RepositoryUniqueId", namespaces=NS) == site.repository


def _provided(unique: str) -> str:
    from ihe_wire import include, provide

    return provide(submit(package(), entry(unique=unique), original()), include("doc1", "a@b"))


def test_several_documents_come_in_one_answer(site, client: Client) -> None:
    names = [_deposited(client, data) for data in (b"un", b"deux", b"trois")]
    reply = client.send("iti43", asked(*((site.repository, name) for name in names)))
    assert (reply.outcome, sorted(reply.parts.values())) == ("Success", [b"deux", b"trois", b"un"])


def test_an_unknown_document_beside_a_known_one_is_a_partial_success(site, client: Client) -> None:
    known = _deposited(client, b"un")
    reply = client.send("iti43", asked((site.repository, known), (site.repository, "1.2.3")))
    assert (reply.outcome, reply.errors) == ("PartialSuccess", ["XDSDocumentUniqueIdError"])
    assert list(reply.parts.values()) == [b"un"]


def test_an_unknown_repository_is_told(site, client: Client) -> None:
    known = _deposited(client, b"un")
    reply = client.send("iti43", asked(("1.2.3.4", known)))
    assert (reply.outcome, reply.errors) == ("Failure", ["XDSUnknownRepositoryId"])


def test_a_request_for_nothing_is_an_error(client: Client) -> None:
    assert client.send("iti43", asked()).errors == ["XDSRepositoryError"]


def test_the_hash_of_the_entry_is_the_one_of_the_document(site, client: Client) -> None:
    unique = _deposited(client, b"un document")
    found = client.entry_of(client.uuid_of(unique))
    (data,) = client.send("iti43", asked((site.repository, unique))).parts.values()
    hashes = [each[0][0].text for each in found if each.get("name") == "hash"]
    assert hashes == [hashlib.sha1(data).hexdigest()]


def test_a_replaced_document_may_still_be_retrieved(site, client: Client) -> None:
    from ihe_wire import RPLC, link

    unique = _deposited(client, b"ancien")
    client.deposit_one(b"nouveau", link(RPLC, "doc1", client.uuid_of(unique)))
    assert list(client.send("iti43", asked((site.repository, unique))).parts.values()) == [b"ancien"]
