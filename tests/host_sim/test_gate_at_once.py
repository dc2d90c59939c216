"""The first requests of a host come at once: its schemas are compiled as if one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_FIRST = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from lxml import etree

from host_sim import schemas

start = Barrier(8)


def judge(namespace):
    start.wait()
    try:
        schemas.check_body(etree.Element(f"{{{namespace}}}nothing"))
    except schemas.HostFault as refusal:
        return refusal.code


with ThreadPoolExecutor(8) as pool:
    found = set(pool.map(judge, schemas._OF_NAMESPACE))
assert found == {"DMPInvalidMessage"}, found
"""


def test_schemas_asked_for_at_once_are_all_good() -> None:
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", _FIRST], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
