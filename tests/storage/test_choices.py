"""The practice situation of a card is remembered whole, under a digest, in the encrypted vault."""

from __future__ import annotations

from pathlib import Path

from cps_bridge.storage.choices import Choices
from cps_bridge.storage.cipher import Vault
from dossier.professional import Activity, HealthStructure

LILAS = Activity(HealthStructure("499700000021001", "Cabinet des Lilas"), "SA08")
CANAL = Activity(HealthStructure("399900000300015", "Centre de santé du Canal"), "SA05")


def test_a_card_that_nobody_chose_for_has_no_choice(vault: Vault) -> None:
    assert Choices(vault).activity("99000002") is None


def test_structure_and_sector_come_back_from_the_same_record(vault: Vault) -> None:
    choices = Choices(vault)
    choices.remember("99000002", LILAS)
    choices.remember("99000003", CANAL)
    assert (choices.activity("99000002"), choices.activity("99000003")) == (LILAS, CANAL)


def test_a_later_choice_takes_the_place_of_the_one_before(vault: Vault) -> None:
    choices = Choices(vault)
    choices.remember("99000002", LILAS)
    choices.remember("99000002", CANAL)
    assert choices.activity("99000002") == CANAL


def test_a_forgotten_choice_is_gone_for_that_card_alone(vault: Vault) -> None:
    choices = Choices(vault)
    choices.remember("99000002", LILAS)
    choices.remember("99000003", CANAL)
    choices.forget("99000002")
    assert (choices.activity("99000002"), choices.activity("99000003")) == (None, CANAL)


def test_the_serial_number_of_a_card_is_not_kept(vault: Vault) -> None:
    Choices(vault).remember("99000002", LILAS)
    assert not any("99000002" in str(row) for row in vault.rows("SELECT * FROM practice_situation"))


def test_a_choice_outlives_the_program(tmp_path: Path) -> None:
    for turn in range(2):
        vault = Vault(tmp_path / "vault.db", bytes(32))
        choices = Choices(vault)
        if turn == 0:
            choices.remember("99000002", LILAS)
        else:
            assert choices.activity("99000002") == LILAS
        vault.close()
