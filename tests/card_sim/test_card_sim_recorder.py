"""What a recorder writes of a card session, a player gives back: the same card, without any byte of a code."""

import json
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from card_sim import files, scripted
from card_sim.deck import Deck
from card_sim.faults import BreakableCard
from card_sim.reader import DEFAULT_NAMES, InProcessReaders
from card_sim.vpcd import VpcdSlot
from cps_bridge.cards.pcsc import PcscReaders
from cps_bridge.cards.recorder import FORMAT, recording
from cps_bridge.cards.service import CardService
from dossier.failure import Failure
from dossier.professional import CardKind

LEFT, RIGHT = DEFAULT_NAMES
PATIENCE = 30.0
PROFESSIONAL = (CardKind.CPS, CardKind.CPF, CardKind.CPE, CardKind.CPA)


@pytest.fixture
def readers():
    return InProcessReaders()


@pytest.fixture
def deck(authority):
    return Deck(authority)


def read_professional(port, pin: bytes):
    """Read all a program reads of a professional card, with its code."""
    service = CardService(port)
    service.start()
    try:
        epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
        card = service.read_professional(epoch)
        if pin:
            service.verify_pin(epoch, bytearray(pin))
        return card, service.read_activities(epoch) if pin else ()
    finally:
        service.close()


def read_vitale(port):
    service = CardService(port)
    service.start()
    try:
        return service.read_vitale(service.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch)
    finally:
        service.close()


def facts(card):
    """What must be the same, the links and epochs apart."""
    return card.serial, card.professional, card.authentication, card.signature, card.pin, card.model


@pytest.mark.parametrize(
    ("name", "pin"), [("generaliste", b"1234"), ("interne", b"73519264"), ("medecin-cps4", b"1234")]
)
def test_a_recorded_professional_card_is_read_like_the_real_one(readers, deck, tmp_path, name, pin):
    readers.insert(LEFT, deck.card(name))
    with recording(readers, tmp_path / "carte.json") as port:
        real, activities = read_professional(port, pin)
    readers.remove(LEFT)
    readers.insert(LEFT, deck.card(str(tmp_path / "carte.json")))
    for _ in range(2):
        played, again = read_professional(readers, b"9" * len(pin))  # nothing is computed: any digits will do
        assert facts(played) == facts(real)
        assert again == activities


def test_a_recorded_vitale_has_the_same_people(readers, deck, tmp_path):
    readers.insert(RIGHT, deck.card("famille-marchand"))
    with recording(readers, tmp_path / "vitale.json") as port:
        real = read_vitale(port)
    readers.insert(RIGHT, deck.card(str(tmp_path / "vitale.json")))
    assert read_vitale(readers) == real
    assert deck.describe("vitale").startswith("Carte rejouée")


def test_each_card_of_a_session_has_its_file(readers, deck, tmp_path):
    readers.insert(LEFT, deck.card("generaliste"))
    readers.insert(RIGHT, deck.card("jean"))
    with recording(readers, tmp_path / "deux") as port:
        read_professional(port, b"")
        read_vitale(port)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["deux-2.json", "deux.json"]
    atrs = {json.loads(each.read_text())["atr"] for each in tmp_path.iterdir()}
    assert atrs == {deck.card("generaliste").atr.hex().upper(), deck.card("jean").atr.hex().upper()}


def test_no_byte_of_a_code_is_in_the_file(readers, deck, tmp_path):
    pin, new, puk = "73519264", "82640915", "87654321"
    readers.insert(LEFT, deck.card("interne"))
    with recording(readers, tmp_path / "carte.json") as port:
        service = CardService(port)
        service.start()
        epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
        service.verify_pin(epoch, bytearray(pin.encode()))
        service.change_pin(epoch, bytearray(pin.encode()), bytearray(new.encode()))
        service.unblock_pin(epoch, bytearray(puk.encode()), bytearray(pin.encode()))
        service.close()
    text = (tmp_path / "carte.json").read_text().upper()
    for code in (pin, new, puk):
        for form in (code, code.encode().hex(), code.encode("utf-16-le").hex(), " ".join(code)):
            assert form.upper() not in text
    masked = [command for link in json.loads(text)["LINKS"] for command, _ in link if "XX" in command]
    assert {each[2:4] for each in masked} >= {"20", "24", "2C"}
    assert all(set(each[10:]) == {"X"} for each in masked)
    assert "002000010" + "8" + "XX" * 8 in masked


def test_a_code_typed_on_the_reader_is_recorded_as_a_masked_verify(deck, tmp_path):
    readers = InProcessReaders(pin_pad=lambda: b"1234")
    readers.insert(LEFT, deck.card("generaliste"))
    with recording(readers, tmp_path / "carte.json") as port:
        service = CardService(port)
        service.start()
        epoch = service.wait_for(*PROFESSIONAL, timeout=PATIENCE).epoch
        service.verify_pin_on_pad(epoch)
        service.close()
    links = json.loads((tmp_path / "carte.json").read_text())["links"]
    assert ["0020000104XXXXXXXX", "9000"] in [pair for link in links for pair in link]


def test_a_recording_is_for_its_owner_only_and_says_what_it_holds(readers, deck, tmp_path):
    readers.insert(RIGHT, deck.card("jean"))
    with recording(readers, tmp_path / "carte.json") as port:
        read_vitale(port)
        assert not (tmp_path / "carte.json").exists()
    path = tmp_path / "carte.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = json.loads(path.read_text())
    assert content["format"] == FORMAT == scripted.FORMAT
    assert "Aucun code" in content["warning"]
    assert [each.name for each in tmp_path.iterdir()] == ["carte.json"]


def test_a_session_that_fails_is_recorded_all_the_same(readers, deck, tmp_path):
    readers.insert(RIGHT, deck.card("jean"))
    with pytest.raises(KeyboardInterrupt), recording(readers, tmp_path / "carte.json") as port:
        read_vitale(port)
        raise KeyboardInterrupt
    assert (tmp_path / "carte.json").exists()


@pytest.mark.parametrize("place", ["taken.json", "no/such/folder.json", "null\0byte.json"])
def test_a_place_that_is_no_good_is_said_before_anything_is_done(readers, tmp_path, place):
    (tmp_path / "taken.json").write_text("precious")
    with pytest.raises(Failure) as caught, recording(readers, tmp_path / place):
        pytest.fail("the session began")
    assert caught.value.code == "RECORDING_NOT_WRITTEN"
    assert (tmp_path / "taken.json").read_text() == "precious"


def test_without_a_path_nothing_is_recorded(readers):
    with recording(readers, None) as port:
        assert port is readers


@pytest.mark.pcsc
def test_a_session_on_the_real_stack_is_recorded_and_played_back_there(vpcd_pair, deck, tmp_path):
    address, name = vpcd_pair[0], vpcd_pair[2][0]
    hand, port = VpcdSlot(address, name), PcscReaders(only=frozenset({name}))
    try:
        hand.insert(deck.card("generaliste"))
        with recording(port, tmp_path / "carte.json") as recorded:
            real, activities = read_professional(recorded, b"1234")
        hand.insert(deck.card(str(tmp_path / "carte.json")))
        played, again = read_professional(port, b"1234")
        assert facts(played) == facts(real)
        assert again == activities
    finally:
        hand.remove()
        port.close()


SCRIPT = {
    "format": FORMAT,
    "version": 1,
    "atr": "3B00",
    "links": [
        [["00A4000001", "9000"], ["00B0000002", "01029000"], ["00200001", "63C3"]],
        [["0020000104XXXXXXXX", "63C2"], ["0020000104XXXXXXXX", "9000"], ["00200001", "9000"]],
        [["00A4000002", "6102"], ["00C0000002", "03049000"], ["00B0000002", "05069000"]],
    ],
}


@pytest.fixture
def script():
    problems = []
    made = scripted.parse(SCRIPT, problems)
    assert not problems
    return scripted.ScriptedCard(made)


def play(card, *commands: str) -> list[str]:
    return [card.apdu(bytes.fromhex(each)).hex() for each in commands]


def test_the_same_command_gets_the_next_answer_and_the_last_one_repeats(script):
    assert play(script, *["002000010431323334"] * 3) == ["63c2", "9000", "9000"]


def test_a_masked_code_stands_for_any_bytes_of_that_length_only(script):
    assert play(script, "002000010439393939", "00200001053939393939") == ["63c2", "6985"]


def test_what_was_selected_tells_two_equal_commands_apart(script):
    assert play(script, "00A4000002", "00B0000002", "00A4000001", "00B0000002") == [
        "6102",
        "05069000",
        "9000",
        "01029000",
    ]


def test_an_accepted_code_changes_the_state_that_the_card_tells_until_it_is_reset(script):
    assert play(script, "00200001", "002000010431323334", "002000010431323334", "00200001")[::3] == ["63c3", "9000"]
    script.reset()
    assert play(script, "00200001") == ["63c3"]


def test_what_was_never_recorded_is_refused(script):
    assert play(script, "00A4000009", "00B0000009", "00") == ["6a82", "6985", "6985"]


def test_a_scripted_card_breaks_like_any_other(script):
    card = BreakableCard(script)
    with pytest.raises(LookupError):
        card.set_tries(1)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"version": 2}, "version"),
        ({"atr": "3B"}, "atr"),
        ({"atr": "zz00"}, "atr"),
        ({"links": "00"}, "links"),
        ({"links": [[["00A4000001"]]]}, "links[1][1]"),
        ({"links": [[["00A4000001", "9000"], ["00A4", "9000"]]]}, "links[1][2]"),
        ({"links": [[["00A40000XX", "9000"]]]}, "links[1][1]"),
        ({"links": [5]}, "links[1]"),
        ({"link": []}, "link"),
    ],
)
def test_a_damaged_recording_is_refused_with_the_place(tmp_path, change, place):
    path = tmp_path / "carte.json"
    path.write_text(json.dumps({**SCRIPT, **change}))
    with pytest.raises(files.CardFileError) as caught:
        files.load(path)
    assert place in [each.path for each in caught.value.problems]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(command=st.binary(max_size=12) | st.sampled_from([bytes.fromhex(c) for c in ("00A4000001", "00B0000002")]))
def test_a_played_card_answers_anything_with_a_status_word(script, command):
    assert len(script.apdu(command)) >= 2
