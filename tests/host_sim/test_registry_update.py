"""ITI-57: masking, unmasking, showing to the patient, archiving, deleting: who may, and the versions that follow."""

from __future__ import annotations

from pathlib import Path

import pytest
from registry_lots import (
    APPROVED,
    ARCHIVED,
    DELETED,
    DEPRECATED,
    GET_DOCUMENTS,
    RIM,
    Lot,
    Paper,
    Place,
    ins_of,
)

from card_sim.authority import Authority
from host_sim import registry
from host_sim.call import HostFault

JEAN = ins_of("jean")
FAILED = "XDSMetadataUpdateError"
N, MASKED, HIDDEN, HIDDEN_RL = "N", "MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"


@pytest.fixture
def place(tmp_path: Path, authority_dir: Path) -> Place:
    made = Place(tmp_path, Authority.open(authority_dir))
    made.authorise("generaliste-port")
    return made


def _feed(place: Place, *codes: str, key: str = "generaliste") -> object:
    assert place.deposit(Lot(JEAN, (Paper(JEAN, key, confidentiality=codes or (N,)),), key)) == []
    return _current(place)


def _current(place: Place) -> object:
    return place.find("generaliste")[-1]


def _codes(entry) -> set[str]:
    scheme = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
    return {
        each.get("nodeRepresentation")
        for each in entry.iter(f"{{{RIM}}}Classification")
        if each.get("classificationScheme") == scheme
    }


def test_masking_makes_a_new_version_with_a_new_id_and_the_same_lid(place: Place) -> None:
    old = _feed(place)
    assert place.change_codes("generaliste", old, (N, MASKED)) == []
    new = _current(place)
    assert _codes(new) == {N, MASKED}
    assert new.get("lid") == old.get("lid") != new.get("id") != old.get("id")
    assert new.find(f"{{{RIM}}}VersionInfo").get("versionName") == "2"
    assert len(place.find("generaliste")) == 1
    assert place.find("generaliste", more={"$XDSDocumentEntryStatus": f"('{DEPRECATED}')"}) == []


def test_the_former_version_does_not_betray_a_masked_document(place: Place) -> None:
    old = _feed(place)
    assert place.change_codes("generaliste", old, (N, MASKED)) == []
    slots = {"$XDSDocumentEntryEntryUUID": f"('{old.get('id')}')"}
    assert place.query("generaliste", GET_DOCUMENTS, slots=dict(slots)).get("totalResultCount") == "1"
    assert place.query("generaliste-port", GET_DOCUMENTS, slots=dict(slots)).get("totalResultCount") == "0"


def test_unmasking_brings_it_back(place: Place) -> None:
    assert place.change_codes("generaliste", _feed(place, N, MASKED), (N,)) == []
    assert _codes(_current(place)) == {N}
    assert len(place.find("generaliste-port")) == 1


def test_any_authorised_professional_masks_and_only_the_author_or_the_treating_doctor_unmasks(place: Place) -> None:
    entry = _feed(place)
    assert place.change_codes("generaliste-port", entry, (N, MASKED)) == []
    masked = _current(place)
    with pytest.raises(HostFault):
        place.change_codes("generaliste-port", masked, (N,))
    assert place.change_codes("generaliste", masked, (N,)) == []


def test_without_authorisation_or_in_an_emergency_nobody_masks(place: Place) -> None:
    entry = _feed(place)
    with pytest.raises(HostFault):
        place.change_codes("generaliste-gare", entry, (N, MASKED))
    with pytest.raises(HostFault):
        place.change_codes("generaliste", entry, (N, MASKED), purpose="bris_de_glace")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((N, HIDDEN), (N,)),
        ((N, HIDDEN_RL), (N,)),
        ((N, HIDDEN, HIDDEN_RL), (N,)),
        ((N, HIDDEN), (N, MASKED)),
    ],
)
def test_a_hidden_document_is_made_visible(place: Place, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    assert place.change_codes("generaliste", _feed(place, *before), after) == []
    assert _codes(_current(place)) == set(after)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ((N,), (N,), FAILED),
        ((N,), (N, HIDDEN), FAILED),
        ((N,), (N, HIDDEN_RL), FAILED),
        ((N, HIDDEN, HIDDEN_RL), (N, HIDDEN), FAILED),
        ((N,), (MASKED,), "XDSRegistryMetadataError"),
        ((N, MASKED), (N, MASKED, HIDDEN), "XDSRegistryMetadataError"),
        ((N,), (N, "R"), FAILED),
    ],
)
def test_other_changes_of_codes_do_not_exist(place: Place, before, after, code: str) -> None:
    entry = _feed(place, *before)
    assert place.change_codes("generaliste", entry, after) == [code]
    assert _codes(_current(place)) == set(before)


@pytest.mark.parametrize("version", ["0", "2", "x"])
def test_a_stale_version_is_refused(place: Place, version: str) -> None:
    assert place.change_codes("generaliste", _feed(place), (N, MASKED), version=version) == ["XDSMetadataVersionError"]


def test_two_changes_from_the_same_reading_are_one_too_many(place: Place) -> None:
    entry = _feed(place)
    assert place.change_codes("generaliste", entry, (N, MASKED)) == []
    assert place.change_codes("generaliste", entry, (N, MASKED)) == ["XDSMetadataVersionError"]


@pytest.mark.parametrize("path", ["Slot[@name='hash']//{*}Value", "Name/{*}LocalizedString", "ExternalIdentifier"])
def test_nothing_else_than_the_codes_may_change(place: Place, path: str) -> None:
    entry = _feed(place)
    found = entry.findall("{*}" + path)[-1]
    if found.get("value"):
        found.set("value", "1.2.250.1.999")
    else:
        found.text = "0" * 40
    assert place.change_codes("generaliste", entry, (N, MASKED)) == [FAILED]


def test_an_unknown_lid_is_refused(place: Place) -> None:
    entry = _feed(place)
    entry.set("lid", "urn:uuid:00000000-0000-4000-8000-000000000000")
    assert place.change_codes("generaliste", entry, (N, MASKED)) == [FAILED]


def test_archiving_and_taking_back(place: Place) -> None:
    uuid = _feed(place).get("id")
    assert place.change_status("generaliste", uuid, APPROVED, ARCHIVED) == []
    assert place.find("generaliste") == []
    assert len(place.find("generaliste", more={"$XDSDocumentEntryStatus": f"('{ARCHIVED}')"})) == 1
    assert place.change_status("generaliste", uuid, APPROVED, ARCHIVED) == [FAILED]
    assert place.change_status("generaliste", uuid, ARCHIVED, APPROVED) == []
    assert place.change_status("generaliste", uuid, APPROVED, DEPRECATED) == [FAILED]


def test_only_the_author_deletes_and_without_authorisation(place: Place) -> None:
    uuid = _feed(place, key="generaliste-port").get("id")
    with pytest.raises(HostFault):
        place.change_status("generaliste", uuid, APPROVED, DELETED)
    with place.house.store.transaction() as cursor:
        cursor.execute("DELETE FROM authorisations")
    assert place.change_status("generaliste-port", uuid, APPROVED, DELETED) == []


def test_a_secretary_deletes_a_document_of_the_structure(place: Place) -> None:
    paper = Paper(JEAN, "radiologue", "18748-4", class_code="31")
    assert place.deposit(Lot(JEAN, (paper,), "radiologue")) == []
    other = _feed(place)
    with place.house.store.transaction() as cursor:
        mine = registry.find_entry(cursor, unique_id=paper.unique_id)
    assert mine is not None
    # The set of the request is written in the radiologist's name: same structure.
    from registry_lots import caller_of

    secretary = caller_of("secretaire")
    assert place.change_status("radiologue", mine.entry_uuid, APPROVED, DELETED, caller=secretary) == []
    with pytest.raises(HostFault):
        place.change_status("radiologue", other.get("id"), APPROVED, DELETED, caller=secretary)


def test_a_request_without_change_is_refused(place: Place) -> None:
    from registry_lots import new_oid, package

    assert place.update("generaliste", package(JEAN, "generaliste", new_oid())) == [FAILED]
    assert place.update("generaliste", "") == ["XDSRegistryMetadataError"]
