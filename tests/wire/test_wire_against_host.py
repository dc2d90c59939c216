"""The patient services played against the host simulator over real TLS: the two write their wire independently."""

from __future__ import annotations

import pytest
from wire_host import beneficiary, code_of, consent, ins_of

from card_sim import cast
from dossier.access import (
    Access,
    AccessMode,
    AuthorisationState,
    BreakGlass,
    BreakGlassReason,
    ChannelKind,
    Contact,
    DossierState,
    EmergencyChoices,
)
from dossier.patient import PatientIdentity, Sex, Traits
from soap_clients import authorisations, insi, patient_access, patients

CONTACT = Contact(ChannelKind.EMAIL, "sophie@example.fr")


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
