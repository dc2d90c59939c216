"""The cast is coherent: keys, identifiers, references between files."""

import pytest

from card_sim import cast, deck
from card_sim.certificates import luhn

PROFESSIONALS = list(cast.professionals().values())
PATIENTS = list(cast.patients().values())


def nir_key(body: str) -> str:
    return f"{97 - int(body.replace('2A', '19').replace('2B', '18')) % 97:02d}"


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda each: each.key)
def test_every_matricule_has_its_key_and_the_test_oid(patient):
    assert len(patient.ins) == 15
    assert patient.ins[13:] == nir_key(patient.ins[:13])
    assert patient.oid == "1.2.250.1.213.1.4.10"


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda each: each.key)
def test_a_matricule_agrees_with_sex_birth_date_and_birth_place(patient):
    assert patient.ins[0] == {"M": "1", "F": "2"}[patient.sex]
    assert patient.ins[1:5] == patient.birth_date[2:6]
    assert patient.ins[5:10] == patient.birth_place


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda each: each.key)
def test_no_matricule_can_be_a_real_person(patient):
    assert int(patient.ins[10:13]) > 900


@pytest.mark.parametrize(
    "who", [each for each in PROFESSIONALS if each.card_kind in ("CPS", "CPF")], ids=lambda each: each.key
)
def test_a_health_professional_has_a_fictional_rpps_number(who):
    assert who.id_nat.startswith("899")
    assert len(who.id_nat) == 12
    assert luhn(who.id_nat[1:-1]) == who.id_nat[-1]


def test_every_structure_identifier_has_the_shape_of_its_type():
    lengths = {"1": 10, "3": 15, "4": 15}
    for place in cast.structures().values():
        assert len(place.id_nat) == lengths[place.id_nat[0]], place.key


def test_the_general_practitioner_has_two_activities_that_are_not_contiguous():
    activities = cast.professionals()["generaliste"].activities
    assert [each.number for each in activities] == [1, 3]
    assert [each.sector for each in activities] == ["SA08", "SA05"]


def test_authorisations_name_professionals_of_the_cast():
    for patient in PATIENTS:
        assert set(patient.dossier.authorisations) <= set(cast.professionals())
        assert {each.state for each in patient.dossier.authorisations.values()} <= {"VALIDE", "EXPIRE", "INTERDIT"}


def test_the_cast_has_a_card_of_every_kind_product_and_style():
    assert {each.card_kind for each in PROFESSIONALS} == set(cast.CARD_KINDS)
    assert {each.product for each in PROFESSIONALS} == set(cast.PRODUCTS)
    assert {each.style for each in PROFESSIONALS} == set(cast.STYLES)
    assert {each.product for each in cast.vitale_cards().values()} == set(cast.VITALE_PRODUCTS)


def test_no_two_cards_share_a_number():
    for numbers in ([each.serial for each in PROFESSIONALS], [each.id_nat for each in PROFESSIONALS]):
        assert len(set(numbers)) == len(numbers)


def test_a_code_has_four_to_eight_digits():
    assert all(each.pin.isdigit() and 4 <= len(each.pin) <= 8 for each in PROFESSIONALS)
    assert len(cast.professionals()["interne"].pin) == 8


def test_a_child_on_a_vitale_card_carries_the_insured_number_not_its_own():
    sophie, leo = cast.vitale_cards()["famille-marchand"].beneficiaries
    assert (sophie.rank, leo.rank) == (1, 2)
    assert leo.insured_nir == sophie.patient.ins != leo.patient.ins


def test_one_surname_is_as_long_as_forms_allow():
    assert len(cast.patients()["amelie"].usage_name) == 40


def test_every_card_of_the_deck_can_be_described():
    assert all(deck.describe(name) for name in deck.names())
    assert not set(cast.professionals()) & set(cast.vitale_cards())
