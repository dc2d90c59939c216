"""XML written canonical from the start, so that its digest is the digest of the bytes as streamed.

What is written equals its own inclusive C14N 1.0 form with comments (W3C REC-xml-c14n-20010315): UTF-8, no
declaration, namespaces before attributes, attributes sorted, no self-closed tags, the prescribed escapes.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from dossier.failure import Failure

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"},
)


class _Hole(enum.Enum):
    HOLE = "hole"


HOLE = _Hole.HOLE
"""The place of a content that is streamed, not held: see render_around."""


@dataclass(frozen=True)
class Node:
    """One element: qualified name, attributes without prefix, namespaces declared here (prefix "" is the default)."""

    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Child, ...] = ()
    namespaces: tuple[tuple[str, str], ...] = ()

    def declaring(self, namespaces: Mapping[str, str]) -> Node:
        """Give the same element with these namespaces declared on it, as C14N shows the apex of a subtree."""
        return replace(self, namespaces=tuple({**namespaces, **dict(self.namespaces)}.items()))


Child: TypeAlias = Node | str | _Hole


def node(name: str, /, *children: Child | None, **attributes: str | None) -> Node:
    """Make an element; children and attributes that are None are left out."""
    return Node(
        name,
        tuple((key, value) for key, value in attributes.items() if value is not None),
        tuple(child for child in children if child is not None),
    )


def render(root: Node) -> bytes:
    """Write an element without hole; raises Failure DOCUMENT_TEXT_INVALID for characters that XML cannot hold."""
    return "".join(part for part in _write(root) if isinstance(part, str)).encode()


def render_around(root: Node) -> tuple[bytes, bytes]:
    """Write an element with exactly one hole: the bytes before it and the bytes after it."""
    parts = list(_write(root))
    place = parts.index(HOLE)
    return _join(parts[:place]), _join(parts[place + 1 :])


def _join(parts: Iterable[str | _Hole]) -> bytes:
    return "".join(part for part in parts if isinstance(part, str)).encode()


def _write(each: Child) -> Iterator[str | _Hole]:
    if isinstance(each, str):
        yield _checked(each).translate(_TEXT)
    elif isinstance(each, Node):
        names = "".join(
            f' xmlns{":" if prefix else ""}{prefix}="{uri.translate(_ATTRIBUTE)}"'
            for prefix, uri in sorted(each.namespaces)
        )
        values = "".join(
            f' {name}="{_checked(value).translate(_ATTRIBUTE)}"' for name, value in sorted(each.attributes)
        )
        yield f"<{each.name}{names}{values}>"
        for child in each.children:
            yield from _write(child)
        yield f"</{each.name}>"
    else:
        yield each


def _checked(text: str) -> str:
    if _FORBIDDEN.search(text):
        raise Failure("DOCUMENT_TEXT_INVALID")
    return text
