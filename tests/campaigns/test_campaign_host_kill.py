"""The host is killed at random and at every named moment: nothing acknowledged is lost, nothing is half written.

`--campaign N` kills N times on SQLite and a tenth of that on PostgreSQL; a check, at every named moment once.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import pytest
from campaign_host import PEOPLE, Books, Depositor, HostProcess, database_of, patients, prove

from card_sim.authority import Authority
from host_sim import points, seed
from host_sim.house import House

RANDOM, CLIENTS, PATIENCE = "at random", 3, 20.0
KILLED = -9
# How often a moment may be passed before the death: those of the start happen a few times, the others go on.
LATEST = {points.MASTER_KEY: 1, points.SCHEMA: 8, points.SEEDED: 1, points.DATA_KEY: 3}


@pytest.mark.timeout(14400)
@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_a_host_that_is_killed_keeps_what_it_acknowledged(
    name: str, tmp_path: Path, authority_dir: Path, campaign: int
) -> None:
    first = random.randrange(1 << 32)
    print(f"\n{name}: seed {first}")
    kills: Counter[str] = Counter()
    deposits = unanswered = number = 0
    with database_of(name) as database:
        wanted = 1 if campaign == 1 else campaign if name == "sqlite" else max(20, campaign // 10)
        while sum(kills.values()) < wanted:
            life = Life(tmp_path / f"host{number}", authority_dir, database, random.Random(first + number))
            life.play(short=campaign == 1 and name != "sqlite")
            kills += life.kills
            deposits += len(life.books.acknowledged)
            unanswered += len(life.books.unanswered)
            number += 1
    print(f"{name}: {sum(kills.values())} kills, {deposits} acknowledged, {unanswered} unanswered; {dict(kills)}")


class Life:
    """One host, killed again and again; its books are held against each other after each death."""

    def __init__(self, folder: Path, authority_dir: Path, database: str, dice: random.Random) -> None:
        self.books, self.kills = Books(), Counter[str]()
        self._folder, self._data, self._authority_dir = folder, folder / "data", authority_dir
        self._authority, self._database, self._dice = Authority.open(authority_dir), database, dice
        self._people: list[str] = []
        folder.mkdir()

    def play(self, *, short: bool) -> None:
        """Die at every named moment and at random, at the start and while serving."""
        for moment in points.START if not short else (points.SEEDED,):
            self._die(moment)
        self._open_dossiers()
        moments = [*points.SERVING, RANDOM, RANDOM] if not short else [points.BEFORE_COMMIT, RANDOM]
        self._dice.shuffle(moments)
        for moment in moments:
            self._die(moment)
        survivor = HostProcess(self._data, self._authority_dir, self._database)
        assert survivor.facts is not None
        survivor.stop()

    def _open_dossiers(self) -> None:
        house = House.open(self._data, self._database)
        made = patients(4)
        with house.store.transaction() as cursor:
            for each in made:
                seed.add_patient(cursor, each, house.clock.now(), 365)
        house.close()
        self._people = [each["ins"] for each in made]

    def _die(self, moment: str) -> None:
        wanted = (
            {} if moment == RANDOM else {points.VARIABLE: f"{moment}:{self._dice.randint(1, self._latest(moment))}"}
        )
        host = HostProcess(self._data, self._authority_dir, self._database, **wanted)
        if host.facts is not None:
            if moment == RANDOM:
                blow = threading.Timer(self._dice.uniform(0, 0.5), host.process.kill)
                blow.start()
            self._work(host)
            if moment == RANDOM:
                blow.join()
        code = host.kill()
        assert not self.books.refused
        assert code == KILLED, "the host ended by itself"
        self.kills[moment] += 1
        prove(self._data, self._database, self.books, self._people)

    def _latest(self, moment: str) -> int:
        return LATEST.get(moment, 12)

    def _work(self, host: HostProcess) -> None:
        """Deposit from several clients until the host dies, or for long enough."""
        last = time.monotonic() + PATIENCE
        with ThreadPoolExecutor(CLIENTS) as pool:
            for number in range(CLIENTS):
                pool.submit(self._deposit, host, number, last, self._dice.random())

    def _deposit(self, host: HostProcess, number: int, last: float, seed_: float) -> None:
        assert host.facts is not None
        dice = random.Random(seed_)
        client = Depositor(PEOPLE[number], self._authority, self._folder / f"client{number}", host.facts)
        with suppress(OSError, HTTPException):  # the host died
            for _ in range(10):
                if time.monotonic() > last or not self._people:
                    break
                client.deposit(dice.choice(self._people), self.books, dice.choice((600, 200_000)))
        client.close()
