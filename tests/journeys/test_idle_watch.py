"""The idle time: a sign of life starts it anew, its end is told once, sleep counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from cps_bridge.idle import IdleWatch


class HandClock:
    """Seconds that pass by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


MakeWatch = Callable[..., tuple[IdleWatch, threading.Event]]


@pytest.fixture
def watching() -> Iterator[MakeWatch]:
    watches: list[IdleWatch] = []

    def make(seconds: float, *tick: HandClock) -> tuple[IdleWatch, threading.Event]:
        ended = threading.Event()
        watch = IdleWatch(seconds, lambda: (watch.arm(False), ended.set()), *tick)
        watches.append(watch)
        return watch, ended

    yield make
    for each in watches:
        each.close()


def test_the_end_comes_by_itself(watching: MakeWatch) -> None:
    watch, ended = watching(0.05)
    watch.arm(True)
    assert ended.wait(30)


def test_nothing_ends_while_nothing_is_armed(watching: MakeWatch) -> None:
    clock = HandClock()
    watch, ended = watching(60, clock)
    clock.now += 3600
    watch.touch()
    assert not watch.is_over()
    assert not ended.is_set()


def test_a_sign_of_life_starts_the_time_anew(watching: MakeWatch) -> None:
    clock = HandClock()
    watch, ended = watching(60, clock)
    watch.arm(True)
    for _ in range(5):
        clock.now += 59
        watch.touch()
    assert not watch.is_over()
    assert not ended.is_set()


def test_a_sign_of_life_that_comes_after_the_time_ends_it(watching: MakeWatch) -> None:
    clock = HandClock()
    watch, ended = watching(60, clock)
    watch.arm(True)
    clock.now += 61
    watch.touch()
    assert ended.wait(30)


class WatchedClock(HandClock):
    """Tells when the thread of the watch has looked at it."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = threading.Event()

    def __call__(self) -> float:
        if threading.current_thread().name == "idle":
            self.looked_at.set()
        return super().__call__()


def test_a_time_longer_than_any_wait_is_watched_all_the_same(watching: MakeWatch) -> None:
    clock = WatchedClock()
    watch, ended = watching(1e20, clock)
    watch.arm(True)
    assert clock.looked_at.wait(30)
    clock.now += 2e20
    watch.touch()
    assert ended.wait(30)


def test_closing_ends_the_thread(watching: MakeWatch) -> None:
    watch, ended = watching(3600)
    watch.arm(True)
    watch.close()
    assert not ended.is_set()
    assert not any(thread.name == "idle" and thread is watch._thread for thread in threading.enumerate())
