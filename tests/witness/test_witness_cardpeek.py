"""cardpeek, an explorer of smart cards whose Vitale 2 script was written by others, reads the virtual Vitale."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from witness_stage import PATIENCE, needs

from card_sim import cast

pytestmark = pytest.mark.pcsc

_ENOUGH = 65_536  # bytes of output that are read before the program is ended: it repeats its prompt without end
_PERSON = {"Nom": "family_name", "Prénom": "given_name", "Date de naissance": "birth_date"}


@pytest.fixture
def cardpeek(tmp_path):
    """Runs a Lua expression on the card of a reader, in a home of its own that cardpeek has made before."""
    needs("cardpeek", "xvfb-run", "xauth")
    home = tmp_path / "home"
    home.mkdir()

    def run(script: str, *options: str, answers: str = "") -> str:
        command = ["xvfb-run", "-a", "cardpeek", "-c", *options, "-e", script]
        folder = home / ".cardpeek" / "scripts"
        return bounded(command, answers, folder if folder.is_dir() else home, {**os.environ, "HOME": str(home)})

    run("os.exit(0)", answers="1\n1\n")
    assert (home / ".cardpeek" / "scripts" / "vitale_2.lua").is_file()
    return run


def bounded(command: list[str], answers: str, folder: Path, environment: dict[str, str]) -> str:
    """Run a program that may never end and never stop to write: its group is ended when it has said enough."""
    process = subprocess.Popen(
        ["timeout", str(PATIENCE), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=environment,
        start_new_session=True,
    )
    try:
        process.stdin.write(answers.encode())
        process.stdin.close()
        return process.stdout.read(_ENOUGH).decode(errors="replace")
    finally:
        process.stdout.close()
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)  # the group of this program alone
            process.wait(PATIENCE)


def read_view(path: Path) -> list[tuple[str, str]]:
    """The labels and the values of a saved view, in order; values that are octets are read as text."""
    content = path.read_text(encoding="utf-8").partition("\n")[2]  # its XML declaration is not well-formed
    found = []
    for node in ElementTree.fromstring(content).iter("node"):
        fields = {each.get("name"): each for each in node.findall("attr")}
        if "val" in fields and fields["val"].get("encoding") == "bytes":
            octets = bytes.fromhex((fields["val"].text or "").partition(":")[2])
            found.append((fields["label"].text or "", octets.decode("latin-1")))
    return found


@pytest.mark.parametrize("name", ["famille-marchand", "amelie"])
def test_cardpeek_reads_every_beneficiary_of_a_vitale_as_we_wrote_them(put, vpcd_pair, cardpeek, tmp_path, name):
    put(1, name)
    view = tmp_path / "view.xml"
    said = cardpeek(f'dofile("vitale_2.lua") ui.save_view("{view}") os.exit(0)', "-r", f"pcsc://{vpcd_pair[2][1]}")
    assert view.is_file(), said
    seen = read_view(view)
    people = cast.vitale_cards()[name].beneficiaries
    for label, attribute in _PERSON.items():
        assert [value for key, value in seen if key == label] == [getattr(each, attribute) for each in people]
    numbers = [value for key, value in seen if key == "Numéro de sécurité sociale"]
    assert numbers == [each.insured_nir for each in people]


def test_the_number_that_cardpeek_sees_beside_a_child_is_the_one_of_the_insured(put, vpcd_pair, cardpeek, tmp_path):
    put(1, "famille-marchand")
    view = tmp_path / "view.xml"
    cardpeek(f'dofile("vitale_2.lua") ui.save_view("{view}") os.exit(0)', "-r", f"pcsc://{vpcd_pair[2][1]}")
    numbers = [value for key, value in read_view(view) if key == "Numéro de sécurité sociale"]
    child = cast.patients()["leo"]
    assert len(numbers) == 2
    assert child.ins not in numbers


def test_cardpeek_names_the_card_by_its_answer_to_reset(put, vpcd_pair, cardpeek, tmp_path):
    put(1, "jean")
    view = tmp_path / "view.xml"
    cardpeek(f'dofile("vitale_2.lua") ui.save_view("{view}") os.exit(0)', "-r", f"pcsc://{vpcd_pair[2][1]}")
    assert "Carte Vitale 2" in view.read_text(encoding="utf-8")


def test_cardpeek_reads_the_family_of_the_documented_card_file(put, vpcd_pair, cardpeek, tmp_path):
    documented = (Path(__file__).parents[2] / "docs" / "card-files.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```json\n(.*?)```", documented, re.DOTALL)
    family = next(found for found in map(json.loads, blocks) if found.get("card") == "vitale")
    path, view = tmp_path / "famille.json", tmp_path / "view.xml"
    path.write_text(json.dumps(family), encoding="utf-8")
    put(1, str(path))
    cardpeek(f'dofile("vitale_2.lua") ui.save_view("{view}") os.exit(0)', "-r", f"pcsc://{vpcd_pair[2][1]}")
    seen = read_view(view)
    for label, field in _PERSON.items():
        expected = [each[field].replace("-", "") for each in family["beneficiaries"]]
        assert [value for key, value in seen if key == label] == expected
