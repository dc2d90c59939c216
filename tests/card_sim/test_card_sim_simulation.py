"""The simulation of the client: its cards move and break by hand and from outside, files of people join it."""

import re
from pathlib import Path

import pytest

from card_sim.__main__ import main as main_order
from card_sim.control import tell
from cps_bridge.house import House
from cps_bridge.simulated import Simulation
from cps_bridge.storage.settings import Settings
from dossier.access import DossierState
from dossier.failure import Failure

DOCUMENT = Path(__file__).parents[2] / "docs" / "card-files.md"
EXAMPLES = dict(re.findall(r"```(toml|json)\n(.*?)```", DOCUMENT.read_text(), re.DOTALL))
STATUS = bytes.fromhex("00200001")


def code_of(call, *arguments, **options) -> str:
    with pytest.raises(Failure) as caught:
        call(*arguments, **options)
    assert caught.value.sentence()
    return caught.value.code


@pytest.fixture(scope="module")
def _inside(authority_dir, tmp_path_factory):
    """One simulation with readers inside the process."""
    directory = tmp_path_factory.mktemp("simulation")
    (directory / "authority").symlink_to(authority_dir)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CPS_BRIDGE_VPCD", raising=False)
        with Simulation.start(directory) as one:
            yield one, directory


@pytest.fixture
def simulation(_inside):
    one, _ = _inside
    yield one
    for slot in (0, 1):
        one.remove(slot)


@pytest.fixture
def own(tmp_path):
    """Writes the two card files of the documentation."""
    paths = tmp_path / "medecin.toml", tmp_path / "famille.json"
    paths[0].write_text(EXAMPLES["toml"])
    paths[1].write_text(EXAMPLES["json"])
    return paths


def test_cards_are_put_in_swapped_and_removed(simulation):
    simulation.insert(0, "pharmacien")
    simulation.swap(0, "generaliste")
    assert simulation.inserted == ("generaliste", "")
    simulation.remove(0)
    assert simulation.inserted == ("", "")
    assert code_of(simulation.insert, 0, "personne") == "CARD_NAME_UNKNOWN"
    simulation.insert(0, "jean")
    assert code_of(simulation.insert, 1, "jean") == "CARD_ORDER_REFUSED"


def test_the_faults_are_told_in_french_and_each_can_be_provoked(simulation):
    words = dict(simulation.faults())
    assert set(words) == {"mute", "slow", "die_at", "swap_at", "wrong_sw", "tries"}
    simulation.insert(0, "pharmacien")
    for fault in words:
        simulation.break_card(0, fault)
    assert code_of(simulation.break_card, 0, "melt") == "CARD_ORDER_REFUSED"
    assert code_of(simulation.break_card, 1, "mute") == "CARD_ORDER_REFUSED"


def test_n_counts_the_exchanges_that_still_go_well(simulation):
    simulation.insert(0, "pharmacien")
    simulation.break_card(0, "die_at", n=2)
    link = simulation.port.connect(simulation.port.readers()[0][0])
    link.transmit(STATUS)
    link.transmit(STATUS)
    with pytest.raises(ConnectionAbortedError):
        link.transmit(STATUS)
    assert simulation.inserted == ("", "")


def test_without_a_name_another_card_of_the_same_kind_takes_the_place(simulation):
    simulation.insert(0, "pharmacien")
    simulation.insert(1, "jean")
    simulation.break_card(1, "swap_at", card="jean")
    link = simulation.port.connect(simulation.port.readers()[1][0])
    with pytest.raises(ConnectionAbortedError):
        link.transmit(STATUS)
    assert simulation.describe(simulation.inserted[1]).startswith("Vitale")
    assert simulation.inserted[1] != "jean"


def test_a_broken_card_file_is_refused_with_its_mistakes(simulation, tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text('card = "vitale"\nnature = "X"\n')
    with pytest.raises(Failure) as caught:
        simulation.add_file(path)
    assert caught.value.code == "CARD_FILE_INVALID"
    assert "nature" in caught.value.sentence()
    assert "beneficiaries" in caught.value.sentence()


def test_of_a_file_with_many_mistakes_the_first_are_told(simulation, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text('{"card": "vitale", ' + ", ".join(f'"k{number}": 1' for number in range(50)) + "}")
    with pytest.raises(Failure) as caught:
        simulation.add_file(path)
    assert "k3" in caught.value.sentence()
    assert "k40" not in caught.value.sentence()
    assert "autres" in caught.value.sentence()


def test_orders_from_outside_reach_the_readers_of_the_client(simulation, _inside, capsys):
    control = _inside[1] / "cards.control"
    assert main_order(["insert", "jean", "--slot", "1", "--control", str(control)]) == 0
    assert simulation.inserted == ("", "jean")
    assert tell(control, {"do": "state"})["slots"] == tell(simulation.control, {"do": "state"})["slots"]


def test_a_file_that_comes_from_outside_is_told_by_its_name(simulation, own):
    tell(simulation.control, {"do": "insert", "slot": 1, "card": str(own[1])})
    name = simulation.inserted[1]
    assert name.startswith("famille")
    assert simulation.describe("never-heard-of") == "never-heard-of"


def test_the_simulated_application_is_read_by_its_own_text_only(simulation, own):
    one = simulation.application
    assert (one.by_qr, one.by_nfc) == (True, False)
    child = one.read(one.shown("famille-marchand", 2))
    assert (child.given_name, child.rank) == ("LEO", 2)
    name = simulation.add_file(own[1])
    assert one.read(f" CPSBRIDGE-SIMULATION-APCV:{name}:1\n").family_name == "FABRE"
    for text in ("", "https://x", "CPSBRIDGE-SIMULATION-APCV:jean:2", "CPSBRIDGE-SIMULATION-APCV:jean:²", "X:jean:1"):
        assert code_of(one.read, text) == "APPLICATION_UNREADABLE"


class Person:
    """Answers what a session and a patient ask."""

    def ask(self, question):
        name = type(question).__name__
        if name == "AskPin":
            return bytearray(b"482615")
        if name == "ChooseActivity":
            return question.activities[1]
        if name == "ChooseBeneficiary":
            return question.beneficiaries[1]
        raise AssertionError(name)

    def tell(self, news):
        pass


def test_a_doctor_and_a_family_from_files_work_with_the_virtual_host(simulation, _inside, own, tmp_path):
    house = House(Settings(), simulation.port, tmp_path, bytes(32), simulation.address)
    try:
        simulation.insert(0, str(own[0]))
        simulation.insert(1, str(own[1]))
        do = lambda use_case: house.run(use_case, Person()).result(timeout=120)  # noqa: E731
        assert do("session").activity.sector == "SA05"
        patient = do("patient")
        assert (patient.ins.matricule, patient.beneficiary.given_name) == ("119028708590240", "NOE")
        assert do("dossier").state is DossierState.ABSENT
    finally:
        house.close()


@pytest.mark.pcsc
def test_behind_the_pc_sc_service_the_state_follows_the_cards(vpcd_pair, authority_dir, tmp_path, monkeypatch, own):
    monkeypatch.setenv("CPS_BRIDGE_VPCD", ",".join(f"{host}:{port}" for host, port in vpcd_pair[:2]))
    monkeypatch.setenv("CPS_BRIDGE_VPCD_READERS", ",".join(vpcd_pair[2]))
    (tmp_path / "authority").symlink_to(authority_dir)
    with Simulation.start(tmp_path, cps=str(own[0]), vitale="jean") as simulation:
        assert simulation.real_pcsc
        assert simulation.inserted == ("medecin", "jean")
        simulation.break_card(1, "swap_at", card="karim")
        seen = simulation.port.readers()
        while not all(atr for _, atr, _ in seen):
            seen = simulation.port.wait(seen, 0.2)
        link = simulation.port.connect(vpcd_pair[2][1])
        with pytest.raises(OSError):
            link.transmit(STATUS)
        while simulation.inserted[1] != "karim" or not all(atr for _, atr, _ in seen):
            seen = simulation.port.wait(seen, 0.2)
        assert (tmp_path / "cards.control").readlink() == simulation.control
    assert not (tmp_path / "cards.control").is_symlink()
