"""The assertion: its order, attributes and values as the host's interface has them, and its signature."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

import pytest
from lxml import etree
from wire_stage import NOW, http, xmlsec1

from card_sim.authority import Authority
from dossier.access import NORMAL_ACCESS, Access, AccessMode, BreakGlass, BreakGlassReason
from dossier.certificate import Certificate
from dossier.failure import Failure
from dossier.professional import CardKind, Professional
from soap_clients.security import vihf
from soap_clients.security.distinguished_name import escape, subject_name
from soap_clients.security.vihf import Speaker

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
BREAK_GLASS = Access(AccessMode.BREAK_GLASS, BreakGlass(BreakGlassReason.UNCONSCIOUS, "Malaise dans la rue"))


@pytest.fixture
def speaker(professional, activity, software, signature) -> Speaker:
    return Speaker(professional, activity, software, Certificate.parse(signature.certificate), NOW)


def build(speaker, access=NORMAL_ACCESS, ins=None, now=NOW):
    return vihf.build(speaker, access, ins, now)


def attributes(assertion) -> dict[str, list]:
    statement = assertion.find(f"{SAML}AttributeStatement")
    return {each.get("Name"): list(each) for each in statement}


def text_of(assertion, name) -> str:
    [value] = attributes(assertion)[name]
    assert value.get(XSI_TYPE) == "xs:string"
    assert value.nsmap["xs"] == "http://www.w3.org/2001/XMLSchema"
    return value.text


def test_the_parts_of_the_assertion_stand_in_the_order_of_the_samples(speaker, ins):
    assertion = build(speaker, ins=ins)
    assert assertion.tag == f"{SAML}Assertion"
    assert [etree.QName(each).localname for each in assertion] == [
        "Issuer",
        "Subject",
        "AuthnStatement",
        "AttributeStatement",
    ]
    assert assertion.get("Version") == "2.0"
    assert assertion.get("IssueInstant") == "2026-11-23T09:30:15.250Z"
    assert assertion.get("ID").startswith("_")
    assert assertion.find(f"{SAML}Subject/{SAML}NameID").text == speaker.professional.id_nat
    assert not assertion.find(f"{SAML}Subject/{SAML}NameID").attrib
    assert assertion.find(f"{SAML}AuthnStatement").get("AuthnInstant") == "2026-11-23T09:30:15.250Z"
    assert assertion.findtext(f".//{SAML}AuthnContextClassRef") == "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"


def test_the_attributes_are_those_of_vihf_3_in_order(speaker, ins):
    assertion = build(speaker, ins=ins)
    assert list(attributes(assertion)) == [
        "Identifiant_Structure",
        "Secteur_Activite",
        "urn:oasis:names:tc:xacml:2.0:subject:role",
        "VIHF_Version",
        "Authentification_mode",
        "urn:oasis:names:tc:xacml:2.0:resource:resource-id",
        "Ressource_URN",
        "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse",
        "LPS_ID",
        "LPS_Nom",
        "LPS_Version",
        "LPS_ID_HOMOLOGATION_DMP",
    ]
    assert text_of(assertion, "Identifiant_Structure") == "499900000000001"
    assert text_of(assertion, "Secteur_Activite") == "SA08^1.2.250.1.71.4.2.4"
    assert text_of(assertion, "VIHF_Version") == "3.0"
    assert text_of(assertion, "Authentification_mode") == "DIRECTE"
    assert text_of(assertion, "Ressource_URN") == "urn:dmp"
    assert text_of(assertion, "LPS_ID_HOMOLOGATION_DMP") == "HOMOLOGATION"
    assert text_of(assertion, "urn:oasis:names:tc:xacml:2.0:resource:resource-id") == (
        f"{ins.matricule}^^^&1.2.250.1.213.1.4.10&ISO^NH"
    )


def test_an_employee_without_a_name_is_the_number_of_the_card_and_no_name_is_written(speaker):
    employee = Professional("3990000036/000001", "Centre d'imagerie", "3990000036/000001", "", card_kind=CardKind.CPE)
    assertion = build(dataclasses.replace(speaker, professional=employee))
    assert assertion.findtext(f"{SAML}Subject/{SAML}NameID") == employee.id_nat
    assert employee.family_name not in etree.tostring(assertion, encoding="unicode")


def test_without_a_patient_there_is_no_resource_id(speaker):
    assert "urn:oasis:names:tc:xacml:2.0:resource:resource-id" not in attributes(build(speaker))


def test_a_doctor_has_two_roles_each_in_its_own_value(speaker):
    values = attributes(build(speaker))["urn:oasis:names:tc:xacml:2.0:subject:role"]
    roles = [dict(each[0].attrib) for each in values]
    assert [each[0].tag for each in values] == ["{urn:hl7-org:v3}Role"] * 2
    assert [each[0].nsmap[None] for each in values] == ["urn:hl7-org:v3"] * 2
    assert roles == [
        {
            XSI_TYPE: "CE",
            "code": "10",
            "codeSystem": "1.2.250.1.71.1.2.7",
            "codeSystemName": "professions",
            "displayName": "Médecin",
        },
        {
            XSI_TYPE: "CE",
            "code": "SM26",
            "codeSystem": "1.2.250.1.71.4.2.5",
            "codeSystemName": "specialites RPPS",
            "displayName": "Qualifié en Médecine Générale (SM)",
        },
    ]


@pytest.mark.parametrize(
    ("profession", "specialty", "codes"),
    [("60", "", ["60"]), ("21", "A", ["21", "A"]), ("", "", ["SECRETARIAT_MEDICAL"]), ("60", "X", ["60"])],
)
def test_each_profession_has_its_roles(speaker, profession, specialty, codes):
    other = Professional("899", "X", "Y", profession, specialty, CardKind.CPS)
    assertion = build(dataclasses.replace(speaker, professional=other))
    values = attributes(assertion)["urn:oasis:names:tc:xacml:2.0:subject:role"]
    assert [each[0].get("code") for each in values] == codes


@pytest.mark.parametrize("profession", ["10", "21", "40", "50"])
def test_a_student_has_the_role_of_a_profession_in_training_and_no_specialty(speaker, profession):
    other = Professional("899", "X", "Y", profession, "", CardKind.CPF)
    assertion = build(dataclasses.replace(speaker, professional=other))
    [[role]] = attributes(assertion)["urn:oasis:names:tc:xacml:2.0:subject:role"]
    assert (role.get("code"), role.get("codeSystem")) == (profession, "1.2.250.1.71.1.2.8")
    assert role.get("displayName").endswith("en formation")
    assert other.specialty_code == f"G16_{profession}"


@pytest.mark.parametrize(("profession", "specialty"), [("10", "SM26"), ("60", "")])
def test_a_card_in_training_that_names_more_is_taken_at_its_word(speaker, profession, specialty):
    other = Professional("899", "X", "Y", profession, specialty, CardKind.CPF)
    assertion = build(dataclasses.replace(speaker, professional=other))
    values = attributes(assertion)["urn:oasis:names:tc:xacml:2.0:subject:role"]
    assert [each[0].get("code") for each in values] == [profession, *filter(None, [specialty])]
    assert values[0][0].get("codeSystem") == "1.2.250.1.71.1.2.7"


@pytest.mark.parametrize("profession", ["10", "21"])
def test_a_doctor_or_a_pharmacist_without_specialty_is_stopped_here(speaker, profession):
    other = Professional("899", "X", "Y", profession)
    with pytest.raises(Failure) as caught:
        build(dataclasses.replace(speaker, professional=other))
    assert caught.value.code == "VIHF_SPECIALTY_MISSING"


@pytest.mark.parametrize(
    ("access", "code", "display"),
    [
        (Access(), "normal", "Accès normal"),
        (BREAK_GLASS, "bris_de_glace", "Accès en bris de glace"),
        (Access(AccessMode.REGULATION), "centre_15", "Accès par un centre de régulation médicale"),
    ],
)
def test_the_purpose_of_use_is_the_mode_of_access(speaker, access, code, display):
    [value] = attributes(build(speaker, access))["urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"]
    assert value[0].tag == "{urn:hl7-org:v3}PurposeOfUse"
    assert dict(value[0].attrib) == {
        XSI_TYPE: "CE",
        "code": code,
        "codeSystem": "1.2.250.1.213.1.1.4.248",
        "codeSystemName": "mode acces VIHF 2.0",
        "displayName": display,
    }


def test_break_glass_alone_carries_its_reason(speaker):
    assert text_of(build(speaker, BREAK_GLASS), "Mode_Acces_Raison") == (
        "Patient inconscient ou incapable de s'exprimer : Malaise dans la rue"
    )
    assert "Mode_Acces_Raison" not in attributes(build(speaker))


def test_each_assertion_is_new(speaker):
    first, second = build(speaker), build(speaker, now=NOW + timedelta(seconds=1))
    assert first.get("ID") != second.get("ID")
    assert first.get("IssueInstant") != second.get("IssueInstant")


def test_instants_are_written_in_utc_whatever_the_zone(speaker):
    paris = datetime(2026, 11, 23, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    assert build(speaker, now=paris).get("IssueInstant") == "2026-11-23T09:30:00.000Z"
    assert paris.astimezone(UTC).hour == 9


def test_the_issuer_is_the_subject_of_the_certificate_from_the_name_to_the_country(speaker):
    issuer = build(speaker).find(f"{SAML}Issuer")
    assert issuer.get("Format") == "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
    assert issuer.text.endswith(",C=FR")
    assert f"CN={speaker.professional.id_nat}" in issuer.text.split(",")[0]


def test_a_multi_valued_name_is_joined_with_plus_and_unknown_types_are_hexadecimal(speaker):
    old = dataclasses.replace(
        speaker.certificate,
        rdns=((("2.5.4.6", "FR"),), (("2.5.4.10", "A, B+C"),), (("2.5.4.3", "8999"), ("2.5.4.4", "LIBRE"))),
        encoded_rdns=(
            (("2.5.4.6", b""),),
            (("2.5.4.10", b""),),
            (("2.5.4.3", b""), ("2.5.4.4", bytes.fromhex("14054c49425245"))),
        ),
    )
    assert subject_name(old) == "CN=8999+2.5.4.4=#14054c49425245,O=A\\, B\\+C,C=FR"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        ('a,b+c"d\\e<f>g;h', 'a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h'),
        (" a ", "\\ a\\ "),
        ("#a", "\\#a"),
        (" ", "\\ "),
    ],
)
def test_values_are_escaped_as_rfc_2253_says(value, text):
    assert escape(value) == text


@pytest.mark.parametrize("hash_name", ["sha256", "sha1"])
def test_xmlsec1_accepts_the_signature_in_the_envelope_that_left(
    tls_host, host, signature, ins, authority, tmp_path, hash_name
):
    host._hash_name = hash_name
    tls_host.respond = lambda seen: http(b"<x/>", kind="text/html")
    with pytest.raises(Failure):
        host.call("patients", "urn:hl7-org:v3:PRPA_IN201307UV02", etree.Element("{urn:hl7-org:v3}x"), patient=ins)
    path = tmp_path / "sent.xml"
    path.write_bytes(tls_host.seen[0].body)
    done = xmlsec1(path, authority.ca_file, "urn:oasis:names:tc:SAML:2.0:assertion:Assertion")
    assert done.returncode == 0, done.stderr
    assertion = etree.fromstring(path.read_bytes()).find(f".//{SAML}Assertion")
    assert [etree.QName(each).localname for each in assertion][:3] == ["Issuer", "Signature", "Subject"]
    assert signature.hashes_used == [hash_name]


def test_the_certificate_in_the_signature_is_the_leaf_alone(speaker, signature, authority: Authority):
    assertion = build(speaker)
    vihf.sign(assertion, signature)
    assert len(list(assertion.iter("{http://www.w3.org/2000/09/xmldsig#}X509Certificate"))) == 1
