"""Fuzz by mutation: only our typed error comes out of what reads cards and scanners, and within a second."""

from __future__ import annotations

import pytest
from campaign_fuzz import SECONDS, attack, input_number
from campaign_targets import TARGETS, heard

SEED = 20261123
SMALL = {"apdu": 120, "certificate": 400}


@pytest.fixture(scope="session", autouse=True)
def made(authority_dir):
    """The authority is made once, before any seed is read."""


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_a_failure_comes_out_of_a_mutated_input(name, campaign):
    count = campaign if campaign > 1 else SMALL.get(name, 1500)
    found = attack(TARGETS[name](), SEED, range(count))
    assert found.inputs == count
    assert not found.escapes, found.to_json()
    assert found.slowest < SECONDS
    assert found.codes, "nothing was refused: these inputs attack nothing"


@pytest.mark.parametrize("name", TARGETS)
def test_an_input_is_made_again_by_its_number(name):
    target = TARGETS[name]()
    assert input_number(target, SEED, 7) == input_number(target, SEED, 7)
    assert any(input_number(target, SEED, 7) != input_number(target, SEED, other) for other in range(8, 20))


def test_the_seeds_are_what_real_sessions_say():
    assert all(heard().values())
