"""A private PostgreSQL cluster for tests: Unix socket only, fsync on, gone at the end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

_USERS = ("postgres", "nobody")


class UnavailableError(Exception):
    """No cluster can be had here; the text says why."""


class Cluster:
    """A cluster of its own in a short temporary directory, owned by an unprivileged user where the tests are root."""

    def __init__(self) -> None:
        self._bin = _programs()
        self._as = _other_user()
        self._directory = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None
        try:
            if self._as:
                shutil.chown(self._directory, *self._as)
            self._run("initdb", "-D", self._data, "-A", "trust", "-U", "host", "-E", "UTF8", "--locale=C")
            self.start()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """Where its one database is."""
        return f"postgresql://host@/postgres?host={self._directory}"

    @property
    def _data(self) -> str:
        return str(self._directory / "data")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = ("-k", str(self._directory), "-c", "listen_addresses=", "-c", "max_connections=500")
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, *settings], stdout=log, stderr=log, **self._identity
            )
        last = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url).close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > last or self._process.poll() is not None:
                    text = (self._directory / "log").read_text(errors="replace")[-500:]
                    raise UnavailableError(f"postgres does not start: {text}") from error
                time.sleep(0.05)

    def files(self) -> list[Path]:
        """Every file of the cluster, its write-ahead log included, as they are now on disk."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        return [each for each in Path(self._data).rglob("*") if each.is_file()]

    def stop(self) -> None:
        """Stop the server and remove everything."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # fast shutdown
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(30)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run([self._bin / program, *arguments], capture_output=True, check=False, **self._identity)
        if done.returncode:
            raise UnavailableError(f"{program}: {done.stderr.decode(errors='replace')[-500:]}")

    @property
    def _identity(self) -> dict[str, object]:
        common: dict[str, object] = {"cwd": self._directory}
        if self._as:
            common |= {"user": self._as[0], "group": self._as[1], "extra_groups": []}
        return common


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise UnavailableError("PostgreSQL is not installed (Debian package postgresql)")
    return Path(on_path).resolve().parent


def _other_user() -> tuple[str, int] | None:
    """PostgreSQL refuses to run as root: (name, group id) of somebody else, None when the tests are not root."""
    import pwd

    if os.geteuid() != 0:
        return None
    for name in _USERS:
        try:
            return name, pwd.getpwnam(name).pw_gid
        except KeyError:
            continue
    raise UnavailableError("no unprivileged user to run PostgreSQL")
