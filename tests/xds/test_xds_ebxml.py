"""The ebRIM form, both ways."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import xds_models as models
from hypothesis import given, settings
from lxml import etree

from dossier.failure import Failure
from dossier.metadata import Association, AssociationKind, Availability, DocumentEntry, SubmissionSet
from dossier.timestamp import Timestamp
from soap_clients import safe_xml
from soap_clients.xds import vocabulary as v
from soap_clients.xds.ebxml import RegistryObject, from_ebxml, to_ebxml

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = {"entry": models.ENTRY, "submission_set": models.SET, "association": models.LINK}
RIM = f"{{{v.RIM}}}"
few = settings(max_examples=100, deadline=None)


def through_the_wire(item: RegistryObject) -> RegistryObject:
    return from_ebxml(safe_xml.parse(etree.tostring(to_ebxml(item), encoding="UTF-8")))


def golden(name: str) -> etree._Element:
    return safe_xml.parse((GOLDEN / f"{name}.xml").read_bytes())


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_object_is_written_as_its_golden_file(name: str) -> None:
    written = to_ebxml(EXAMPLES[name])
    etree.indent(written)
    assert etree.tostring(written, encoding="UTF-8") + b"\n" == (GOLDEN / f"{name}.xml").read_bytes()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_golden_file_is_read_as_its_object(name: str) -> None:
    assert from_ebxml(golden(name)) == EXAMPLES[name]


@few
@given(models.entries)
def test_any_document_entry_comes_back_equal(entry: DocumentEntry) -> None:
    assert through_the_wire(entry) == entry


@few
@given(models.sets)
def test_any_submission_set_comes_back_equal(item: SubmissionSet) -> None:
    assert through_the_wire(item) == item


@few
@given(models.links)
def test_any_association_comes_back_equal(item: Association) -> None:
    assert through_the_wire(item) == item


def test_slots_are_alphabetical_and_parts_have_ids_of_their_own() -> None:
    written = to_ebxml(models.ENTRY)
    names = [slot.get("name") for slot in written.iterfind(f"{RIM}Slot")]
    assert names == sorted(names)
    ids = [each.get("id") for each in written.iter() if each.get("id")]
    assert len(set(ids)) == len(ids)


def test_times_leave_in_utc() -> None:
    entry = replace(models.ENTRY, creation_time=Timestamp("20261123110000", "+0100"))
    assert through_the_wire(entry) == replace(entry, creation_time=Timestamp("20261123100000"))


def test_what_is_unknown_before_a_deposit_is_not_written() -> None:
    entry = replace(models.ENTRY, hash="", size=0, repository_id="", version="", logical_id="", comments="")
    entry = replace(entry, status=Availability.APPROVED)
    text = etree.tostring(to_ebxml(entry), encoding="unicode")
    for word in ('"hash"', '"size"', "repositoryUniqueId", "VersionInfo", "lid=", "Description", "status="):
        assert word not in text


@pytest.mark.parametrize("year", ["2007", "2010"])
def test_a_replacement_is_read_in_both_years_and_written_in_the_first(year: str) -> None:
    element = golden("association")
    element.set("associationType", f"urn:ihe:iti:{year}:AssociationType:RPLC")
    found = from_ebxml(element)
    assert isinstance(found, Association)
    assert found.kind is AssociationKind.REPLACES
    assert to_ebxml(found).get("associationType") == "urn:ihe:iti:2007:AssociationType:RPLC"


def test_a_patient_identifier_with_a_date_is_the_same_patient() -> None:
    element = golden("entry")
    for each in element.iterfind(f"{RIM}ExternalIdentifier"):
        if each.get("identificationScheme") == v.ENTRY_PATIENT_ID:
            each.set("value", each.get("value", "") + "^^20210604092415")
    assert from_ebxml(element) == models.ENTRY


def test_a_hash_in_capitals_is_the_same_hash() -> None:
    assert through_the_wire(replace(models.ENTRY, hash=models.ENTRY.hash.upper())) == models.ENTRY


def test_a_code_is_the_same_in_whatever_order_it_is_written() -> None:
    element = golden("entry")
    for each in element.iterfind(f"{RIM}Classification"):
        each[:] = reversed(each)
    assert from_ebxml(element) == models.ENTRY


def test_two_coding_schemes_of_one_code_are_an_error() -> None:
    element = golden("entry")
    code = element.find(f"{RIM}Classification[@classificationScheme='{v.ENTRY_TYPE}']")
    assert code is not None
    code[0][0].append(copy.deepcopy(code[0][0][0]))
    assert failed_field(element) == v.CODING_SCHEME


@pytest.mark.parametrize("name", ["creationTime", "hash", "size", "sourcePatientInfo"])
def test_a_repeated_slot_is_an_error(name: str) -> None:
    element = golden("entry")
    slot = next(each for each in element.iterfind(f"{RIM}Slot") if each.get("name") == name)
    element.insert(0, copy.deepcopy(slot))
    assert failed_field(element) == name


@pytest.mark.parametrize("name", ["creationTime", "hash", "size", "languageCode", "legalAuthenticator"])
def test_two_values_in_a_single_valued_slot_are_an_error(name: str) -> None:
    element = golden("entry")
    slot = next(each for each in element.iterfind(f"{RIM}Slot") if each.get("name") == name)
    slot[0].append(copy.deepcopy(slot[0][0]))
    assert failed_field(element) == name


@pytest.mark.parametrize("scheme", [v.ENTRY_CLASS, v.ENTRY_TYPE, v.ENTRY_FORMAT, v.ENTRY_FACILITY, v.ENTRY_PRACTICE])
@pytest.mark.parametrize("change", ["absent", "twice"])
def test_a_code_that_must_be_there_once_is_there_once(scheme: str, change: str) -> None:
    element = golden("entry")
    found = next(e for e in element.iterfind(f"{RIM}Classification") if e.get("classificationScheme") == scheme)
    if change == "absent":
        element.remove(found)
    else:
        element.append(copy.deepcopy(found))
    assert failed_field(element) == scheme


@pytest.mark.parametrize("name", ["entry", "submission_set", "association"])
def test_only_failure_escapes_whatever_element_is_missing_or_emptied(name: str) -> None:
    for at in range(1, len(list(golden(name).iter()))):
        for damage in (lambda e: e.getparent().remove(e), lambda e: e.attrib.clear(), lambda e: e.clear()):
            element = golden(name)
            damage(list(element.iter())[at])
            try:
                from_ebxml(element)
            except Failure as failure:
                assert failure.code == "XDS_METADATA_INVALID"


def test_only_failure_escapes_whatever_attribute_of_the_object_is_missing() -> None:
    for name in EXAMPLES:
        for attribute in golden(name).attrib:
            element = golden(name)
            del element.attrib[attribute]
            try:
                from_ebxml(element)
            except Failure as failure:
                assert failure.code == "XDS_METADATA_INVALID"


def test_another_element_is_not_a_registry_object() -> None:
    assert failed_field(etree.Element("folder")) == "object"


def test_a_text_that_xml_cannot_carry_is_refused_before_anything_leaves() -> None:
    with pytest.raises(Failure) as caught:
        to_ebxml(replace(models.ENTRY, title="a\x00b"))
    assert caught.value.code == "TEXT_UNWRITABLE"


def failed_field(element: etree._Element) -> object:
    with pytest.raises(Failure) as caught:
        from_ebxml(element)
    assert caught.value.code == "XDS_METADATA_INVALID"
    return caught.value.facts["field"]
