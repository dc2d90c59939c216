"""The interpreter's own OpenSSL, reached through ctypes: the few calls that put a card's key in an ``SSLContext``.

Symbols are looked up through the ``_ssl`` extension module, so they are those of the library that Python itself uses.
An ``RSA_METHOD`` whose sign function is a Python callback stands for the private key; nothing global changes.
Everything that may be missing in some interpreter raises ``Unsupported`` with a reason.
"""

from __future__ import annotations

import ctypes
import ssl
import sys
import sysconfig
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

HASH_NAMES = {64: "sha1", 672: "sha256", 673: "sha384", 674: "sha512"}
CLIENT_SIGNATURES = b"RSA+SHA256:RSA+SHA384:RSA+SHA512"

_P, _I, _U = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint
_RSA_SIGN = ctypes.CFUNCTYPE(_I, _I, _P, _U, _P, ctypes.POINTER(_U), _P)
_RSA_RAW = ctypes.CFUNCTYPE(_I, _I, _P, _P, _P, _I)
_RSA_FLAG_EXTERNAL_KEY = 0x0020
_CTRL_CHAIN_CERT = 89
_CTRL_CLIENT_SIGNATURES = 102

_PROTOTYPES: dict[str, tuple[Any, ...]] = {
    "d2i_X509": (_P, _P, ctypes.POINTER(ctypes.c_char_p), ctypes.c_long),
    "X509_free": (None, _P),
    "X509_get_pubkey": (_P, _P),
    "EVP_PKEY_get1_RSA": (_P, _P),
    "EVP_PKEY_new": (_P,),
    "EVP_PKEY_free": (None, _P),
    "EVP_PKEY_set1_RSA": (_I, _P, _P),
    "RSA_PKCS1_OpenSSL": (_P,),
    "RSA_meth_dup": (_P, _P),
    "RSA_meth_set_sign": (_I, _P, _RSA_SIGN),
    "RSA_meth_set_priv_enc": (_I, _P, _RSA_RAW),
    "RSA_meth_set_priv_dec": (_I, _P, _RSA_RAW),
    "RSA_get0_key": (None, _P, ctypes.POINTER(_P), ctypes.POINTER(_P), ctypes.POINTER(_P)),
    "RSA_new": (_P,),
    "RSA_free": (None, _P),
    "RSA_set0_key": (_I, _P, _P, _P, _P),
    "RSA_set_method": (_I, _P, _P),
    "RSA_set_flags": (None, _P, _I),
    "RSA_size": (_I, _P),
    "RSA_sign": (_I, _I, ctypes.c_char_p, _U, _P, ctypes.POINTER(_U), _P),
    "BN_dup": (_P, _P),
    "ERR_clear_error": (None,),
    "SSL_CTX_use_certificate": (_I, _P, _P),
    "SSL_CTX_use_PrivateKey": (_I, _P, _P),
    "SSL_CTX_check_private_key": (_I, _P),
    "SSL_CTX_ctrl": (ctypes.c_long, _P, _I, ctypes.c_long, _P),
    "SSL_CTX_get_options": (ctypes.c_uint64, _P),
}


class Unsupported(Exception):  # noqa: N818 - a finding, told to people by card_tls
    """This interpreter cannot hold a card's key; the text says why."""


@cache
def functions() -> dict[str, Any]:
    """Load every function with its C prototype; raises Unsupported naming the first that is missing."""
    if sys.implementation.name != "cpython":
        raise Unsupported(f"interpreter {sys.implementation.name}")
    libraries = _libraries()
    found: dict[str, Any] = {}
    for name, (result, *arguments) in _PROTOTYPES.items():
        function = next((getattr(each, name) for each in libraries if hasattr(each, name)), None)
        if function is None:
            raise Unsupported(f"symbol {name} is hidden")
        function.restype, function.argtypes = result, arguments
        found[name] = function
    return found


def context_pointer(context: ssl.SSLContext) -> int:
    """Give the ``SSL_CTX*`` of a Python context: the first field after the object's head.

    Guarded: the options read through the pointer must be those that Python shows. Raises Unsupported. A wrong layout
    may crash, so ``card_tls.self_check`` tries this in a child process first.
    """
    pointer = ctypes.c_void_p.from_address(id(context) + object.__basicsize__).value
    mask = 0xFFFFFFFF
    if not pointer or functions()["SSL_CTX_get_options"](pointer) & mask != int(context.options) & mask:
        raise Unsupported("SSLContext has another layout")
    return pointer


def install_key(
    context: ssl.SSLContext, certificate: bytes, chain: Sequence[bytes], sign: Callable[[str, bytes], bytes | None]
) -> int:
    """Make a context authenticate with a certificate whose private key is ``sign(hash name, digest)``.

    sign: returns the PKCS#1 v1.5 signature, or None to refuse; it must not raise. Only rsa_pkcs1 client signatures
    are offered (RFC 5246 7.4.8). Returns the address of the RSA object, for ``remove_key``. Raises Unsupported.
    """
    call, pointer = functions(), context_pointer(context)
    leaf = _certificate(certificate)
    try:
        rsa = _external_rsa(leaf)
        _SIGNERS[rsa] = sign
        key = call["EVP_PKEY_new"]()
        done = (
            call["EVP_PKEY_set1_RSA"](key, rsa) == 1
            and call["SSL_CTX_use_certificate"](pointer, leaf) == 1
            and call["SSL_CTX_use_PrivateKey"](pointer, key) == 1
            and call["SSL_CTX_check_private_key"](pointer) == 1
        )
        call["EVP_PKEY_free"](key)
        call["RSA_free"](rsa)
    finally:
        call["X509_free"](leaf)
    if not done:
        remove_key(rsa)
        call["ERR_clear_error"]()
        raise Unsupported("the context refused the certificate or its key")
    for der in chain:
        _add_chain_certificate(pointer, der)
    names = ctypes.cast(ctypes.c_char_p(CLIENT_SIGNATURES), _P)
    if call["SSL_CTX_ctrl"](pointer, _CTRL_CLIENT_SIGNATURES, 0, names) != 1:
        raise Unsupported("client signature algorithms cannot be chosen")
    return rsa


def remove_key(rsa: int) -> None:
    """Forget the callback of a key; the context that holds it cannot sign any more."""
    _SIGNERS.pop(rsa, None)


def try_signature(rsa: int, digest: bytes) -> bytes | None:
    """Ask OpenSSL for a SHA-256 signature with an installed key, as a handshake would; None when it is refused."""
    call = functions()
    out, length = ctypes.create_string_buffer(call["RSA_size"](rsa)), _U(0)
    done = call["RSA_sign"](672, digest, len(digest), out, ctypes.byref(length), rsa)
    call["ERR_clear_error"]()
    return out.raw[: length.value] if done == 1 else None


_SIGNERS: dict[int, Callable[[str, bytes], bytes | None]] = {}


def _sign(nid: int, digest: int, length: int, out: int, out_length: Any, rsa: int) -> int:
    signer, hash_name = _SIGNERS.get(rsa), HASH_NAMES.get(nid)
    if signer is None or hash_name is None:
        return 0
    signature = signer(hash_name, ctypes.string_at(digest, length))
    if signature is None or len(signature) != functions()["RSA_size"](rsa):
        return 0
    ctypes.memmove(out, signature, len(signature))
    out_length[0] = len(signature)
    return 1


def _refuse_raw(_length: int, _source: int, _out: int, _rsa: int, _padding: int) -> int:
    return -1


# The C side keeps these addresses: they live as long as the process.
_SIGN_CALLBACK, _REFUSE_CALLBACK = _RSA_SIGN(_sign), _RSA_RAW(_refuse_raw)


@cache
def _method() -> int:
    """Build the one RSA_METHOD of the process: it signs a DigestInfo through ``_SIGNERS`` and does nothing else."""
    call = functions()
    method: int = call["RSA_meth_dup"](call["RSA_PKCS1_OpenSSL"]())
    call["RSA_meth_set_sign"](method, _SIGN_CALLBACK)
    call["RSA_meth_set_priv_enc"](method, _REFUSE_CALLBACK)
    call["RSA_meth_set_priv_dec"](method, _REFUSE_CALLBACK)
    return method


def _external_rsa(certificate: int) -> int:
    call = functions()
    public = call["X509_get_pubkey"](certificate)
    source = call["EVP_PKEY_get1_RSA"](public) if public else None
    if not source:
        raise Unsupported("the certificate has no RSA key")
    modulus, exponent = _P(), _P()
    call["RSA_get0_key"](source, ctypes.byref(modulus), ctypes.byref(exponent), None)
    rsa: int = call["RSA_new"]()
    call["RSA_set0_key"](rsa, call["BN_dup"](modulus), call["BN_dup"](exponent), None)
    call["RSA_set_method"](rsa, _method())
    call["RSA_set_flags"](rsa, _RSA_FLAG_EXTERNAL_KEY)
    call["RSA_free"](source)
    call["EVP_PKEY_free"](public)
    return rsa


def _certificate(der: bytes) -> int:
    start = ctypes.c_char_p(der)
    pointer: int | None = functions()["d2i_X509"](None, ctypes.byref(start), len(der))
    if not pointer:
        functions()["ERR_clear_error"]()
        raise Unsupported("OpenSSL cannot read the certificate")
    return pointer


def _add_chain_certificate(context: int, der: bytes) -> None:
    certificate = _certificate(der)
    # With 1 as third argument OpenSSL takes its own reference: ours is released at once.
    functions()["SSL_CTX_ctrl"](context, _CTRL_CHAIN_CERT, 1, certificate)
    functions()["X509_free"](certificate)


def _libraries() -> list[ctypes.CDLL]:
    import _ssl

    if sys.platform == "win32":
        return _windows_libraries(Path(_ssl.__file__))
    path = getattr(_ssl, "__file__", None)
    # A handle on _ssl also finds what its dependencies, libssl and libcrypto, export; a static build has no file.
    return [ctypes.CDLL(path)]


def _windows_libraries(extension: Path) -> list[ctypes.CDLL]:
    folders = (
        extension.parent,
        Path(sys.base_prefix, "DLLs"),
        Path(sys.base_prefix),
        Path(sysconfig.get_path("scripts")),
    )
    for folder in folders:
        both = [next(folder.glob(f"lib{name}-3*.dll"), None) for name in ("ssl", "crypto")]
        if all(both):
            return [ctypes.CDLL(str(each)) for each in both]
    raise Unsupported("libssl-3 is not beside this Python")
