"""The help pages are in French, down to their headings."""

from __future__ import annotations

import pytest

from connectors.options import parser


@pytest.mark.parametrize("command", [[], ["open"], ["create"], ["window"]])
def test_a_help_page_has_no_english_heading(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parser().parse_args([*command, "--help"])
    shown = capsys.readouterr().out
    assert left.value.code == 0
    assert shown.startswith("usage\u00a0: cps-bridge")
    assert "options\u00a0:" in shown and "montrer cette aide" in shown
    assert not any(foreign in shown for foreign in ("positional", "show this", "usage:", "options:"))
