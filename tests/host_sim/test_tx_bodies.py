"""Every element of every request taken away, every attribute made foreign: refused, and nothing stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tx_bodies as tx
from host_wire import HL7, PATIENTS, RIGHTS, query_body, wrapper
from registry_lots import (
    APPROVED,
    ARCHIVED,
    DELETED,
    FIND_DOCUMENTS,
    GET_DOCUMENTS,
    OID,
    Lot,
    Paper,
    Place,
    ins_of,
    slot,
)

from card_sim.authority import Authority
from host_sim.transactions import registry as registry_transactions
from host_sim.transactions import repository as repository_transactions

JEAN = ins_of("jean")
PROVIDE = ("repository", repository_transactions.PROVIDE)
RETRIEVE = ("repository", repository_transactions.RETRIEVE)
QUERY = ("registry", registry_transactions.STORED_QUERY)
UPDATE = ("registry", registry_transactions.UPDATE)
QUERY_NS = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"


@pytest.fixture(scope="module")
def place(authority_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("bodies"), Authority.open(authority_dir))
    place.fed = Paper(JEAN)  # type: ignore[attr-defined]
    assert place.deposit(Lot(JEAN, (place.fed,))) == []  # type: ignore[attr-defined]
    yield place
    place.house.close()


def _hl7(name: str) -> tuple[str, str]:
    return ("patients", f"{HL7}:{name}")


def _specific(name: str) -> tuple[str, str]:
    return ("patientsSpecific", f"{PATIENTS}:PatientSpecificEndPoint:{name}")


def _rights(name: str) -> tuple[str, str]:
    return ("habilitations", f"{RIGHTS}:HabilitationsEndPoint:{name}")


def _search() -> Any:
    value = "<value><given>KARIM</given><family>HADDAD</family></value><semanticsText>LivingSubject.name"
    return tx.body_of(
        wrapper(
            "PRPA_IN201305UV02",
            '<code code="PRPA_TE201305UV02" codeSystem="2.16.840.1.113883.1.6"/><queryByParameter>'
            '<queryId root="1.2.3" extension="q"/><statusCode code="new"/><parameterList>'
            f"<livingSubjectName>{value}</semanticsText></livingSubjectName></parameterList></queryByParameter>",
        )
    )


def _query(query_id: str, slots: dict[str, str], kind: str = "LeafClass") -> Any:
    inner = "".join(slot(name, value) for name, value in slots.items())
    return tx.body_of(
        f'<query:AdhocQueryRequest xmlns:query="{QUERY_NS}" xmlns:rim="{RIM}">'
        f'<query:ResponseOption returnComposedObjects="true" returnType="{kind}"/>'
        f'<rim:AdhocQuery id="urn:uuid:{query_id}">{inner}</rim:AdhocQuery></query:AdhocQueryRequest>'
    )


FIND_SLOTS = {"$XDSDocumentEntryPatientId": f"'{JEAN}^^^&{OID}&ISO^NH'", "$XDSDocumentEntryStatus": f"('{APPROVED}')"}

# name: (to, body, facts of the call, what may be absent, attributes that may say anything)
WRAPPER_FREE = {"/receiver/device/softwareName"}
WRAPPER_WORDS = {
    "/id/@root", "/id/@extension", "/sender/device/id/@root", "/receiver/@typeCode", "/receiver/device/@classCode",
    "/receiver/device/@determinerCode", "/sender/@typeCode", "/sender/device/@classCode",
    "/sender/device/@determinerCode", "/controlActProcess/reasonCode/@displayName",
}  # fmt: skip
IN_QUERY = "/controlActProcess/queryByParameter"
REGISTRATION = "/controlActProcess/subject/registrationRequest"
PERSON = f"{REGISTRATION}/subject1/patient/patientPerson"
ENTITY = f"{REGISTRATION}/author/assignedEntity"
OPTIONAL_IN_PERSON = {
    "/name/prefix", "/name/family", "/name/family#2", "/telecom", "/telecom#2", "/telecom#3", "/addr",
    "/addr/streetAddressLine", "/addr/additionalLocator", "/addr/postalCode", "/addr/city", "/addr/country",
    "/birthPlace", "/birthPlace/addr", "/birthPlace/addr/city", "/personalRelationship",
    "/personalRelationship/addr", "/personalRelationship/addr/streetAddressLine",
    "/personalRelationship/addr/postalCode", "/personalRelationship/addr/city", "/personalRelationship/addr/country",
    "/personalRelationship/telecom", "/personalRelationship/telecom#2",
    "/personalRelationship/relationshipHolder1/name/given",
}  # fmt: skip
OPTIONAL_IN_AUTHOR = {
    "/assignedPerson/name/given", "/representedOrganization/contactParty",
}  # fmt: skip


def _registration_free(*more: str) -> set[str]:
    return (
        WRAPPER_FREE
        | {f"{PERSON}{path}" for path in OPTIONAL_IN_PERSON}
        | {f"{ENTITY}{path}" for path in OPTIONAL_IN_AUTHOR}
        | set(more)
    )


VITALE = f"{PERSON}/contactParty"
CASES: dict[str, tuple[tuple[str, str], Callable[[], Any], dict[str, Any], set[str]]] = {
    "TD0.2": (_hl7("PRPA_IN201307UV02"), lambda: tx.body_of(query_body(JEAN)), {}, WRAPPER_FREE),
    "TD1.3a": (_hl7("PRPA_IN201307UV02"), lambda: tx.body_of(query_body(JEAN, "CNSLT_DATA")), {}, WRAPPER_FREE),
    "TD0.3": (
        _rights("setAuthorization"),
        lambda: tx.small_body(RIGHTS, "setAuthorization", action="AJOUT", role="MEDECIN_TRAITANT"),
        {"key": "generaliste-port"},
        {"/role"},
    ),
    "TD0.4": (
        _specific("patientList"),
        lambda: tx.small_body(PATIENTS, "patientList", startDate="20200101000000", dateType="LASTDOC"),
        {"patient": ""},
        set(),
    ),
    "TD0.5": (
        ("patientsPDQ", f"{HL7}:PRPA_IN201305UV02"),
        _search,
        {"key": "regulateur", "patient": "", "purpose": "centre_15"},
        WRAPPER_FREE
        | {
            f"{IN_QUERY}/parameterList/livingSubjectName/value/given",
            f"{IN_QUERY}/parameterList/livingSubjectName/value/family",
        },
    ),
    "TD1.1": (
        _hl7("PRPA_IN201311UV02"),
        tx.creation,
        {"patient": "sophie"},
        _registration_free(f"{PERSON}/name/given#2"),
    ),
    "TD1.2": (
        _hl7("PRPA_IN201314UV02"),
        tx.reactivation,
        {"patient": "odette"},
        _registration_free(
            f"{PERSON}/administrativeGenderCode",
            f"{PERSON}/birthTime",
            f"{REGISTRATION}/subject1/patient/subjectOf#2",
            f"{REGISTRATION}/subject1/patient/subjectOf#3",
            f"{REGISTRATION}/subject1/patient/subjectOf#2/administrativeObservation",
            f"{REGISTRATION}/subject1/patient/subjectOf#3/administrativeObservation",
            f"{PERSON}/name/given",
            f"{PERSON}/name/given#2",
        ),
    ),
    "TD1.3b": (
        _hl7("PRPA_IN201314UV02"),
        lambda: tx.modification(more=tx.RELATION),
        {"patient": "karim"},
        _registration_free(),
    ),
    "TD1.4": (
        _hl7("PRPA_IN201314UV02"),
        tx.closing,
        {},
        _registration_free(*(f"{PERSON}/name/given{number}" for number in ("", "#2", "#3"))),
    ),
    "TD1.5a": (
        _specific("createPatientAccess"),
        lambda: tx.small_body(PATIENTS, "createPatientAccess", type="SMS", canal="0612345678"),
        {"patient": "paul"},
        set(),
    ),
    "TD1.5b": (
        _specific("patientOTPUpdate"),
        lambda: tx.small_body(PATIENTS, "patientOTPUpdate", type="SMS", canal="0612345678", action="AJOUT"),
        {"patient": "jean"},
        set(),
    ),
    "TD1.6": (
        _rights("listAuthorizationByPatient"),
        lambda: tx.small_body(RIGHTS, "listAuthorizationByPatient", mode="TOUTE"),
        {},
        set(),
    ),
    "TD3.1a": (QUERY, lambda: _query(FIND_DOCUMENTS, FIND_SLOTS), {}, set()),
    "INSi by card": (
        ("insi", "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecCarteVitale"),
        lambda: tx.vitale_search("jean"),
        {"patient": ""},
        set(),
    ),
    "INSi": (
        ("insi", "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecTraitsIdentite"),
        lambda: tx.traits_search("jean"),
        {"patient": ""},
        {"/LieuNaissance"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_element_that_is_taken_away_is_missed(place: Place, name: str) -> None:
    to, make, facts, free = CASES[name]
    body = make()
    assert tx.attempt(place, to, body, schema=True, **facts)[0] == "ok"
    surprises = {}
    for words, numbers in tx.places_of(body):
        code, wrote = tx.attempt(place, to, tx.without(body, numbers), **facts)
        if (code == "ok") != (words in free) or (wrote and code != "ok"):
            surprises[words] = (code, wrote)
    assert surprises == {}


def _sent(order: Callable[[], object]) -> Any:
    """The body that a helper of the tests would send to ITI-57."""
    found = []

    def keep(call: Any, house: Any) -> Any:
        found.append(call.body)
        raise _EnoughError

    with pytest.MonkeyPatch.context() as patch, pytest.raises(_EnoughError):
        patch.setattr("registry_lots.registry", SimpleNamespace(UPDATE=UPDATE[1], update=keep))
        order()
    return found[0]


class _EnoughError(Exception):
    """The body is there: nothing more is needed of the helper."""


SET = "/RegistryObjectList/RegistryPackage"
IDENTIFIERS = (
    "6b5aea1a-874d-4603-a4bc-96a0a7b38446", "554ac39e-e3fe-47fe-b233-965d2a147832",
    "96fdda7c-d067-4183-912e-bf5ee74998a8", "58a6f841-87b3-4a3e-92fd-a8ffeff98427",
    "2e82c1f6-a085-4c72-9da3-8640a32e42ab",
)  # fmt: skip


def _named(objects: str, owner: str) -> set[str]:
    """Words beside values: the title of a set, the names of identifiers."""
    base = f"{objects}/{owner}"
    names = {f"{base}/ExternalIdentifier[{each}]/Name" for each in IDENTIFIERS}
    return {path + end for path in (names | {f"{SET}/Name"}) for end in ("", "/LocalizedString")}


def _check(place: Place, to: tuple[str, str], body: Any, free: set[str], **facts: Any) -> None:
    whole = facts | ({"parts": facts["parts"]()} if "parts" in facts else {})
    assert tx.attempt(place, to, body, schema=True, **whole)[0] == "ok"
    surprises = {}
    for words, numbers in tx.places_of(body):
        made = facts | ({"parts": facts["parts"]()} if "parts" in facts else {})
        code, wrote = tx.attempt(place, to, tx.without(body, numbers), **made)
        if (code == "ok") != (words in free) or (wrote and code != "ok"):
            surprises[words] = (code, wrote)
    assert surprises == {}


@pytest.mark.parametrize("replacing", [False, True])
def test_each_element_of_a_lot_is_missed(place: Place, replacing: bool) -> None:
    old = place.find("generaliste")[0].get("id")
    paper = Paper(JEAN, replaces=old, replaced_id=place.fed.unique_id) if replacing else Paper(JEAN)  # type: ignore[attr-defined]
    lot = Lot(JEAN, (paper,))
    parts = _parts(place, lot)
    objects = "/SubmitObjectsRequest/RegistryObjectList"
    free = {
        objects.removesuffix("/RegistryObjectList") + path for path in _named("/RegistryObjectList", "RegistryPackage")
    }
    for owner in ("ExtrinsicObject", "ExtrinsicObject#2"):
        free |= {f"{objects}/{owner}/ExternalIdentifier[{each}]/Name" for each in IDENTIFIERS}
        free |= {f"{objects}/{owner}/ExternalIdentifier[{each}]/Name/LocalizedString" for each in IDENTIFIERS}
    signature = f"{objects}/ExtrinsicObject#2/Classification"
    coded = ("41a5887f-8865-4c09-adf7-e362475b143a", "f0306f51-975f-434e-a61c-c59651d33983")
    coded += ("a09d5840-386c-46f2-b5ad-9c3699a4309d", "2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4")
    free |= {f"{signature}[{each}]/Name{end}" for each in coded for end in ("", "/LocalizedString")}
    _check(place, PROVIDE, tx.body_of(lot.request()), free, parts=parts)


def test_each_element_of_a_change_of_codes_is_missed(place: Place) -> None:
    entry = place.find("generaliste")[0]
    body = _sent(lambda: place.change_codes("generaliste", entry, ("N", "MASQUE_PS")))
    free = _named("/RegistryObjectList", "RegistryPackage") | _named("/RegistryObjectList", "ExtrinsicObject")
    free |= {"/RegistryObjectList/ExtrinsicObject/Description", "/RegistryObjectList/ExtrinsicObject/VersionInfo"}
    _check(place, UPDATE, body, free)


@pytest.mark.parametrize("new", [ARCHIVED, DELETED])
def test_each_element_of_a_change_of_status_is_missed(place: Place, new: str) -> None:
    entry = place.find("generaliste")[0]
    body = _sent(lambda: place.change_status("generaliste", entry.get("id"), APPROVED, new))
    _check(place, UPDATE, body, _named("/RegistryObjectList", "RegistryPackage"))


def test_each_element_of_a_retrieval_is_missed(place: Place) -> None:
    inner = (
        f"<xds:RepositoryUniqueId>1.2.250.1.213.4.1.1.1.2</xds:RepositoryUniqueId>"
        f"<xds:DocumentUniqueId>{place.fed.unique_id}</xds:DocumentUniqueId>"  # type: ignore[attr-defined]
    )
    body = tx.body_of(
        '<xds:RetrieveDocumentSetRequest xmlns:xds="urn:ihe:iti:xds-b:2007">'
        f"<xds:DocumentRequest>{inner}</xds:DocumentRequest></xds:RetrieveDocumentSetRequest>"
    )
    assert tx.attempt(place, RETRIEVE, body)[0] == "ok"
    _check(place, RETRIEVE, body, set())


@pytest.mark.parametrize(
    ("query_id", "slots"),
    [
        (GET_DOCUMENTS, {"$XDSDocumentEntryUniqueId": "('1.2.3')"}),
        ("f26abbcb-ac74-4422-8a30-edb644bbc1a9", {
            "$XDSSubmissionSetPatientId": f"'{JEAN}^^^&{OID}&ISO^NH'", "$XDSSubmissionSetStatus": f"('{APPROVED}')",
        }),
        ("a7ae438b-4bc2-4642-93e9-be891f7bb155", {"$uuid": "('urn:uuid:1')"}),
        ("bab9529a-4a10-40b3-a01f-f68a615d247a", {"$XDSDocumentEntryEntryUUID": "('urn:uuid:1')"}),
        ("e8e3cb2c-e39c-46b9-99e4-c12f57260b83", {"$XDSSubmissionSetUniqueId": "('1.2.3')"}),
        ("12941a89-e02e-4be5-967c-ce4bfc8fe492", FIND_SLOTS | {"$XDSDocumentEntryReferenceIdList": "('1.2.3')"}),
    ],
)  # fmt: skip
def test_each_element_of_a_question_is_missed(place: Place, query_id: str, slots: dict[str, str]) -> None:
    body = _query(query_id, slots, "ObjectRef")
    assert tx.attempt(place, QUERY, body)[0] == "ok"
    _check(place, QUERY, body, set())


ANY_WORD = (
    "displayName", "lang", "charset", "LocalizedString/@value", "nodeRepresentation", "Classification/@id",
    "assignedEntity/code/@code", "assignedEntity/code/@codeSystem", "birthPlace/@classCode", "/id/@extension",
    "queryId/@extension", "ExternalIdentifier/@id", "Association/@id", "Description", "VersionInfo/@versionName",
)  # fmt: skip
"""Ends of the paths of attributes that may say anything, what stands in brackets left out."""


def _foreign(place: Place, to: tuple[str, str], body: Any, free: tuple[str, ...] = ANY_WORD, **facts: Any) -> None:
    """Every attribute made foreign, judged as the gate and the transaction do together."""
    surprises = {}
    for words, numbers, attribute in tx.attributes_of(body):
        plain = re.sub(r"\[[^]]*\]|#\d+", "", words)
        made = facts | ({"parts": facts["parts"]()} if "parts" in facts else {})
        code, wrote = tx.attempt(place, to, tx.with_foreign(body, numbers, attribute), schema=True, **made)
        if (code == "ok" and not plain.endswith(free)) or (wrote and code != "ok"):
            surprises[words] = (code, wrote)
    assert surprises == {}


@pytest.mark.parametrize("name", CASES)
def test_each_attribute_made_foreign_is_refused(place: Place, name: str) -> None:
    to, make, facts, _ = CASES[name]
    _foreign(place, to, make(), **facts)


def test_each_attribute_of_a_lot_made_foreign_is_refused(place: Place) -> None:
    lot = Lot(JEAN, (Paper(JEAN),))
    parts = _parts(place, lot)
    _foreign(place, PROVIDE, tx.body_of(lot.request()), parts=parts)


def test_each_attribute_of_an_update_made_foreign_is_refused(place: Place) -> None:
    entry = place.find("generaliste")[0]
    orders = (
        lambda: place.change_codes("generaliste", entry, ("N", "MASQUE_PS")),
        lambda: place.change_status("generaliste", entry.get("id"), APPROVED, ARCHIVED),
    )
    for order in orders:
        _foreign(place, UPDATE, _sent(order))


def _parts(place: Place, lot: Lot) -> Callable[[], dict[str, Path]]:
    """The files of a lot, written anew for each attempt: one that succeeds takes them away."""
    contents = lot.parts(place.authority)

    def write() -> dict[str, Path]:
        for name, data in contents.items():
            (place.house.store.incoming / name).write_bytes(data)
        return {f"{name.lower()}@test": place.house.store.incoming / name for name in contents}

    return write
