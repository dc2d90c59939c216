"""The web address of a service, checked before anything is asked of it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from dossier.failure import Failure

_LONGEST = 500
_FOREIGN = re.compile(r"[\x00-\x20\x7f\\\\<>\"^`{|}]")


def https_address(url: str) -> str:
    """Give the address back when it is ``https://host[:port][/path]`` (RFC 3986).

    Raises Failure HOST_ADDRESS_INVALID.
    """
    if len(url) > _LONGEST or _FOREIGN.search(url):
        raise Failure("HOST_ADDRESS_INVALID")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port  # a port beyond 65535 is a ValueError here
        name = host if ":" in host else host.encode("idna").decode("ascii")
    except ValueError:
        raise Failure("HOST_ADDRESS_INVALID") from None
    known_host = ":" in name or re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", name)
    if parts.scheme != "https" or not known_host or port == 0 or "@" in parts.netloc or parts.query or parts.fragment:
        raise Failure("HOST_ADDRESS_INVALID")
    return url
