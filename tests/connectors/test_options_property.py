from __future__ import annotations

import contextlib
import io

from hypothesis import given
from hypothesis import strategies as st

from connectors.options import parser
from cps_bridge.workflows.catalogue import CATALOGUE

WORDS = st.sampled_from(
    [
        *CATALOGUE,
        "window",
        "--json",
        "--data",
        "--pin-fd",
        "--ins",
        "--wait",
        "--type",
        "--out",
        "--reason",
        "--yes",
        "-h",
    ]
) | st.text(max_size=12)


@given(st.lists(WORDS, max_size=6))
def test_any_words_are_a_command_help_or_a_usage_error(words: list[str]) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            parsed = parser().parse_args(words)
        except SystemExit as left:
            helped = {"-h", "--help"} & set(words)
            assert left.code == 2 or (left.code == 0 and helped)
        else:
            assert parsed.command in {*CATALOGUE, "window"}
    assert "Traceback" not in said.getvalue()
