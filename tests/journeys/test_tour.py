"""The guided tour, played by itself in a process of its own: the story holds, and so do the proofs that it leaves."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from card_sim.authority import Authority

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = 8


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, authority_dir: Path) -> tuple[Path, str]:
    """One tour for all tests of this file, whichever worker needs it first: (directory of proofs, what it printed)."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    place, told = shared / "tour", shared / "tour" / "told.txt"
    with FileLock(shared / "tour.lock"):
        if not told.exists():
            place.mkdir()
            told.write_text(play(place, authority_dir), "utf-8")
    return place / "out", told.read_text("utf-8")


def play(place: Path, authority_dir: Path) -> str:
    """Play the tour over what an earlier one and a stranger left; gives what it printed."""
    out, home = place / "out", place / "home"
    home.mkdir()
    (out / "screens").mkdir(parents=True)
    (out / "screens" / "99-of-an-earlier-tour.png").write_bytes(b"old")
    (out / "mine.txt").write_text("not of the tour")
    ran = subprocess.run(
        [sys.executable, "-m", "gui.tour", "--headless", str(out), "--authority", str(authority_dir)],
        check=False,
        capture_output=True,
        text=True,
        env=own_readers() | {"HOME": str(home), "PYTHONPATH": str(ROOT)},
        timeout=280,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert list(home.rglob("*")) == []
    return ran.stdout


def own_readers() -> dict[str, str]:
    """The environment, with the pair of virtual readers of this worker alone, or none."""
    environment = dict(os.environ)
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for name in ("CPS_BRIDGE_VPCD", "CPS_BRIDGE_VPCD_READERS"):
        pairs = [pair for pair in environment.pop(name, "").split(";") if pair]
        if number < len(pairs):
            environment[name] = pairs[number]
    return environment


def run(*command: object) -> str:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_every_journey_holds_and_the_last_line_says_so(played: Any) -> None:
    _, told = played
    assert told.splitlines()[-1] == f"{CHAPTERS} parcours réussis, 0 échoué"
    assert "✗" not in told


def test_it_says_whether_the_cards_are_behind_the_real_service(played: Any) -> None:
    _, told = played
    real = "vrai service PC/SC" in told.splitlines()[0]
    assert real is (bool(os.environ.get("CPS_BRIDGE_VPCD")) and find_spec("smartcard") is not None)


def test_screens_are_the_real_window_and_follow_each_other(played: Any) -> None:
    from PySide6.QtGui import QImage

    screens = names(played[0] / "screens")
    assert len(screens) > 40
    assert [int(name[:2]) for name in screens] == list(range(1, len(screens) + 1))
    sizes = {(image.width(), image.height()) for image in (QImage(str(p)) for p in (played[0] / "screens").iterdir())}
    assert sizes == {(1280, 800)}


def test_what_is_not_of_the_tour_stays(played: Any) -> None:
    out, _ = played
    assert (out / "mine.txt").read_text() == "not of the tour"
    assert "99-of-an-earlier-tour.png" not in names(out / "screens")


def test_the_sheets_are_real_text(played: Any) -> None:
    prints = played[0] / "prints"
    assert names(prints) == ["accuse-de-creation.pdf", "identifiants-du-patient.pdf", "preuve-de-depot.pdf"]
    for path in prints.iterdir():
        assert "MARCHAND" in run("pdftotext", "-layout", path, "-") or path.name == "preuve-de-depot.pdf"
    assert "Courrier au neurologue" in run("pdftotext", "-layout", prints / "preuve-de-depot.pdf", "-")


def test_the_password_is_on_its_sheet_and_nowhere_else(played: Any) -> None:
    out, told = played
    text = run("pdftotext", "-layout", out / "prints" / "identifiants-du-patient.pdf", "-")
    found = re.search(r"Mot de passe provisoire\s+(\S+)", text)
    assert found, text
    password = found.group(1)
    assert len(password) >= 8
    others = [path for path in out.rglob("*") if path.is_file() and path.parent.name != "prints"]
    assert [path.name for path in others if password.encode() in path.read_bytes()] == []
    assert password not in told


def test_every_document_sent_is_there_and_read_by_others(played: Any) -> None:
    documents = played[0] / "documents"
    kinds = [name.split("-", 1)[1] for name in names(documents)]
    assert {"compte-rendu-cda.xml", "ordonnance-cda.xml", "imagerie-cda.xml", "imagerie-kos.dcm"} <= set(kinds)
    assert sum(kind.endswith("signature.xml") for kind in kinds) == 4
    run("xmllint", "--noout", *documents.glob("*.xml"))
    for manifest in documents.glob("*.dcm"):
        assert "KeyObjectSelectionDocument" in run("dcmdump", manifest)


def test_the_signatures_of_the_lots_are_valid_for_another_library(
    played: Any, authority_dir: Path, tmp_path: Path
) -> None:
    # The manifest names documents by their identifiers, outside the file: the host verified those.
    command = ["xmlsec1", "--verify", "--ignore-manifests"]
    for name in ("http://www.w3.org/2000/09/xmldsig#:Manifest", "http://uri.etsi.org/01903/v1.1.1#:SignedProperties"):
        command += ["--id-attr:Id", name]
    end = "-----END CERTIFICATE-----\n"
    for number, pem in enumerate(Authority.open(authority_dir).ca_file.read_text().split(end)[:-1]):
        one = tmp_path / f"authority-{number}.pem"  # the command reads the first certificate of a file alone
        one.write_text(pem + end)
        command += ["--trusted-pem", str(one)]
    signatures = sorted((played[0] / "documents").glob("*-signature.xml"))
    for path in signatures:
        done = subprocess.run([*command, str(path)], check=False, capture_output=True, text=True)
        assert "References (ok/all): 2/2" in done.stdout + done.stderr, done.stderr[-800:]


def test_the_exchanges_are_kept_both_ways(played: Any) -> None:
    wire = names(played[0] / "wire")
    for transaction in ("TD0.2", "TD0.3", "TD1.1", "TD1.5a", "TD2.1", "TD3.1a", "TD3.2", "TD3.3a"):
        assert any(f"-{transaction}-request." in name for name in wire), transaction
    assert any(name.endswith("TD2.1-request.mime") for name in wire)


def test_journal_and_host_log_are_lines_of_json(played: Any) -> None:
    out, _ = played
    journal = [json.loads(line) for line in (out / "journal.jsonl").read_text("utf-8").splitlines()]
    log = [json.loads(line) for line in (out / "host-access.jsonl").read_text("utf-8").splitlines()]
    assert any(entry["action"] == "break-glass" for entry in journal)
    assert any(line["purpose"] == "bris_de_glace" and "mode urgence" in line["word"] for line in log)


def test_a_tour_that_is_told_to_stop_leaves_nothing_behind(
    tmp_path: Path, authority_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CPS_BRIDGE_VPCD", "CPS_BRIDGE_VPCD_READERS"):
        monkeypatch.delenv(name, raising=False)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-m", "gui.tour", "--headless", tmp_path / "out", "--authority", authority_dir]
    environment = dict(os.environ) | {"TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if "écran" in line)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) != 0
    assert list(temporary.iterdir()) == []
