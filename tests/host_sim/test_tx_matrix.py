"""Every transaction in every column of the functional matrix, asked through the dispatch: open or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tx_bodies as tx
from host_wire import HL7, PATIENTS, RIGHTS, query_body, wrapper
from registry_lots import APPROVED, FIND_DOCUMENTS, OID, RIM, Lot, Paper, Place, caller_of, ins_of, slot

from card_sim.authority import Authority
from host_sim import dispatch
from host_sim.call import Caller
from host_sim.routes import ROUTES

JEAN = ins_of("jean")
COLUMNS = ["PSn", "PSr", "PSb", "M", "Mr", "Mb", "MdT", "MT", "MTb", "CPE", "ES", "ESr"]
# The published table (issue of September 2024), notes left out.
MATRIX = {
    "TD0.2": "o o o o o o o o o o o o",
    "TD0.3": "o n n o n n n o n o n n",
    "TD0.3 remove": "o n n o n n n o n n n n",
    "TD0.3 stop MT": "n n n n n n n o n n n n",
    "TD0.4": "o o o o o o o o o o o n",
    "TD0.5": "n o n n o n n n n n n o",
    "TD1.3a": "o o o o o o o o o o o o",
    "TD1.6": "o n n o n n o o n n n n",
    "TD3.1": "o o o o o o o o o n n n",
    "TD3.1 reference": "o o o o o o o o o o o o",
    "TD3.2": "o o o o o o n o o n n n",
}
DEPOSITS = {"TD2.1": "o o o o o o o o o o o o"}  # an establishment card deposits by TD2.2
AIR = {"TD2.1": "n", "TD0.3 stop MT": "n", "TD0.2": "o", "TD3.1": "o", "TD3.2": "o", "TD0.3": "o"}


def callers() -> dict[str, tuple[Caller, str]]:
    nurse, other, treating = caller_of("infirmiere"), caller_of("generaliste-port"), caller_of("generaliste")
    place = replace(caller_of("radiologue"), mode="INDIRECTE")
    kinds = {
        "PSn": (nurse, "normal"), "PSr": (nurse, "centre_15"), "PSb": (nurse, "bris_de_glace"),
        "M": (other, "normal"), "Mr": (other, "centre_15"), "Mb": (other, "bris_de_glace"),
        "MdT": (replace(other, specialty="SM25"), "normal"),
        "MT": (treating, "normal"), "MTb": (treating, "bris_de_glace"),
        "CPE": (caller_of("secretaire"), "normal"), "ES": (place, "normal"), "ESr": (place, "centre_15"),
    }  # fmt: skip
    return {column: kinds[column] for column in COLUMNS}


@pytest.fixture(scope="module")
def place(authority_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("matrix"), Authority.open(authority_dir))
    for key in ("infirmiere", "generaliste-port", "radiologue"):
        place.authorise(key)
    place.authorise("generaliste", attending=True)
    yield place
    place.house.close()


def _hl7(reason: str) -> tuple[tuple[str, str], Any]:
    return ("patients", f"{HL7}:PRPA_IN201307UV02"), tx.body_of(query_body(JEAN, reason))


def _set(**fields: str) -> tuple[tuple[str, str], Any]:
    to = ("habilitations", f"{RIGHTS}:HabilitationsEndPoint:setAuthorization")
    return to, tx.small_body(RIGHTS, "setAuthorization", **fields)


def _find(kind: str) -> tuple[tuple[str, str], Any]:
    inner = slot("$XDSDocumentEntryPatientId", f"'{JEAN}^^^&{OID}&ISO^NH'")
    inner += slot("$XDSDocumentEntryStatus", f"('{APPROVED}')")
    body = (
        f'<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns:rim="{RIM}">'
        f'<q:ResponseOption returnComposedObjects="true" returnType="{kind}"/>'
        f'<rim:AdhocQuery id="urn:uuid:{FIND_DOCUMENTS}">{inner}</rim:AdhocQuery></q:AdhocQueryRequest>'
    )
    return ("registry", "urn:ihe:iti:2007:RegistryStoredQuery"), tx.body_of(body)


def _search() -> tuple[tuple[str, str], Any]:
    body = wrapper(
        "PRPA_IN201305UV02",
        '<code code="PRPA_TE201305UV02" codeSystem="2.16.840.1.113883.1.6"/><queryByParameter>'
        '<queryId root="1.2.3" extension="q"/><statusCode code="new"/><parameterList><livingSubjectName><value>'
        "<family>DUVAL</family></value><semanticsText>LivingSubject.name</semanticsText></livingSubjectName>"
        "</parameterList></queryByParameter>",
    )
    return ("patientsPDQ", f"{HL7}:PRPA_IN201305UV02"), tx.body_of(body)


def _retrieve() -> tuple[tuple[str, str], Any]:
    inner = "<x:RepositoryUniqueId>1.2.250.1.213.4.1.1.1.2</x:RepositoryUniqueId>"
    body = f"<x:DocumentRequest>{inner}<x:DocumentUniqueId>1.2.3</x:DocumentUniqueId></x:DocumentRequest>"
    root = '<x:RetrieveDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007">'
    to = ("repository", "urn:ihe:iti:2007:RetrieveDocumentSet")
    return to, tx.body_of(f"{root}{body}</x:RetrieveDocumentSetRequest>")


def _list() -> tuple[tuple[str, str], Any]:
    to = ("patientsSpecific", f"{PATIENTS}:PatientSpecificEndPoint:patientList")
    return to, tx.small_body(PATIENTS, "patientList", startDate="20200101000000", dateType="LASTAUTORIZATION")


def _parties() -> tuple[tuple[str, str], Any]:
    to = ("habilitations", f"{RIGHTS}:HabilitationsEndPoint:listAuthorizationByPatient")
    return to, tx.small_body(RIGHTS, "listAuthorizationByPatient", mode="TOUTE")


def _lot() -> tuple[tuple[str, str], Any]:
    to = ("repository", "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b")
    return to, tx.body_of(Lot(JEAN, (Paper(JEAN),)).request())


REQUESTS: dict[str, Callable[[], tuple[tuple[str, str], Any]]] = {
    "TD0.2": lambda: _hl7("TEST_EXST"),
    "TD0.3": lambda: _set(action="AJOUT"),
    "TD0.3 remove": lambda: _set(action="SUPPRESSION"),
    "TD0.3 stop MT": lambda: _set(action="SUPPRESSION", role="MEDECIN_TRAITANT"),
    "TD0.4": _list,
    "TD0.5": _search,
    "TD1.3a": lambda: _hl7("CNSLT_DATA"),
    "TD1.6": _parties,
    "TD2.1": _lot,
    "TD3.1": lambda: _find("LeafClass"),
    "TD3.1 reference": lambda: _find("ObjectRef"),
    "TD3.2": _retrieve,
}


def _is_open(place: Place, name: str, caller: Caller, purpose: str) -> bool:
    to, body = REQUESTS[name]()
    facts = {"caller": caller, "purpose": purpose, "reason": "Urgence vitale"}
    code, _ = tx.attempt(place, to, body, schema=True, patient="" if name in ("TD0.4", "TD0.5") else "jean", **facts)
    return code != "DMPAccessDeniedByRightsService"


@pytest.mark.parametrize("name", [*MATRIX, *DEPOSITS])
def test_a_transaction_is_open_to_whom_the_matrix_says(place: Place, name: str) -> None:
    expected = dict(zip(COLUMNS, (MATRIX | DEPOSITS)[name].split(), strict=True))
    found = {column: "o" if _is_open(place, name, *who) else "n" for column, who in callers().items()}
    assert found == expected


@pytest.mark.parametrize("name", AIR)
def test_reinforced_indirect_authentication_has_its_own_cells(place: Place, name: str) -> None:
    caller = replace(caller_of("generaliste"), mode="INDIRECTE_RENFORCEE")
    assert _is_open(place, name, caller, "normal") == (AIR[name] == "o")


@pytest.mark.parametrize("purpose", ["bris_de_glace", "centre_15"])
@pytest.mark.parametrize("name", ["TD0.2", "TD1.3a", "TD2.1", "TD3.1", "TD3.2"])
def test_an_opposed_patient_refuses_the_mode_whatever_the_transaction(place: Place, name: str, purpose: str) -> None:
    column = {"bris_de_glace": "opposed_break_glass", "centre_15": "opposed_regulation"}[purpose]
    caller = caller_of("generaliste-port")
    assert _is_open(place, name, caller, purpose)
    with place.house.store.transaction() as cursor:
        cursor.execute(f"UPDATE dossiers SET {column} = 1 WHERE ins = ?", (JEAN,))
    try:
        assert not _is_open(place, name, caller, purpose)
        assert _is_open(place, name, caller, "normal")
    finally:
        with place.house.store.transaction() as cursor:
            cursor.execute(f"UPDATE dossiers SET {column} = 0 WHERE ins = ?", (JEAN,))


@pytest.mark.parametrize("name", ["TD1.3a", "TD1.6", "TD3.1", "TD3.1 reference", "TD3.2", "TD0.3"])
def test_a_blocked_professional_is_refused_all_but_existence_and_feeding(place: Place, name: str) -> None:
    caller = caller_of("generaliste-port")
    place.authorise("generaliste-port", state="INTERDIT")
    try:
        assert not _is_open(place, name, caller, "normal")
        assert _is_open(place, "TD0.2", caller, "normal")
        assert _is_open(place, "TD2.1", caller, "normal")
    finally:
        place.authorise("generaliste-port")


def test_every_route_has_its_handler() -> None:
    assert set(ROUTES) == set(dispatch.HANDLERS)
