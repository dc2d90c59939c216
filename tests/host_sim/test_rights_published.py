"""Every cell and note of the published functional matrix (issue of September 2024), restated here by hand."""

from __future__ import annotations

import pytest

from host_sim import rights

COLUMNS = ("PSn", "PSr", "PSb", "M", "Mr", "Mb", "MdT", "MT", "MTb", "CPE", "ES", "ESr")
EVERYBODY = "o o o o o o o o o o o o"
PERSONS = "o o o o o o o o o n n n"
TREATED = "o n n o n n n o n"
PUBLISHED = {
    "TD0.1": EVERYBODY,
    "TD0.2": EVERYBODY,
    "TD0.3": f"{TREATED} 1 n n",
    "TD0.3_REMOVE": f"{TREATED} n n n",
    "TD0.3_STOP_MT": "n n n n n n n o n n n n",
    "TD0.4": "o o o o o o o o o 2 3 n",
    "TD0.5": "n o n n o n n n n n n o",
    "TD0.9": "o o o o o o o o o o n n",
    "TD1.3a": EVERYBODY,
    "TD1.6": "o n n o n n o o n n n n",
    "TD2.1": "o o o o o o o o o n 4 4",
    "TD2.2": "n n n n n n n n n 4 n n",
    "TD3.1": PERSONS,
    "TD3.1_REFERENCE": "o o o o o o o o o 5 5 5",
    "TD3.2": "o o o o o o n o o n n n",
    "TD3.2_MASKED": "6 7 7 6 7 7 n o 7 n n n",
    "TD3.2_OTHER": "o o o o o o n o o n n n",
    "TD3.3a_MASK": "o n n o n n o o n n n n",
    "TD3.3a_UNMASK": "8 n n 8 n n 8 o n n n n",
    "TD3.3b": "o n n o n n o o n n n n",
    "TD3.3d": "8 n n 8 o o 8 o o n n n",
    "TD3.3c": "8 8 8 8 8 8 8 8 8 9 9 9",
}
CELLS = [
    (function, column, cell)
    for function, row in PUBLISHED.items()
    for column, cell in zip(COLUMNS, row.split(), strict=True)
]
REINFORCED = {"TD2.1": False, "TD2.2": False, "TD0.3_STOP_MT": False, "TD0.9": False, "TD3.1": True, "TD3.2": True}


@pytest.mark.parametrize(("function", "column", "cell"), CELLS)
def test_a_cell_is_the_published_one(function: str, column: str, cell: str) -> None:
    right = rights.right_in(function, column)
    assert right.allowed == (cell != "n")
    assert right.note == (int(cell) if cell.isdigit() else 0)


@pytest.mark.parametrize("function", REINFORCED)
def test_with_a_reinforced_structure_the_treating_doctor_has_the_published_cell(function: str) -> None:
    assert rights.right_in(function, "MT", reinforced=True).allowed is REINFORCED[function]
