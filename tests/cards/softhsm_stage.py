"""A SoftHSM token that holds what a professional card holds, made with SoftHSM's own functions alone."""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, byref, c_ubyte, c_ulong, c_void_p
from pathlib import Path

from card_sim.cps_files import AID_CPS, data_objects
from card_sim.filesystem import Rule

_PLACES = ("/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm", "/usr/lib/aarch64-linux-gnu/softhsm",
           "/usr/lib64/pkcs11", "/usr/local/lib/softhsm", "/opt/homebrew/lib/softhsm")  # fmt: skip
MODULE = next((str(path) for each in _PLACES if (path := Path(each, "libsofthsm2.so")).is_file()), "")

_SERIAL_RW, _SO, _USER = 0x06, 0, 1
_TRUE, _FALSE = b"\x01", b"\x00"


class _Attribute(ctypes.Structure):
    _fields_ = [("kind", c_ulong), ("value", c_void_p), ("size", c_ulong)]


def write_configuration(folder: Path) -> Path:
    """The configuration of a token directory."""
    file = folder / "softhsm2.conf"
    file.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    return file


def make_token(folder: Path, who, material) -> None:
    """Make a token for a professional; the environment names the configuration only meanwhile."""
    (folder / "tokens").mkdir(parents=True)
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(write_configuration(folder))
    try:
        _fill(ctypes.CDLL(MODULE), who, material)
    finally:
        del os.environ["SOFTHSM2_CONF"]
        if before is not None:
            os.environ["SOFTHSM2_CONF"] = before


def _fill(lib: ctypes.CDLL, who, material) -> None:
    slot, session = c_ulong(0), c_ulong()
    count = c_ulong(1)
    _demand(lib.C_Initialize(None))
    try:
        _demand(lib.C_GetSlotList(c_ubyte(0), byref(slot), byref(count)))
        _demand(lib.C_InitToken(slot, who.puk.encode(), c_ulong(len(who.puk)), b"CPS".ljust(32)))
        _demand(lib.C_OpenSession(slot, c_ulong(_SERIAL_RW), None, None, byref(session)))
        _demand(lib.C_Login(session, c_ulong(_SO), who.puk.encode(), c_ulong(len(who.puk))))
        _demand(lib.C_InitPIN(session, who.pin.encode(), c_ulong(len(who.pin))))
        _demand(lib.C_Logout(session))
        _demand(lib.C_Login(session, c_ulong(_USER), who.pin.encode(), c_ulong(len(who.pin))))
        for template in _objects(who, material):
            _create(lib, session, template)
    finally:
        _demand(lib.C_Finalize(None))


def _objects(who, material):
    signature, authentication, signature_der, authentication_der = material
    pairs = zip(
        who.key_ids, ((signature, signature_der, True), (authentication, authentication_der, False)), strict=True
    )
    for last, (key, der, signs) in pairs:
        identifier = AID_CPS + bytes([last])
        yield _private_key(key, identifier, signs=signs)
        yield {0x00: _number(1), 0x80: _number(0), 0x01: _TRUE, 0x02: _FALSE, 0x101: b"\x30\x00", 0x102: identifier,
               0x03: b"Certificat", 0x11: der}  # fmt: skip
    for each in data_objects(who):
        yield {0x00: _number(0), 0x01: _TRUE, 0x02: _TRUE if each.read is Rule.PIN else _FALSE, 0x10: b"CPS",
               0x03: each.label.encode(), 0x11: bytes(each.content)}  # fmt: skip


def _private_key(key, identifier: bytes, *, signs: bool) -> dict[int, bytes]:
    numbers = key.private_numbers()
    parts = (numbers.public_numbers.n, numbers.public_numbers.e, numbers.d, numbers.p, numbers.q, numbers.dmp1,
             numbers.dmq1, numbers.iqmp)  # fmt: skip
    values = (each.to_bytes((each.bit_length() + 7) // 8, "big") for each in parts)
    kinds = (0x120, 0x122, 0x123, 0x124, 0x125, 0x126, 0x127, 0x128)
    return {
        0x00: _number(3), 0x100: _number(0), 0x01: _TRUE, 0x02: _TRUE, 0x103: _TRUE, 0x162: _FALSE, 0x108: _TRUE,
        0x105: _FALSE if signs else _TRUE, 0x102: identifier, 0x03: b"CPS_PRIV",
        **dict(zip(kinds, values, strict=True)),
    }  # fmt: skip


def _create(lib: ctypes.CDLL, session: c_ulong, template: dict[int, bytes]) -> None:
    attributes, kept = (_Attribute * len(template))(), []
    for each, (kind, value) in zip(attributes, template.items(), strict=True):
        buffer = ctypes.create_string_buffer(value, len(value))
        kept.append(buffer)
        each.kind, each.value, each.size = kind, ctypes.cast(buffer, c_void_p), len(value)
    handle = c_ulong()
    lib.C_CreateObject.argtypes = (c_ulong, POINTER(_Attribute), c_ulong, POINTER(c_ulong))
    _demand(lib.C_CreateObject(session.value, attributes, len(template), byref(handle)))


def _number(value: int) -> bytes:
    return bytes(c_ulong(value))


def _demand(code: int) -> None:
    assert code == 0, hex(code)
