"""The bench runs: each floor compiles, each case gives its fields. What it measures is not judged here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import compiled, lists


def _missing() -> str:
    if shutil.which("cc") is None:
        return "no C compiler on this machine"
    try:
        compiled.floor("registry")
    except RuntimeError:
        return "no headers of libexpat on this machine"
    return ""


pytestmark = pytest.mark.skipif(bool(_missing()), reason=_missing())
FIELDS = {"case", "value", "unit", "reference", "ratio", "goal"}


@pytest.mark.parametrize("name", compiled.LIBRARIES)
def test_each_floor_compiles(name: str) -> None:
    assert compiled.floor(name).exists()


@pytest.mark.parametrize("name", [name for name in bench.CASES if name != "window" and not name.startswith("card-")])
def test_each_case_gives_its_fields(name: str, capsys: pytest.CaptureFixture[str], authority_dir: Path) -> None:
    assert bench.main([name, "--json", "--quick"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert set(found) == FIELDS
    assert found["case"] == name
    assert found["value"] > 0


def test_the_synthetic_answer_is_read_into_that_many_models(tmp_path: Path) -> None:
    path = tmp_path / "answer.xml"
    lists.write_answer(path, 7)
    entries = lists.read(path)
    assert len({entry.unique_id for entry in entries}) == 7
    assert all(entry.events and entry.references and entry.authors for entry in entries)


def test_an_unknown_case_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as caught:
        bench.main(["nothing"])
    assert caught.value.code == 2
