"""What happens to the PC/SC service and to its readers, on the real stack: each in a private corner of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCENES = {
    "killed": "a service killed and started again",
    "stopped": "a service stopped and started again",
    "frozen": "a service that hangs",
    "frozen_at_the_end": "leaving the program while the service hangs",
    "renamed": "readers with other names",
    "reordered": "readers in another order with their cards exchanged",
    "unplugged": "a reader that is gone",
    "none_at_all": "no reader at all",
}


@pytest.mark.pcsc
@pytest.mark.usefixtures("vpcd_pair")
@pytest.mark.parametrize("scene", SCENES, ids=SCENES.values())
def test_a_session_survives_or_ends_in_a_stated_condition_with(scene, authority_dir):
    script = Path(__file__).with_name("cards_service.py")
    inside = [sys.executable, str(script), scene, str(authority_dir)]
    command = [sys.executable, "-m", "card_sim", "namespace", "--pairs", "2", "--", *inside]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, cwd=root, env=environment)
    assert done.stdout.endswith("survived\n"), done.stderr
