"""SCardTransmit for commands that carry a code, from a buffer that can be wiped.

pyscard copies a command into memory that it frees without wiping, and a PIN would stay there for any reader of the
process's memory. Here the system's library reads the caller's own buffer; it passes it on without keeping a copy.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

_LONGEST_ANSWER = 258

if sys.platform == "win32":
    _Handle, _Word, _NAME = ctypes.c_size_t, ctypes.c_ulong, "winscard"
elif sys.platform == "darwin":
    _Handle, _Word, _NAME = ctypes.c_int32, ctypes.c_uint32, "/System/Library/Frameworks/PCSC.framework/PCSC"
else:  # pcsc-lite: both are long
    _Handle, _Word, _NAME = ctypes.c_long, ctypes.c_ulong, "libpcsclite.so.1"


class _Header(ctypes.Structure):
    """SCARD_IO_REQUEST: protocol, and the size of this structure."""

    _fields_ = (("protocol", _Word), ("size", _Word))


@cache
def _library() -> Any:
    """Load the library that pyscard has loaded: a handle means something to it alone."""
    if sys.platform == "win32":
        return ctypes.WinDLL(_NAME)
    return ctypes.CDLL(_NAME)


def transmit(card: int, protocol: int, command: bytearray) -> tuple[int, bytes]:
    """Send a command over a connection (a native handle); give the PC/SC result and the answer. Wipes nothing."""
    header = _Header(protocol, ctypes.sizeof(_Header))
    view = (ctypes.c_ubyte * len(command)).from_buffer(command)
    answer, size = ctypes.create_string_buffer(_LONGEST_ANSWER), _Word(_LONGEST_ANSWER)
    result = _library().SCardTransmit(
        _Handle(card),
        ctypes.byref(header),
        view,
        _Word(len(command)),
        None,
        answer,
        ctypes.byref(size),
    )
    return int(result), answer.raw[: size.value] if result == 0 else b""
