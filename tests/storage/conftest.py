from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cps_bridge.storage.cipher import Vault

KEY = bytes(range(32))


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    opened = Vault(tmp_path / "vault.db", KEY)
    yield opened
    opened.close()
