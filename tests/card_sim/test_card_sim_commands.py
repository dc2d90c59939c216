"""The sub-commands, as people type them: what they print, what they refuse, their exit codes."""

import json
from pathlib import Path

import pytest

from card_sim import cast
from card_sim.__main__ import main
from card_sim.control import Bench, listening, tell, watching
from card_sim.deck import Deck
from card_sim.reader import DEFAULT_NAMES, InProcessReaders, InProcessSlot

DOCUMENT = Path(__file__).parents[2] / "docs" / "card-files.md"
FAMILY = {
    "card": "vitale",
    "beneficiaries": [
        {
            "family_name": "FABRE",
            "given_name": "LUCILE",
            "birth_date": "19850512",
            "insured_nir": "285058708590106",
            "identity": {"ins": "285058708590106", "sex": "F", "birth_place": "87085"},
        }
    ],
}
RECORDED = {"format": "cps-bridge recorded card", "version": 1, "atr": "3B00", "links": [[["00A4000001", "9000"]]]}


@pytest.fixture
def readers():
    return InProcessReaders()


@pytest.fixture
def control(readers, authority, tmp_path):
    bench = Bench([InProcessSlot(readers, name) for name in DEFAULT_NAMES], Deck(authority))
    with listening(bench, tmp_path / "control"):
        yield tmp_path / "control"


@pytest.fixture
def give(control, capsys):
    """Types a command and gives its exit code, its output and its complaint."""

    def one(*words: str) -> tuple[int, str, str]:
        code = main([*words, "--control", str(control)])
        printed = capsys.readouterr()
        return code, printed.out.replace("\u00a0", " "), printed.err.replace("\u00a0", " ")

    return one


@pytest.fixture
def write(tmp_path):
    def one(name: str, content: object) -> str:
        (tmp_path / name).write_text(json.dumps(content))
        return str(tmp_path / name)

    return one


def test_a_card_is_put_in_seen_broken_swapped_and_removed(give):
    code, out, _ = give("insert", "pharmacien")
    assert code == 0
    assert out.splitlines() == [
        "fente 0 (Lecteur simulé 1) : pharmacien, essais restants : code 3, déblocage 5",
        "fente 1 (Lecteur simulé 2) : vide",
    ]
    assert "en panne (ne répond plus)" in give("break", "mute")[1]
    assert "code 1" in give("break", "tries", "--n", "1")[1]
    assert give("swap", "jean", "--slot", "0")[1].startswith("fente 0 (Lecteur simulé 1) : jean\n")
    assert give("remove")[1].startswith("fente 0 (Lecteur simulé 1) : vide")
    assert give("state")[0] == 0


def test_the_facts_of_a_fault_travel(give, readers):
    give("insert", "pharmacien")
    give("break", "wrong_sw", "--after", "1", "--sw", "6581")
    link = readers.connect(DEFAULT_NAMES[0])
    assert [link.transmit(bytes.fromhex("00200001")).hex() for _ in range(2)] == ["63c3", "6581"]


def test_the_state_is_also_given_as_json(give):
    answer = json.loads(give("insert", "jean", "--slot", "1", "--json")[1])
    assert [each["card"] for each in answer["slots"]] == [None, "jean"]


def test_a_refusal_of_the_simulator_is_one_french_line_and_code_1(give):
    give("insert", "jean")
    assert give("insert", "karim") == (1, "", "Il y a déjà une carte dans cette fente.\n")
    assert give("insert", "personne", "--slot", "1") == (1, "", "Aucune carte n'a ce nom.\n")
    assert give("remove", "--slot", "7") == (1, "", "Il n'y a pas de fente de ce numéro (de 0 à 1).\n")


def test_a_file_is_put_in_wherever_the_command_is_typed(give, write, tmp_path, monkeypatch):
    write("famille.json", FAMILY)
    monkeypatch.chdir(tmp_path)
    assert ": famille\n" in give("insert", "famille.json")[1]
    assert give("insert", "famille.json", "--slot", "1")[2] == "Cette carte est dans une autre fente.\n"


def test_the_mistakes_of_a_file_that_is_put_in_come_back(give, write):
    code, _, complaint = give("insert", write("famille.json", {**FAMILY, "serial": "1", "nature": "X"}))
    assert code == 1
    assert [line.split(" : ")[0] for line in complaint.splitlines()] == ["serial", "nature"]


def test_a_recorded_card_is_played_and_another_file_is_not(give, write, readers):
    assert give("play", write("enregistree.json", RECORDED))[0] == 0
    assert readers.readers()[0][1] == b"\x3b\x00"
    code, _, complaint = give("play", write("famille.json", FAMILY))
    assert code == 65
    assert complaint.endswith("n'est pas une carte enregistrée.\n")
    assert give("play", "/no/such/file.json")[0] == 65


def test_nobody_at_the_socket_is_told_with_code_69(tmp_path, capsys):
    assert main(["state", "--control", str(tmp_path / "none")]) == 69
    assert capsys.readouterr().err.startswith("Aucun simulateur n'écoute")


@pytest.mark.parametrize("words", [["break", "melt"], ["insert"], ["remove", "--slot", "one"], ["check"]])
def test_wrong_usage_has_code_2(give, words):
    with pytest.raises(SystemExit) as ended:
        give(*words)
    assert ended.value.code == 2


def test_a_good_file_is_said_good(write, capsys):
    assert main(["check", write("famille.json", FAMILY)]) == 0
    assert capsys.readouterr().out.replace("\u00a0", " ").endswith("famille.json : bon. Vitale : FABRE LUCILE\n")


def test_mistakes_are_told_one_a_line_with_the_file(write, capsys):
    bad, worse = write("a.json", {**FAMILY, "nature": "X"}), write("b.json", {"card": "vitale", "serial": 1})
    assert main(["check", bad, worse]) == 65
    lines = capsys.readouterr().err.replace("\u00a0", " ").splitlines()
    assert lines[0] == f"{bad} : nature : « X » n'est pas possible ; attendu : R, D, T"
    assert [line.split(" : ")[:2] for line in lines[1:]] == [[worse, "serial"], [worse, "beneficiaries"]]


def test_the_mistakes_that_the_documentation_shows_are_told_so(tmp_path, capsys):
    text = DOCUMENT.read_text()
    card = text.split("```toml\n")[1].split("```")[0]
    wrong = card.replace('profession = "10"', 'profession = "médecin"').replace('sector = "SA05"\n', "")
    path = tmp_path / "ma-carte.toml"
    path.write_text(wrong.replace('given_name = "Aurore"', 'given_name = "Aurore"\ngiven_nam = ""'))
    main(["check", str(path)])
    told = capsys.readouterr().err.replace("\u00a0", " ").replace(str(tmp_path) + "/", "").splitlines()
    shown = [line for line in text.splitlines() if line.startswith("ma-carte.toml : ")]
    assert sorted(told) == sorted(shown)


def test_the_list_takes_names_and_files(write, capsys):
    assert main(["list", "jean", write("famille.json", FAMILY)]) == 0
    assert capsys.readouterr().out.replace("\u00a0", " ").count("Vitale : ") == 2
    assert main(["list", "personne"]) == 65
    assert main(["list", write("bad.json", {})]) == 65


def test_the_people_of_a_file_are_written_for_the_host(write, capsys):
    assert main(["people", write("famille.json", FAMILY)]) == 0
    (person,) = json.loads(capsys.readouterr().out)["patients"]
    assert (person["birth_name"], person["vitale"][0]["rank"]) == ("FABRE", 1)


def test_an_order_in_json_is_told(control, capsys):
    assert main(["tell", "--control", str(control), '{"do": "state"}']) == 0
    assert json.loads(capsys.readouterr().out)["ok"]
    assert main(["tell", "--control", str(control), "{"]) == 65
    assert main(["tell", "--control", str(control), '{"do": "dance"}']) == 1


def test_who_watches_is_told_of_every_change(control, readers):
    import queue

    told = queue.Queue()
    end = watching(control, lambda answer: told.put([each["card"] for each in answer["slots"]]))
    assert told.get(timeout=20) == [None, None]
    tell(control, {"do": "insert", "slot": 1, "card": "jean"})
    assert told.get(timeout=20) == [None, "jean"]
    readers.remove(DEFAULT_NAMES[1])
    assert told.get(timeout=20) == [None, None]
    end()


def test_a_control_socket_is_found_through_a_link(control, tmp_path):
    long = tmp_path / ("x" * 120)
    long.symlink_to(control)
    assert tell(long, {"do": "state"})["ok"]


def test_every_card_of_the_cast_can_be_put_in(authority):
    deck = Deck(authority)
    assert all(deck.describe(name) for name in deck.names())
    assert set(deck.names()) == set(cast.professionals()) | set(cast.vitale_cards())
