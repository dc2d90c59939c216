"""Card files from people who want the simulator to hang, to stop, or to say what is not in the file."""

import json
import os
import threading

import pytest

from card_sim import commands, files

ENDLESS = 100_000


def told(path) -> str:
    with pytest.raises(files.CardFileError) as caught:
        files.load(path)
    assert len(caught.value.problems) < 30
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("carte.toml", ".".join(["a"] * 50_000) + " = 1", "imbrication trop profonde"),
        ("carte.toml", "\n".join(f"[a{'.a' * 100}.b{number}]" for number in range(5000)), "trop grand"),
        ("carte.toml", "a = 1\n" * ENDLESS, "trop grand"),
        ("carte.toml", "card = 0x" + "F" * 5000, "un nombre trop grand"),
        ("carte.toml", "a = " + "[" * ENDLESS, "imbrication trop profonde"),
        ("carte.json", json.dumps({f"k{number}": 1 for number in range(ENDLESS)}), "autres champs inconnus"),
        ("carte.json", '{"card": ' + "9" * 5000 + "}", "un nombre est trop grand"),
        ("carte.json", " " * (5 << 20), "trop grand"),
        (".toml", "", "manque"),
    ],
)
def test_a_file_made_to_be_long_to_read_is_refused_at_once(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_text(content)
    assert words in told(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of POSIX")
def test_a_pipe_is_not_waited_for(tmp_path):
    path = tmp_path / "carte.json"
    os.mkfifo(path)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(told(path)), daemon=True)
    thread.start()
    thread.join(30)
    assert "pas un fichier ordinaire" in seen[0]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("carte.toml", 'card "vitale"', "ligne 1, colonne 6\u00a0: il manque le signe ="),
        ("carte.toml", "card = vitale", "ligne 1, colonne 8\u00a0: la valeur est mal écrite"),
        ("carte.toml", 'card = "a"\ncard = "b"', "ce champ est déjà écrit plus haut"),
        ("carte.json", '{"card" "vitale"}', "ligne 1, colonne 9\u00a0: il manque le signe"),
        ("carte.json", '{"card": "vitale" "a": 1}', "il manque une virgule"),
    ],
)
def test_a_slip_of_the_pen_is_told_in_french_with_its_place(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_text(content)
    assert words in told(path)


def test_a_link_to_itself_is_no_file(tmp_path):
    path = tmp_path / "carte.toml"
    path.symlink_to(path)
    assert "pas un fichier ordinaire" in told(path)


@pytest.mark.parametrize(
    "exchange",
    [["", "9000"], ["XX" * 20, "9000"], ["00A4XX", "9000"], ["00A40400", ""], ["00A40400", "9000", "1"], 7, "00A4"],
)
def test_a_recording_with_anything_but_commands_and_answers_is_no_card(tmp_path, exchange, capsys):
    path = tmp_path / "carte.json"
    recorded = {
        "format": "cps-bridge recorded card",
        "version": 1,
        "atr": "3B751300004309EA9000",
        "links": [[exchange]],
    }
    path.write_text(json.dumps(recorded))
    assert "links[1][1]" in told(path)
    control = tmp_path / "nobody"
    options = type("", (), {"command": "play", "card": path, "control": control, "json": False, "slot": 0})()
    assert commands.run(options) == commands.NOT_A_CARD
    assert "links[1][1]" in capsys.readouterr().err
