"""The table of capabilities is whole, and names only places and tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NUMBERS = [*map(str, range(1, 58)), "32b", "32c", "50b"]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/capabilities.md").read_text("utf-8").splitlines()
    if re.match(r"\| \d+[a-z]? \|", line)
]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def functions(path: Path) -> frozenset[str]:
    """Name the test functions of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))


def test_each_of_the_sixty_capabilities_stands_there_once() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(NUMBERS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_capability_names_places_and_tests_that_exist(row: list[str]) -> None:
    number, place, shown = row
    for path in re.findall(r"`([\w/.]+)`", place):
        if "/" in path:
            assert (ROOT / path).exists(), f"{number}: {path}"
    named = TEST.findall(shown)
    assert named or re.match(r"(out|not yet): .{10,}", shown), number
    for path, name in named:
        assert (ROOT / path).is_file() and name in functions(ROOT / path), f"{number}: {path}::{name}"
