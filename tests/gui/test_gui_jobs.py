"""Futures and events of workers become signals on the GUI thread, once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from gui_driver import Driver

from dossier.failure import Failure


def run(driver: Driver, use_case: str, do: Callable[[Any], object]) -> list[tuple[str, object]]:
    setattr(driver.house, f"do_{use_case}", do)
    heard: list[tuple[str, object]] = []
    job = driver.window.frame.stage.start(use_case)
    assert job is not None
    job.done.connect(lambda value: heard.append(("done", value, threading.current_thread())))
    job.failed.connect(lambda failure: heard.append(("failed", failure, threading.current_thread())))
    job.cancelled.connect(lambda: heard.append(("cancelled", None, threading.current_thread())))
    job.ended.connect(lambda: heard.append(("ended", None, threading.current_thread())))
    driver.until(lambda: heard and heard[-1][0] == "ended")
    assert {each[2] for each in heard} == {threading.main_thread()}
    return [each[:2] for each in heard]


def test_a_result_comes_to_the_gui_thread(driver: Driver) -> None:
    assert run(driver, "example", lambda user: 42) == [("done", 42), ("ended", None)]


def test_a_failure_comes_as_it_is(driver: Driver) -> None:
    failure = Failure("HOST_UNREACHABLE")

    def fail(user: object) -> None:
        raise failure

    assert run(driver, "example", fail) == [("failed", failure), ("ended", None)]


def test_a_bug_is_said_as_unforeseen_and_logged_without_what_it_holds(
    driver: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(user: object) -> None:
        raise ValueError("MARCHAND Sophie 255081416802538")

    with caplog.at_level(logging.DEBUG):
        heard = run(driver, "example", fail)
    assert heard[0][0] == "failed"
    assert heard[0][1].code == "UNFORESEEN"
    assert "ValueError" in caplog.text
    assert "MARCHAND" not in caplog.text
    assert "255081416802538" not in caplog.text


def test_a_double_click_starts_one_job(driver: Driver) -> None:
    driver.house.gate.clear()
    stage = driver.window.frame.stage
    assert stage.start("list") is not None
    assert stage.start("list") is None
    driver.house.gate.set()
    driver.settle()
    assert stage.start("list") is not None


def test_an_unknown_use_case_fails_like_any_other(driver: Driver) -> None:
    heard: list[Failure] = []
    job = driver.window.frame.stage.start("no-such-thing")
    assert job is not None
    job.failed.connect(heard.append)
    driver.settle()
    assert [each.code for each in heard] == ["UNFORESEEN"]


def test_closing_the_window_unwinds_a_pending_question(driver: Driver) -> None:
    driver.house.simulation.insert(0, "pharmacien")
    driver.see("pin.box")
    driver.window.close()
    driver.house.close()
