"""``cps-bridge window`` becomes the window before anything heavy is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connectors import command_line
from connectors.options import parser

ROOT = Path(__file__).parents[2]


def test_the_entry_point_imports_nothing_that_a_bare_interpreter_has_not() -> None:
    code = "import sys; before = set(sys.modules); import connectors.command_line; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"connectors", "connectors.command_line"}


def test_each_plain_option_is_one_that_the_parser_takes() -> None:
    words = [*command_line.FLAGS, *(word for text in command_line.TEXTS for word in (text, "valeur"))]
    assert command_line.is_plain(words)
    assert parser().parse_args(["window", *words]).command == "window"


@pytest.mark.parametrize(
    "words", [["--help"], ["--data"], ["--data", "--json"], ["--wait", "3"], ["valeur"], ["--cps=x"]]
)
def test_any_other_line_is_left_to_the_parser(words: list[str]) -> None:
    assert not command_line.is_plain(words)


def test_a_plain_line_goes_whole_to_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    class GoneError(Exception):
        pass

    def gone(program: str, arguments: list[str]) -> None:
        raise GoneError(program, arguments)

    monkeypatch.setattr(command_line.os, "execv", gone)
    with pytest.raises(GoneError) as caught:
        command_line.main(["window", "--simulated", "--data", "window"])
    assert caught.value.args == (sys.executable, [sys.executable, "-m", "gui", "--simulated", "--data", "window"])
