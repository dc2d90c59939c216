"""The indirect modes: an establishment's certificates in files, and what its assertions say of the person."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree
from wire_host import SOFTWARE, code_of, ins_of, person_of
from wire_stage import SoftSigner

from card_sim import cast
from card_sim.structure_certificates import PASSWORD
from dossier.access import NORMAL_ACCESS, Access, DossierState
from dossier.authentication import AuthenticationMode, LocalAuthentication, LocalMethod, internal_id
from dossier.certificate import Certificate
from dossier.failure import Failure
from dossier.professional import Activity, HealthStructure
from soap_clients import patients
from soap_clients.conventions import CODED, Conventions
from soap_clients.host import Host
from soap_clients.security import vihf
from soap_clients.security.structure_signer import StructureSigner
from soap_clients.transport import Transport

NS = {"s": "urn:oasis:names:tc:SAML:2.0:assertion", "h": "urn:hl7-org:v3"}
BY_PHONE = LocalAuthentication(LocalMethod.MOBILE_TWO_FACTOR, declaration="APP_BROWSER_AUTH")


def hospital() -> Activity:
    place = cast.structures()["hopital"]
    return Activity(HealthStructure(place.id_nat, place.name), "SA01")


@pytest.fixture
def speak(served, authority):
    opened = []

    def speak(mode: AuthenticationMode, person: LocalAuthentication, key: str = "generaliste-port") -> Host:
        files = authority.structure_files("hopital")
        tls = StructureSigner.load(files.auth_p12, bytearray(PASSWORD))
        signature = StructureSigner.load(files.sign_pem)
        transport = Transport(tls, served.ca_file)
        opened.append(
            Host(
                served.endpoints, transport, person_of(key), hospital(), SOFTWARE,
                signature=signature, mode=mode, person=person,
            )
        )  # fmt: skip
        return opened[-1]

    yield speak
    for each in opened:
        each.close()


@pytest.mark.parametrize(
    ("mode", "person"),
    [
        (AuthenticationMode.INDIRECT, LocalAuthentication(LocalMethod.PASSWORD)),
        (AuthenticationMode.REINFORCED, BY_PHONE),
        (AuthenticationMode.REINFORCED, LocalAuthentication(LocalMethod.SMARTCARD)),
    ],
)
def test_a_hospital_reaches_the_host_for_its_doctor_without_a_card(speak, mode, person):
    assert patients.existence(speak(mode, person), ins_of("jean")).state is DossierState.OPEN


def test_a_password_is_no_strong_authentication_for_the_host(speak):
    host = speak(AuthenticationMode.REINFORCED, LocalAuthentication(LocalMethod.PASSWORD))
    assert code_of(lambda: patients.existence(host, ins_of("jean"))) == "HOST_ASSERTION_REFUSED"


def test_somebody_who_does_not_work_there_is_refused(speak):
    host = speak(AuthenticationMode.INDIRECT, LocalAuthentication(LocalMethod.PASSWORD), "generaliste-gare")
    assert code_of(lambda: patients.existence(host, ins_of("jean"))) == "HOST_STRUCTURE_NOT_LINKED"


def assertion(authority, mode, person=BY_PHONE, access=NORMAL_ACCESS, conventions=None) -> etree._Element:
    certificate = Certificate.parse(authority.structure_material("hopital")[2])
    now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    speaker = vihf.Speaker(
        person_of("generaliste-port"), hospital(), SOFTWARE, certificate, now,
        mode=mode, person=person, conventions=conventions or Conventions(),
    )  # fmt: skip
    return vihf.build(speaker, access, ins_of("jean"), now)


def test_an_indirect_assertion_names_the_person_and_the_way_they_logged_in(authority):
    found = assertion(authority, AuthenticationMode.INDIRECT, LocalAuthentication(LocalMethod.PASSWORD))
    assert found.findtext("s:Issuer", namespaces=NS).startswith("CN=")
    assert "OU=1990000051" in found.findtext("s:Issuer", namespaces=NS)
    values = {
        each.get("Name").rpartition(":")[2]: each.findtext("s:AttributeValue", namespaces=NS)
        for each in found.iterfind(".//s:Attribute", NS)
    }
    assert values["subject-id"] == "HUGO BERNARD"
    assert values["Authentification_mode"] == "INDIRECTE"
    assert found.findtext(".//s:AuthnContextClassRef", namespaces=NS).endswith(":Password")
    assert found.find(".//s:AuthnContextDecl", NS) is None
    assert [each.get("code") for each in found.iterfind(".//h:Role", NS)] == ["10", "SM26"]


@pytest.mark.parametrize(
    ("person", "proof"),
    [(BY_PHONE, "APP_BROWSER_AUTH"), (LocalAuthentication(LocalMethod.TLS_CLIENT), LocalMethod.TLS_CLIENT.value)],
)
def test_a_reinforced_assertion_tells_its_proof(authority, person, proof):
    found = assertion(authority, AuthenticationMode.REINFORCED, person)
    assert found.findtext(".//s:AuthnContextDecl", namespaces=NS) == proof


def test_the_moment_of_the_login_is_the_persons_own(authority):
    at = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    found = assertion(authority, AuthenticationMode.INDIRECT, LocalAuthentication(LocalMethod.PASSWORD, at))
    assert found.find("s:AuthnStatement", NS).get("AuthnInstant") == "2026-11-23T07:00:00.000Z"


def test_a_secret_connection_is_marked_in_the_form_of_the_setting(authority):
    secret = Access(secret=True)
    texts = [assertion(authority, AuthenticationMode.INDIRECT, access=secret)]
    texts.append(
        assertion(authority, AuthenticationMode.INDIRECT, access=secret, conventions=Conventions(minor_form=CODED))
    )
    marks = [each.find(f".//s:Attribute[@Name='{vihf.MINOR_CONNECTION}']/s:AttributeValue", NS) for each in texts]
    assert marks[0].text == "INVISIBLE_REPRESENTANTS_LEGAUX^^1.2.250.1.213.1.1.4.13"
    assert marks[1][0].get("code") == "INVISIBLE_REPRESENTANTS_LEGAUX"
    assert vihf.MINOR_CONNECTION not in etree.tostring(assertion(authority, AuthenticationMode.INDIRECT)).decode()


def test_an_employee_without_a_national_number_has_the_establishments(authority):
    assert internal_id("990000051", "INF-017") == "3990000051/INF-017"


def test_an_indirect_connection_needs_the_establishments_own_certificates(authority, served):
    sign, auth, sign_der, auth_der = authority.structure_material("hopital")
    tls, signature = SoftSigner(auth, auth_der), SoftSigner(sign, sign_der)
    other = authority.structure_material("imagerie-parc")
    foreign = SoftSigner(other[0], other[2])
    for key, code in ((None, "STRUCTURE_SIGNATURE_MISSING"), (foreign, "STRUCTURE_CERTIFICATE_FOREIGN")):
        with pytest.raises(Failure) as caught:
            Host(
                served.endpoints, Transport(tls, served.ca_file), person_of("generaliste-port"), hospital(), SOFTWARE,
                signature=key, mode=AuthenticationMode.INDIRECT,
            )  # fmt: skip
        assert caught.value.code == code
    assert signature.certificate


def test_keys_come_from_pem_or_pkcs12_with_their_chain_and_the_password_is_wiped(authority):
    files, password = authority.structure_files("hopital"), bytearray(PASSWORD)
    locked, plain = StructureSigner.load(files.sign_p12, password), StructureSigner.load(files.sign_pem)
    assert password == bytes(len(PASSWORD))
    assert locked.certificate == plain.certificate
    assert len(locked.chain) == len(plain.chain) == 2
    assert "RSAPrivateKey" not in repr(locked)
    assert len(plain.sign("sha256", bytes(32))) == 256


@pytest.mark.parametrize(
    ("name", "content", "password", "code"),
    [
        ("missing.pem", None, None, "STRUCTURE_KEY_UNREADABLE"),
        ("junk.p12", b"junk", None, "STRUCTURE_KEY_UNREADABLE"),
        ("locked.p12", "auth_p12", None, "STRUCTURE_KEY_LOCKED"),
        ("locked.p12", "auth_p12", b"wrong", "STRUCTURE_KEY_LOCKED"),
        ("open.pem", "auth_pem", b"useless", "STRUCTURE_KEY_LOCKED"),
    ],
)
def test_a_key_file_that_cannot_be_used_says_why(authority, tmp_path: Path, name, content, password, code):
    path = tmp_path / name
    if isinstance(content, str):
        shutil.copy(getattr(authority.structure_files("hopital"), content), path)
    elif content is not None:
        path.write_bytes(content)
    typed = bytearray(password) if password else None
    with pytest.raises(Failure) as caught:
        StructureSigner.load(path, typed)
    assert (caught.value.code, caught.value.facts) == (code, {"file": name})
    assert not typed or not any(typed)


def test_a_key_without_its_certificate_or_of_another_kind_is_refused(authority, tmp_path: Path):
    pem = authority.structure_files("hopital").sign_pem.read_bytes()
    end = b"-----END PRIVATE KEY-----\n"
    other = authority.structure_files("imagerie-parc").sign_pem.read_bytes()
    (tmp_path / "alone.pem").write_bytes(pem.partition(end)[0] + end + other.partition(end)[2])
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "curve.pem").write_bytes(curve + pem.partition(end)[2])
    for name, code in (("alone.pem", "STRUCTURE_KEY_ALONE"), ("curve.pem", "STRUCTURE_KEY_KIND")):
        with pytest.raises(Failure) as caught:
            StructureSigner.load(tmp_path / name)
        assert caught.value.code == code
