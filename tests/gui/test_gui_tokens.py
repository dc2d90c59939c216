"""Colours are readable, and written in one place; text is never read as markup; nothing nests event loops."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gui import icons, tokens

GUI = Path(tokens.__file__).parent
SOURCES = {
    path.relative_to(GUI).as_posix(): path.read_text("utf-8") for path in GUI.rglob("*.py") if "tour" not in path.parts
}


@pytest.mark.parametrize("palette", [tokens.LIGHT, tokens.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("pair", tokens.PAIRS, ids=lambda pair: "-on-".join(pair))
def test_every_pair_of_colours_has_a_contrast_of_at_least_4_5(palette: tokens.Palette, pair: tuple[str, str]) -> None:
    assert tokens.contrast(getattr(palette, pair[0]), getattr(palette, pair[1])) >= 4.5


@pytest.mark.parametrize("palette", [tokens.LIGHT, tokens.DARK], ids=["light", "dark"])
def test_the_edge_of_a_field_stands_out_from_its_ground(palette: tokens.Palette) -> None:
    assert tokens.contrast(palette.field_line, palette.paper) >= 3


def test_no_colour_is_written_outside_the_tokens() -> None:
    written = {name for name, text in SOURCES.items() if re.search(r"#[0-9A-Fa-f]{6}\b", text)}
    assert written == {"tokens.py"}


def test_the_only_labels_are_the_plain_text_ones() -> None:
    makers = {name for name, text in SOURCES.items() if re.search(r"\bQLabel\b", text)}
    assert makers == {"pieces/text.py", "style.py"}
    assert "QLabel(" not in SOURCES["style.py"].replace("QLabel[", "")
    assert "AutoText" not in "".join(SOURCES.values())
    assert "RichText" not in "".join(SOURCES.values())


def test_tooltips_go_through_the_one_function_that_escapes() -> None:
    assert {name for name, text in SOURCES.items() if "setToolTip(" in text} == {"pieces/text.py"}


def test_no_dialog_and_no_page_nests_an_event_loop() -> None:
    nesting = re.compile(r"processEvents|QEventLoop|(?<!app)\.exec\(|QMessageBox|QInputDialog|getOpenFileName")
    assert {name for name, text in SOURCES.items() if nesting.search(text)} == set()


def test_every_icon_that_is_named_was_drawn() -> None:
    named = set(re.findall(r'(?:icon=|Picture\(|draw_icon\(|EmptyState\()"([a-z-]+)"', "".join(SOURCES.values())))
    assert named
    assert named <= set(icons.names())


def test_icons_have_one_size_and_one_stroke() -> None:
    for name in icons.names():
        drawing = (GUI / "icons" / f"{name}.svg").read_text("utf-8")
        assert 'viewBox="0 0 20 20"' in drawing
        assert 'stroke-width="1.5"' in drawing
        assert 'stroke="currentColor"' in drawing
