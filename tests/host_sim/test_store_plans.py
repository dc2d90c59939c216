"""What the host asks its store for grows with the answer: no statement of a call reads a whole table."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from gate_requests import REQUESTS, fed, outcome
from host_wire import Stage

from card_sim.authority import Authority
from host_sim import sqlite
from host_sim.serving import Host

# What looks at every dossier by design: a search without INS, and the few rows of the parameters.
_WHOLE = {"TD0.5"}
_SCAN = re.compile(r"^SCAN (?!CONSTANT|\d)(\w+)(?! USING (COVERING )?INDEX)")


@pytest.fixture
def asked(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stage, list[str]]]:
    """A host on SQLite, and the statements that it runs."""
    statements: list[str] = []
    plain = sqlite._Cursor.execute

    def noted(self: Any, sql: str, params: Sequence[Any] = (), /) -> Any:
        if threading.current_thread() is not threading.main_thread():  # what the test asks is its own affair
            statements.append(sql)
        return plain(self, sql, params)

    monkeypatch.setattr(sqlite._Cursor, "execute", noted)
    host = Host(tmp_path / "data", authority, database="sqlite")
    stage = Stage(authority, host.start(), host.house, tmp_path / "pem")
    yield stage, statements
    stage.close()
    host.stop()


def test_no_statement_of_a_call_reads_a_whole_table(asked: tuple[Stage, list[str]]) -> None:
    stage, statements = asked
    fed(stage)
    whole: dict[str, set[str]] = {}
    for request in REQUESTS:
        statements.clear()
        outcome(request.ask(stage, now=stage.house.clock.now()))
        found = {each for sql in set(statements) if (each := _scanned(stage, sql))}
        if found and request.name not in _WHOLE:
            whole[request.name] = found
    assert whole == {}


def _scanned(stage: Stage, sql: str) -> str:
    if not sql.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
        return ""
    with stage.house.store.reading() as cursor:
        rows = cursor.execute(f"EXPLAIN QUERY PLAN {sql}", [""] * sql.count("?")).fetchall()
    return next((f"{row['detail']}: {sql}" for row in rows if _SCAN.match(row["detail"])), "")
