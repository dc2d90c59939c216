"""A PKCS #11 library of the system: its functions, one by one, with the GIL released while they run.

A library is loaded and initialised once per process, whoever asks for it, and finalised by the last one who lets go:
two sessions of two owners live side by side.
"""

from __future__ import annotations

import ctypes
import threading
from ctypes import POINTER, c_ulong, c_void_p
from pathlib import Path
from typing import Any

from cps_bridge.cards import pkcs11_types as p11
from dossier.failure import Failure

_NAMES = (
    "Initialize", "Finalize", "GetInfo", "GetFunctionList", "GetSlotList", "GetSlotInfo", "GetTokenInfo",
    "GetMechanismList", "GetMechanismInfo", "InitToken", "InitPIN", "SetPIN", "OpenSession", "CloseSession",
    "CloseAllSessions", "GetSessionInfo", "GetOperationState", "SetOperationState", "Login", "Logout", "CreateObject",
    "CopyObject", "DestroyObject", "GetObjectSize", "GetAttributeValue", "SetAttributeValue", "FindObjectsInit",
    "FindObjects", "FindObjectsFinal", "EncryptInit", "Encrypt", "EncryptUpdate", "EncryptFinal", "DecryptInit",
    "Decrypt", "DecryptUpdate", "DecryptFinal", "DigestInit", "Digest", "DigestUpdate", "DigestKey", "DigestFinal",
    "SignInit", "Sign",
)  # fmt: skip
"""CK_FUNCTION_LIST up to the last one used: their order is the layout of the structure."""

_SIZE, _DATA = POINTER(c_ulong), c_void_p
_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "Initialize": (c_void_p,),
    "Finalize": (c_void_p,),
    "GetInfo": (POINTER(p11.Info),),
    "GetSlotList": (ctypes.c_ubyte, _DATA, _SIZE),
    "GetSlotInfo": (c_ulong, POINTER(p11.SlotInfo)),
    "GetTokenInfo": (c_ulong, POINTER(p11.TokenInfo)),
    "InitPIN": (c_ulong, _DATA, c_ulong),
    "SetPIN": (c_ulong, _DATA, c_ulong, _DATA, c_ulong),
    "OpenSession": (c_ulong, c_ulong, c_void_p, c_void_p, POINTER(c_ulong)),
    "CloseSession": (c_ulong,),
    "GetSessionInfo": (c_ulong, POINTER(p11.SessionInfo)),
    "Login": (c_ulong, c_ulong, _DATA, c_ulong),
    "Logout": (c_ulong,),
    "GetAttributeValue": (c_ulong, c_ulong, POINTER(p11.Attribute), c_ulong),
    "FindObjectsInit": (c_ulong, _DATA, c_ulong),
    "FindObjects": (c_ulong, _DATA, c_ulong, _SIZE),
    "FindObjectsFinal": (c_ulong,),
    "DecryptInit": (c_ulong, POINTER(p11.Mechanism), c_ulong),
    "Decrypt": (c_ulong, _DATA, c_ulong, _DATA, _SIZE),
    "SignInit": (c_ulong, POINTER(p11.Mechanism), c_ulong),
    "Sign": (c_ulong, _DATA, c_ulong, _DATA, _SIZE),
}


class RefusalError(Exception):
    """A function that did not return CKR_OK; code: what it returned. Never leaves the PKCS #11 files."""

    def __init__(self, code: int) -> None:
        super().__init__(p11.return_name(code))
        self.code = code


class _FunctionList(p11.Packed):
    _fields_ = [("version", p11.Version), *((name, c_void_p) for name in _NAMES)]  # noqa: RUF012


class Library:
    """The functions of one loaded library, called by name."""

    def __init__(self, path: str) -> None:
        try:
            self._handle = ctypes.CDLL(path)
        except OSError as error:
            raise Failure("PKCS11_MODULE_BROKEN", reason="not a library") from error
        try:
            get_list = self._handle.C_GetFunctionList
        except AttributeError as error:
            raise Failure("PKCS11_MODULE_BROKEN", reason="not a module") from error
        get_list.argtypes, get_list.restype = (POINTER(POINTER(_FunctionList)),), c_ulong
        functions = POINTER(_FunctionList)()
        code = get_list(ctypes.byref(functions))
        if code != p11.OK or not functions:
            raise Failure("PKCS11_MODULE_BROKEN", reason=p11.return_name(code))
        self._functions: dict[str, Any] = {}
        for name, arguments in _SIGNATURES.items():
            address = getattr(functions.contents, name)
            if not address:
                raise Failure("PKCS11_MODULE_BROKEN", reason="not a module")
            self._functions[name] = ctypes.CFUNCTYPE(c_ulong, *arguments)(address)

    def call(self, name: str, *arguments: Any) -> None:
        """Call C_name; raises RefusalError for any return value but CKR_OK."""
        code = self._functions[name](*arguments)
        if code != p11.OK:
            raise RefusalError(code)

    def initialize(self) -> None:
        """Make it ready, for threads; one that somebody else in the process made ready is left so."""
        arguments = p11.InitializeArguments(flags=p11.OS_LOCKING)
        try:
            self.call("Initialize", ctypes.byref(arguments))
        except RefusalError as refusal:
            if refusal.code != p11.ALREADY_INITIALIZED:
                raise Failure("PKCS11_MODULE_BROKEN", reason=p11.return_name(refusal.code)) from refusal


_lock = threading.Lock()
_loaded: dict[str, tuple[Library, int]] = {}


def acquire(path: str) -> Library:
    """Load and initialise the library of a path, or share the one that is loaded.

    Raises Failure PKCS11_MODULE_MISSING(path=), PKCS11_MODULE_BROKEN(reason=).
    """
    # By its whole path only: for a bare name the system would look elsewhere than where we have looked.
    if not Path(path).is_absolute() or not Path(path).is_file():
        raise Failure("PKCS11_MODULE_MISSING", path=path)
    with _lock:
        library, owners = _loaded.get(path, (None, 0))
        if library is None:
            library = Library(path)
            library.initialize()
        _loaded[path] = library, owners + 1
        return library


def release(path: str) -> None:
    """Let go of a library; the last one finalises it, whatever it says about that."""
    with _lock:
        library, owners = _loaded.pop(path)
        if owners > 1:
            _loaded[path] = library, owners - 1
            return
        try:
            library.call("Finalize", None)
        except RefusalError:
            return
