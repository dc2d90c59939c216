"""What journeys share: a small real PDF, and which virtual readers a worker of the test run may use."""

from __future__ import annotations

import os

import pytest

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\nxref\n0 4\n0000000000 65535 f \n"
    b"0000000009 00000 n \n0000000054 00000 n \n0000000105 00000 n \ntrailer<</Size 4/Root 1 0 R>>\nstartxref\n170\n"
    b"%%EOF\n"
)


def own_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep, of the virtual readers of the run, the pair of this worker; none left means readers in the process."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for name in ("CPS_BRIDGE_VPCD", "CPS_BRIDGE_VPCD_READERS"):
        pairs = [pair for pair in os.environ.get(name, "").split(";") if pair]
        if number < len(pairs):
            monkeypatch.setenv(name, pairs[number])
        else:
            monkeypatch.delenv(name, raising=False)


def datamatrix(ins: str, oid: str, given: str, birth_name: str, sex: str, born: str, place: str) -> str:
    """Write an INS datamatrix as a scanner types it; born: yyyymmdd."""
    day = f"{born[6:]}-{born[4:6]}-{born[:4]}"
    separator = "" if len(oid) == 20 else "\x1d"
    return f"IS01{'0' * 22}S1{ins}S2{oid}{separator}S3{given}\x1dS4{birth_name}\x1dS5{sex}S6{day}S7{place}"
