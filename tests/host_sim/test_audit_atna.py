"""The access log leaves as IHE ATNA audit messages, judged by a schema written from DICOM PS3.15 A.5."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from host_wire import Stage
from lxml import etree

from host_sim import atna
from host_sim.__main__ import main
from host_sim.audit import Audit
from host_sim.call import Caller
from host_sim.store import Store

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("audit_message.xsd")))
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
OID = "1.2.250.1.213.1.4.10"
DOCTOR = Caller("899700000011", "MARTIN", "Claire", "10", "SM26", "499700000011001", "SA08")
ROW = {
    "at": NOW.isoformat(timespec="milliseconds"), "who": "899700000011", "name": "Claire MARTIN",
    "structure": "4997", "transaction": "TD2.1", "patient": "190", "purpose": "bris_de_glace", "word": "mode urgence",
    "reason": "coma", "outcome": "ok", "message_id": "urn:uuid:1", "objects": ["set=1.2", "document=1.3"],
}  # fmt: skip


def _message(**changes: object) -> etree._Element:
    message = atna.message({**ROW, **changes}, patient_oid=OID)
    SCHEMA.assertValid(message)
    return message


@pytest.mark.parametrize(
    ("transaction", "event", "action", "code"),
    [
        ("TD2.1", "110107", "C", "ITI-41"),
        ("TD2.2b", "110107", "C", "ITI-41"),
        ("TD3.1", "110112", "E", "ITI-18"),
        ("TD3.2", "110106", "R", "ITI-43"),
        ("TD3.3c", "110107", "U", "ITI-57"),
        ("ITI-42", "110107", "C", "ITI-42"),
        ("TD0.2", "110110", "R", "TD0.2"),
        ("TD1.1", "110110", "C", "TD1.1"),
        ("TD0.3", "110110", "U", "TD0.3"),
    ],
)
def test_each_transaction_is_the_event_that_ihe_names(transaction: str, event: str, action: str, code: str) -> None:
    found = _message(transaction=transaction).find("EventIdentification")
    assert found.find("EventID").get("csd-code") == event
    assert (found.get("EventActionCode"), found.find("EventTypeCode").get("csd-code")) == (action, code)


@pytest.mark.parametrize(
    ("outcome", "indicator"), [("ok", "0"), ("DMPAccessDeniedByRightsService", "4"), ("DMPTechnicalError", "8")]
)
def test_the_outcome_is_told_as_a_number_and_a_refusal_by_its_code(outcome: str, indicator: str) -> None:
    event = _message(outcome=outcome).find("EventIdentification")
    assert event.get("EventOutcomeIndicator") == indicator
    assert (event.findtext("EventOutcomeDescription") or "ok") == outcome


def test_who_asked_and_what_answered_are_the_participants() -> None:
    source, structure, host = _message().findall("ActiveParticipant")
    assert (source.get("UserID"), source.get("UserName")) == ("899700000011", "Claire MARTIN")
    assert source.find("RoleIDCode").get("csd-code") == "110153"
    assert (structure.get("UserID"), structure.get("UserIsRequestor")) == ("4997", "false")
    assert host.find("RoleIDCode").get("csd-code") == "110152"


def test_patient_set_and_document_are_the_objects() -> None:
    objects = _message().findall("ParticipantObjectIdentification")
    seen = [
        tuple(each.get(f"ParticipantObject{name}") for name in ("ID", "TypeCode", "TypeCodeRole")) for each in objects
    ]
    assert seen == [(f"190^^^&{OID}&ISO^NH", "1", "1"), ("1.2", "2", "20"), ("1.3", "2", "3")]


def test_an_emergency_access_says_its_purpose_and_its_reason() -> None:
    found = _message().iter("ParticipantObjectDetail")
    details = {each.get("type"): base64.b64decode(each.get("value")).decode() for each in found}
    assert details["urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"] == "bris_de_glace"
    assert details["reason"] == "coma"


def test_a_call_of_nobody_about_nobody_is_a_valid_message() -> None:
    _message(who="", name=" ", structure="", patient="", purpose="", reason="", message_id="", objects=[])


def test_a_message_for_syslog_has_the_header_of_rfc_5424() -> None:
    (line,) = atna.syslog_lines([ROW], patient_oid=OID)
    header, message = line.split("\ufeff")
    assert re.fullmatch(r"<85>1 2026-03-01T09:30:00\.000\+00:00 127\.0\.0\.1 host_sim - IHE\+RFC-3881 - ", header)
    SCHEMA.assertValid(etree.fromstring(message))


def test_the_command_gives_one_valid_message_for_each_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store.open(tmp_path)
    audit = Audit(store)
    audit.record(NOW, "TD3.2", "ok", caller=DOCTOR, patient="190", objects=("document=1.2.3",))
    audit.record(NOW, "TD0.2", "DMPInvalidCertificate", reason="une\nligne")
    audit.close()
    store.close()
    assert main(["atna", "--data", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for line in lines:
        SCHEMA.assertValid(etree.fromstring(line))


def test_what_a_real_host_logged_is_valid_and_names_the_query(stage: Stage) -> None:
    stage.query("generaliste", "jean")
    (row,) = stage.house.audit.rows()
    SCHEMA.assertValid(atna.message(row, patient_oid=OID))
