"""Every code that the host's data or source holds is provoked by a test: faults here, the others where they belong."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gate_requests import BY_NAME, kept, outcome
from host_wire import Answer, Stage, ins_of

import host_sim
from host_sim import soap

_ROOM = Path(host_sim.__file__).parent
_TESTS = Path(__file__).parent.parent
_FAULTS = tomllib.loads((_ROOM / "data" / "faults.toml").read_text("utf-8"))
_REFUSALS = tomllib.loads((_ROOM / "data" / "refusals.toml").read_text("utf-8"))
_EXISTENCE, _AUTHORISE = BY_NAME["TD0.2"], BY_NAME["TD0.3"]


def _replayed(stage: Stage) -> Answer:
    said = _EXISTENCE.assertion(stage).render()
    assert _EXISTENCE.post(stage, said).status == 200
    return _EXISTENCE.post(stage, said)


def _message_twice(stage: Stage) -> Answer:
    header = "<a:MessageID>urn:uuid:00000000-0000-4000-8000-000000000000</a:MessageID>"
    first, second = (_EXISTENCE.assertion(stage).render() for _ in range(2))
    assert _EXISTENCE.post(stage, first, MessageID=header).status == 200
    return _EXISTENCE.post(stage, second, MessageID=header)


def _header(**headers: str) -> Callable[[Stage], Answer]:
    return lambda stage: _EXISTENCE.post(stage, _EXISTENCE.assertion(stage).render(), **headers)


def _field(**changes: object) -> Callable[[Stage], Answer]:
    return lambda stage: _EXISTENCE.ask(stage, **changes)


def _too_large(stage: Stage) -> Answer:
    stage.admin("parameters", {"max_root_bytes": 1000})
    return _EXISTENCE.ask(stage)


def _armed(stage: Stage) -> Answer:
    stage.admin("faults", {"transaction": "TD0.2", "effect": "soap_fault"})
    return _EXISTENCE.ask(stage)


def _wrong_key(stage: Stage) -> Answer:
    who = stage.who("generaliste")
    return _EXISTENCE.post(stage, who.signed(_EXISTENCE.assertion(stage), key=who.tls_key, der=who.tls_der))


def _soap_1_1(stage: Stage) -> Answer:
    data, kind = _EXISTENCE.pack(stage, _EXISTENCE.assertion(stage).render())
    old = data.replace(b"http://www.w3.org/2003/05/soap-envelope", b"http://schemas.xmlsoap.org/soap/envelope/")
    return stage.who("generaliste").post("patients", old, kind)


def _nobody(stage: Stage) -> Answer:
    speaker = stage.structure("hopital")
    said = speaker.speak("generaliste-port", "jean", name_id="899700000997")
    return speaker.post("patients", *_EXISTENCE.pack(stage, speaker.signed(said)))


def _retired(stage: Stage) -> Answer:
    inner = "<nirOD>x</nirOD><dateNaissance>1959-04-22</dateNaissance><rangNaissance>1</rangNaissance>"
    who, root = stage.who("generaliste"), "identityCertification"
    body = f'<{root} xmlns="urn:si-dmp-patients">{inner}</{root}>'
    action = f"urn:si-dmp-patients:PatientCertificationEndPoint:{root}"
    return who.call("patientCertif", action, body, who.assertion("jean"))


PROVOKED: dict[str, Callable[[Stage], Answer]] = {
    "DMPInvalidCertificate": _wrong_key,
    "DMPAccessDeniedByRightsService": lambda stage: BY_NAME["TD0.5"].ask(stage, purpose="normal"),
    "MessageAddressingHeaderRequired": _header(MessageID=""),
    "InvalidAddressingHeader": _header(MessageID="<a:MessageID>1</a:MessageID>"),
    "DuplicateMessageID": _message_twice,
    "ActionMismatch": _header(Action="<a:Action>urn:hl7-org:v3:PRPA_IN201314UV02</a:Action>"),
    "ActionNotSupported": _header(Action="<a:Action>urn:nothing</a:Action>"),
    "VersionMismatch": _soap_1_1,
    "MustUnderstand": _header(more='<x:Strange xmlns:x="urn:x" s:mustUnderstand="1"/>'),
    "DMPInvalidMessage": _header(more="<!-- x -->"),
    "DMPMessageTooLarge": _too_large,
    "DMPInvalidAssertion": _field(version="2.0"),
    "DMPInvalidSignature": lambda stage: _EXISTENCE.post(
        stage, stage.who("generaliste").signed(_EXISTENCE.assertion(stage)).replace(">Essai<", ">Faux<")
    ),
    "DMPExpiredAssertion": _field(conditions='<saml2:Conditions NotOnOrAfter="2020-01-01T00:00:00Z"/>'),
    "DMPReplayedAssertion": _replayed,
    "DMPIdentityMismatch": _field(name_id="899700000013"),
    "DMPUnknownProfessional": _nobody,
    "DMPUnknownStructure": _field(structure="1000000000"),
    "DMPStructureNotLinked": _field(structure="1990000010"),
    "DMPInvalidSector": _field(sector="SA99^1.2.250.1.71.4.2.4"),
    "DMPInvalidRole": _field(roles=(("60", "1.2.250.1.71.1.2.7"),)),
    "DMPMissingSpecialty": _field(roles=(("10", "1.2.250.1.71.1.2.7"),)),
    "DMPInvalidPurpose": _field(purpose="urgence"),
    "DMPMissingReason": _field(purpose="bris_de_glace"),
    "DMPInvalidPatientIdentifier": _field(resource_id=""),
    "DMPPatientMismatch": _field(resource_id=f"{ins_of('karim')}^^^&1.2.250.1.213.1.4.10&ISO^NH"),
    "DMPUnknownPatient": lambda stage: stage.authorise("generaliste", "sophie"),
    "DMPClosed": lambda stage: stage.authorise("generaliste", "odette"),
    "DMPServiceRetired": _retired,
    "DMPTechnicalError": _armed,
}


def test_every_fault_of_the_table_is_provoked() -> None:
    assert set(PROVOKED) == soap.fault_codes() == set(_FAULTS)


@pytest.mark.parametrize("code", PROVOKED)
def test_the_fault_has_the_form_of_its_row(quiet_stage: Stage, code: str) -> None:
    stage = quiet_stage
    before = kept(stage)
    answer = PROVOKED[code](stage)
    row = _FAULTS[code]
    assert answer.status == 500
    assert answer.code == f"soap:{row['value']}"
    assert answer.subcode == row.get("subcode", f"soap:{code}")
    assert answer.one("//s:Reason/s:Text").text
    assert answer.one("//a:Action").text.endswith(
        "/addressing/fault" if ":" in row.get("subcode", "") else "/soap/fault"
    )
    assert kept(stage) == before
    stage.admin("parameters", {"max_root_bytes": 20_000_000})
    assert outcome(_EXISTENCE.ask(stage)) == "ok"


@pytest.mark.parametrize("name", ["TD1.5b", "TD1.5d"])
def test_who_has_no_account_has_nothing_to_change(quiet_stage: Stage, name: str) -> None:
    answer = BY_NAME[name].ask(quiet_stage, resource_id=f"{ins_of('paul')}^^^&1.2.250.1.213.1.4.10&ISO^NH")
    assert (answer.status, outcome(answer)) == (200, "DMPPatientAccessNotFound")


def _words_of_tests(*rooms: str) -> Iterator[str]:
    """Every string that the tests of some rooms compare with: literals of test modules."""
    for room in rooms:
        for path in (_TESTS / room).glob("test_*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def _literals_of_the_host(pattern: str) -> set[str]:
    return {
        found
        for path in _ROOM.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for found in re.findall(f"^{pattern}$", node.value)
    }


def test_every_refusal_of_the_table_is_provoked_by_a_test() -> None:
    words = set(_words_of_tests("host_sim"))
    assert {code for code in _REFUSALS if code not in words} == set()


def test_every_registry_error_of_the_host_is_provoked_by_a_test() -> None:
    words = set(_words_of_tests("host_sim", "ihe", "xds"))
    assert _literals_of_the_host("XDS[A-Z][A-Za-z]+") - words == set()


def test_every_code_that_the_source_names_is_in_a_table() -> None:
    named = _literals_of_the_host("DMP[A-Z][A-Za-z]+")
    assert named - set(_FAULTS) - set(_REFUSALS) - {"DMPOk"} == set()


def test_every_row_of_the_tables_is_named_by_the_source() -> None:
    text = "\n".join(path.read_text("utf-8") for path in _ROOM.rglob("*.py"))
    assert {code for code in (*_FAULTS, *_REFUSALS) if f'"{code}"' not in text} == set()
