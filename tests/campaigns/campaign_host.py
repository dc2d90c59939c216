"""What the campaigns against the host share: a host process, deposits over HTTPS, books held against each other."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "host_sim"))

from gate_requests import PROVIDE, mtom, outcome  # noqa: E402
from host_wire import Professional, envelope, resource_id  # noqa: E402
from postgres_cluster import Cluster, UnavailableError  # noqa: E402
from registry_lots import Lot, Paper  # noqa: E402

from card_sim.authority import Authority  # noqa: E402
from host_sim import audit_check, profile, registry  # noqa: E402
from host_sim.house import House  # noqa: E402

PEOPLE = ("generaliste", "generaliste-port", "generaliste-gare")
_MATRICULES = itertools.count(1)
_ROOT = HERE.parents[1]


def matricule() -> str:
    """The INS of somebody new."""
    digits = f"2750175{next(_MATRICULES):06d}"
    return f"{digits}{97 - int(digits) % 97:02d}"


def patients(count: int) -> list[dict[str, Any]]:
    """New patients whose dossier is open and whom the people of the campaign may see."""
    allowed = {each: {"state": "VALIDE", "attending": False} for each in PEOPLE}
    return [
        {
            "ins": matricule(), "birth_name": "CAMPAGNE", "given_names": ["LOUISE"], "birth_date": "19750101",
            "sex": "F", "state": "open", "authorisations": allowed,
        }
        for _ in range(count)
    ]  # fmt: skip


@contextmanager
def database_of(name: str) -> Iterator[str]:
    """What a host is opened with: "sqlite", or the URL of a private PostgreSQL; skips when there is none."""
    if name == "sqlite":
        yield name
        return
    try:
        cluster = Cluster()
    except UnavailableError as reason:
        pytest.skip(str(reason))
    try:
        yield cluster.url
    finally:
        cluster.stop()


class HostProcess:
    """A host in a process of its own; `facts` is None when it died before it was ready."""

    def __init__(self, data: Path, authority_dir: Path, database: str, **environment: str) -> None:
        command = [sys.executable, "-m", "host_sim", "serve", "--data", data, "--authority", authority_dir]
        command += ["--database", database]
        self.process = subprocess.Popen(
            [str(each) for each in command], stdout=subprocess.PIPE, cwd=_ROOT, env={**os.environ, **environment}
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.facts: dict[str, Any] | None = json.loads(line) if line else None

    def resident(self) -> int:
        """Memory of the process, in bytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise ProcessLookupError

    def kill(self) -> int:
        """End it with SIGKILL, if it lives; gives how it ended."""
        self.process.kill()
        code = self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def stop(self) -> int:
        """End it with SIGTERM."""
        self.process.terminate()
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@dataclass(frozen=True)
class Deposit:
    """What was sent: whose, the uniqueIds of set, document and signature, the hash of the document."""

    patient: str
    set_id: str
    document_id: str
    signature_id: str
    hash: str


@dataclass
class Books:
    """What was sent, and what the host said of it; thread-safe."""

    acknowledged: list[Deposit] = field(default_factory=list)
    unanswered: list[Deposit] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


class Depositor:
    """A professional who deposits over a connection of their own."""

    def __init__(self, name: str, authority: Authority, folder: Path, facts: dict[str, Any]) -> None:
        self.name = name
        self._authority = authority
        self._who = Professional(authority, name, folder, facts)

    def deposit(self, patient: str, books: Books, size: int = 600) -> None:
        """Send one signed lot of one document and write down what became of it; raises when nothing came back."""
        paper = Paper(patient, author=self.name, body="QUJD" * (size // 4))
        lot = Lot(patient, (paper,), sender=self.name)
        parts = lot.parts(self._authority)
        made = Deposit(
            patient, lot.set_id, paper.unique_id, lot.signature_id,
            hashlib.sha1(parts[paper.entry_id], usedforsecurity=False).hexdigest(),
        )  # fmt: skip
        assertion = self._who.assertion(resource_id=resource_id(patient))
        body, kind = mtom(
            envelope(assertion.render(), PROVIDE, lot.request()),
            {f"{name.lower()}@test": data for name, data in parts.items()},
        )
        try:
            answer = self._who.post("repository", body, kind)
        except Exception:
            with books.lock:
                books.unanswered.append(made)
            raise
        said = outcome(answer)
        with books.lock:
            if said == "ok":
                books.acknowledged.append(made)
            else:
                books.refused[said] += 1

    def close(self) -> None:
        """Close the connection."""
        self._who.close()


def prove(data: Path, database: str, books: Books, people: Iterable[str]) -> set[str]:
    """Hold the host's books (no host running) against what was told; gives the uniqueIds of documents that are kept.

    Nothing acknowledged is lost; what was not answered is whole or absent; nothing else is there; every document
    decrypts to its hash; set, entries, links, notification and line of the access log go together; the log is intact.
    """
    house = House.open(data, database)
    try:
        return _prove(house, books, list(people))
    finally:
        house.close()


def _prove(house: House, books: Books, people: list[str]) -> set[str]:
    known = {each.document_id: each for each in books.acknowledged + books.unanswered}
    found: set[str] = set()
    blobs: set[str] = set()
    for patient in people:
        with house.store.reading() as cursor:
            entries = registry.entries_of(cursor, patient)
            sets = {each.identifier(profile.SET_UNIQUE): each for each in registry.sets_of(cursor, patient)}
            links = {
                name: {(each.type, each.source, each.target) for each in registry.links_of(cursor, [item.id])}
                for name, item in sets.items()
            }
        by_name = {each.unique_id: each for each in entries}
        documents = {name for name in by_name if name in known}
        for name in documents:
            made = known[name]
            document, signature, item = by_name[name], by_name[made.signature_id], sets[made.set_id]
            assert (document.patient, document.hash) == (patient, made.hash)
            expected = {
                (registry.HAS_MEMBER, item.id, document.entry_uuid),
                (registry.HAS_MEMBER, item.id, signature.entry_uuid),
                (registry.SIGNS, signature.entry_uuid, item.id),
            }
            assert links[made.set_id] == expected
            for each in (document, signature):
                data = house.store.blob(each.blob).read_bytes()
                assert hashlib.sha1(data, usedforsecurity=False).hexdigest() == each.hash
                assert len(data) == each.size
                blobs.add(each.blob)
        assert len(by_name) == 2 * len(documents) == 2 * len(sets), "something half written, or of nobody"
        told = [each for each in house.audit.notifications(patient) if each["kind"] == "document"]
        assert len(told) == len(documents)
        found |= documents
    missing = {each.document_id for each in books.acknowledged} - found
    assert not missing, f"{len(missing)} acknowledged deposits are lost"
    logged = Counter(row["outcome"] for row in house.audit.rows() if row["transaction"] == "TD2.1")
    assert logged["ok"] == len(found)
    assert not audit_check.verify(house.audit).problem
    assert blobs <= {each.name for each in house.store.blobs.iterdir()}
    return found
