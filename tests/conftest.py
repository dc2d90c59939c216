"""Fixtures that several rooms share: the test authority and the virtual reader pair of this worker."""

from __future__ import annotations

import hashlib
import os
import signal
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from card_sim.authority import Authority, fingerprint

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # As in a job of the background; what is interrupted in a test would inherit it, and never end.
    signal.signal(signal.SIGINT, signal.default_int_handler)

_PAIRS = "CPS_BRIDGE_VPCD"
_READERS = "CPS_BRIDGE_VPCD_READERS"
# Read once: some tests narrow the variable to their own pair.
_EVERY_READER = frozenset(name for pair in os.environ.get(_READERS, "").split(";") for name in pair.split(",") if name)


@pytest.fixture(scope="session")
def authority_dir() -> Path:
    """The directory of one test authority, made once for this user and this cast; workers may race for it."""
    user = os.getuid() if hasattr(os, "getuid") else hashlib.sha256(str(Path.home()).encode()).hexdigest()[:8]
    directory = Path(tempfile.gettempdir()) / f"cps-bridge-test-authority-{user}-{fingerprint()}"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    Authority.open(directory)
    return directory


@pytest.fixture(scope="session")
def vpcd_pair() -> tuple[tuple[str, int], tuple[str, int], tuple[str, str]]:
    """The two virtual slots of this worker and the PC/SC names of their readers: (address, address, (name, name)).

    Skips when the tests do not run under `python -m card_sim namespace`, or when it made fewer pairs than workers.
    """
    pairs = [pair for pair in os.environ.get(_PAIRS, "").split(";") if pair]
    names = os.environ.get(_READERS, "").split(";")
    if find_spec("smartcard") is None:
        pytest.skip("pyscard is not installed: readers of the PC/SC service are out of reach")
    if not pairs:
        pytest.skip("no virtual readers: run under `python -m card_sim namespace -- pytest ...`")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    number = int(worker) if worker.isdigit() else 0
    if number >= len(pairs):
        pytest.skip(f"worker {number} has no pair of virtual readers: only {len(pairs)} were made (--pairs)")
    first, second = (_address(text) for text in pairs[number].split(","))
    left, right = names[number].split(",")
    return first, second, (left, right)


@pytest.fixture(scope="session")
def opensc_conf(
    vpcd_pair: tuple[tuple[str, int], tuple[str, int], tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A configuration (OPENSC_CONF) with which OpenSC is blind to the readers of other workers.

    It matters for more than privacy: OpenSC has 16 slots and gives four to each reader it sees.
    """
    others = ", ".join(f'"{name}"' for name in sorted(_EVERY_READER - set(vpcd_pair[2])))
    file = tmp_path_factory.mktemp("opensc") / "opensc.conf"
    file.write_text(f"app default {{ {f'ignored_readers = {others};' if others else ''} }}\n")
    return file


def _address(text: str) -> tuple[str, int]:
    host, port = text.rsplit(":", 1)
    return host, int(port)
