"""A host simulator in its own process, and professionals of the cast who speak to it over real TLS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from wire_stage import SoftSigner

from card_sim import cast
from card_sim.authority import Authority
from dossier.access import (
    Consent,
    ConsentMode,
)
from dossier.failure import Failure
from dossier.patient import Beneficiary, Ins, Nir
from dossier.professional import Activity, CardKind, HealthStructure, Professional
from soap_clients.host import Endpoints, Host, Software
from soap_clients.transport import Transport

SOFTWARE = Software("CPS Bridge", "0.1.0", "1.2.250.1.999.1.1.7898", "poste-1", "HOMOLOGATION")


@dataclass(frozen=True)
class Served:
    """A running simulator."""

    endpoints: Endpoints
    ca_file: Path
    facts: dict[str, Any]


@contextmanager
def served_host(data: Path, authority_dir: Path) -> Iterator[Served]:
    command = [sys.executable, "-m", "host_sim", "serve", "--data", str(data), "--port", "0"]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [*command, "--authority", str(authority_dir), "--with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    try:
        ready = json.loads(process.stdout.readline())
        yield Served(Endpoints.from_json(ready["endpoints"]), Path(ready["ca"]), ready)
    finally:
        process.terminate()
        process.wait(30)
        process.stdin.close()
        process.stdout.close()


def connected(served: Served, authority: Authority, key: str, **how: Any) -> Host:
    """Connect somebody of the cast by card; ``signed=False`` sends assertions unsigned."""
    sig_key, aut_key, sig_der, aut_der = authority.card_material(key)
    signed = how.pop("signed", True)
    return Host(
        served.endpoints,
        Transport(SoftSigner(aut_key, aut_der, authority.card_chain), served.ca_file),
        person_of(key),
        place_of(key),
        SOFTWARE,
        signature=SoftSigner(sig_key, sig_der) if signed else None,
        **how,
    )


def person_of(key: str) -> Professional:
    who = cast.professionals()[key]
    kind = CardKind(who.card_kind)
    return Professional(who.id_nat, who.family_name, who.given_name, who.profession, who.specialty, kind, is_test=True)


def place_of(key: str) -> Activity:
    place = cast.professionals()[key].activities[0]
    return Activity(HealthStructure(place.structure.id_nat, place.structure.name), place.sector)


def ins_of(key: str) -> Ins:
    found = cast.patients()[key]
    return Ins.parse(found.ins, found.oid)


def beneficiary(key: str, card: str) -> Beneficiary:
    found = next(each for each in cast.vitale_cards()[card].beneficiaries if each.patient.key == key)
    return Beneficiary(found.family_name, found.given_name, found.birth_date, Nir.parse(found.insured_nir), found.rank)


def consent(host: Host) -> Consent:
    return Consent(ConsentMode.ORAL, host.professional.id_nat, datetime.now(UTC))


def code_of(action) -> str:
    with pytest.raises(Failure) as caught:
        action()
    return caught.value.code
