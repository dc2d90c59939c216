"""Runs a command beside a private PC/SC service: python -m card_sim namespace."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence

from card_sim import namespace, pcsc_service

UNAVAILABLE = 69  # EX_UNAVAILABLE of sysexits.h
_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SENT_BY_KERNEL = 0x80


def run(command: Sequence[str], pairs: int) -> int:
    """Run a command inside a namespace with so many pairs of virtual slots; give its exit code (128 + n for signal n).

    The command finds CPS_BRIDGE_VPCD (addresses) and CPS_BRIDGE_VPCD_READERS (PC/SC names): pairs separated by ";",
    slots by ",". Raises NamespaceError, ServiceError, or FileNotFoundError for the command.
    """
    with _signals_held():
        namespace.enter()
        return _run_beside_service(command, pairs)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    # Signals are waited for rather than handled: none can strike between two steps of the clean-up.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (*_FORWARDED, signal.SIGCHLD))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run_beside_service(command: Sequence[str], pairs: int) -> int:
    with pcsc_service.running(pairs) as (addresses, names):
        environment = {
            **os.environ,
            "CPS_BRIDGE_VPCD": ";".join(",".join(pair) for pair in addresses),
            "CPS_BRIDGE_VPCD_READERS": ";".join(",".join(pair) for pair in names),
        }
        try:
            process = subprocess.Popen(
                command,
                env=environment,
                preexec_fn=pcsc_service.following_parent(signal.SIGTERM),  # noqa: PLW1509
            )
        except PermissionError as error:  # also when a directory of PATH cannot be looked into
            raise FileNotFoundError(command[0]) from error
        return _wait(process)


def _wait(process: subprocess.Popen[bytes]) -> int:
    while process.poll() is None:
        received = signal.sigwaitinfo((*_FORWARDED, signal.SIGCHLD))
        # A key pressed at the terminal reached the command too: telling it twice would cut its own clean-up short.
        if received.si_signo in _FORWARDED and received.si_code != _SENT_BY_KERNEL:
            process.send_signal(received.si_signo)
    code = process.returncode
    return code if code >= 0 else 128 - code
