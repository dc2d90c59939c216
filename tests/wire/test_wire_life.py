"""The whole administrative life of a dossier against the host simulator: lists, searches, changes, closing, pages."""

from __future__ import annotations

import http.client
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from wire_host import beneficiary, code_of, consent, ins_of
from wire_stage import SoftSigner

from card_sim import cast
from dossier.access import Access, ChannelKind, Contact, DossierState, EmergencyChoices
from dossier.administration import Address, LegalRepresentative
from dossier.failure import Failure
from dossier.following import ListBasis, PartyFilter, SearchedTraits
from dossier.patient import IdentityStatus, PatientIdentity
from soap_clients import authorisations, insi, patient_access, patient_list, patient_search, patients
from soap_clients.card_tls import context_for
from soap_clients.conventions import CODED, WITH_OID, Conventions
from soap_clients.web_access import WebPage, page_address

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MAIL = Contact(ChannelKind.EMAIL, "jean@example.fr")
MOBILE = Contact(ChannelKind.SMS, "0699887766")


def test_the_dossiers_of_a_doctor_are_listed_since_an_authorisation(connect):
    doctor = connect("generaliste")
    found = {each.ins: each for each in patient_list.list_dossiers(doctor, LONG_AGO, ListBasis.AUTHORISED)}
    jean = found[ins_of("jean")]
    assert (jean.family_name, jean.given_name, jean.civility) == ("DUVAL", "JEAN", "M")
    assert jean.is_attending_doctor
    assert jean.birth_date == cast.patients()["jean"].birth_date
    assert ins_of("paul") not in found
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert patient_list.list_dossiers(doctor, tomorrow, ListBasis.AUTHORISED) == ()


def test_the_list_of_another_professional_is_refused(connect):
    owner = cast.professionals()["generaliste-port"].id_nat
    doctor = connect("generaliste")
    assert code_of(lambda: patient_list.list_dossiers(doctor, LONG_AGO, ListBasis.DOCUMENTS, owner)) == "ACCESS_DENIED"


def test_a_regulation_doctor_finds_people_without_an_ins_and_a_secretary_does_not(connect):
    regulator = connect("regulateur")
    jean = cast.patients()["jean"]
    searched = SearchedTraits("Duval", jean.given_names[0], jean.birth_date[:4], "M", city="Lorient")
    found = patient_search.find_candidates(regulator, searched)
    assert found[0].ins == ins_of("jean")
    assert found[0].score is not None
    assert not found[0].opposes_regulation
    assert patient_search.find_candidates(regulator, SearchedTraits("Zzyzx")) == ()
    karim = patient_search.find_candidates(regulator, SearchedTraits("Haddad", "Karim"))
    assert karim[0].opposes_regulation
    secretary = connect("secretaire")
    assert code_of(lambda: patient_search.find_candidates(secretary, SearchedTraits("Duval"))) == "ACCESS_DENIED"


@pytest.mark.parametrize(
    ("searched", "code"),
    [
        (SearchedTraits("  "), "SEARCH_TOO_VAGUE"),
        (SearchedTraits("Duval", birth_date="19801"), "SEARCH_INVALID"),
        (SearchedTraits("Duval", sex="X"), "SEARCH_INVALID"),
        (SearchedTraits("Du\x00val"), "TEXT_UNWRITABLE"),
    ],
)
def test_a_search_that_cannot_be_is_refused_before_it_leaves(host, searched, code):
    assert code_of(lambda: patient_search.find_candidates(host, searched)) == code


def test_who_may_open_a_dossier_is_listed_person_by_person(connect):
    doctor = connect("generaliste")
    (party,) = (
        each
        for each in authorisations.list_parties(doctor, ins_of("jean"), PartyFilter.ACTIVE)
        if each.id_nat == doctor.professional.id_nat
    )
    assert (party.family_name, party.is_structure, party.is_attending_doctor) == ("MARTIN", False, True)
    assert party.specialties[0].code == "G15_10/SM26"
    assert party.since is not None
    assert authorisations.list_parties(doctor, ins_of("jean"), PartyFilter.FORBIDDEN) == ()


def test_the_administrative_part_is_read_changed_and_read_again(connect):
    doctor, ins = connect("generaliste"), ins_of("jean")
    before = patients.read_administration(doctor, ins)
    assert before.title == "M"
    assert before.address.city
    after = replace(
        before,
        title="M",
        contacts=(MAIL, MOBILE),
        home_phone="0299000000",
        address=Address(("12 rue Neuve", "Bâtiment B"), "35000", "RENNES", "FR"),
        choices=EmergencyChoices(allow_break_glass=False, allow_regulation=True),
        traits=replace(before.traits, usage_name="DUVAL-PETIT"),
        representatives=(LegalRepresentative("MTH", "DUVAL", "Anne", Address(("1 rue Vieille",), "35000", "RENNES")),),
    )
    patients.modify(doctor, after)
    again = patients.read_administration(doctor, ins)
    assert set(again.contacts) == {MAIL, MOBILE}
    assert again.home_phone == "0299000000"
    assert again.address == after.address
    assert again.choices == after.choices
    assert again.traits.usage_name == "DUVAL-PETIT"
    assert [(each.link, each.given_name, each.address.city) for each in again.representatives] == [
        ("MTH", "Anne", "RENNES")
    ]


def test_a_dossier_is_closed_for_the_patients_reason_and_says_it(connect):
    doctor, ins = connect("generaliste"), ins_of("jean")
    identity = PatientIdentity(patients.existence(doctor, ins).traits, IdentityStatus.QUALIFIED, ins)
    assert code_of(lambda: patients.close(doctor, identity, "  ")) == "CLOSING_TEXT_MISSING"
    patients.close(doctor, identity, "Je n'en veux plus")
    found = patients.existence(doctor, ins)
    assert (found.state, found.closing_reason) == (DossierState.CLOSED, "Je n'en veux plus")
    assert found.closed_at is not None
    assert datetime.now(UTC) - found.closed_at < timedelta(hours=1)
    assert code_of(lambda: patients.close(doctor, identity, "encore")) == "DOSSIER_CLOSED"
    sheet = patients.read_administration(doctor, ins)
    assert (sheet.state, sheet.closing_reason) == (DossierState.CLOSED, "Je n'en veux plus")


def test_the_identifiers_of_an_account_are_renewed_and_its_channel_changed(connect):
    pharmacist = connect("pharmacien")
    card = beneficiary("sophie", "famille-marchand")
    identity = insi.qualify(pharmacist, card)
    patients.create(pharmacist, identity, consent(pharmacist), EmergencyChoices(), MAIL, card)
    ins = identity.qualified_ins()
    assert code_of(lambda: patient_access.renew_secrets(pharmacist, ins)) == "ACCOUNT_ABSENT"
    first = patient_access.open_account(pharmacist, ins, MAIL)
    second = patient_access.renew_secrets(pharmacist, ins)
    assert second.password != first.password
    patient_access.set_channel(pharmacist, ins, replace(MAIL, value="autre@example.fr"), "MODIFICATION")
    patient_access.set_channel(pharmacist, ins, MAIL, "SUPPRESSION")
    assert code_of(lambda: patient_access.set_channel(pharmacist, ins, MOBILE, "MODIFICATION")) == "CHANNEL_ABSENT"
    assert code_of(lambda: patient_access.set_channel(pharmacist, ins, MOBILE, "AUTRE")) == "CHANNEL_ACTION_UNKNOWN"


def test_a_minors_dossier_is_created_with_its_legal_representatives(connect):
    pharmacist = connect("pharmacien")
    card = beneficiary("leo", "famille-marchand")
    identity = insi.qualify(pharmacist, card)
    mother = LegalRepresentative("MTH", "MARCHAND", "Sophie", contacts=(MAIL,))
    patients.create(
        pharmacist,
        identity,
        consent(pharmacist),
        EmergencyChoices(),
        MAIL,
        card,
        address=Address(("4 place des Tilleuls",), "29200", "BREST", "FR"),
        representatives=(mother,),
    )
    found = patients.read_administration(pharmacist, identity.qualified_ins())
    assert found.representatives[0].family_name == "MARCHAND"
    assert found.representatives[0].contacts == (MAIL,)
    assert found.address.city == "BREST"


@pytest.mark.parametrize("form", ["text", CODED])
def test_the_secret_connection_of_a_minor_is_understood_in_both_forms(connect, form):
    doctor = connect("generaliste", conventions=Conventions(minor_form=form))
    assert patients.existence(doctor, ins_of("jean"), Access(secret=True)).state is DossierState.OPEN


@pytest.mark.parametrize("form", ["bare", WITH_OID])
def test_the_contextual_page_opens_with_the_card(connect, served, authority, form):
    _, key, _, der = authority.card_material("generaliste")
    parts = urlsplit(served.endpoints.patients)
    address = page_address(f"https://{parts.netloc}", WebPage.DASHBOARD, ins_of("jean"), Conventions(page_ins=form))
    context = context_for(SoftSigner(key, der, authority.card_chain), served.ca_file)
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, context=context)
    connection.request("GET", urlsplit(address).path)
    answer = connection.getresponse()
    assert (answer.status, b"Vous \xc3\xaates autoris\xc3\xa9" in answer.read()) == (200, True)
    connection.close()


def test_a_page_of_a_patient_needs_one_and_an_address_is_https():
    assert page_address("https://web.example.fr/", WebPage.SETTINGS).endswith("/AccesDirect/Parametrages")
    assert page_address("https://web.example.fr", WebPage.DASHBOARD).endswith("/AccesDirect/TableauDeBord")
    for base, page, code in (
        ("https://web.example.fr", WebPage.DOCUMENTS, "PAGE_WITHOUT_PATIENT"),
        ("http://web.example.fr", WebPage.DASHBOARD, "HOST_ADDRESS_INVALID"),
    ):
        with pytest.raises(Failure) as caught:
            page_address(base, page)
        assert caught.value.code == code
