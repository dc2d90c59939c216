"""Deposits of a structure (INDIRECTE): the lot is signed by ORG_SIGN of the structure that speaks."""

from __future__ import annotations

from typing import Any

import pytest
from gate_requests import BY_NAME, outcome
from host_wire import Stage, ins_of
from registry_lots import Lot, Paper

from card_sim.authority import Authority
from host_sim import lot_signature


class _Signing:
    """An authority whose material is that of a structure, whoever is asked for."""

    def __init__(self, authority: Authority, structure: str) -> None:
        self._material = authority.structure_material(structure)

    def card_material(self, name: str) -> Any:
        return self._material


def deposit(stage: Stage, signer: Any) -> str:
    speaker, request = stage.structure("imagerie-parc"), BY_NAME["TD2.1"]
    lot = Lot(ins_of("jean"), (Paper(ins_of("jean"), "radiologue"),), "radiologue")
    parts = {f"{name.lower()}@test": data for name, data in lot.parts(signer).items()}
    said = speaker.signed(speaker.speak("radiologue", "jean"))
    return outcome(speaker.post("repository", *request.pack_body(said, lot.request(), parts)))


def test_a_structure_signs_its_own_lot(stage: Stage) -> None:
    assert deposit(stage, _Signing(stage.authority, "imagerie-parc")) == "ok"


@pytest.mark.parametrize("signer", ["hopital", "radiologue"])
def test_nobody_else_signs_for_it(stage: Stage, signer: str) -> None:
    whose = stage.authority if signer == "radiologue" else _Signing(stage.authority, signer)
    assert deposit(stage, whose) == "XDSRegistryMetadataError"


def test_the_structure_of_a_certificate_is_told_of_structures_alone(authority: Authority) -> None:
    from cryptography import x509

    def named(der: bytes) -> str:
        return lot_signature.structure(x509.load_der_x509_certificate(der))

    assert named(authority.structure_material("hopital")[2]) == "1990000051"
    assert named(authority.card_material("secretaire")[2]) == ""
    assert named(authority.card_material("generaliste")[2]) == ""
