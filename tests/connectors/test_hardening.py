"""A process that holds codes leaves no core file, and in production nobody else reads its memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASK = """
import ctypes, resource
from connectors.hardening import harden
harden(production={production})
print(*resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
@pytest.mark.parametrize(("production", "dumpable"), [(False, "1"), (True, "0")])
def test_no_core_file_ever_and_no_reading_of_memory_in_production(production: bool, dumpable: str) -> None:
    child = [sys.executable, "-c", ASK.format(production=production)]
    done = subprocess.run(child, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "0", dumpable]
