"""Orders to the virtual readers: what they do, what they refuse, how they travel."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from card_sim import control
from card_sim.__main__ import main
from card_sim.control import Bench, listening, tell
from card_sim.deck import Deck
from card_sim.reader import DEFAULT_NAMES, InProcessReaders, InProcessSlot

UNKNOWN_ORDER = "Ordre inconnu. Les ordres\u00a0: insert, swap, remove, break, add, state, watch."
STATUS = bytes.fromhex("00200001")


@pytest.fixture
def readers():
    return InProcessReaders()


@pytest.fixture
def bench(readers, authority):
    return Bench([InProcessSlot(readers, name) for name in DEFAULT_NAMES], Deck(authority))


def cards(answer):
    assert answer["ok"], answer
    return [each["card"] for each in answer["slots"]]


def test_cards_are_inserted_swapped_and_removed(bench):
    assert cards(bench.do({"do": "state"})) == [None, None]
    assert cards(bench.do({"do": "insert", "slot": 0, "card": "pharmacien"})) == ["pharmacien", None]
    assert cards(bench.do({"do": "insert", "slot": 1, "card": "jean"})) == ["pharmacien", "jean"]
    assert cards(bench.do({"do": "swap", "slot": 1, "card": "odette"})) == ["pharmacien", "odette"]
    assert cards(bench.do({"do": "remove", "slot": 0})) == [None, "odette"]
    assert cards(bench.do({"do": "remove", "slot": 0})) == [None, "odette"]


def test_a_card_that_comes_back_remembers_its_wrong_pins(bench, readers):
    bench.do({"do": "insert", "slot": 0, "card": "pharmacien"})
    readers.connect(DEFAULT_NAMES[0]).transmit(bytes.fromhex("002000010439393939"))
    bench.do({"do": "remove", "slot": 0})
    bench.do({"do": "insert", "slot": 1, "card": "pharmacien"})
    assert readers.connect(DEFAULT_NAMES[1]).transmit(STATUS) == b"\x63\xc2"


def test_a_dead_card_leaves_its_slot(bench, readers):
    bench.do({"do": "insert", "slot": 0, "card": "pharmacien"})
    assert bench.do({"do": "break", "slot": 0, "fault": "die_at", "n": 1})["ok"]
    with pytest.raises(ConnectionAbortedError):
        readers.connect(DEFAULT_NAMES[0]).transmit(STATUS)
    assert cards(bench.do({"do": "state"})) == [None, None]


def test_a_wrong_status_word_is_chosen_by_the_order(bench, readers):
    bench.do({"do": "insert", "slot": 0, "card": "pharmacien"})
    bench.do({"do": "break", "slot": 0, "fault": "wrong_sw", "n": 2, "sw": "6581"})
    link = readers.connect(DEFAULT_NAMES[0])
    assert [link.transmit(STATUS).hex() for _ in range(3)] == ["63c3", "6581", "63c3"]


def test_a_mute_card_speaks_again_once_it_is_reinserted(bench, readers):
    bench.do({"do": "insert", "slot": 0, "card": "jean"})
    bench.do({"do": "break", "slot": 0, "fault": "mute"})
    with pytest.raises(TimeoutError):
        readers.connect(DEFAULT_NAMES[0]).transmit(STATUS)
    bench.do({"do": "swap", "slot": 0, "card": "jean"})
    assert readers.connect(DEFAULT_NAMES[0]).transmit(STATUS) == b"\x6d\x00"


def test_clearing_takes_every_card_out(bench):
    bench.do({"do": "insert", "slot": 0, "card": "pharmacien"})
    bench.clear()
    assert cards(bench.do({"do": "state"})) == [None, None]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ([], "Un ordre est un objet JSON."),
        ({"do": "dance", "slot": 0}, UNKNOWN_ORDER),
        ({"do": "remove"}, "Il n'y a pas de fente de ce numéro (de 0 à 1)."),
        ({"do": "remove", "slot": 2}, "Il n'y a pas de fente de ce numéro (de 0 à 1)."),
        ({"do": "remove", "slot": True}, "Il n'y a pas de fente de ce numéro (de 0 à 1)."),
        ({"do": "insert", "slot": 1, "card": "personne"}, "Aucune carte n'a ce nom."),
        ({"do": "insert", "slot": 1}, "Il manque le nom ou le fichier de la carte."),
        (
            {"do": "break", "slot": 0, "fault": "swap_at"},
            "Il manque le nom ou le fichier de la carte.",
        ),
        ({"do": "fly"}, UNKNOWN_ORDER),
        ({"do": "insert", "slot": 0, "card": "jean"}, "Il y a déjà une carte dans cette fente."),
        ({"do": "swap", "slot": 1, "card": "pharmacien"}, "Cette carte est dans une autre fente."),
        ({"do": "break", "slot": 1, "fault": "mute"}, "Il n'y a pas de carte dans cette fente."),
        (
            {"do": "break", "slot": 0, "fault": "melt"},
            "Panne inconnue. Les pannes : mute, slow, die_at, swap_at, wrong_sw, tries.",
        ),
        ({"do": "break", "slot": 0, "fault": "die_at", "n": 0}, "n est un nombre entier de 1 à 1000000."),
    ],
)
def test_an_order_that_cannot_be_done_is_refused_with_its_reason(bench, order, reason):
    bench.do({"do": "insert", "slot": 0, "card": "pharmacien"})
    assert bench.do(order) == {"ok": False, "error": reason}
    assert cards(bench.do({"do": "state"})) == ["pharmacien", None]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ORDERS = st.fixed_dictionaries(
    {},
    optional={
        "do": st.sampled_from(["insert", "swap", "remove", "break", "state"]) | JSON,
        "slot": st.integers(-1, 2) | JSON,
        "card": st.sampled_from(["jean", "karim"]) | JSON,
        "fault": st.sampled_from(["mute", "die_at", "wrong_sw"]) | JSON,
        "n": st.integers() | JSON,
        "sw": st.just("6F00") | JSON,
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=ORDERS | JSON)
def test_any_json_gets_an_answer(bench, order):
    assert bench.do(order)["ok"] in (True, False)


def test_orders_travel_as_lines_on_a_socket_that_is_ours_alone(bench, tmp_path):
    path = tmp_path / "control"
    with listening(bench, path):
        assert path.stat().st_mode & 0o777 == 0o600
        assert cards(tell(path, {"do": "insert", "slot": 0, "card": "jean"})) == ["jean", None]
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b'{"do": "state"}\nnot json\n\xff\n')
            connection.shutdown(socket.SHUT_WR)
            answers = [json.loads(line) for line in connection.makefile("rb")]
        assert [each["ok"] for each in answers] == [True, False, False]
    assert not path.exists()


def test_nobody_else_may_open_the_socket_not_even_at_its_first_moment(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "chmod", lambda path, mode: None)
    before = os.umask(0)
    try:
        with listening(bench, tmp_path / "control"):
            assert (tmp_path / "control").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def test_without_unix_sockets_nobody_listens_and_nobody_is_found(bench, tmp_path, monkeypatch, capsys):
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(OSError, match="no Unix sockets"), listening(bench, tmp_path / "control"):
        pytest.fail("a socket that cannot be")
    assert main(["state", "--control", str(tmp_path / "control")]) == 69
    assert "sockets Unix" in capsys.readouterr().err


def test_a_socket_that_answers_nobody_is_not_the_one_of_a_dead_simulator(tmp_path, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: (_ for _ in ()).throw(PermissionError()))
    assert control._alive(tmp_path / "control")


def test_a_second_simulator_on_one_socket_is_refused_in_one_line(bench, tmp_path, authority_dir):
    with listening(bench, tmp_path / "control"):
        given = ["--authority", str(authority_dir), "--card", "vide", "--control", str(tmp_path / "control")]
        # In a process of its own: serving changes which signals this one takes.
        done = subprocess.run(
            [sys.executable, "-m", "card_sim", "serve", *given],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert tell(tmp_path / "control", {"do": "state"})["ok"]
    assert (done.returncode, done.stderr.count("\n")) == (73, 1)
    assert "un autre simulateur y répond" in done.stderr


def test_a_dead_socket_is_replaced_and_a_live_one_is_not(bench, tmp_path):
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with listening(bench, path), pytest.raises(OSError, match="in use"), listening(bench, path):
        pytest.fail("two listeners on one socket")
