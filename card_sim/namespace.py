"""A private corner of the machine for virtual readers: own mounts, own network, then a command inside.

vpcd listens on 0.0.0.0 and cannot be told otherwise: on the machine's own network anybody near could be "the card".
In a network namespace of its own only the loopback exists, ports clash with nobody, and tests cannot reach the outside.
In a mount namespace /run/pcscd, whose path is compiled into pcscd and its clients, is ours alone. Both vanish with the
last process inside. X11 still works inside, by the socket in the file system (not by the abstract one).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import socket
import stat
import struct
import tempfile
from pathlib import Path

PCSC_DIRECTORY = Path("/run/pcscd")

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_PRIVATE = 0x2, 0x4, 0x1000, 0x4000, 0x40000
_MNT_DETACH = 2
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1

_REASONS = {
    errno.EPERM: "ils ne sont pas permis à cet utilisateur",
    errno.ENOSPC: "leur nombre est épuisé, ou limité à zéro (user.max_user_namespaces)",
}


class NamespaceError(Exception):
    """This machine refuses namespaces; the text says which step."""


def enter() -> None:
    """Move this process (which must have one thread) into the private corner; raises NamespaceError."""
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        _unshare(libc)
        _mount(libc, "none", "/", flags=_MS_REC | _MS_PRIVATE)
        _private_pcsc_directory(libc)
        _loopback_up()
    except OSError as error:
        raise NamespaceError(_REASONS.get(error.errno or 0, error.strerror or str(error))) from error


def _unshare(libc: ctypes.CDLL) -> None:
    # Root needs no user namespace, and keeps its view of file owners without one.
    if os.geteuid() == 0 and libc.unshare(_CLONE_NEWNS | _CLONE_NEWNET) == 0:
        return
    user, group = os.geteuid(), os.getegid()
    _succeed(libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWNET))
    # The same user inside as outside: the command runs without privilege, and owns what it owned.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _private_pcsc_directory(libc: ctypes.CDLL) -> None:
    if not PCSC_DIRECTORY.is_dir():
        _rebuild_run(libc)
    _mount_tmpfs(libc, str(PCSC_DIRECTORY))


def _rebuild_run(libc: ctypes.CDLL) -> None:
    """Put a copy of /run, made of bind mounts and with a pcscd directory, over /run: nothing is left on the machine."""
    run = PCSC_DIRECTORY.parent
    staging = Path(tempfile.mkdtemp(prefix="cps-bridge-run-"))
    _mount_tmpfs(libc, str(staging))
    for entry in run.iterdir():
        with contextlib.suppress(OSError):  # an entry may end meanwhile; the command lives without it
            _mirror(libc, entry, staging / entry.name)
    (staging / PCSC_DIRECTORY.name).mkdir()
    _mount(libc, str(staging), str(run), flags=_MS_BIND | _MS_REC)
    _succeed(libc.umount2(os.fsencode(staging), _MNT_DETACH))
    staging.rmdir()


def _mirror(libc: ctypes.CDLL, entry: Path, copy: Path) -> None:
    mode = entry.lstat().st_mode
    if stat.S_ISLNK(mode):
        copy.symlink_to(entry.readlink())
        return
    if stat.S_ISDIR(mode):
        copy.mkdir()
    else:
        copy.touch()
    _mount(libc, str(entry), str(copy), flags=_MS_BIND | _MS_REC)


def _mount_tmpfs(libc: ctypes.CDLL, target: str) -> None:
    _mount(libc, "tmpfs", target, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0755,size=16m")


def _mount(libc: ctypes.CDLL, source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    texts = [os.fsencode(text) if text else None for text in (source, target, kind)]
    _succeed(libc.mount(*texts, ctypes.c_ulong(flags), os.fsencode(options) if options else None))


def _succeed(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0))
        (flags,) = struct.unpack_from("H", request, 16)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))
