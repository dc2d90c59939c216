"""The functional matrix and the rights over document types, cell by cell where a rule was written somewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from registry_lots import OID, Place, caller_of, ins_of

from card_sim.authority import Authority
from dossier import codes
from host_sim import rights
from host_sim.call import Call, HostFault

GP = caller_of("generaliste")
PHARMACIST = caller_of("pharmacien")
SECRETARY = caller_of("secretaire")
OCCUPATIONAL = replace(GP, specialty="SM25")
STRUCTURE = replace(GP, mode="INDIRECTE")


@pytest.fixture
def place(tmp_path: Path, authority_dir: Path) -> Place:
    return Place(tmp_path, Authority.open(authority_dir))


@pytest.mark.parametrize(
    ("caller", "purpose", "attending", "column"),
    [
        (PHARMACIST, "normal", False, "PSn"),
        (PHARMACIST, "centre_15", False, "PSr"),
        (PHARMACIST, "bris_de_glace", False, "PSb"),
        (GP, "normal", False, "M"),
        (GP, "centre_15", False, "Mr"),
        (GP, "bris_de_glace", False, "Mb"),
        (OCCUPATIONAL, "normal", False, "MdT"),
        (GP, "normal", True, "MT"),
        (GP, "bris_de_glace", True, "MTb"),
        (GP, "centre_15", True, "Mr"),
        (SECRETARY, "normal", False, "CPE"),
        (STRUCTURE, "normal", False, "ES"),
        (STRUCTURE, "centre_15", False, "ESr"),
        (OCCUPATIONAL, "bris_de_glace", False, ""),
        (SECRETARY, "bris_de_glace", False, ""),
        (STRUCTURE, "bris_de_glace", False, ""),
        (GP, "connexion_secrete", False, ""),
    ],
)
def test_the_column_follows_the_profession_the_mode_and_the_treating_doctor(caller, purpose, attending, column) -> None:
    assert rights.column_of(caller, purpose, attending=attending) == column


def test_every_row_has_a_cell_for_every_column_and_every_note_has_a_text() -> None:
    table = rights._functions()
    for function, row in table["functions"].items():
        assert len(row.split()) == len(table["columns"]) == 12, function
        for column in table["columns"]:
            number = rights.right_in(function, column).note
            assert not number or rights.note(number)


@pytest.mark.parametrize(
    ("function", "column", "allowed", "note"),
    [
        ("TD0.3", "CPE", True, 1),
        ("TD0.4", "CPE", True, 2),
        ("TD0.4", "ES", True, 3),
        ("TD2.1", "ES", True, 4),
        ("TD2.2", "CPE", True, 4),
        ("TD3.1_REFERENCE", "CPE", True, 5),
        ("TD3.2_MASKED", "M", True, 6),
        ("TD3.2_MASKED", "PSb", True, 7),
        ("TD3.3a_UNMASK", "PSn", True, 8),
        ("TD3.3c", "CPE", True, 9),
        ("TD1.5", "M", True, 10),
        ("TD3.2_MASKED", "MT", True, 0),
        ("TD2.1", "CPE", False, 0),
        ("TD0.3_STOP_MT", "M", False, 0),
        ("TD0.3_STOP_MT", "MT", True, 0),
        ("TD3.1", "CPE", False, 0),
        ("TD3.2", "MdT", False, 0),
        ("TD3.3a_MASK", "Mb", False, 0),
        ("TD3.3d", "Mb", True, 0),
        ("TD0.5", "M", False, 0),
        ("TD0.5", "Mr", True, 0),
        ("TD0.2", "", False, 0),
    ],
)
def test_cells_of_the_functional_matrix(function: str, column: str, allowed: bool, note: int) -> None:
    assert rights.right_in(function, column) == rights.Right(allowed, note)


def test_reinforced_indirect_authentication_does_not_feed() -> None:
    assert rights.right_in("TD2.1", "M").allowed
    assert not rights.right_in("TD2.1", "M", reinforced=True).allowed
    assert rights.right_in("TD3.1", "M", reinforced=True).allowed


def test_a_function_that_is_not_open_is_refused_by_the_rights_service(place: Place) -> None:
    call = Call("x", "y", None, SECRETARY, "normal", "", ins_of("jean"), OID, "", {}, place.house.clock.now())
    rights.may("TD2.2", call, place.house.store)
    with pytest.raises(HostFault) as refused:
        rights.may("TD3.1", call, place.house.store)
    assert refused.value.code == "DMPAccessDeniedByRightsService"


def test_the_treating_doctor_is_known_by_the_authorisation(place: Place) -> None:
    call = Call("x", "y", None, GP, "normal", "", ins_of("jean"), OID, "", {}, place.house.clock.now())
    assert rights.right("TD3.2_MASKED", call, place.house.store).note == 0
    assert rights.right("TD3.2_MASKED", replace(call, patient=ins_of("paul")), place.house.store).note == 6


def test_in_2016_the_pharmacist_reads_neither_imaging_nor_consultation_reports() -> None:
    refused = {each for each in codes.load(codes.TYPE) if not rights.may_read_type("21", each, "2016")}
    assert refused == {"11488-4", "18748-4", "IMG-KOS", "DOCPAT04", "52040-3", "ATTEST-RESID"}


def test_in_2023_the_pharmacist_reads_imaging_and_consultation_reports_and_not_ten_other_types() -> None:
    refused = {each for each in codes.load(codes.TYPE) if not rights.may_read_type("21", each, "2023")}
    assert {"18748-4", "11488-4"} & refused == set()
    assert len(refused) == 10


@pytest.mark.parametrize("matrix", ["2016", "2023"])
def test_the_doctor_reads_everything_but_the_attestation_of_residence(matrix: str) -> None:
    assert [each for each in codes.load(codes.TYPE) if not rights.may_read_type("10", each, matrix)] == ["ATTEST-RESID"]


@pytest.mark.parametrize("matrix", ["2016", "2023"])
def test_a_missing_cell_means_no(matrix: str) -> None:
    assert rights.may_read_type("60", "56445-0", matrix)
    assert not rights.may_read_type("60", "11488-4", matrix)
    assert not rights.may_read_type("28", "11502-2", matrix)
    assert not rights.may_read_type("", "11502-2", matrix)
    assert rights.may_read_type("10", "a type of tomorrow", matrix)


def test_an_unknown_matrix_is_a_mistake_of_the_operator() -> None:
    with pytest.raises(ValueError, match="no such matrix"):
        rights.may_read_type("10", "11488-4", "../../etc/passwd")
