"""The three modes of authentication: what each one must prove, and with which certificates."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from host_wire import QUERY_ACTION, Answer, Assertion, Professional, Stage, _context, envelope, ins_of, query_body

from card_sim.authority import Authority

INDIRECT, REINFORCED = "INDIRECTE", "INDIRECTE_RENFORCEE"
_PROFESSIONS, _TRAINING = "1.2.250.1.71.1.2.7", "1.2.250.1.71.1.2.8"
_SPECIALTIES, _OTHERS = "1.2.250.1.71.4.2.5", "1.2.250.1.213.1.1.4.6"
_NURSE = "3990000051/INF-017"
AIR = {"mode": REINFORCED, "class_ref": "MobileTwoFactorUnregistered", "declaration": "APP_BROWSER_AUTH"}


def ask(speaker: Professional, rendered: str, patient: str = "jean") -> Answer:
    return speaker.post("patients", envelope(rendered, QUERY_ACTION, query_body(ins_of(patient))))


def indirect(stage: Stage, place: str = "hopital", user: str = "generaliste-port", **changes: Any) -> Answer:
    speaker = stage.structure(place)
    return ask(speaker, speaker.signed(speaker.speak(user, "jean", **changes)))


def staff(stage: Stage, roles: tuple[tuple[str, str], ...], **changes: Any) -> Answer:
    changes = {"name_id": _NURSE, "subject_id": "ANNE LE GOFF", "roles": roles} | changes
    return indirect(stage, **changes)


@pytest.mark.parametrize(
    "class_ref", ["Password", "TLSClient", "SmartcardPKI", "MobileTwoFactorUnregistered"]
)  # fmt: skip
def test_a_structure_speaks_for_a_professional_in_indirect_mode(quiet_stage: Stage, class_ref: str) -> None:
    assert indirect(quiet_stage, class_ref=class_ref).status == 200


def test_an_imaging_centre_speaks_for_its_radiologist(quiet_stage: Stage) -> None:
    assert indirect(quiet_stage, "imagerie-parc", "radiologue").status == 200


@pytest.mark.parametrize("class_ref", ["TLSClient", "SmartcardPKI", "MobileTwoFactorUnregistered"])
def test_the_reinforced_mode_tells_a_strong_authentication_and_its_proof(quiet_stage: Stage, class_ref: str) -> None:
    assert indirect(quiet_stage, **(AIR | {"class_ref": class_ref})).status == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subject_id": ""}, "DMPInvalidAssertion"),
        ({"subject_id": "CLAIRE MARTIN"}, "DMPIdentityMismatch"),
        ({"declaration": "APP_BROWSER_AUTH"}, "DMPInvalidAssertion"),
        ({"class_ref": "unspecified"}, "DMPInvalidAssertion"),
        ({"class_ref": "Kerberos"}, "DMPInvalidAssertion"),
        ({"structure": "1990000036"}, "DMPIdentityMismatch"),
        ({"issuer": "CN=Other,OU=1990000051,O=Other,C=FR"}, "DMPIdentityMismatch"),
        ({"issuer": "no name"}, "DMPInvalidAssertion"),
        ({"name_id": "899700000021", "subject_id": "CLAIRE MARTIN"}, "DMPStructureNotLinked"),
        ({"name_id": "899700000997"}, "DMPUnknownProfessional"),
        ({"name_id": "generaliste-port"}, "DMPUnknownProfessional"),
        ({"sector": "SA07^1.2.250.1.71.4.2.4"}, "DMPInvalidSector"),
        ({"mode": "INDIRECT"}, "DMPInvalidAssertion"),
        ({"mode": REINFORCED}, "DMPInvalidAssertion"),
        ({"mode": REINFORCED, "class_ref": "TLSClient"}, "DMPInvalidAssertion"),
        ({**AIR, "class_ref": "Password"}, "DMPInvalidAssertion"),
        ({"mode": "DIRECTE", "class_ref": "SmartcardPKI"}, "DMPInvalidCertificate"),
    ],
)  # fmt: skip
def test_what_an_indirect_mode_must_not_say(quiet_stage: Stage, changes: dict[str, Any], code: str) -> None:
    assert indirect(quiet_stage, **changes).subcode == f"soap:{code}"


@pytest.mark.parametrize("changes", [{}, AIR])
def test_the_assertion_of_a_structure_is_always_signed(quiet_stage: Stage, changes: dict[str, Any]) -> None:
    speaker = quiet_stage.structure("hopital")
    answer = ask(speaker, speaker.speak("generaliste-port", "jean", **changes).render())
    assert answer.subcode == "soap:DMPInvalidSignature"


def test_the_certificate_of_connections_does_not_sign(quiet_stage: Stage) -> None:
    speaker = quiet_stage.structure("hopital")
    said = speaker.speak("generaliste-port", "jean")
    answer = ask(speaker, speaker.signed(said, key=speaker.tls_key, der=speaker.tls_der))
    assert answer.subcode == "soap:DMPInvalidCertificate"
    assert answer.one("//s:Reason/s:Text").text == "Not a valid signature certificate"


def test_a_card_does_not_sign_for_a_structure(quiet_stage: Stage) -> None:
    speaker, doctor = quiet_stage.structure("hopital"), quiet_stage.who("generaliste-port")
    said = speaker.speak("generaliste-port", "jean")
    answer = ask(speaker, speaker.signed(said, key=doctor.signature_key, der=doctor.signature_der))
    assert answer.subcode == "soap:DMPInvalidCertificate"


def test_a_structure_does_not_speak_on_the_connection_of_a_card(quiet_stage: Stage) -> None:
    speaker, doctor = quiet_stage.structure("hopital"), quiet_stage.who("generaliste-port")
    answer = ask(doctor, speaker.signed(speaker.speak("generaliste-port", "jean")))
    assert answer.subcode == "soap:DMPInvalidCertificate"


def test_a_structure_does_not_speak_on_the_connection_of_another_one(quiet_stage: Stage) -> None:
    speaker, other = quiet_stage.structure("hopital"), quiet_stage.structure("imagerie-parc")
    answer = ask(other, speaker.signed(speaker.speak("generaliste-port", "jean")))
    assert answer.subcode == "soap:DMPIdentityMismatch"


def test_a_card_does_not_pass_for_the_structure_it_names(quiet_stage: Stage) -> None:
    """The certificate of an employee's card names the structure as its OU too."""
    secretary = quiet_stage.who("secretaire")
    said = quiet_stage.structure("imagerie-parc").speak("radiologue", "jean")
    signed = secretary.signed(said, key=secretary.signature_key, der=secretary.signature_der)
    assert ask(secretary, signed).subcode == "soap:DMPInvalidCertificate"


def test_a_structure_does_not_pass_for_a_person(quiet_stage: Stage) -> None:
    speaker, doctor = quiet_stage.structure("hopital"), quiet_stage.who("generaliste-port")
    assert ask(speaker, doctor.signed(doctor.assertion("jean"))).subcode == "soap:DMPInvalidCertificate"


@pytest.mark.parametrize(
    ("roles", "changes"),
    [
        ((("60", _PROFESSIONS),), {}),
        ((("35", _PROFESSIONS),), {}),
        ((("93", "1.2.250.1.213.1.6.1.109"),), {}),
        ((("10", _TRAINING),), {}),
        ((("21", _TRAINING),), {}),
        ((("10", _PROFESSIONS), ("SM26", _SPECIALTIES)), {}),
        ((("SECRETARIAT_MEDICAL", _OTHERS),), {}),
        ((("60", _PROFESSIONS), ("GENR01", "1.2.250.1.213.1.6.1.42")), {}),
        ((("AUTOMATE", _OTHERS),), {"class_ref": "unspecified", "subject_id": "Robot 3000 Urgences"}),
        ((("60", _PROFESSIONS),), {"name_id": "1990000051/INF-017"}),
    ],
)
def test_a_structure_answers_for_staff_that_no_directory_knows(
    quiet_stage: Stage, roles: tuple[tuple[str, str], ...], changes: dict[str, Any]
) -> None:
    assert staff(quiet_stage, roles, **changes).status == 200


@pytest.mark.parametrize(
    ("roles", "changes", "code"),
    [
        ((("10", _PROFESSIONS),), {}, "DMPMissingSpecialty"),
        ((("21", _PROFESSIONS),), {}, "DMPMissingSpecialty"),
        ((("10", _PROFESSIONS), ("A", _SPECIALTIES)), {}, "DMPInvalidRole"),
        ((("10", _PROFESSIONS), ("SM26", _SPECIALTIES), ("SM44", _SPECIALTIES)), {}, "DMPInvalidRole"),
        ((("60", _PROFESSIONS), ("SM26", _SPECIALTIES)), {}, "DMPInvalidRole"),
        ((("60", _PROFESSIONS), ("x", "professions")), {}, "DMPInvalidRole"),
        ((("11", _PROFESSIONS),), {}, "DMPInvalidRole"),
        ((("60", _TRAINING),), {}, "DMPInvalidRole"),
        ((("60", "1.2.3"),), {}, "DMPInvalidRole"),
        ((("AUTOMATE", _OTHERS), ("SM26", _SPECIALTIES)), {"class_ref": "unspecified"}, "DMPInvalidRole"),
        ((("AUTOMATE", _OTHERS),), {}, "DMPInvalidAssertion"),
        ((("60", _PROFESSIONS),), {"class_ref": "unspecified"}, "DMPInvalidAssertion"),
        ((("60", _PROFESSIONS),), {"name_id": "3990000036/INF-017"}, "DMPUnknownProfessional"),
        ((("60", _PROFESSIONS),), {"name_id": "5990000051/INF-017"}, "DMPUnknownProfessional"),
        ((("60", _PROFESSIONS),), {"name_id": "3990000051/"}, "DMPUnknownProfessional"),
        ((("60", _PROFESSIONS),), {"sector": "SA07^1.2.250.1.71.4.2.4"}, "DMPInvalidSector"),
    ],
)
def test_what_staff_may_not_be(
    quiet_stage: Stage, roles: tuple[tuple[str, str], ...], changes: dict[str, Any], code: str
) -> None:
    assert staff(quiet_stage, roles, **changes).subcode == f"soap:{code}"


def test_staff_numbers_are_for_indirect_modes(quiet_stage: Stage) -> None:
    secretary = quiet_stage.who("secretaire")
    answer = ask(secretary, secretary.assertion("jean", name_id="3990000036/000002").render())
    assert answer.subcode == "soap:DMPIdentityMismatch"


def test_a_card_needs_no_declaration(quiet_stage: Stage) -> None:
    assert quiet_stage.query("generaliste", "jean", declaration="x").subcode == "soap:DMPInvalidAssertion"


def test_who_spoke_in_an_indirect_mode_is_in_the_access_log(stage: Stage) -> None:
    staff(stage, (("60", _PROFESSIONS),))
    (row,) = stage.admin("log")
    assert row["outcome"] == "ok"
    assert _NURSE in str(row)


def test_a_login_of_the_future_is_refused(quiet_stage: Stage) -> None:
    late = datetime.now(UTC) + timedelta(minutes=6)
    assert quiet_stage.query("generaliste", "jean", authenticated=late).subcode == "soap:DMPExpiredAssertion"
    early = datetime.now(UTC) - timedelta(hours=10)
    assert quiet_stage.query("generaliste", "jean", authenticated=early).status == 200


_HIDDEN = "INVISIBLE_REPRESENTANTS_LEGAUX"


@pytest.mark.parametrize(
    "value",
    [
        f"{_HIDDEN}^^1.2.250.1.213.1.1.4.13",
        f'<ConfidentialityCode xmlns="urn:hl7-org:v3" code="{_HIDDEN}" codeSystem="1.2.250.1.213.1.1.4.13"/>',
    ],
)
def test_a_secret_connection_is_understood_in_both_inferred_forms(
    stage: Stage, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = seen_calls(stage, monkeypatch)
    stage.query("generaliste", "jean", secret=f"<saml2:AttributeValue>{value}</saml2:AttributeValue>")
    stage.query("generaliste", "jean")
    assert [call.secret for call in calls] == [True, False]


@pytest.mark.parametrize(
    "value",
    [
        "N",
        f"{_HIDDEN}",
        f"{_HIDDEN}^^1.2.3",
        "N^^1.2.250.1.213.1.1.4.13",
        "^",
        '<Code xmlns="urn:hl7-org:v3"/>',
        "",
        f"<x/>{_HIDDEN}",
    ],
)
def test_any_other_confidentiality_code_is_refused(quiet_stage: Stage, value: str) -> None:
    secret = f"<saml2:AttributeValue>{value}</saml2:AttributeValue>"
    assert quiet_stage.query("generaliste", "jean", secret=secret).subcode == "soap:DMPInvalidAssertion"


def seen_calls(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Watch the calls that pass the gate; they go on to their handlers."""
    from host_sim import dispatch

    calls: list[Any] = []
    run = dispatch.run

    def watch(call: Any, house: Any) -> Any:
        calls.append(call)
        return run(call, house)

    monkeypatch.setattr(dispatch, "run", watch)
    return calls


@pytest.mark.parametrize("owner", ["generaliste", "hopital"])
def test_a_signature_certificate_does_not_open_a_connection(
    quiet_stage: Stage, authority: Authority, tmp_path: Path, owner: str
) -> None:
    material = authority.card_material(owner) if owner == "generaliste" else authority.structure_material(owner)
    context = _context(tmp_path, material[0], material[2], authority.ca_file)
    port = urlsplit(quiet_stage.facts["endpoints"]["patients"]).port
    with (
        pytest.raises((ssl.SSLError, ConnectionError)),
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(b"POST / HTTP/1.1\r\n\r\n")
        if not connection.recv(1):
            raise ConnectionError


def test_nor_does_the_gate_take_one(authority: Authority) -> None:
    from host_sim import identity, vihf
    from host_sim.call import HostFault
    from host_sim.exclusive import read
    from host_sim.signature import Trust

    trust = Trust(authority.ca_file)
    signer = trust.holder(authority.card_material("generaliste")[2])
    assert signer.signs and not trust.holder(authority.card_material("generaliste")[3]).signs
    text = Assertion("CN=x", "x", "x", "x", (("10", _PROFESSIONS),)).render()
    with pytest.raises(HostFault, match="does not open connections"):
        identity.identify(vihf.read(read(text.encode()).root), identity.Speaker(signer, signer), None)  # type: ignore[arg-type]
