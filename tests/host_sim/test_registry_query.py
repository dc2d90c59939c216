"""ITI-18 and ITI-43: who finds what, who reads what, and the questions that are not understood."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from registry_lots import (
    ARCHIVED,
    DELETED,
    DEPRECATED,
    FIND_DOCUMENTS,
    GET_DOCUMENTS,
    MEMBER,
    OID,
    RIM,
    Lot,
    Paper,
    Place,
    advance,
    caller_of,
    errors,
    ins_of,
    slot,
)

from card_sim.authority import Authority
from host_sim import visibility
from host_sim.call import HostFault
from host_sim.registry import listed_for
from host_sim.registry_errors import RegistryRefusal
from host_sim.stored_query import split_values

JEAN = ins_of("jean")
PAUL = ins_of("paul")


@pytest.fixture
def place(tmp_path: Path, authority_dir: Path) -> Place:
    return Place(tmp_path, Authority.open(authority_dir))


def _feed(place: Place, *papers: Paper, key: str = "generaliste", patient: str = "jean") -> None:
    papers = tuple(replace(each, entry_id=f"Document{n:02d}") for n, each in enumerate(papers, 1))
    assert place.deposit(Lot(ins_of(patient), papers, key), patient=patient) == []


def _titles(entries: list) -> list[str]:
    return [each.find(f"{{{RIM}}}Name/{{{RIM}}}LocalizedString").get("value") for each in entries]


def _codes(answer) -> list[str]:
    return [each.get("errorCode") for each in answer.iter("{*}RegistryError")]


def test_the_list_has_the_entries_with_host_fields_and_without_the_signature(place: Place) -> None:
    paper = Paper(JEAN)
    _feed(place, paper)
    answer = place.query("generaliste", FIND_DOCUMENTS)
    (entry,) = answer.iter(f"{{{RIM}}}ExtrinsicObject")
    assert answer.get("totalResultCount") == "1"
    assert entry.get("lid") == entry.get("id")
    slots = [each.get("name") for each in entry.iterchildren(f"{{{RIM}}}Slot")]
    assert slots == sorted(slots)
    assert {"hash", "size", "repositoryUniqueId"} <= set(slots)
    assert all(each.get("classifiedObject") == entry.get("id") for each in entry.iter(f"{{{RIM}}}Classification"))


def test_references_only_are_the_same_documents(place: Place) -> None:
    _feed(place, Paper(JEAN))
    whole = [each.get("id") for each in place.find("generaliste")]
    answer = place.query("generaliste", FIND_DOCUMENTS, whole=False)
    assert [each.get("id") for each in answer.iter(f"{{{RIM}}}ObjectRef")] == whole


@pytest.mark.parametrize("key", ["generaliste-port", "pharmacien"])
def test_reading_needs_a_valid_authorisation(place: Place, key: str) -> None:
    with pytest.raises(HostFault) as refused:
        place.find(key)
    assert refused.value.code == "DMPAccessDeniedByRightsService"
    place.authorise(key)
    assert place.find(key) == []
    advance(place, 366)
    with pytest.raises(HostFault):
        place.find(key)


def test_a_break_glass_needs_no_authorisation(place: Place) -> None:
    _feed(place, Paper(JEAN))
    assert len(place.find("generaliste-port", purpose="bris_de_glace", reason="Patient inconscient")) == 1


def test_the_pharmacist_of_2016_sees_neither_imaging_nor_consultation_and_the_one_of_2023_does(place: Place) -> None:
    _feed(place, Paper(JEAN, title="Consultation"), Paper(JEAN, type_code="34133-9", class_code="11", title="Synthèse"))
    _feed(place, Paper(JEAN, "radiologue", "18748-4", class_code="31", title="Radio"), key="radiologue")
    place.authorise("pharmacien")
    assert _titles(place.find("pharmacien")) == ["Synthèse"]
    place.house.parameters.set("matrix", "2023")
    assert _titles(place.find("pharmacien")) == ["Consultation", "Synthèse", "Radio"]


def test_an_occupational_doctor_and_a_secretary_read_nothing(place: Place) -> None:
    _feed(place, Paper(JEAN))
    occupational = replace(caller_of("generaliste"), specialty="SM25")
    assert place.find("generaliste", caller=occupational) == []
    with pytest.raises(HostFault):
        place.retrieve("generaliste", "1.2.3", caller=occupational)
    with pytest.raises(HostFault):
        place.find("secretaire")


def test_a_secretary_finds_the_references_of_the_documents_of_the_structure(place: Place) -> None:
    mine = Paper(JEAN, "radiologue", "18748-4", class_code="31")
    other = Paper(JEAN)
    _feed(place, mine, key="radiologue")
    _feed(place, other)
    slots = {"$XDSDocumentEntryUniqueId": f"('{mine.unique_id}','{other.unique_id}')"}
    found = place.query("secretaire", GET_DOCUMENTS, whole=False, slots=slots)
    assert found.get("totalResultCount") == "1"


def test_a_depositor_without_authorisation_finds_the_reference_of_the_own_document(place: Place) -> None:
    paper = Paper(JEAN, "pharmacien", "56445-0", class_code="11")
    _feed(place, paper, key="pharmacien")
    slots = {"$XDSDocumentEntryUniqueId": f"('{paper.unique_id}')"}
    assert place.query("pharmacien", GET_DOCUMENTS, whole=False, slots=slots).get("totalResultCount") == "1"
    assert place.query("infirmiere", GET_DOCUMENTS, whole=False, slots=slots).get("totalResultCount") == "0"


@pytest.mark.parametrize(
    ("key", "sees"), [("generaliste", True), ("generaliste-port", True), ("generaliste-gare", False)]
)
def test_a_masked_document_is_for_its_author_the_treating_doctor_and_the_patient(
    place: Place, key: str, sees: bool
) -> None:
    place.authorise("generaliste-port")
    place.authorise("generaliste-gare")
    paper = Paper(JEAN, "generaliste-port", confidentiality=("N", "MASQUE_PS"))
    _feed(place, paper, key="generaliste-port")
    assert bool(place.find(key)) is sees
    reply = place.retrieve(key, paper.unique_id)
    assert bool(reply.parts) is sees
    patient = visibility.as_patient(place.house.clock.now(), place.house.parameters.as_dict())
    assert [each.masked for each in listed_for(place.house.store, JEAN, patient)] == [True]


def test_masked_documents_are_shown_in_an_emergency_only_when_that_was_authorised(place: Place) -> None:
    _feed(place, Paper(JEAN, confidentiality=("N", "MASQUE_PS")))
    emergency = {"purpose": "centre_15"}
    assert place.find("regulateur", **emergency) == []
    place.house.parameters.set("masked_in_emergency", True)
    assert len(place.find("regulateur", **emergency)) == 1


def test_a_document_hidden_from_the_patient_appears_to_the_patient_after_28_days(place: Place) -> None:
    _feed(place, Paper(JEAN, confidentiality=("N", "INVISIBLE_PATIENT")))
    assert len(place.find("generaliste")) == 1
    parameters = place.house.parameters.as_dict()
    for days, seen in ((0, 0), (27, 0), (1, 1)):
        viewer = visibility.as_patient(advance(place, days), parameters)
        assert len(listed_for(place.house.store, JEAN, viewer)) == seen


def test_a_document_hidden_from_representatives_is_shown_to_the_patient(place: Place) -> None:
    _feed(place, Paper(JEAN, confidentiality=("N", "INVISIBLE_REPRESENTANTS_LEGAUX")))
    now, parameters = place.house.clock.now(), place.house.parameters.as_dict()
    assert listed_for(place.house.store, JEAN, visibility.as_patient(now, parameters))
    assert not listed_for(place.house.store, JEAN, visibility.as_patient(now, parameters, representative=True))


def test_the_list_for_people_tells_title_author_type_and_state(place: Place) -> None:
    _feed(place, Paper(JEAN, title="Visite"))
    now = place.house.clock.now()
    (seen,) = listed_for(place.house.store, JEAN, visibility.as_patient(now, place.house.parameters.as_dict()))
    assert (seen.title, seen.author, seen.state) == ("Visite", "Claire MARTIN", "actif")
    assert seen.type_name == "CR ou fiche de consultation ou de visite"
    assert len(listed_for(place.house.store, JEAN, visibility.as_host(now))) == 2


FILTERS = [
    ({"$XDSDocumentEntryTypeCode": "('11490-0^^2.16.840.1.113883.6.1')"}, ["Lettre"]),
    ({"$XDSDocumentEntryTypeCode": "('11490-0^^1.2.3')"}, []),
    ({"$XDSDocumentEntryClassCode": ["('10^^1.2.250.1.213.1.1.4.1',", "'11^^1.2.250.1.213.1.1.4.1')"]}, None),
    ({"$XDSDocumentEntryClassCode": "('11^^1.2.250.1.213.1.1.4.1')"}, ["Synthèse"]),
    ({"$XDSDocumentEntryCreationTimeFrom": "'20261101'"}, ["Visite", "Synthèse"]),
    ({"$XDSDocumentEntryCreationTimeFrom": "202611"}, ["Visite", "Synthèse"]),
    ({"$XDSDocumentEntryCreationTimeTo": "'20261101'"}, ["Lettre"]),
    ({"$XDSDocumentEntryServiceStartTimeFrom": "'20270101'"}, []),
    ({"$XDSDocumentEntryServiceStopTimeFrom": "'2000'"}, []),
    ({"$XDSDocumentEntryConfidentialityCode": "('MASQUE_PS^^1.2.250.1.213.1.1.4.13')"}, ["Synthèse"]),
    ({"$XDSDocumentEntryFormatCode": "('urn:ihe:iti:xds-sd:pdf:2008^^1.3.6.1.4.1.19376.1.2.3')"}, None),
    ({"$XDSDocumentEntryHealthcareFacilityTypeCode": "('SA33^^1.2.250.1.71.4.2.4')"}, []),
    ({"$XDSDocumentEntryPracticeSettingCode": "('AMBULATOIRE^^1.2.250.1.213.1.1.4.9')"}, None),
    ({"$XDSDocumentEntryAuthorPerson": "('%martin%')"}, None),
    ({"$XDSDocumentEntryAuthorPerson": "('MARTIN')"}, []),
    ({"$XDSDocumentEntryEventCodeList": "('CT^^1.2.840.10008.2.16.4')"}, ["Synthèse"]),
    ({"$XDSDocumentEntryStatus": f"('{ARCHIVED}','{DEPRECATED}')"}, []),
]


@pytest.mark.parametrize(("more", "titles"), FILTERS)
def test_filters_of_find_documents(place: Place, more: dict, titles: list[str] | None) -> None:
    _feed(
        place,
        Paper(JEAN, title="Visite"),
        Paper(JEAN, type_code="11490-0", title="Lettre", created="20251101120000"),
        Paper(
            JEAN, type_code="34133-9", class_code="11", title="Synthèse", confidentiality=("N", "MASQUE_PS"),
            events=(("CT", "1.2.840.10008.2.16.4"), ("MR", "1.2.840.10008.2.16.4")),
        ),
    )  # fmt: skip
    more = {key: value if isinstance(value, str) else "".join(value) for key, value in more.items()}
    assert _titles(place.find("generaliste", more=more)) == (
        titles if titles is not None else ["Visite", "Lettre", "Synthèse"]
    )


def test_two_event_slots_are_and_two_values_are_or(place: Place) -> None:
    _feed(
        place,
        Paper(JEAN, events=(("CT", "1.2.3"),)),
        Paper(JEAN, title="Deux", events=(("CT", "1.2.3"), ("MR", "1.2.3"))),
    )
    patient = slot("$XDSDocumentEntryPatientId", f"'{JEAN}^^^&{OID}&ISO^NH'")
    status = slot("$XDSDocumentEntryStatus", "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')")
    name = "$XDSDocumentEntryEventCodeList"
    for events, count in (
        (slot(name, "('CT^^1.2.3','MR^^1.2.3')"), 2),
        (slot(name, "('CT^^1.2.3')") + slot(name, "('MR^^1.2.3')"), 1),
    ):
        body = etree.fromstring(
            f'<query:AdhocQueryRequest xmlns:query="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns:rim="{RIM}">'
            '<query:ResponseOption returnComposedObjects="true" returnType="LeafClass"/>'
            f'<rim:AdhocQuery id="urn:uuid:{FIND_DOCUMENTS}">{patient}{status}{events}</rim:AdhocQuery>'
            "</query:AdhocQueryRequest>"
        )
        from host_sim.transactions import registry

        call = place.call("generaliste", body, to=("registry", registry.STORED_QUERY))
        assert registry.answer_query(call, place.house).body.get("totalResultCount") == str(count)


def test_references_find_an_imaging_study(place: Place) -> None:
    study = "1.2.3^^^&1.2.4&ISO^urn:ihe:iti:xds:2016:studyInstanceUID"
    _feed(place, Paper(JEAN, slots={"urn:ihe:iti:xds:2013:referenceIdList": study}), Paper(JEAN))
    query = "12941a89-e02e-4be5-967c-ce4bfc8fe492"
    found = place.query("generaliste", query, more={"$XDSDocumentEntryReferenceIdList": f"('{study}')"})
    assert found.get("totalResultCount") == "1"
    assert _codes(place.query("generaliste", query)) == ["XDSStoredQueryParamNumber"]


def test_sets_associations_and_documents_lead_to_each_other(place: Place) -> None:
    _feed(place, Paper(JEAN), Paper(JEAN, title="Deux"))
    slots = {
        "$XDSSubmissionSetPatientId": f"'{JEAN}^^^&{OID}&ISO^NH'",
        "$XDSSubmissionSetStatus": "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')",
        "$XDSSubmissionSetSubmissionTimeFrom": "'20261120'",
    }
    (package,) = place.query("generaliste", "f26abbcb-ac74-4422-8a30-edb644bbc1a9", slots=slots).iter(
        "{*}RegistryPackage"
    )
    links = place.query(
        "generaliste", "a7ae438b-4bc2-4642-93e9-be891f7bb155", slots={"$uuid": f"('{package.get('id')}')"}
    )
    members = [
        each.get("targetObject") for each in links.iter("{*}Association") if each.get("associationType") == MEMBER
    ]
    listed = ",".join(f"'{each}'" for each in members)
    both = place.query(
        "generaliste", "bab9529a-4a10-40b3-a01f-f68a615d247a", slots={"$XDSDocumentEntryEntryUUID": f"({listed})"}
    )
    titles = _titles(list(both.iter("{*}ExtrinsicObject")))
    assert {"Compte rendu de consultation", "Deux"} <= set(titles)
    whole = place.query(
        "generaliste", "e8e3cb2c-e39c-46b9-99e4-c12f57260b83",
        slots={"$XDSSubmissionSetEntryUUID": f"'{package.get('id')}'"},
    )  # fmt: skip
    assert len(list(whole.iter("{*}ExtrinsicObject"))) == 2


@pytest.mark.parametrize(
    ("query", "slots", "code"),
    [
        ("00000000-0000-4000-8000-000000000000", {}, "XDSUnknownStoredQuery"),
        (FIND_DOCUMENTS, {}, "XDSStoredQueryParamNumber"),
        (FIND_DOCUMENTS, {"$XDSDocumentEntryPatientId": f"'{JEAN}^^^&{OID}&ISO^NH'"}, "XDSStoredQueryParamNumber"),
        (FIND_DOCUMENTS, {"$XDSDocumentEntryPatientId": "('a','b')"}, "XDSStoredQueryParamNumber"),
        (FIND_DOCUMENTS, {"$XDSDocumentEntryPatientId": f"'{PAUL}^^^&{OID}&ISO^NH'"}, "XDSPatientIdDoesNotMatch"),
        (FIND_DOCUMENTS, {"$XDSDocumentEntryPatientId": "jean"}, "XDSRegistryError"),
        (GET_DOCUMENTS, {}, "XDSStoredQueryParamNumber"),
        (GET_DOCUMENTS, {"$XDSDocumentEntryUniqueId": "('1'", }, "XDSRegistryError"),
    ],
)  # fmt: skip
def test_a_question_that_is_not_understood_is_answered_by_its_code(place: Place, query, slots, code) -> None:
    answer = place.query("generaliste", query, slots=dict(slots))
    assert answer.get("status").endswith("Failure")
    assert _codes(answer) == [code]


def test_a_time_that_is_none_is_an_error_of_the_question(place: Place) -> None:
    answer = place.query("generaliste", FIND_DOCUMENTS, more={"$XDSDocumentEntryCreationTimeFrom": "'demain'"})
    assert _codes(answer) == ["XDSRegistryError"]


def test_a_closed_dossier_is_not_read(place: Place) -> None:
    place.authorise("generaliste", "odette")
    assert _codes(place.query("generaliste", FIND_DOCUMENTS, patient="odette")) == ["XDSUnknownPatientId"]


@pytest.mark.parametrize(
    ("text", "values"),
    [("'a'", ["a"]), ("12", ["12"]), ("('a')", ["a"]), ("( 'a' , 'b''c' )", ["a", "b'c"]), ("('a,b')", ["a,b"])],
)
def test_values_are_quoted_listed_or_numbers(text: str, values: list[str]) -> None:
    assert split_values(text) == values


@pytest.mark.parametrize("text", ["", "()", "('a'", "a", "'a' 'b'", "('a',)", "'", "'a','b'x"])
def test_other_values_are_refused(text: str) -> None:
    with pytest.raises(RegistryRefusal):
        split_values(text)


def test_documents_come_as_files_and_the_others_as_errors(place: Place) -> None:
    paper = Paper(JEAN)
    _feed(place, paper)
    reply = place.retrieve("generaliste", paper.unique_id, "1.2.3")
    assert reply.multipart
    assert [path.read_bytes() for path in reply.parts.values()] == [paper.content()]
    assert reply.body[0].get("status") == "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
    assert [each.get("errorCode") for each in reply.body.iter("{*}RegistryError")] == ["XDSDocumentUniqueIdError"]
    assert errors(place.retrieve("generaliste", "1.2.3")) == ["XDSDocumentUniqueIdError"]
    assert errors(place.retrieve("generaliste")) == ["XDSRepositoryError"]
    assert place.retrieve("generaliste", paper.unique_id).body[0].get("status").endswith("Success")


def test_another_repository_is_not_known(place: Place) -> None:
    body = etree.fromstring(
        '<xds:RetrieveDocumentSetRequest xmlns:xds="urn:ihe:iti:xds-b:2007"><xds:DocumentRequest>'
        "<xds:RepositoryUniqueId>1.2.3</xds:RepositoryUniqueId><xds:DocumentUniqueId>1</xds:DocumentUniqueId>"
        "</xds:DocumentRequest></xds:RetrieveDocumentSetRequest>"
    )
    from host_sim.transactions import repository

    reply = repository.retrieve(place.call("generaliste", body, to=("repository", repository.RETRIEVE)), place.house)
    assert errors(reply) == ["XDSUnknownRepositoryId"]


def test_the_document_of_another_patient_is_as_unknown_as_one_that_does_not_exist(place: Place) -> None:
    paper = Paper(ins_of("paul"))
    _feed(place, paper, patient="paul")
    assert errors(place.retrieve("generaliste", paper.unique_id)) == ["XDSDocumentUniqueIdError"]
    slots = {"$XDSDocumentEntryUniqueId": f"('{paper.unique_id}')"}
    assert place.query("generaliste", GET_DOCUMENTS, slots=slots).get("totalResultCount") == "0"


def test_a_deleted_document_is_in_no_list_but_the_one_that_asks_for_it(place: Place) -> None:
    _feed(place, Paper(JEAN))
    (entry,) = place.find("generaliste")
    status = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
    assert place.change_status("generaliste", entry.get("id"), status, DELETED) == []
    assert place.find("generaliste") == []
    assert len(place.find("generaliste", more={"$XDSDocumentEntryStatus": f"('{DELETED}')"})) == 1
    viewer = visibility.as_patient(place.house.clock.now(), place.house.parameters.as_dict())
    assert listed_for(place.house.store, JEAN, viewer) == ()
