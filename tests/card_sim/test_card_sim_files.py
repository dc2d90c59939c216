"""Cards from files: what is read, what is refused and how precisely, what the documentation promises."""

import datetime
import json
import re
import tomllib
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from card_sim import certificates, files, old_certificates
from card_sim.deck import Deck, describe
from card_sim.faults import PUK
from card_sim.files_professional import Professional
from card_sim.making import make_card
from card_sim.reader import DEFAULT_NAMES, InProcessReaders
from cps_bridge.cards.service import CardService
from dossier.professional import CardKind

DOCUMENT = Path(__file__).parents[2] / "docs" / "card-files.md"
EXAMPLES = dict(re.findall(r"```(toml|json)\n(.*?)```", DOCUMENT.read_text(), re.DOTALL))
PROFESSIONAL = tomllib.loads(EXAMPLES["toml"])
VITALE = json.loads(EXAMPLES["json"])
LEFT, RIGHT = DEFAULT_NAMES
PATIENCE = 30.0


@pytest.fixture
def write(tmp_path):
    def one(content, name="carte.json") -> Path:
        path = tmp_path / name
        path.write_text(
            content if isinstance(content, str) else json.dumps(content, default=datetime.date.isoformat), "utf-8"
        )
        return path

    return one


def problems(path) -> dict[str, str]:
    """The mistakes of a file: what is wrong and what is allowed, by place."""
    with pytest.raises(files.CardFileError) as caught:
        files.load(path)
    return {each.path: f"{each.what} | {each.allowed}" for each in caught.value.problems}


def changed(original, place: str, value):
    """A copy of an example in which one field has another value; None removes it."""
    copy = json.loads(json.dumps(original, default=datetime.date.isoformat))
    *way, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    target = copy
    for part in way:
        target = target[part]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return copy


@pytest.fixture
def service():
    readers = InProcessReaders()
    one = CardService(readers)
    one.start()
    yield readers, one
    one.close()


def test_the_professional_of_the_documentation_is_read_by_the_client(write, authority, service):
    readers, client = service
    readers.insert(LEFT, files.load(write(EXAMPLES["toml"], "medecin.toml")).make(authority))
    epoch = client.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    card = client.read_professional(epoch)
    assert (card.serial[:8], card.professional.family_name, card.professional.id_nat) == (
        "99001234",
        "DELMAS",
        "899700012349",
    )
    assert (card.pin.tries_left, card.pin.minimum, card.pin.unblocking_tries_left) == (2, 6, 5)
    client.verify_pin(epoch, bytearray(b"482615"))
    found = [(each.structure.name, each.sector) for each in client.read_activities(epoch)]
    assert found == [("Cabinet des Ormes", "SA07"), ("Centre de santé de la Vienne", "SA05")]
    certificate = x509.load_der_x509_certificate(card.authentication.der)
    assert certificate.not_valid_after_utc.date() == datetime.date(2027, 2, 28)


def test_the_family_of_the_documentation_is_read_by_the_client(write, authority, service):
    readers, client = service
    readers.insert(RIGHT, files.load(write(EXAMPLES["json"])).make(authority))
    people = client.read_vitale(client.wait_for(CardKind.VITALE, timeout=PATIENCE).epoch)
    assert [(each.family_name, each.given_name, each.birth_date) for each in people] == [
        ("FABRE", "LUCILE", "19850512"),
        ("FABRE", "NOE", "20190224"),
    ]
    assert {each.insured_nir.value for each in people} == {"285058708590106"}


def test_toml_and_json_say_the_same(write):
    both = [files.load(write(EXAMPLES["toml"], "carte.toml")), files.load(write(PROFESSIONAL, "carte.json"))]
    assert both[0] == both[1]


def test_what_may_be_left_out_has_a_default(write):
    least = {
        "card": "professional",
        "serial": "99001111",
        "holder": {
            "id": "899700012349",
            "family_name": "A",
            "given_name": "B",
            "title": "Médecin",
            "profession": "10",
        },
    }
    who = files.load(write(least)).content.who
    assert (who.card_kind, who.product, who.pin, who.is_test, who.activities) == ("CPS", "CPS3", "1234", True, ())


def test_a_card_is_described_with_its_product_and_its_nature(write):
    assert describe(str(write(changed(PROFESSIONAL, "product", "CPS4")))).startswith("CPS CPS4\u00a0: Aurore DELMAS (")
    assert describe(str(write(changed(VITALE, "nature", "D")))).startswith(
        "Vitale de démonstration\u00a0: FABRE LUCILE"
    )


@pytest.mark.parametrize("product", ["CPS3", "CPS4"])
def test_counters_begin_where_the_file_says(write, authority, product):
    card = changed(changed(PROFESSIONAL, "pin.tries_left", 0), "puk.tries_left", 1)
    made = files.load(write(changed(card, "product", product))).make(authority)
    assert (made.tries_left(), made.tries_left(PUK)) == (0, 1)


def test_codes_of_any_length_are_changed_and_unblocked_by_the_client(write, authority, service):
    readers, client = service
    card = changed(changed(PROFESSIONAL, "pin.tries_left", 0), "puk.code", "135246")
    readers.insert(LEFT, files.load(write(card)).make(authority))
    epoch = client.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    client.unblock_pin(epoch, bytearray(b"135246"), bytearray(b"112233"))
    client.verify_pin(epoch, bytearray(b"112233"))


def test_a_card_without_codes_needs_none_of_the_counters(write, authority):
    made = files.load(write(changed(PROFESSIONAL, "product", "CPS2TER"))).make(authority)
    assert made.tries_left() is None


def test_a_vitale_1_needs_nobody_on_it(write, authority):
    card = files.load(write({"card": "vitale", "product": "VITALE1"}))
    assert card.describe() == "Vitale 1\u00a0: contenu illisible"
    assert card.make(authority).atr[:1] == b"\x3f"


WRONG = [
    ("card", "patient", "card", "professional, vitale"),
    ("kind", "CPX", "kind", "CPS, CPF, CPE, CPA"),
    ("product", 3, "product", "CPS3, CPS4, CPS3-SANS-CONTACT, CPS2TER"),
    ("serial", "123", "serial", "huit chiffres"),
    ("serial", 99001234, "serial", "un texte était attendu, et non un nombre"),
    ("serial", None, "serial", "manque"),
    ("test", "oui", "test", "true ou false"),
    ("holder", None, "holder", "manque"),
    ("holder", [], "holder", "un groupe de champs était attendu, et non une liste"),
    ("holder.id", "899700012340", "holder.id", "clé, ici 9"),
    ("holder.id", "3990000036/1", "holder.id", "forme incorrecte"),
    ("holder.family_name", "", "holder.family_name", "de 1 à 40 caractères"),
    ("holder.family_name", "ŁUKASZ", "holder.family_name", "« Ł » n'existe pas sur les cartes"),
    ("holder.family_name", "A\u202eB", "holder.family_name", "mise en page"),
    ("holder.given_name", "B\nC", "holder.given_name", "mise en page"),
    ("holder.title", None, "holder.title", "manque"),
    ("holder.profession", "médecin", "holder.profession", "TRE_G15"),
    ("holder.specialty", "généraliste", "holder.specialty", "SM26"),
    ("holder.given_nam", "x", "holder.given_nam", "« given_name » ?"),
    ("pin.code", "123", "pin.code", "de 4 à 8 chiffres"),
    ("pin.code", 1234, "pin.code", "un texte était attendu"),
    ("pin.tries_left", 4, "pin.tries_left", "de 0 à 3"),
    ("pin.tries_left", True, "pin.tries_left", "« true » n'est pas possible"),
    ("puk.code", "123", "puk.code", "de 4 à 8 chiffres"),
    ("certificates.style", "x509", "certificates.style", "igc-sante, igc-cps"),
    ("certificates.expires", "2024-02-30", "certificates.expires", "n'est pas une date"),
    ("certificates.expires", "2020-01-01", "certificates.expires", "la fin précède le début"),
    ("certificates.key_ids", [1], "certificates.key_ids", "deux nombres différents"),
    ("certificates.key_ids", [1, 256], "certificates.key_ids[2]", "de 0 à 255"),
    ("activities", {}, "activities", "une liste"),
    ("activities.1.number", 1, "activities[2].number", "déjà pris"),
    ("activities.1.number", 17, "activities[2].number", "de 1 à 16"),
    ("activities.0.sector", "07", "activities[1].sector", "SA07"),
    ("activities.0.structure.id", "CABINET", "activities[1].structure.id", "TRE_G07"),
    ("activities.0.structure", None, "activities[1].structure", "manque"),
    ("activities.0.town", "x", "activities[1].town", "champ inconnu"),
    ("colour", "red", "colour", "champ inconnu"),
]
WRONG_VITALE = [
    ("serial", "12", "serial", "douze chiffres"),
    ("nature", "X", "nature", "R, D, T"),
    ("insured_nir", "285058708590107", "insured_nir", "devrait être 06"),
    ("insured_nir", None, "beneficiaries[1].insured_nir", "manque"),
    ("beneficiaries", [], "beneficiaries", "de 1 à 19 éléments"),
    ("beneficiaries", None, "beneficiaries", "de 1 à 19 éléments"),
    ("beneficiaries.1.birth_date", "2019-02-24", "beneficiaries[2].birth_date", "AAAAMMJJ"),
    ("beneficiaries.0.identity.sex", "H", "beneficiaries[1].identity.sex", "F, M"),
    ("beneficiaries.0.identity.ins", None, "beneficiaries[1].identity.ins", "manque"),
    ("beneficiaries.0.identity.given_names", "LUCILE", "beneficiaries[1].identity.given_names", "une liste de textes"),
    ("beneficiaries.0.identity.given_names", [""], "beneficiaries[1].identity.given_names[1]", "forme incorrecte"),
    ("beneficiaries.0.identity.dossier", "ouvert", "beneficiaries[1].identity.dossier", "absent, open, closed"),
    ("beneficiaries.0", "LUCILE", "beneficiaries[1]", "un groupe de champs était attendu, et non un texte"),
]


@pytest.mark.parametrize(
    ("example", "field", "value", "place", "words"),
    [(PROFESSIONAL, *each) for each in WRONG] + [(VITALE, *each) for each in WRONG_VITALE],
    ids=[f"{field}={value}" for field, value, _, _ in WRONG + WRONG_VITALE],
)
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(write, example, field, value, place, words):
    told = problems(write(changed(example, field, value)))
    assert place in told
    assert words in told[place].replace("\u00a0", " ")


def test_every_mistake_is_told_at_once(write):
    wrong = changed(PROFESSIONAL, "serial", "1")
    for place, value in (("holder.profession", "x"), ("activities.0.sector", None), ("pin.code", "1")):
        wrong = changed(wrong, place, value)
    assert set(problems(write(wrong))) == {"serial", "holder.profession", "activities[1].sector", "pin.code"}


def test_a_missing_group_is_one_mistake_not_one_for_each_of_its_fields(write):
    assert set(problems(write(changed(PROFESSIONAL, "holder", None)))) == {"holder"}


def test_a_code_is_never_repeated_in_a_mistake(write):
    told = problems(write(changed(PROFESSIONAL, "pin.code", "1234567890")))
    assert "1234567890" not in str(told)


def test_an_employee_needs_a_structure_and_no_profession(write):
    employee = changed(changed(PROFESSIONAL, "kind", "CPE"), "holder.id", "3990000036/000001")
    for each in ("title", "profession", "specialty"):
        employee = changed(employee, f"holder.{each}", None)
    assert files.load(write(employee)).content.who.card_kind == "CPE"
    assert set(problems(write(changed(employee, "activities", [])))) == {"activities"}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("carte.toml", 'card = "vitale"\nserial = ', "ce n'est pas du TOML"),
        ("carte.json", "{", "ce n'est pas du JSON"),
        ("carte.json", "[1]", "le fichier n'est pas un groupe de champs"),
        ("carte.json", "[" * 100_000, "imbrication trop profonde"),
        ("carte.json", '{"card": ' + "9" * 5000 + "}", "ce n'est pas du JSON"),
        ("carte.txt", "x", "le nom du fichier finit mal"),
    ],
)
def test_a_file_that_is_not_one_is_said_to_be_none(write, name, content, words):
    (what,) = problems(write(content, name)).values()
    assert words in what


def test_bytes_that_are_not_utf_8_are_told_with_their_line(tmp_path):
    path = tmp_path / "carte.toml"
    path.write_bytes('card = "vitale"\nserial = "é"'.encode("latin-1"))
    (what,) = problems(path).values()
    assert what.startswith("ligne 2")


@pytest.mark.parametrize("name", ["absent.toml", ".", "a\0b.json", "\udcff.json"])
def test_a_file_that_cannot_be_read_is_said_to_be_unreadable(tmp_path, name):
    (what,) = problems(f"{tmp_path}/{name}").values()
    assert "peut pas être lu" in what or "finit mal" in what


def test_a_deck_keeps_the_card_of_a_file_until_the_file_changes(write, authority):
    deck, path = Deck(authority), write(EXAMPLES["toml"], "medecin.toml")
    card = deck.card(str(path))
    assert deck.card("medecin") is deck.card(str(path)) is card
    assert deck.name_of(card) == "medecin"
    write(EXAMPLES["toml"].replace("tries_left = 2", "tries_left = 1"), "medecin.toml")
    assert deck.card(str(path)).tries_left() == 1


def test_two_files_of_one_name_and_a_card_of_the_cast_live_side_by_side(tmp_path, authority):
    deck = Deck(authority)
    paths = [tmp_path / "a" / "jean.json", tmp_path / "b" / "jean.json"]
    for path in paths:
        path.parent.mkdir()
        path.write_text(json.dumps(VITALE))
    assert [deck.add(path) for path in (*paths, *paths)] == ["jean-2", "jean-3", "jean-2", "jean-3"]
    assert set(deck.names()) >= {"jean", "jean-2", "jean-3"}


def test_the_people_whose_identity_is_told_are_ready_for_the_host(write):
    lucile, noe = files.load(write(VITALE)).people["patients"]
    assert (lucile["ins"], lucile["state"], lucile["given_names"]) == ("285058708590106", "open", ["LUCILE", "MARIE"])
    assert lucile["authorisations"] == {"generaliste": {"state": "VALIDE"}, "899700012349": {"state": "VALIDE"}}
    assert (noe["birth_name"], noe["state"]) == ("FABRE", "absent")
    assert noe["vitale"][0] == {
        "insured_nir": "285058708590106",
        "rank": 2,
        "family_name": "FABRE",
        "given_name": "NOE",
        "birth_date": "20190224",
    }


def test_a_professional_and_the_places_are_ready_for_the_host(write):
    (who,) = files.load(write(PROFESSIONAL)).people["professionals"]
    assert (who["id_nat"], who["family_name"], who["profession"]) == ("899700012349", "DELMAS", "10")
    assert who["places"][1] == {
        "structure": "399900000400017",
        "name": "Centre de santé de la Vienne",
        "sector": "SA05",
    }


def test_people_whose_identity_is_not_told_stay_unknown_to_the_host(write):
    alone = changed(changed(VITALE, "beneficiaries.0.identity", None), "beneficiaries.1.identity", None)
    assert files.load(write(alone)).people == {}


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["CPS", "1234"])
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
PLACES = sorted({field for field, *_ in WRONG + WRONG_VITALE})
VALUES = ANYTHING | st.text(st.characters(codec="latin-1"), min_size=1, max_size=40) | st.dates().map(str)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_only_the_error_of_card_files_escapes(write, authority, data):
    name = data.draw(st.sampled_from(["carte.json", "carte.toml"]))
    raw = data.draw(st.binary(max_size=60) | st.text(max_size=60))
    path = write(raw if isinstance(raw, str) and raw.isprintable() else "", name)
    if isinstance(raw, bytes):
        path.write_bytes(raw)
    load(path, authority)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(example=st.sampled_from([PROFESSIONAL, VITALE]), place=st.sampled_from(PLACES), value=VALUES)
def test_any_value_in_any_field_is_taken_or_refused_with_a_mistake(write, authority, example, place, value):
    try:
        content = changed(example, place, value)
    except (LookupError, TypeError):
        content = {**example, place: value}
    load(write(json.dumps(content, default=str)), authority)


def load(path, authority) -> None:
    try:
        card = files.load(path)
    except files.CardFileError as error:
        assert error.problems
        str(error).encode()
        return
    assert card.describe()
    if isinstance(card.content, Professional):  # with keys that are there: making some takes a second
        who = card.content.who
        key, _, _, _ = authority.card_material("generaliste")
        make = old_certificates.card if who.style == "igc-cps" else certificates.card
        der = make(who, key, key, signs=True)
        assert make_card(who, (key, key, der, der)).atr
    else:
        assert card.make(authority).atr
