"""Fifty clients at once: every deposit is in the books once, none fails, the memory of the host stays flat.

`--campaign N` deposits N lots in all; a check, a hundred. The figures are printed with -s.
"""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from campaign_host import PEOPLE, Books, Depositor, HostProcess, database_of, patients, prove

from card_sim.authority import Authority

CLIENTS, SMALL, DOSSIERS = 50, 100, 200
GROWTH = 48 << 20  # bytes, from a quarter of the deposits to the end


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_fifty_clients_at_once(name: str, tmp_path: Path, authority_dir: Path, campaign: int) -> None:
    count = SMALL if campaign == 1 else campaign
    with database_of(name) as database:
        host = HostProcess(tmp_path / "data", authority_dir, database)
        assert host.facts is not None
        people = patients(DOSSIERS)
        _post(f"{host.facts['admin']}/patients", people)
        load = Load(host, [each["ins"] for each in people], Authority.open(authority_dir), tmp_path, count)
        started = time.monotonic()
        try:
            load.run()
            seconds = time.monotonic() - started
            after = host.resident()
            assert host.stop() == 0
        finally:
            host.process.kill()
        found = prove(tmp_path / "data", database, load.books, [each["ins"] for each in people])
    assert len(found) == len(load.books.acknowledged) == count
    assert (load.books.unanswered, load.books.refused) == ([], {})
    times = sorted(load.times)
    print(
        f"\n{name}: {count} deposits by {CLIENTS} clients in {seconds:.0f} s ({count / seconds:.0f}/s): median "
        f"{times[len(times) // 2] * 1000:.0f} ms, p99 {times[len(times) * 99 // 100] * 1000:.0f} ms, longest "
        f"{times[-1] * 1000:.0f} ms; memory {load.quarter / 1e6:.0f} MB at a quarter, {after / 1e6:.0f} MB at the end"
    )
    assert after - load.quarter < GROWTH


class Load:
    """Clients that deposit until the count is reached."""

    def __init__(self, host: HostProcess, people: list[str], authority: Authority, folder: Path, count: int) -> None:
        self.books, self.times, self.quarter = Books(), [], 0
        self._host, self._people, self._authority, self._folder = host, people, authority, folder
        self._left, self._mark, self._lock = count, count * 3 // 4, threading.Lock()

    def run(self) -> None:
        """Deposit from all clients at once; raises what one of them raised."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            for each in [pool.submit(self._client, number) for number in range(CLIENTS)]:
                each.result()

    def _client(self, number: int) -> None:
        assert self._host.facts is not None
        dice = random.Random(number)
        who = PEOPLE[number % len(PEOPLE)]
        client = Depositor(who, self._authority, self._folder / f"client{number}", self._host.facts)
        while self._take():
            started = time.monotonic()
            client.deposit(dice.choice(self._people), self.books)
            with self._lock:
                self.times.append(time.monotonic() - started)
        client.close()

    def _take(self) -> bool:
        with self._lock:
            self._left -= 1
            if self._left == self._mark:
                self.quarter = self._host.resident()
            return self._left >= 0


def _post(url: str, body: object) -> None:
    with urllib.request.urlopen(url, json.dumps(body).encode(), timeout=60) as response:
        response.read()
