"""A private pcscd with two-slot virtual readers, inside the namespace; it ends with the process that started it."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from card_sim.namespace import PCSC_DIRECTORY

FIRST_PORT = 0x8C7B
_PORT_STEP = 10
_FRIENDLY_NAME = "Lecteur bifente simule"
_DRIVER = "pcsc/drivers/serial/libifdvpcd.so"
_LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64")
_PR_SET_PDEATHSIG = 1
_SCOPE_SYSTEM = 2
_STATE_UNAWARE, _STATE_EMPTY = 0x0000, 0x0010
_START_TIMEOUT, _STOP_TIMEOUT = 10.0, 3.0

Addresses = tuple[tuple[str, str], ...]
_libc = ctypes.CDLL(None, use_errno=True)


class ServiceError(Exception):
    """pcscd or its virtual driver is missing, or does not start."""


def addresses(pairs: int) -> Addresses:
    """Give the addresses of the slots ("host:port"), two for each pair; vpcd takes the port after its own too."""
    ports = (FIRST_PORT + _PORT_STEP * number for number in range(pairs))
    return tuple((f"127.0.0.1:{port}", f"127.0.0.1:{port + 1}") for port in ports)


def following_parent(last: signal.Signals) -> Callable[[], None]:
    """Give what a child of this process does between fork and exec so as never to outlive it.

    The kernel sends it the last signal when this process ends, whatever ends it. It also listens to signals again.
    """
    parent = os.getpid()

    def follow() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(last), 0, 0, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if os.getppid() != parent:  # it ended before the kernel was told
            os._exit(1)

    return follow


@contextlib.contextmanager
def running(pairs: int) -> Iterator[tuple[Addresses, Addresses]]:
    """Run pcscd with so many two-slot readers while inside: (addresses, PC/SC reader names); raises ServiceError."""
    daemon = shutil.which("pcscd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    driver = next((Path(base) / _DRIVER for base in _LIBRARIES if (Path(base) / _DRIVER).exists()), None)
    if daemon is None or driver is None:
        raise ServiceError("pcscd ou le lecteur virtuel vsmartcard-vpcd n'est pas installé")
    folder = PCSC_DIRECTORY / "cps-bridge"
    _configured(folder, driver, pairs)
    with (folder / "log").open("wb") as log:
        service = subprocess.Popen(
            [daemon, "--foreground", "--error", "--config", str(folder / "readers")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # No USB driver: a real reader plugged in this machine is none of our business.
            env={**os.environ, "PCSCLITE_HP_DROPDIR": str(folder / "no-usb")},
            # The caller has one thread, so running Python between fork and exec is safe here.
            preexec_fn=following_parent(signal.SIGKILL),  # noqa: PLW1509
        )
    try:
        yield addresses(pairs), _wait_for_names(service, pairs)
    finally:
        _stop(service)


def _configured(folder: Path, driver: Path, pairs: int) -> None:
    try:
        _configure(folder, driver, pairs)
    except OSError as error:
        raise ServiceError("le lecteur virtuel vsmartcard-vpcd ne peut pas être lu") from error


def _configure(folder: Path, driver: Path, pairs: int) -> None:
    for part in ("readers", "no-usb"):
        (folder / part).mkdir(parents=True)
    for number in range(pairs):
        # The driver keeps its slots in a table indexed by slot alone: a second reader of the same library would show
        # the cards of the first. A copy of the library has a table of its own.
        library = driver if number == 0 else folder / f"libifdvpcd-{number}.so"
        if number:
            shutil.copyfile(driver, library)
        port = f"0x{FIRST_PORT + _PORT_STEP * number:04X}"
        (folder / "readers" / f"pair-{number}").write_text(
            f'FRIENDLYNAME "{_FRIENDLY_NAME} {number + 1}"\n'
            f"DEVICENAME /dev/null:{port}\nLIBPATH {library}\nCHANNELID {port}\n"
        )


def _wait_for_names(service: subprocess.Popen[bytes], pairs: int) -> Addresses:
    deadline = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline:
        if service.poll() is not None:
            raise ServiceError(f"pcscd s'est arrêté aussitôt (code {service.returncode})")
        names = reader_names()
        if len(names) == 2 * pairs:
            return _paired(names, pairs)
        time.sleep(0.02)
    raise ServiceError("pcscd ne montre pas les lecteurs virtuels")


def _paired(names: tuple[str, ...], pairs: int) -> Addresses:
    found = []
    for number in range(1, pairs + 1):
        left, right = sorted(name for name in names if name.startswith(f"{_FRIENDLY_NAME} {number} "))
        found.append((left, right))
    return tuple(found)


class _ReaderState(ctypes.Structure):
    """SCARD_READERSTATE of pcsc-lite, whose DWORD is an unsigned long."""

    _fields_ = (
        ("reader", ctypes.c_char_p),
        ("user_data", ctypes.c_void_p),
        ("current", ctypes.c_ulong),
        ("event", ctypes.c_ulong),
        ("atr_size", ctypes.c_ulong),
        ("atr", ctypes.c_ubyte * 33),
    )


@contextlib.contextmanager
def _client() -> Iterator[tuple[ctypes.CDLL, ctypes.c_long] | None]:
    """Speak to the PC/SC service: its library and a context, None when the service does not answer."""
    path = ctypes.util.find_library("pcsclite") or "libpcsclite.so.1"
    try:
        pcsc = ctypes.CDLL(path)
    except OSError as error:
        raise ServiceError("la bibliothèque pcsclite manque") from error
    context = ctypes.c_long()
    if pcsc.SCardEstablishContext(ctypes.c_ulong(_SCOPE_SYSTEM), None, None, ctypes.byref(context)):
        yield None
        return
    try:
        yield pcsc, context
    finally:
        pcsc.SCardReleaseContext(context)


def reader_names() -> tuple[str, ...]:
    """Ask the PC/SC service for its readers (SCardListReaders); nothing when it does not answer."""
    with _client() as client:
        if client is None:
            return ()
        pcsc, context = client
        size = ctypes.c_ulong()
        if pcsc.SCardListReaders(context, None, None, ctypes.byref(size)):
            return ()
        buffer = ctypes.create_string_buffer(size.value)
        if pcsc.SCardListReaders(context, None, buffer, ctypes.byref(size)):
            return ()
        return tuple(name.decode() for name in buffer.raw.split(b"\0") if name)


def wait_until_empty(reader: str, timeout: float) -> bool:
    """Wait until the PC/SC service sees no card in a reader; timeout in seconds.

    True as well when it knows no such reader, or does not answer: then there is nothing to wait for.
    """
    deadline = time.monotonic() + timeout
    with _client() as client:
        if client is None:
            return True
        pcsc, context = client
        state = _ReaderState(reader.encode(), None, _STATE_UNAWARE, 0, 0)
        while (left := deadline - time.monotonic()) > 0:
            wait = ctypes.c_ulong(int(left * 1000))
            if pcsc.SCardGetStatusChange(context, wait, ctypes.byref(state), ctypes.c_ulong(1)):
                return time.monotonic() < deadline
            if state.event & _STATE_EMPTY:
                return True
            state.current = state.event
    return False


def _stop(service: subprocess.Popen[bytes]) -> None:
    service.terminate()
    try:
        service.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:  # a mute card holds the driver, and the driver holds pcscd
        service.kill()
        service.wait()
