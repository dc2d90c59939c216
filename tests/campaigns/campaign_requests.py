"""Mutation of right requests to the virtual host: bytes, elements, attributes, values, media types."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

from lxml import etree

_MOST = 4
_NASTY = (
    "", " ", "\t\n", "0", "-1", "99999999999999999999", "1e9", "true", "INCONNU", "é\u00a0\u202e", "\U0001f600",
    "x" * 5000, "'; DROP TABLE dossiers; --", "../../etc/passwd", "file:///etc/hostname", "urn:uuid:0", "urn:oid:1.2.3",
    "^^^&&ISO^", "159041411890362", "1.2.250.1.213.1.4.8", "%s%n", "{0}", "${jndi:x}", "&amp;", "]]>", "<a/>", "\ufffd",
    "20261301999999", "2026-02-30T25:61:61Z", "(", "('%')", "('')", "899700000013",
)  # fmt: skip
_SNIPPETS = (
    b"\x00", b"\xff\xfe", b"<", b">", b"&", b"&#0;", b"&#x110000;", b"<!-- -->", b"<?x?>", b"<![CDATA[x]]>",
    b"<!DOCTYPE a>", b"]]>", b"\r\n--limit--\r\n", b"\r\n--limit\r\n\r\n", b'xmlns="urn:x"', b"xsi:nil='true'",
    b"xsi:type='CE'",
)  # fmt: skip

Tree = Any


def mutated_tree(root: Tree, random: Random) -> Tree:
    """Give a copy of an envelope after one to four changes of its elements."""
    copy = deepcopy(root)
    for _ in range(random.randint(1, _MOST)):
        elements = [each for each in copy.iter(etree.Element) if each.getparent() is not None]
        if elements:
            random.choice(_CHANGES)(random.choice(elements), elements, random)
    return copy


def mutated_body(root: Tree, random: Random) -> Tree:
    """Give a copy of an envelope after one to four changes of values inside its body: most pass the schema."""
    copy = deepcopy(root)
    elements = list(copy[-1][0].iter(etree.Element))
    for _ in range(random.randint(1, _MOST)):
        element = random.choice(elements)
        if element.attrib and random.random() < 0.6:
            name = random.choice(list(element.attrib))
            same = [each.get(name) for each in elements if each.get(name)]
            element.set(name, random.choice((*_NASTY, *same)))
        elif element.attrib or len(element) == 0:
            _say(element, elements, random)
        elif element.getparent() not in (None, copy[-1]):  # None: an earlier change took it away
            random.choice((_remove, _double, _swap))(element, elements, random)
    return copy


def mutated_bytes(data: bytes, random: Random) -> bytes:
    """Give bytes after one to four changes."""
    changed = bytearray(data)
    for _ in range(random.randint(1, _MOST)):
        start = random.randrange(len(changed) + 1)
        run = random.randint(1, 40)
        kind = random.randrange(5)
        if kind == 0:
            changed[start : start + 1] = bytes([random.randrange(256)])
        elif kind == 1:
            del changed[start : start + run]
        elif kind == 2:
            changed[start:start] = changed[start : start + run]
        elif kind == 3:
            changed[start:start] = random.choice(_SNIPPETS)
        else:
            del changed[start + random.randrange(1 + len(changed) - start) :]
    return bytes(changed)


def mutated_type(kind: str, random: Random) -> str:
    """Give a media type with one of its words changed."""
    words = kind.split(";")
    place = random.randrange(len(words))
    words[place] = random.choice(
        ("", " x", ' boundary="x"', " charset=UTF-16", ' start="<x>"', words[place][:-2], words[-1])
    )
    return ";".join(words)


def _remove(element: Tree, elements: list[Tree], random: Random) -> None:
    element.getparent().remove(element)


def _double(element: Tree, elements: list[Tree], random: Random) -> None:
    element.addnext(deepcopy(element))


def _move(element: Tree, elements: list[Tree], random: Random) -> None:
    target = random.choice(elements)
    if element not in target.iterancestors() and element is not target:
        target.insert(random.randint(0, len(target)), element)


def _graft(element: Tree, elements: list[Tree], random: Random) -> None:
    element.insert(random.randint(0, len(element)), deepcopy(random.choice(elements)))


def _rename(element: Tree, elements: list[Tree], random: Random) -> None:
    other = random.choice(elements)
    element.tag = random.choice((other.tag, "{urn:x}y", etree.QName(element).localname))


def _say(element: Tree, elements: list[Tree], random: Random) -> None:
    value = random.choice((*_NASTY, random.choice(elements).text or ""))
    element.text = "".join(letter for letter in value if letter.isprintable() or letter in "\t\n")


def _attribute(element: Tree, elements: list[Tree], random: Random) -> None:
    other = random.choice(elements)
    names = [*element.attrib, *other.attrib, "ID", "{http://www.w3.org/2001/XMLSchema-instance}type"]
    element.set(random.choice(names), random.choice((*_NASTY, *other.attrib.values())))


def _bare(element: Tree, elements: list[Tree], random: Random) -> None:
    for name in random.sample(list(element.attrib), k=min(1, len(element.attrib))):
        del element.attrib[name]


def _note(element: Tree, elements: list[Tree], random: Random) -> None:
    element.insert(0, random.choice((etree.Comment("x"), etree.ProcessingInstruction("x", "y"))))


def _swap(element: Tree, elements: list[Tree], random: Random) -> None:
    parent = element.getparent()
    parent.insert(random.randrange(len(parent)), element)


_CHANGES: tuple[Callable[[Tree, list[Tree], Random], None], ...] = (
    _remove, _double, _move, _graft, _rename, _say, _say, _attribute, _attribute, _bare, _note, _swap,
)  # fmt: skip
