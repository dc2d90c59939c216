"""Lines and secrets from the person at the terminal, or from a file descriptor.

On POSIX the wait is a select that an interruption always ends: a Ctrl-C that comes just before a blocking read would be
kept until the next line is typed.
"""

from __future__ import annotations

import getpass
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dossier.failure import Cancelled, Failure

_POSIX = os.name == "posix"
_LONGEST = 4096
"""Bytes of a line that a terminal gives at most in its line mode."""


def at_terminal() -> bool:
    """Tell whether a person can be asked: standard input may be closed, or no terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask_line(prompt: str) -> str:
    """Ask for one line; raises Cancelled at the end of input, KeyboardInterrupt when interrupted."""
    if not _POSIX:
        return _or_cancelled(input(prompt))
    _show(prompt)
    return _or_cancelled(bytes(_read_line()).decode(sys.stdin.encoding or "utf-8", "replace"))


def ask_secret(prompt: str) -> bytearray:
    """Ask for one line without echo, without making a str of it; raises as ask_line does."""
    if not _POSIX:
        return bytearray(getpass.getpass(prompt), "utf-8")
    with _no_echo():
        _show(prompt)
        secret = _read_line()
        _show("\n")
    if not secret:
        raise Cancelled
    line = _Line(len(secret))
    for each in secret:
        if each not in b"\r\n":
            line.append(each)
    secret[:] = bytes(len(secret))
    return line.taken()


def ask_passphrase(*, first: bool = False) -> bytearray:
    """Ask for the vault's passphrase at the terminal, without echo; twice at the first opening, which chooses it.

    Raises Failure PASSPHRASES_DIFFER: a slip of the finger would close the new vault for ever.
    """
    given = ask_secret("Phrase de passe du nouveau coffre : " if first else "Phrase de passe du coffre : ")
    if not first:
        return given
    if not typed_again(given, "La même phrase, encore une fois : "):
        raise Failure("PASSPHRASES_DIFFER")
    return given


def typed_again(given: bytearray, prompt: str) -> bool:
    """Ask for the same secret once more and compare; what was given is wiped unless they are the same."""
    same, again = False, bytearray()
    try:
        again = ask_secret(prompt)
        same = given == again
    finally:
        again[:] = bytes(len(again))
        if not same:
            given[:] = bytes(len(given))
    return same


def read_secret(descriptor: int, limit: int = 256) -> bytearray:
    """Read a secret from a file descriptor up to the end of its first line, without making a str of it."""
    line, byte = _Line(limit), bytearray(1)
    try:
        while not line.is_full and os.readv(descriptor, [byte]) == 1 and byte[0] not in b"\r\n":
            line.append(byte[0])
    except (OSError, OverflowError) as error:
        line.wipe()
        raise Failure("DESCRIPTOR_UNREADABLE", number=descriptor) from error
    finally:
        byte[:] = b"\0"
    return line.taken()


class _Line:
    """A line in one place of memory from the first byte on: a bytearray that grows leaves copies where it was."""

    def __init__(self, limit: int) -> None:
        self._room, self._length = bytearray(limit), 0

    @property
    def is_full(self) -> bool:
        return self._length == len(self._room)

    def append(self, byte: int) -> None:
        self._room[self._length] = byte
        self._length += 1

    def taken(self) -> bytearray:
        """Give the bytes in a bytearray of their own length, the only copy left."""
        given = bytearray(self._length)
        for number in range(self._length):
            given[number] = self._room[number]
        self.wipe()
        return given

    def wipe(self) -> None:
        self._room[:] = bytes(len(self._room))


def _or_cancelled(line: str) -> str:
    if _POSIX and not line:
        raise Cancelled
    return line.strip()


def _show(text: str) -> None:
    if sys.stderr:
        print(text, end="", file=sys.stderr, flush=True)  # noqa: T201 - the terminal is this door


def _read_line() -> bytearray:
    """Read one line of the terminal, with its end; empty at the end of input. The kernel edits the line."""
    descriptor, line, byte = sys.stdin.fileno(), _Line(_LONGEST), bytearray(1)
    with _interruptions() as interrupted:
        while not line.is_full and byte != b"\n":
            select.select([descriptor, interrupted], [], [])
            # A signal has run its handler by now: KeyboardInterrupt was raised, or it was none of ours.
            if select.select([interrupted], [], [], 0)[0]:
                os.read(interrupted, 64)
            elif os.readv(descriptor, [byte]) == 1:
                line.append(byte[0])
            else:
                break
    byte[:] = b"\0"
    return line.taken()


@contextmanager
def _interruptions() -> Iterator[int]:
    """Give a descriptor that becomes readable at each signal; for the main thread, which alone gets them."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)


@contextmanager
def _no_echo() -> Iterator[None]:
    import termios

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    silent = before[:]
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
