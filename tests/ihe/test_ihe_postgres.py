"""The same registry with its tables in PostgreSQL."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ihe_wire import APPROVED, DEPRECATED, HAS_MEMBER, PATIENT, RPLC, Client, asked, folder, link, oid, slot

from host_sim.audit_check import verify
from host_sim.ihe.serving import IheHost


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    pytest.importorskip("psycopg")
    file = Path(__file__).parents[1] / "host_sim" / "postgres_cluster.py"
    spec = importlib.util.spec_from_file_location("ihe_postgres_cluster", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        cluster = module.Cluster()
    except module.UnavailableError as reason:
        pytest.skip(str(reason))
    yield cluster.url
    cluster.stop()


@pytest.fixture
def host(tmp_path: Path, database: str) -> Iterator[IheHost]:
    made = IheHost(tmp_path, database=database)
    yield made
    made.stop()


def test_a_story_of_deposit_replacement_query_and_retrieval(host: IheHost) -> None:
    facts = host.start()
    client, box, unique = Client(facts["endpoints"]), oid(), oid()
    old = client.deposit_one(
        b"ancien", folder(unique=box), link(HAS_MEMBER, "set1", "folder1"), link(HAS_MEMBER, "folder1", "doc1"),
        unique=unique, title="ancien",
    )  # fmt: skip
    client.deposit_one(b"nouveau", link(RPLC, "doc1", old), title="nouveau")
    patient = slot("$XDSDocumentEntryPatientId", f"'{PATIENT}'")
    titles = [
        client.query("FindDocuments", patient, slot("$XDSDocumentEntryStatus", f"('{status}')")).titles
        for status in (APPROVED, DEPRECATED)
    ]
    assert titles == [["nouveau"], ["ancien"]]
    assert client.query("GetFolderAndContents", slot("$XDSFolderUniqueId", f"'{box}'")).titles == ["ancien", "nouveau"]
    reply = client.send("iti43", asked((facts["repositoryUniqueId"], unique)))
    assert list(reply.parts.values()) == [b"ancien"]


def test_many_clients_at_once_lose_nothing_and_leave_one_chain(host: IheHost) -> None:
    client = Client(host.start()["endpoints"])

    def deposit() -> None:
        for _ in range(4):
            client.deposit_one(b"x")

    threads = [threading.Thread(target=deposit) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    patient = slot("$XDSDocumentEntryPatientId", f"'{PATIENT}'")
    reply = client.query("FindDocuments", patient, slot("$XDSDocumentEntryStatus", f"('{APPROVED}')"))
    assert len(reply.titles) == 32
    host.house.audit.close()
    assert verify(host.house.audit).problem == ""
