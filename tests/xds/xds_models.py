"""Models that the XDS tests share: one full example of each, and hypothesis strategies."""

from __future__ import annotations

from hypothesis import strategies as st

from dossier.metadata import (
    Association,
    AssociationKind,
    Author,
    Availability,
    Code,
    DocumentEntry,
    Institution,
    LocalId,
    Person,
    Reference,
    SubmissionSet,
)
from dossier.patient import INS_NIR_TEST, Ins, Sex, Traits, nir_key
from dossier.timestamp import Timestamp

BODY = "2610399999012"
INS = Ins(BODY + nir_key(BODY), INS_NIR_TEST)
OTHER_BODY = "1750199999034"
OTHER_INS = Ins(OTHER_BODY + nir_key(OTHER_BODY), INS_NIR_TEST)

AUTHOR = Author(
    Person("899900000001", "MARTIN", "Claire"),
    Code("G15_10/SM26", "1.2.250.1.213.1.1.4.5", "Médecin - Qualifié en médecine générale (SM)"),
    Institution("Cabinet des Lilas", "499900000001001"),
    "Médecin traitant",
)
N = Code("N", "2.16.840.1.113883.5.25", "Normal")
MASKED = Code("MASQUE_PS", "1.2.250.1.213.1.1.4.13", "Masqué aux professionnels de santé")

ENTRY = DocumentEntry(
    entry_uuid="urn:uuid:0d5a2c1e-7f4b-4c7e-9a53-6f2f4e1c8b01",
    unique_id="1.2.250.1.999.1.1.7898.1.1",
    patient_id=INS,
    mime_type="text/xml",
    class_code=Code("10", "1.2.250.1.213.1.1.4.1", "Compte rendu"),
    type_code=Code("11488-4", "2.16.840.1.113883.6.1", "CR ou fiche de consultation"),
    format_code=Code("urn:ihe:iti:xds-sd:pdf:2008", "1.3.6.1.4.1.19376.1.2.3", "PDF"),
    confidentiality=(N, MASKED),
    facility=Code("SA08", "1.2.250.1.71.4.2.4", "Cabinet de groupe"),
    practice_setting=Code("AMBULATOIRE", "1.2.250.1.213.1.1.4.9", "Ambulatoire"),
    creation_time=Timestamp("20261123100000"),
    title="Consultation d'été : suivi",
    authors=(AUTHOR,),
    legal_authenticator=AUTHOR.person,
    source_patient_id=LocalId("IPP&42", "1.2.250.1.999.1.1.1"),
    source_patient=Traits("MARCHAND", ("SOPHIE",), "19610312", Sex.FEMALE, usage_name="DURAND"),
    service_start=Timestamp("202611230930"),
    service_stop=Timestamp("202611230950"),
    comments="Premier <avis> & suites",
    events=(Code("CT", "1.2.250.1.213.1.1.5.618", "Scanner"), Code("ZBQH001", "1.2.250.1.213.2.5", "Thorax")),
    references=(Reference("A42", "1.2.250.1.999.7", "urn:ihe:iti:xds:2013:accession"),),
    repository_id="1.2.250.1.213.4.1.1.1.2",
    hash="da39a3ee5e6b4b0d3255bfef95601890afd80709",
    size=1234,
    logical_id="urn:uuid:0d5a2c1e-7f4b-4c7e-9a53-6f2f4e1c8b00",
    version="2",
    status=Availability.ARCHIVED,
)
SET = SubmissionSet(
    entry_uuid="SubmissionSet01",
    unique_id="1.2.250.1.999.1.1.7898.2.1",
    source_id="1.2.250.1.999.1.1.7898",
    patient_id=INS,
    submission_time=Timestamp("20261123100001"),
    content_type=Code("60", "1.2.250.1.213.2.2", "Consultations et actes"),
    authors=(AUTHOR,),
    title="Lot de consultation",
    comments="Un document",
)
LINK = Association(
    AssociationKind.HAS_MEMBER,
    "SubmissionSet01",
    "Document01",
    (("PreviousVersion", ("2",)), ("SubmissionSetStatus", ("Original",))),
)

# XML 1.0 carries no control characters, surrogates or the two last code points of the plane.
words = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
)
texts = st.one_of(st.just(""), words)
oids = st.lists(st.integers(0, 999), min_size=2, max_size=6).map(lambda arcs: ".".join(map(str, arcs)))
uuids = st.uuids().map(lambda each: f"urn:uuid:{each}")
patients = st.integers(0, 999_999).map(lambda n: Ins((b := f"1850175{n:06d}") + nir_key(b), INS_NIR_TEST))
codes = st.builds(Code, words, oids, texts)
persons = st.builds(
    Person, words, texts, texts, st.one_of(st.just(""), oids), st.sampled_from(["IDNPS", "NH", "RI", ""])
)
authors = st.builds(Author, persons, st.none() | codes, st.none() | st.builds(Institution, words, texts), texts)
stamps = st.datetimes().map(lambda m: Timestamp(m.strftime("%Y%m%d%H%M%S").zfill(14)))
traits = st.builds(
    Traits,
    birth_name=texts,
    given_names=st.one_of(st.just(()), words.map(lambda each: (each,))),
    birth_date=texts,
    sex=st.sampled_from(Sex),
    usage_name=texts,
)
entries = st.builds(
    DocumentEntry,
    entry_uuid=uuids,
    unique_id=oids,
    patient_id=patients,
    mime_type=words,
    class_code=codes,
    type_code=codes,
    format_code=codes,
    confidentiality=st.lists(codes, max_size=3).map(tuple),
    facility=codes,
    practice_setting=codes,
    creation_time=stamps,
    title=texts,
    authors=st.lists(authors, max_size=2).map(tuple),
    legal_authenticator=st.none() | persons,
    source_patient_id=st.none() | st.builds(LocalId, words, oids, words),
    source_patient=st.none() | traits,
    service_start=st.none() | stamps,
    service_stop=st.none() | stamps,
    language=texts,
    comments=texts,
    events=st.lists(codes, max_size=2).map(tuple),
    references=st.lists(st.builds(Reference, words, st.one_of(st.just(""), oids), words), max_size=2).map(tuple),
    repository_id=texts,
    hash=st.one_of(st.just(""), st.binary(min_size=20, max_size=20).map(bytes.hex)),
    size=st.integers(0, 10**12),
    logical_id=texts,
    version=texts,
    status=st.sampled_from(Availability),
)
sets = st.builds(
    SubmissionSet,
    entry_uuid=words,
    unique_id=oids,
    source_id=oids,
    patient_id=patients,
    submission_time=stamps,
    content_type=codes,
    authors=st.lists(authors, max_size=2).map(tuple),
    title=texts,
    comments=texts,
)
links = st.builds(
    Association,
    st.sampled_from(AssociationKind),
    words,
    words,
    st.dictionaries(words, st.lists(texts, min_size=1, max_size=2).map(tuple), max_size=2).map(
        lambda found: tuple(sorted(found.items()))
    ),
)
