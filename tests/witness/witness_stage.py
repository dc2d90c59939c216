"""What the outside witnesses share: patience, key identifiers, and the look of PC/SC at a reader."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PATIENCE = 30
SIGNATURE_KEY = "e828bd080f8025000001ff001001"
AUTHENTICATION_KEY = "e828bd080f8025000001ff001002"
_DIGEST_INFO = bytes.fromhex("3031300D060960864801650304020105000420")  # RFC 8017 clause 9.2, note 1

Tools = Callable[..., "subprocess.CompletedProcess[str]"]


def digest_info(message: bytes) -> bytes:
    """The SHA-256 of a message as a key without a hash of its own signs it."""
    return _DIGEST_INFO + hashlib.sha256(message).digest()


def public_key(certificate: Path, tools: Tools) -> Path:
    """Let openssl take the public key out of a DER certificate; gives a PEM file beside it."""
    key = certificate.with_suffix(".pub")
    key.write_text(tools("openssl", "x509", "-inform", "der", "-in", str(certificate), "-noout", "-pubkey").stdout)
    return key


def wait_for_card(reader: str) -> None:
    """Wait until the PC/SC service shows a card in a reader (it polls every 400 ms)."""
    scard = pytest.importorskip("smartcard.scard")
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    try:
        states = [(reader, scard.SCARD_STATE_UNAWARE)]
        while True:
            code, states = scard.SCardGetStatusChange(context, PATIENCE * 1000, states)
            assert code == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(code)
            if states[0][1] & scard.SCARD_STATE_PRESENT:
                return
            states = [(reader, states[0][1])]
    finally:
        scard.SCardReleaseContext(context)


def wait_until_empty(reader: str) -> None:
    """Wait until the PC/SC service itself has seen the card of a reader leave: the next one is a new one to it."""
    scard = pytest.importorskip("smartcard.scard")
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    try:
        states = [(reader, scard.SCARD_STATE_UNAWARE)]
        while True:
            code, states = scard.SCardGetStatusChange(context, PATIENCE * 1000, states)
            assert code == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(code)
            if not states[0][1] & scard.SCARD_STATE_PRESENT:
                return
            states = [(reader, states[0][1])]
    finally:
        scard.SCardReleaseContext(context)


def needs(*programs: str) -> None:
    """Skip the test, and say why, when a witness is not installed."""
    import shutil

    missing = [each for each in programs if shutil.which(each) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
