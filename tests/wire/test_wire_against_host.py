"""The patient services played against the host simulator over real TLS: the two write their wire independently."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from wire_stage import SoftSigner

from card_sim import cast
from card_sim.authority import Authority
from dossier.access import (
    Access,
    AccessMode,
    AuthorisationState,
    BreakGlass,
    BreakGlassReason,
    ChannelKind,
    Consent,
    ConsentMode,
    Contact,
    DossierState,
    EmergencyChoices,
)
from dossier.failure import Failure
from dossier.patient import Beneficiary, Ins, Nir, PatientIdentity, Sex, Traits
from dossier.professional import Activity, CardKind, HealthStructure, Professional
from soap_clients import authorisations, insi, patient_access, patients
from soap_clients.host import Endpoints, Host, Software
from soap_clients.transport import Transport

CONTACT = Contact(ChannelKind.EMAIL, "sophie@example.fr")
SOFTWARE = Software("CPS Bridge", "0.1.0", "1.2.250.1.999.1.1.7898", "poste-1", "HOMOLOGATION")


@dataclass(frozen=True)
class Served:
    """A running simulator."""

    endpoints: Endpoints
    ca_file: Path


@pytest.fixture
def served(tmp_path: Path, authority_dir: Path) -> Iterator[Served]:
    command = [sys.executable, "-m", "host_sim", "serve", "--data", str(tmp_path / "host"), "--port", "0"]
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
        yield Served(Endpoints.from_json(ready["endpoints"]), Path(ready["ca"]))
    finally:
        process.terminate()
        process.wait(30)
        process.stdin.close()
        process.stdout.close()


@pytest.fixture
def connect(served: Served, authority: Authority) -> Iterator[Callable[..., Host]]:
    opened = []

    def connect(key: str, *, signed: bool = True, hash_name: str = "sha256") -> Host:
        who = cast.professionals()[key]
        sig_key, aut_key, sig_der, aut_der = authority.card_material(key)
        place = who.activities[0]
        transport = Transport(SoftSigner(aut_key, aut_der, authority.card_chain), served.ca_file)
        host = Host(
            served.endpoints,
            transport,
            Professional(
                who.id_nat, who.family_name, who.given_name, who.profession, who.specialty, CardKind(who.card_kind)
            ),
            Activity(HealthStructure(place.structure.id_nat, place.structure.name), place.sector),
            SOFTWARE,
            signature=SoftSigner(sig_key, sig_der) if signed else None,
            hash_name=hash_name,
        )
        opened.append(host)
        return host

    yield connect
    for each in opened:
        each.close()


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


def test_a_child_is_qualified_by_the_vitale_of_its_parent_with_its_own_ins(connect):
    host = connect("pharmacien")
    identity = insi.qualify(host, beneficiary("leo", "famille-marchand"))
    assert identity.qualified_ins() == ins_of("leo")
    assert identity.traits.given_names == ("LEO",)


def test_an_identity_is_qualified_by_its_traits(connect):
    sophie = cast.patients()["sophie"]
    traits = Traits(sophie.birth_name, sophie.given_names, sophie.birth_date, Sex(sophie.sex), sophie.birth_place)
    identity: PatientIdentity = insi.qualify_traits(connect("pharmacien"), traits)
    assert identity.qualified_ins() == ins_of("sophie")
    assert identity.traits.given_names == sophie.given_names


def test_a_person_that_insi_does_not_find_is_said(connect):
    assert code_of(lambda: insi.qualify(connect("pharmacien"), beneficiary("lucie", "lucie"))) == "INSI_NOT_FOUND"


def test_a_dossier_is_created_once_with_account_and_channel_then_read_by_an_authorised_doctor(connect):
    pharmacist, doctor, ins = connect("pharmacien"), connect("generaliste"), ins_of("sophie")
    assert patients.existence(pharmacist, ins).state is DossierState.ABSENT
    card = beneficiary("sophie", "famille-marchand")
    identity = insi.qualify(pharmacist, card)
    choices = EmergencyChoices(allow_break_glass=True, allow_regulation=False)
    patients.create(pharmacist, identity, consent(pharmacist), choices, CONTACT, card)
    secrets = patient_access.open_account(pharmacist, ins, CONTACT)
    assert secrets.login and secrets.password
    patient_access.set_channel(pharmacist, ins, Contact(ChannelKind.SMS, "0612345678"))
    assert code_of(lambda: patient_access.open_account(pharmacist, ins, CONTACT)) == "ACCOUNT_EXISTS"
    assert code_of(lambda: patient_access.set_channel(pharmacist, ins, CONTACT)) == "CHANNEL_EXISTS"
    again = code_of(lambda: patients.create(pharmacist, identity, consent(pharmacist), choices, CONTACT, card))
    assert again == "DOSSIER_EXISTS"
    found = patients.existence(doctor, ins)
    assert (found.state, found.authorisation, found.account_open) == (
        DossierState.OPEN,
        AuthorisationState.NONE,
        True,
    )
    authorisations.authorise(doctor, ins, attending=True)
    found = patients.existence(doctor, ins)
    assert (found.authorisation, found.is_attending_doctor) == (AuthorisationState.VALID, True)
    authorisations.withdraw(doctor, ins, attending_only=True)
    assert not patients.existence(doctor, ins).is_attending_doctor
    authorisations.withdraw(doctor, ins)
    assert patients.existence(doctor, ins).authorisation is not AuthorisationState.VALID
    administration = patients.read_administration(doctor, ins)
    assert administration.choices == choices
    assert CONTACT in administration.contacts
    assert administration.traits.birth_place == cast.patients()["sophie"].birth_place


def test_a_closed_dossier_says_why_and_is_reactivated_with_consent(connect):
    host, ins = connect("generaliste"), ins_of("odette")
    found = patients.existence(host, ins)
    assert (found.state, found.closing_reason) == (DossierState.CLOSED, "Je ne veux plus de DMP")
    identity = insi.qualify(host, beneficiary("odette", "odette"))
    patients.reactivate(host, identity, consent(host), EmergencyChoices())
    assert patients.existence(host, ins).state is DossierState.OPEN
    again = code_of(lambda: patients.reactivate(host, identity, consent(host), EmergencyChoices()))
    assert again == "DOSSIER_EXISTS"


@pytest.mark.parametrize("how", [{"signed": False}, {"hash_name": "sha1"}])
def test_unsigned_and_sha1_assertions_are_understood(connect, how):
    assert patients.existence(connect("generaliste", **how), ins_of("jean")).state is DossierState.OPEN


def test_a_double_surname_of_forty_letters_comes_back_whole(connect):
    amelie = cast.patients()["amelie"]
    found = patients.existence(connect("generaliste"), ins_of("amelie"))
    assert (found.traits.birth_name, found.traits.usage_name) == (amelie.birth_name, amelie.usage_name)


def test_emergency_modes_reach_the_host_with_their_reason(connect):
    host = connect("generaliste-gare")
    urgent = Access(AccessMode.BREAK_GLASS, BreakGlass(BreakGlassReason.LIFE_THREAT, "Arrêt cardiaque au cabinet"))
    assert patients.existence(host, ins_of("paul"), urgent).state is DossierState.OPEN


def test_every_professional_of_the_cast_is_admitted(connect):
    for key in ("pharmacien", "generaliste", "radiologue", "regulateur", "infirmiere", "secretaire"):
        assert patients.existence(connect(key), ins_of("jean")).state is DossierState.OPEN, key
