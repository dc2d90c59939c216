"""The desktop's lock and user switch end the session: heard on a real bus of our own, from a service of our own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which

import pytest
from gui_driver import Driver
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from gui.desktop_session import DesktopSession, session_bus, system_bus

CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>
"""
SERVICE = Path(__file__).parent / "login_service.py"


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what was awaited did not come"
        QCoreApplication.processEvents()
        time.sleep(0.002)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    """The address of a private bus."""
    if which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed")
    socket = tmp_path / "bus"
    configuration = tmp_path / "bus.conf"
    configuration.write_text(CONFIGURATION.format(socket=socket), "utf-8")
    daemon = subprocess.Popen(
        ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile", "--print-address"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert daemon.stdout is not None
        assert daemon.stdout.readline().startswith("unix:")
        yield f"unix:path={socket}"
    finally:
        daemon.terminate()
        daemon.wait(10)


class Login:
    """A small process that stands for systemd-logind and for a screen saver, and does what it is told by lines."""

    def __init__(self, bus: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(SERVICE), bus], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._read() == "ready"

    def do(self, order: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        assert self._read() == "done"

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture
def login(bus: str) -> Iterator[Login]:
    made = Login(bus)
    yield made
    made.close()


@pytest.fixture
def heard(app: QApplication, bus: str, login: Login, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a DesktopSession heard, once both buses are listened to."""
    monkeypatch.setenv("XDG_SESSION_ID", "7")
    desktop = DesktopSession(bus, bus)
    heard: list[str] = []
    ready: list[bool] = []
    desktop.ready.connect(lambda: ready.append(True))
    desktop.left.connect(lambda: heard.append("left"))
    desktop.start()
    until(lambda: len(ready) == 2)
    yield heard
    desktop.close()


@pytest.mark.parametrize("order", ["lock", "inactive", "hint", "saver", "gnome"])
def test_the_desktop_that_is_left_is_heard(heard: list[str], login: Login, order: str) -> None:
    login.do(order)
    until(lambda: heard)


@pytest.mark.parametrize("order", ["other", "active", "saver-off"])
def test_what_concerns_another_session_or_a_return_is_not(heard: list[str], login: Login, order: str) -> None:
    login.do(order)
    login.do("saver" if order == "saver-off" else "lock")  # heard in its turn: what came before it was looked at
    until(lambda: heard)
    assert heard == ["left"]


def test_our_session_is_found_without_its_number(
    app: QApplication, bus: str, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_SESSION_ID", raising=False)
    desktop = DesktopSession(bus, "")
    heard: list[bool] = []
    ready: list[bool] = []
    desktop.ready.connect(lambda: ready.append(True))
    desktop.left.connect(lambda: heard.append(True))
    desktop.start()
    until(lambda: ready)
    login.do("lock")
    until(lambda: heard)
    desktop.close()


@pytest.mark.parametrize("address", ["", "unix:path=/nowhere/at/all"])
def test_without_a_bus_nothing_is_heard_and_nothing_is_said(
    app: QApplication, address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    desktop = DesktopSession(address, address)
    desktop.start()
    QCoreApplication.processEvents()
    desktop.close()
    assert capfd.readouterr().err == ""


def test_no_bus_is_ever_started_for_us(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert session_bus() == ""
    (tmp_path / "bus").touch()
    assert session_bus() == f"unix:path={tmp_path / 'bus'}"
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/here")
    assert system_bus() == "unix:path=/here"


def test_a_locked_desktop_ends_the_session_away_from_the_window(driver: Driver) -> None:
    driver.open_session("pharmacien")
    driver.window.frame.presence._desktop.left.emit()
    driver.until(lambda: driver.window.frame.current() == "home")
    assert driver.house.ended_because == "user"


def test_a_locked_desktop_without_session_changes_nothing(driver: Driver) -> None:
    driver.window.frame.presence._desktop.left.emit()
    assert driver.house.ended_because == ""
