"""Cards that misbehave or change, behind the real PC/SC service, as a tool of others meets them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest
from witness_stage import PATIENCE, wait_for_card

from card_sim.control import tell
from card_sim.faults import Fault

pytestmark = pytest.mark.pcsc


def test_a_card_that_dies_in_use_is_an_error_for_the_tool(cps, tools, reader):
    cps.break_down(Fault.DIE_AT, at=5)
    assert tools("opensc-tool", "--reader", reader, "--serial").returncode != 0


def test_a_mute_card_holds_the_tool_until_it_is_removed(put, tools, reader):
    cps, inserted = put(0, "generaliste")
    asked, finished = threading.Event(), []
    cps.break_down(Fault.MUTE)
    answer = cps.apdu

    def apdu(command: bytes) -> bytes:
        asked.set()
        return answer(command)

    cps.apdu = apdu
    tool = threading.Thread(target=lambda: finished.append(tools("opensc-tool", "--reader", reader, "--serial")))
    tool.start()
    assert asked.wait(PATIENCE)
    assert not finished
    inserted.remove()
    tool.join(PATIENCE)
    assert finished
    assert finished[0].returncode != 0


def test_the_served_cards_obey_the_control_socket(vpcd_pair, tools, authority_dir, tmp_path):
    left, right = (f"{host}:{port}" for host, port in vpcd_pair[:2])
    control = tmp_path / "control"
    command = [sys.executable, "-m", "card_sim", "serve", "--authority", str(authority_dir), "--control", str(control)]
    command += ["--card", f"pharmacien=vpcd {left}", "--card", f"vide=vpcd {right}", "--with-parent"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        ready = json.loads(process.stdout.readline())
        assert ready["ready"]
        assert [each["card"] for each in ready["slots"]] == ["pharmacien", None]
        assert tell(control, {"do": "swap", "slot": 1, "card": "jean"})["ok"]
        wait_for_card(vpcd_pair[2][1])
        answer = tools("opensc-tool", "--reader", vpcd_pair[2][1], "--atr")
        assert answer.stdout.strip() == "3b:75:13:00:00:44:09:ea:90:00"
    finally:
        process.terminate()
        code = process.wait(PATIENCE)
        process.stdin.close()
        process.stdout.close()
    assert code == 0
    assert not control.exists()
