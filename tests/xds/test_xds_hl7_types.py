"""The HL7 composite types, each way."""

from __future__ import annotations

import contextlib

import pytest
import xds_models as models
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.failure import Failure
from dossier.metadata import Code, Institution, LocalId, Person, Reference
from dossier.patient import Sex, Traits
from soap_clients import hl7_types as hl7

few = settings(max_examples=150, deadline=None)


def test_a_national_identity_is_written_as_the_host_reads_it() -> None:
    assert hl7.to_cx(models.INS) == f"{models.INS.matricule}^^^&1.2.250.1.213.1.4.10&ISO^NH"


@pytest.mark.parametrize("tail", ["", "^^20100907", "^^20210604092415", "^^20210604^20301231"])
def test_dates_after_the_fifth_component_of_a_patient_identifier_are_ignored(tail: str) -> None:
    assert hl7.from_cx(hl7.to_cx(models.INS) + tail) == models.INS


@pytest.mark.parametrize(
    ("person", "text"),
    [
        (
            Person("899900000001", "MARTIN", "Claire"),
            "899900000001^MARTIN^Claire^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
        ),
        (
            Person("1.2.250.1.999.3", "SCANNER", "Parc", "1.2.250.1.999", "RI"),
            "1.2.250.1.999.3^SCANNER^Parc^^^^^^&1.2.250.1.999&ISO^U^^^RI",
        ),
    ],
)
def test_people_and_devices_are_written_with_their_name_type(person: Person, text: str) -> None:
    assert hl7.to_xcn(person) == text
    assert hl7.from_xcn(text) == person


def test_a_structure_and_a_specialty_are_written_as_the_host_reads_them() -> None:
    place = Institution("CABINET A&B", "499900000001001")
    assert hl7.to_xon(place) == "CABINET A\\T\\B^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^499900000001001"
    code = Code("G15_10/SM26", "1.2.250.1.213.1.1.4.5", "Médecin")
    assert hl7.to_specialty(code) == "G15_10/SM26^Médecin^1.2.250.1.213.1.1.4.5"


def test_traits_travel_with_birth_name_usage_name_and_first_given_name() -> None:
    traits = Traits("MARCHAND", ("SOPHIE", "ANNE"), "19610312", Sex.FEMALE, usage_name="DURAND")
    written = hl7.to_source_patient_info(traits)
    assert written == ("PID-5|MARCHAND^SOPHIE^^^^^L", "PID-5|DURAND^SOPHIE^^^^^D", "PID-7|19610312", "PID-8|F")
    assert hl7.from_source_patient_info((*written, "PID-11|rue")) == Traits(
        "MARCHAND", ("SOPHIE",), "19610312", Sex.FEMALE, usage_name="DURAND"
    )


def test_no_patient_info_is_no_traits() -> None:
    assert hl7.from_source_patient_info(()) is None
    assert hl7.from_source_patient_info(("PID-3|1^^^&1.2&ISO^PI",)) is None


@few
@given(models.persons)
def test_a_person_comes_back_equal(person: Person) -> None:
    assert hl7.from_xcn(hl7.to_xcn(person)) == person


@few
@given(models.traits)
def test_traits_come_back_equal(traits: Traits) -> None:
    assert hl7.from_source_patient_info(hl7.to_source_patient_info(traits)) == traits


@few
@given(models.words, models.oids, models.words)
def test_identifiers_come_back_equal_whatever_delimiters_they_hold(value: str, oid: str, kind: str) -> None:
    local = LocalId(value, oid, kind)
    assert hl7.from_local_cx(hl7.to_local_cx(local)) == local
    reference = Reference(value, oid, kind)
    assert hl7.from_reference(hl7.to_reference(reference)) == reference
    place = Institution(value, kind)
    assert hl7.from_xon(hl7.to_xon(place)) == place
    code = Code(value, oid, kind)
    assert hl7.from_specialty(hl7.to_specialty(code)) == code


@few
@given(st.text(alphabet="^&|~\\ESTFR1234567890ab", max_size=60))
def test_only_failure_escapes_from_the_readers(text: str) -> None:
    for read in (hl7.from_cx, hl7.from_local_cx, hl7.from_xcn, hl7.from_xon, hl7.from_specialty, hl7.from_reference):
        with contextlib.suppress(Failure):
            read(text)
    hl7.from_source_patient_info((text,))
