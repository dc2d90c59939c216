"""The one way to parse XML that comes from outside.

No DTD at all, no entity, no network, no huge tree: libxml2's own limits stay on (text node 10 MB, depth 256), and a
size limit is counted on the bytes really read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import IO, Any, BinaryIO, cast

from lxml import etree

from dossier.failure import Failure

MEGABYTE = 1024 * 1024
TREE_LIMIT = 16 * MEGABYTE
STREAM_LIMIT = 256 * MEGABYTE

_BLOCK = 64 * 1024
_CHUNK = 128 * 1024  # about fifteen registry entries: fewer turns of the parser, still little held at a time
_FIRST_MARK = re.compile(rb"<!DOCTYPE|<[A-Za-z_:\x80-\xff]")
_RESOURCES = ("huge text node", "depth", "Resource limit", "too long", "too large", "amplification")


def parse(data: bytes | BinaryIO, *, limit: int = TREE_LIMIT) -> etree._Element:
    """Parse a whole document into a tree; at most `limit` bytes are read.

    Raises Failure XML_UNSAFE (DOCTYPE, size, depth, huge text) or XML_INVALID (not well-formed, not XML).
    """
    source = cast(IO[Any], _Guarded(io.BytesIO(data) if isinstance(data, bytes) else data, limit))
    parser = etree.XMLParser(**_options())
    try:
        root = etree.parse(source, parser).getroot()
    except etree.LxmlError as error:
        raise _failure(error) from error
    except (ValueError, LookupError, AssertionError) as error:
        raise Failure("XML_INVALID") from error
    _refuse_dtd(root)
    return root


def iterate(
    stream: BinaryIO, tags: Sequence[str], *, limit: int = STREAM_LIMIT, start_tags: Sequence[str] = ()
) -> Iterator[tuple[str, etree._Element]]:
    """Yield ("end", element) for each closed element named in `tags`, then forget it; memory stays flat.

    tags, start_tags: Clark names. For those in start_tags ("start", element) is given too, when only attributes can
    be read. The element is emptied as soon as the next one is asked for; its elder siblings are dropped.
    Raises Failure XML_UNSAFE or XML_INVALID, possibly after elements were given.
    """
    wanted, opening = frozenset(tags), frozenset(start_tags)
    events = ("start", "end") if opening else ("end",)
    source = cast(IO[Any], _Guarded(stream, limit))
    options = {**_options(), "chunk_size": _CHUNK}
    parser = etree.iterparse(source, events=events, tag=[*wanted, *(opening - wanted)], **options)
    checked = False
    try:
        for event, element in parser:
            if not checked:
                _refuse_dtd(element)
                checked = True
            if event == "start":
                if element.tag in opening:
                    yield event, element
            elif element.tag in wanted:
                yield event, element
                _forget(element)
    except etree.LxmlError as error:
        raise _failure(error) from error
    except (ValueError, LookupError, AssertionError) as error:
        raise Failure("XML_INVALID") from error
    if not checked and parser.root is not None:
        _refuse_dtd(parser.root)


def _options() -> dict[str, Any]:
    return {
        "resolve_entities": False,
        "no_network": True,
        "load_dtd": False,
        "dtd_validation": False,
        "attribute_defaults": False,
        "huge_tree": False,
        "remove_comments": True,
        "remove_pis": True,
    }


def _forget(element: etree._Element) -> None:
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def _refuse_dtd(element: etree._Element) -> None:
    docinfo = element.getroottree().docinfo
    if docinfo.internalDTD is not None or docinfo.externalDTD is not None:
        raise Failure("XML_UNSAFE", reason="doctype")


def _failure(error: etree.LxmlError) -> Failure:
    text = str(error)
    if any(each in text for each in _RESOURCES):
        return Failure("XML_UNSAFE", reason="resources")
    return Failure("XML_INVALID")


class _Guarded(io.RawIOBase):
    """A stream that counts what it gives, and looks for a DOCTYPE while the prolog passes.

    The look is by bytes, before libxml2 reads any declaration; encodings where the bytes look different are caught
    by `_refuse_dtd` once the tree exists.
    """

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._left = limit
        self._prolog: bytes | None = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(_BLOCK if size < 0 else max(size, 1)) or b""
        self._left -= len(data)
        if self._left < 0:
            raise Failure("XML_UNSAFE", reason="size")
        if self._prolog is not None:
            self._watch(data)
        return data

    def _watch(self, data: bytes) -> None:
        seen = (self._prolog or b"") + data
        found = _FIRST_MARK.search(seen)
        if found and found.group() == b"<!DOCTYPE":
            raise Failure("XML_UNSAFE", reason="doctype")
        self._prolog = None if found else seen[-16:]
