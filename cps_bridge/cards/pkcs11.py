"""Any PKCS #11 module by its path: the other way to a professional card.

Run with SoftHSM and OpenSC on Linux. The Cryptolib CPS, Windows and macOS are written from their documentation.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Final

from cps_bridge.cards import pkcs11_types as p11
from cps_bridge.cards.pkcs11_access import Pkcs11Access
from cps_bridge.cards.pkcs11_library import Library, RefusalError, acquire, release
from cps_bridge.cards.pkcs11_meaning import explained
from cps_bridge.cards.pkcs11_session import Session
from dossier.failure import Failure

_CRYPTOLIB: Final = {
    "win32": (r"C:\Windows\System32\cps3_pkcs11_w64.dll",),
    "darwin": ("/usr/local/lib/libcps3_pkcs11_osx.dylib",),
    "linux": tuple(
        f"{folder}/libcps3_pkcs11_lux.so"
        for folder in (
            "/usr/lib",
            "/usr/lib64",
            "/usr/lib/x86_64-linux-gnu",
            "/usr/local/lib",
            "/opt/santesocial/CPS/lib",
        )
    ),
}
"""Where the Cryptolib CPS of the ANS puts its module; its file names are certain, its folders on Linux inferred."""

_WARNING_MANUFACTURERS = ("ANS", "OpenSC Project")
"""Makers whose modules flag the last try of a PIN (read in their sources): the Cryptolib CPS, and OpenSC."""


def known_module() -> str:
    """Give the path of the Cryptolib CPS on this system; the usual one when it is not installed."""
    paths = _CRYPTOLIB.get(sys.platform, _CRYPTOLIB["linux"])
    return next((path for path in paths if Path(path).is_file()), paths[0])


class Pkcs11Module:
    """A loaded module; usable from any thread, its sessions from one at a time."""

    def __init__(self, path: str, library: Library) -> None:
        self._path = path
        self._library = library
        self._closed = False

    @classmethod
    def load(cls, path: str = "") -> Pkcs11Module:
        """Load the module of a path, "" for the Cryptolib CPS of this system.

        Raises Failure PKCS11_MODULE_MISSING(path=), PKCS11_MODULE_BROKEN(reason=).
        """
        path = path or known_module()
        return cls(path, acquire(path))

    def close(self) -> None:
        """Let go of the module; sessions must be closed before."""
        if not self._closed:
            self._closed = True
            release(self._path)

    def info(self) -> str:
        """Say what the module says of itself: maker, description, version."""
        info = self._info()
        maker, description = p11.text_of(info.manufacturer), p11.text_of(info.description)
        return " ".join(filter(None, (maker, description, f"{info.version.major}.{info.version.minor}")))

    def _info(self) -> p11.Info:
        info = p11.Info()
        with explained():
            self._library.call("GetInfo", ctypes.byref(info))
        return info

    def tokens(self) -> tuple[str, ...]:
        """Give the labels of the tokens that the module shows now."""
        with explained():
            return tuple(self._label(slot) for slot in self._slots())

    def _label(self, slot: int) -> str:
        token = p11.TokenInfo()
        self._library.call("GetTokenInfo", slot, ctypes.byref(token))
        return p11.text_of(token.label)

    def open(self, reader: str) -> Pkcs11Access:
        """Open a session with the card of a reader: the slot that bears its name, or the only token there is.

        Raises Failure PKCS11_TOKEN_MISSING, PKCS11_REFUSED.
        """
        with explained():
            slot = self._slot_of(reader)
            session = Session(self._library, slot)
        return Pkcs11Access(session, warns=p11.text_of(self._info().manufacturer) in _WARNING_MANUFACTURERS)

    def _slot_of(self, reader: str) -> int:
        slots = self._slots()
        for slot in slots:
            if _is_same_reader(self._description(slot), reader):
                return slot
        if len(slots) != 1:
            raise Failure("PKCS11_TOKEN_MISSING")
        return slots[0]

    def _description(self, slot: int) -> str:
        info = p11.SlotInfo()
        self._library.call("GetSlotInfo", slot, ctypes.byref(info))
        return p11.text_of(info.description)

    def _slots(self) -> tuple[int, ...]:
        """Give the slots that hold an initialised token; the readers are looked at first, by the inquiry of a size."""
        count = p11.Ulong()
        self._library.call("GetSlotList", 0, None, ctypes.byref(count))
        self._library.call("GetSlotList", 1, None, ctypes.byref(count))
        slots = (p11.Ulong * (count.value + _MARGIN))()
        count.value += _MARGIN
        self._library.call("GetSlotList", 1, slots, ctypes.byref(count))
        return tuple(slot for slot in slots[: count.value] if self._is_ready(slot))

    def _is_ready(self, slot: int) -> bool:
        token = p11.TokenInfo()
        try:
            self._library.call("GetTokenInfo", slot, ctypes.byref(token))
        except RefusalError:
            return False
        return bool(token.flags & p11.TOKEN_INITIALIZED)


_MARGIN = 8
"""Slots that may appear between the inquiry of their number and their list."""


def _is_same_reader(description: str, reader: str) -> bool:
    """Compare names: a slot description holds 64 bytes at most."""
    return bool(description) and (reader.startswith(description) or description.startswith(reader))
