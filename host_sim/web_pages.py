"""The pages of the contextual web access as HTML: text is escaped here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

BASE = "/AccesDirect/"
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid;padding:.3rem;text-align:left}"
)


@dataclass(frozen=True)
class Page:
    """What goes back to the browser; `location` is where it goes on, with status 303."""

    status: int
    html: str = ""
    location: str = ""


def address(target: str, ins: str = "") -> str:
    """The path of a page."""
    return BASE + quote(target, safe="") + (f"/{quote(ins, safe='')}" if ins else "")


def link(target: str, ins: str, words: str) -> str:
    """A link to a page."""
    return f'<a href="{escape(address(target, ins))}">{escape(words)}</a>'


def paragraph(text: str) -> str:
    """A paragraph of text."""
    return f"<p>{escape(text)}</p>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """What is known, word by word; pairs without value are left out."""
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in pairs if value)
    return f"<table>{rows}</table>"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> str:
    """Rows of text under heads, or a sentence when there are none."""
    if not rows:
        return paragraph(empty)
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def links(found: Iterable[str]) -> str:
    """A list of links that `link` made."""
    return "<ul>" + "".join(f"<li>{each}</li>" for each in found) + "</ul>"


def confirmation(target: str, ins: str, token: str, words: str) -> str:
    """The window in which the professional declares that the patient gave an authorisation."""
    return (
        f"{paragraph(words)}<form method='post' action='{escape(address(target, ins))}'>"
        f"<input type='hidden' name='token' value='{escape(token)}'>"
        "<button>Le patient m’autorise à accéder à son DMP</button></form>"
    )


def page(title: str, *parts: str, status: int = 200) -> Page:
    """A whole page; `parts` are HTML that the functions of this module made."""
    return Page(
        status,
        f"<!doctype html><html lang='fr'><head><meta charset='utf-8'><title>{escape(title)}</title>"
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>",
    )


def refusal(status: int, code: str, sentence: str, *parts: str) -> Page:
    """A page that says why nothing is shown, with the host's code."""
    return page("Accès impossible", paragraph(sentence), paragraph(f"Code : {code}"), *parts, status=status)
