"""The vault's key in a real keyring: gnome-keyring on a session bus of its own, in a HOME of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_SESSION = """
printf '%s' 'secret' | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
daemon=$!
"$@"
code=$?
kill $daemon
wait $daemon
exit $code
"""
_PROGRAM = """
from pathlib import Path
import dbus_wait
from cps_bridge.storage import keys
place = Path({place!r})
first, again, other = (keys.key_from_keyring(place / name) for name in ("a", "a", "b"))
assert first == again != other and len(first) == 32
print("kept")
"""
# The daemon takes its name on the bus a moment after it starts: the bus itself tells when.
_WAIT = """
from jeepney import DBusAddress, new_method_call
from jeepney.bus_messages import MatchRule, message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection
connection = open_dbus_connection("SESSION")
bus = Proxy(message_bus, connection)
rule = MatchRule(type="signal", interface=message_bus.interface, member="NameOwnerChanged")
rule.add_arg_condition(0, "org.freedesktop.secrets")
bus.AddMatch(rule)
with connection.filter(rule) as changes:
    if not bus.NameHasOwner("org.freedesktop.secrets")[0]:
        connection.recv_until_filtered(changes, timeout=30)
connection.close()
"""


@pytest.mark.skipif(
    not (shutil.which("gnome-keyring-daemon") and shutil.which("dbus-run-session")),
    reason="gnome-keyring and dbus are not installed",
)
def test_a_real_keyring_gives_the_same_key_again_for_the_same_place(tmp_path: Path) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    (tmp_path / "dbus_wait.py").write_text(_WAIT, "utf-8")
    program = [sys.executable, "-c", _PROGRAM.format(place=str(tmp_path))]
    done = subprocess.run(
        ["dbus-run-session", "--", "bash", "-c", _SESSION, "session", *program],
        env={
            "HOME": str(tmp_path),
            "XDG_RUNTIME_DIR": str(runtime),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT}:{tmp_path}",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("kept\n", 0), done.stderr
