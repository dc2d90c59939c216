"""One session with one token: logging in, finding objects, using keys. Raises RefusalError of the library."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cps_bridge.cards import pkcs11_types as p11
from cps_bridge.cards.pkcs11_library import Library, RefusalError

_AT_ONCE = 32
_LONGEST_VALUE = 65_536
_LONGEST_RESULT = 1024


class Session:
    """A read-write session: changing a PIN needs one, and unblocking allows no other kind beside it."""

    def __init__(self, library: Library, slot: int) -> None:
        self.slot = slot
        self._library = library
        handle = p11.Ulong()
        library.call("OpenSession", slot, p11.SERIAL_SESSION | p11.RW_SESSION, None, None, ctypes.byref(handle))
        self._handle = handle.value

    def close(self) -> None:
        """End the session; one that is gone already is of no interest."""
        try:
            self._library.call("CloseSession", self._handle)
        except RefusalError:
            return

    def token(self) -> p11.TokenInfo:
        """Ask the module what it knows of the token now."""
        info = p11.TokenInfo()
        self._library.call("GetTokenInfo", self.slot, ctypes.byref(info))
        return info

    @property
    def is_logged_in(self) -> bool:
        """Whether the user's PIN is in force."""
        info = p11.SessionInfo()
        self._library.call("GetSessionInfo", self._handle, ctypes.byref(info))
        return info.state in p11.USER_STATES

    def log_in(self, user: int, code: bytearray | None) -> None:
        """Present a code once, straight from its buffer; None: it is typed on the reader.

        A login that is in force already checks no code: it is ended first, and only then is the code presented.
        """
        self._end_login()
        with borrowed(code) as (pointer, size):
            self._library.call("Login", self._handle, user, pointer, size)

    def _end_login(self) -> None:
        try:
            self._library.call("Logout", self._handle)
        except RefusalError as refusal:
            if refusal.code != p11.USER_NOT_LOGGED_IN:
                raise

    def log_out(self) -> None:
        """End the login, if there is one."""
        try:
            self._end_login()
        except RefusalError:
            return

    def set_pin(self, old: bytearray, new: bytearray) -> None:
        """Replace the PIN (C_SetPIN)."""
        with borrowed(old) as (first, first_size), borrowed(new) as (second, second_size):
            self._library.call("SetPIN", self._handle, first, first_size, second, second_size)

    def initialize_pin(self, new: bytearray) -> None:
        """Put a new PIN, logged in as security officer (C_InitPIN)."""
        with borrowed(new) as (pointer, size):
            self._library.call("InitPIN", self._handle, pointer, size)

    def find(self, kind: int, attributes: Mapping[int, bytes] | None = None) -> tuple[int, ...]:
        """Give the handles of the objects of a class that have these attributes."""
        wanted = {p11.CLASS: bytes(p11.Ulong(kind)), **(attributes or {})}
        template = (p11.Attribute * len(wanted))()
        kept = []
        for each, (name, value) in zip(template, wanted.items(), strict=True):
            buffer = ctypes.create_string_buffer(value, len(value))
            kept.append(buffer)
            each.kind, each.value, each.size = name, ctypes.cast(buffer, ctypes.c_void_p), len(value)
        self._library.call("FindObjectsInit", self._handle, template, len(wanted))
        try:
            return tuple(self._found())
        finally:
            self._library.call("FindObjectsFinal", self._handle)

    def _found(self) -> Iterator[int]:
        handles, count = (p11.Ulong * _AT_ONCE)(), p11.Ulong(_AT_ONCE)
        while count.value:
            self._library.call("FindObjects", self._handle, handles, _AT_ONCE, ctypes.byref(count))
            yield from handles[: count.value]

    def read(self, handle: int, name: int) -> bytes:
        """Give an attribute of an object, b"" when it has none or hides it."""
        attribute = p11.Attribute(name, None, 0)
        self._library.call("GetAttributeValue", self._handle, handle, ctypes.byref(attribute), 1)
        size = attribute.size
        if size in (0, p11.UNAVAILABLE) or size > _LONGEST_VALUE:
            return b""
        buffer = ctypes.create_string_buffer(size)
        attribute.value = ctypes.cast(buffer, ctypes.c_void_p)
        self._library.call("GetAttributeValue", self._handle, handle, ctypes.byref(attribute), 1)
        return buffer.raw[: attribute.size] if attribute.size <= size else b""

    def sign(self, key: int, information: bytes) -> bytes:
        """Sign a DigestInfo, the module pads it (CKM_RSA_PKCS)."""
        return self._apply("Sign", key, information)

    def decrypt(self, key: int, cryptogram: bytes) -> bytes:
        """Decrypt, the module takes the padding off (CKM_RSA_PKCS)."""
        return self._apply("Decrypt", key, cryptogram)

    def _apply(self, operation: str, key: int, data: bytes) -> bytes:
        mechanism = p11.Mechanism(p11.RSA_PKCS, None, 0)
        self._library.call(f"{operation}Init", self._handle, ctypes.byref(mechanism), key)
        result, size = (p11.Octets * _LONGEST_RESULT)(), p11.Ulong(_LONGEST_RESULT)
        self._library.call(operation, self._handle, data, len(data), result, ctypes.byref(size))
        return bytes(result[: min(size.value, _LONGEST_RESULT)])


@contextmanager
def borrowed(code: bytearray | None) -> Iterator[tuple[object, int]]:
    """Lend the memory of a buffer to the module: no copy is made, so that its owner can wipe all there is."""
    if code is None:
        yield None, 0
        return
    pointer = (p11.Octets * len(code)).from_buffer(code)
    yield pointer, len(code)
    del pointer
