"""The structures and numbers of PKCS #11 v2.40 (OASIS) that this client uses, as ctypes."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

Ulong = ctypes.c_ulong
Octets = ctypes.c_ubyte

PACK: Final = 1 if sys.platform == "win32" else 0
"""Alignment of the structures: modules of Windows pack them by one byte (PKCS #11 base, 2.1), others do not."""


class Packed(ctypes.Structure):
    """Base of the structures: packed as modules of this system pack them."""

    if PACK:
        _pack_ = PACK


class Version(Packed):
    """CK_VERSION."""

    _fields_ = [("major", Octets), ("minor", Octets)]


class Info(Packed):
    """CK_INFO."""

    _fields_ = [
        ("cryptoki_version", Version),
        ("manufacturer", Octets * 32),
        ("flags", Ulong),
        ("description", Octets * 32),
        ("version", Version),
    ]


class SlotInfo(Packed):
    """CK_SLOT_INFO."""

    _fields_ = [
        ("description", Octets * 64),
        ("manufacturer", Octets * 32),
        ("flags", Ulong),
        ("hardware_version", Version),
        ("firmware_version", Version),
    ]


class TokenInfo(Packed):
    """CK_TOKEN_INFO."""

    _fields_ = [
        ("label", Octets * 32),
        ("manufacturer", Octets * 32),
        ("model", Octets * 16),
        ("serial", Octets * 16),
        ("flags", Ulong),
        ("max_sessions", Ulong),
        ("sessions", Ulong),
        ("max_rw_sessions", Ulong),
        ("rw_sessions", Ulong),
        ("max_pin", Ulong),
        ("min_pin", Ulong),
        ("total_public", Ulong),
        ("free_public", Ulong),
        ("total_private", Ulong),
        ("free_private", Ulong),
        ("hardware_version", Version),
        ("firmware_version", Version),
        ("utc_time", Octets * 16),
    ]


class SessionInfo(Packed):
    """CK_SESSION_INFO."""

    _fields_ = [("slot", Ulong), ("state", Ulong), ("flags", Ulong), ("device_error", Ulong)]


class Attribute(Packed):
    """CK_ATTRIBUTE."""

    _fields_ = [("kind", Ulong), ("value", ctypes.c_void_p), ("size", Ulong)]


class Mechanism(Packed):
    """CK_MECHANISM."""

    _fields_ = [("kind", Ulong), ("parameter", ctypes.c_void_p), ("size", Ulong)]


class InitializeArguments(Packed):
    """CK_C_INITIALIZE_ARGS: no functions of ours, the module locks with those of the system."""

    _fields_ = [
        ("create_mutex", ctypes.c_void_p),
        ("destroy_mutex", ctypes.c_void_p),
        ("lock_mutex", ctypes.c_void_p),
        ("unlock_mutex", ctypes.c_void_p),
        ("flags", Ulong),
        ("reserved", ctypes.c_void_p),
    ]


OS_LOCKING: Final = 0x02  # CKF_OS_LOCKING_OK
UNAVAILABLE: Final = Ulong(-1).value  # CK_UNAVAILABLE_INFORMATION

SERIAL_SESSION, RW_SESSION = 0x04, 0x02  # CKF_SERIAL_SESSION, CKF_RW_SESSION
USER_STATES = (1, 3)  # CKS_RO_USER_FUNCTIONS, CKS_RW_USER_FUNCTIONS
SECURITY_OFFICER, USER = 0, 1  # CKU_SO, CKU_USER

PROTECTED_PATH, TOKEN_INITIALIZED = 0x0000_0100, 0x0000_0400  # CKF_PROTECTED_AUTHENTICATION_PATH, ...
USER_FINAL_TRY, USER_LOCKED = 0x0002_0000, 0x0004_0000  # CKF_USER_PIN_...
OFFICER_FINAL_TRY, OFFICER_LOCKED = 0x0020_0000, 0x0040_0000  # CKF_SO_PIN_...

DATA, CERTIFICATE, PRIVATE_KEY = 0, 1, 3  # CKO_...
CLASS, LABEL, VALUE, IDENTIFIER = 0x00, 0x03, 0x11, 0x102  # CKA_...
RSA_PKCS: Final = 0x01  # CKM_RSA_PKCS

OK: Final = 0x00
CANCEL: Final = 0x01
FUNCTION_CANCELED: Final = 0x50
ALREADY_INITIALIZED: Final = 0x191
PIN_INCORRECT, PIN_LOCKED = 0xA0, 0xA4
MISSHAPEN_PIN = (0xA1, 0xA2)  # CKR_PIN_INVALID, CKR_PIN_LEN_RANGE
USER_NOT_LOGGED_IN: Final = 0x101
UNDECIPHERED = (0x20, 0x21, 0x40, 0x41)
"""What modules say of a cryptogram that is none for this key: DATA_INVALID, DATA_LEN_RANGE, ENCRYPTED_DATA_INVALID,
ENCRYPTED_DATA_LEN_RANGE."""

CARD_GONE = (0x32, 0xE0, 0xE1, 0xB0, 0xB3)
"""The card left, or the session with it: DEVICE_REMOVED, TOKEN_NOT_PRESENT, TOKEN_NOT_RECOGNIZED, SESSION_CLOSED,
SESSION_HANDLE_INVALID."""

TROUBLE = (0x05, 0x06, 0x30)
"""An exchange that broke for any reason, a card just pulled for one: GENERAL_ERROR, FUNCTION_FAILED, DEVICE_ERROR."""

UNFIT_KEY = (0x54, 0x60, 0x63, 0x68, 0x70)
"""The module cannot use the key that way: FUNCTION_NOT_SUPPORTED, KEY_HANDLE_INVALID, KEY_TYPE_INCONSISTENT,
KEY_FUNCTION_NOT_PERMITTED, MECHANISM_INVALID."""

_RETURN_NAMES = {
    0x01: "CANCEL", 0x02: "HOST_MEMORY", 0x03: "SLOT_ID_INVALID", 0x05: "GENERAL_ERROR", 0x06: "FUNCTION_FAILED",
    0x07: "ARGUMENTS_BAD", 0x0A: "CANT_LOCK", 0x12: "ATTRIBUTE_TYPE_INVALID", 0x20: "DATA_INVALID",
    0x21: "DATA_LEN_RANGE", 0x30: "DEVICE_ERROR", 0x31: "DEVICE_MEMORY", 0x32: "DEVICE_REMOVED",
    0x40: "ENCRYPTED_DATA_INVALID",
    0x41: "ENCRYPTED_DATA_LEN_RANGE", 0x50: "FUNCTION_CANCELED", 0x54: "FUNCTION_NOT_SUPPORTED",
    0x60: "KEY_HANDLE_INVALID", 0x63: "KEY_TYPE_INCONSISTENT", 0x68: "KEY_FUNCTION_NOT_PERMITTED",
    0x70: "MECHANISM_INVALID", 0x82: "OBJECT_HANDLE_INVALID", 0x90: "OPERATION_ACTIVE", 0xA0: "PIN_INCORRECT",
    0xA1: "PIN_INVALID", 0xA2: "PIN_LEN_RANGE", 0xA3: "PIN_EXPIRED", 0xA4: "PIN_LOCKED", 0xB0: "SESSION_CLOSED",
    0xB1: "SESSION_COUNT", 0xB3: "SESSION_HANDLE_INVALID", 0xB5: "SESSION_READ_ONLY", 0xB7: "SESSION_READ_ONLY_EXISTS",
    0xE0: "TOKEN_NOT_PRESENT", 0xE1: "TOKEN_NOT_RECOGNIZED", 0xE2: "TOKEN_WRITE_PROTECTED",
    0x100: "USER_ALREADY_LOGGED_IN", 0x101: "USER_NOT_LOGGED_IN", 0x102: "USER_PIN_NOT_INITIALIZED",
    0x103: "USER_TYPE_INVALID", 0x104: "USER_ANOTHER_ALREADY_LOGGED_IN", 0x150: "BUFFER_TOO_SMALL",
    0x190: "CRYPTOKI_NOT_INITIALIZED", 0x191: "CRYPTOKI_ALREADY_INITIALIZED",
}  # fmt: skip


def return_name(code: int) -> str:
    """Give the name of a return value, CKR_ and its number when it has none here."""
    return f"CKR_{_RETURN_NAMES.get(code, f'{code:#010x}')}"


def text_of(octets: ctypes.Array[ctypes.c_ubyte]) -> str:
    """Read a text field: UTF-8, padded with blanks, and seldom what the standard promises."""
    decoded = bytes(octets).split(b"\x00")[0].decode("utf-8", "replace")
    return "".join(each for each in decoded if each.isprintable()).strip()
