"""One second after the session is open, the memory of our process holds no copy of the PIN.

The program under test is another process, the card a third party behind the real PC/SC service; the memory is read from
outside. The positive controls are careless programs, which the same reading catches.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from memory_scan import copies_of, forms_of
from witness_stage import PATIENCE

from card_sim import cast

CARD = "interne"
PIN = cast.professionals()[CARD].pin
PUK = cast.professionals()[CARD].puk
WRONG, NEW = "82640917", "50918362"
CHILD = Path(__file__).with_name("memory_child.py")
ONE_SECOND = 1.0  # what the promise says: the subject of these tests, and a wait for nothing else
PASSPHRASE = b"une phrase de passe pour ce coffre\n"

pytestmark = pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no /proc/PID/mem on this system")


@contextmanager
def program(command: list[str], secret: str, *, word: str, stream: str = "stdout", **options) -> Iterator[int]:
    """Start a program, give it the PIN, wait until it says the word; gives its process; its input ends it."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "QT_QPA_PLATFORM": "offscreen"}
    streams = {"stdin": subprocess.PIPE, stream: subprocess.PIPE}
    process = subprocess.Popen(command, env=environment, **streams, **options)
    said: list[bytes] = []
    heard = threading.Event()

    def listen() -> None:
        for line in getattr(process, stream):
            said.append(line)
            if word.encode() in line:
                heard.set()
        heard.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        process.stdin.write(secret.encode())
        process.stdin.flush()
        assert heard.wait(PATIENCE * 2)
        assert word.encode() in b"".join(said), b"".join(said).decode()
        yield process.pid
    finally:
        process.stdin.close()
        process.terminate()
        process.wait(PATIENCE)
        listener.join(PATIENCE)
        getattr(process, stream).close()


def after_one_second(process: int, secret: str) -> list[str]:
    """List the copies that are left after the second, one line each."""
    threading.Event().wait(ONE_SECOND)
    try:
        return [str(each) for each in copies_of(secret, process)]
    except PermissionError:
        pytest.skip("this system does not let the memory of another process be read (ptrace_scope)")


def child(way: str, *arguments: str) -> list[str]:
    return [sys.executable, str(CHILD), way, *arguments]


@pytest.mark.parametrize(
    ("way", "form"),
    [("text", "ASCII digits"), ("message", "VERIFY APDU"), ("qt", "UTF-16LE"), ("list", "list of ints")],
)
def test_the_reading_catches_a_program_that_keeps_the_pin(way, form):
    with program(child(way), PIN, word="open") as process:
        found = after_one_second(process, PIN)
    assert any(form in each for each in found)


def test_the_reading_finds_nothing_in_a_program_that_was_never_told(way="never"):
    with program(child(way), WRONG, word="open") as process:
        assert after_one_second(process, PIN) == []


def test_a_secret_has_the_forms_that_a_program_may_give_it():
    assert forms_of("12345678")["VERIFY APDU"].hex() == "00200001083132333435363738"
    assert forms_of("12")["UTF-16BE"] == b"\x001\x002"


@pytest.fixture
def card_there(put):
    """The card with a PIN of eight digits, in the first slot."""
    return put(0, CARD)[0]


@pytest.mark.pcsc
def test_the_card_service_keeps_no_copy_of_the_pin(card_there, reader):
    with program(child("service", reader), PIN, word="open") as process:
        assert after_one_second(process, PIN) == []


@pytest.mark.pcsc
def test_the_card_service_keeps_no_copy_of_a_wrong_pin_either(card_there, reader):
    with program(child("wrong", reader), WRONG, word="open") as process:
        assert after_one_second(process, WRONG) == []


@pytest.mark.pcsc
@pytest.mark.parametrize("way", ["change", "unblock"])
def test_neither_the_new_pin_nor_the_code_that_allowed_it_is_kept(card_there, reader, way):
    code = {"change": PIN, "unblock": PUK}[way]  # not in the name of the test, which pytest puts in the environment
    with program(child(way, reader), code + NEW, word="open") as process:
        assert after_one_second(process, NEW) == []
        assert copies_of(code, process) == []


@pytest.mark.pcsc
def test_the_command_line_keeps_no_copy_of_the_pin(card_there, reader, authority, tmp_path):
    (tmp_path / "settings.toml").write_text(f'readers = ["{reader}"]\n')
    reading, writing = os.pipe()
    os.write(writing, PASSPHRASE)
    os.close(writing)
    # There is no Vitale to identify a patient by: the command stays, its session open, and waits for one.
    command = [sys.executable, "-m", "connectors.command_line", "patient", "--data", str(tmp_path), "--wait", "60"]
    command += ["--host", "https://127.0.0.1:9", "--host-ca", str(authority.ca_file)]
    command += ["--pin-fd", "0", "--passphrase-fd", str(reading)]
    try:
        with program(command, f"{PIN}\n", word="Vitale", stream="stderr", pass_fds=(reading,)) as process:
            assert after_one_second(process, PIN) == []
    finally:
        os.close(reading)


@pytest.mark.pcsc
def test_the_window_keeps_no_copy_of_the_pin_typed_in_its_boxes(card_there, reader, authority, tmp_path):
    pytest.importorskip("PySide6")
    command = child("window", reader, str(authority.ca_file), str(tmp_path / "data"))
    with program(command, PIN, word="open") as process:
        assert after_one_second(process, PIN) == []
