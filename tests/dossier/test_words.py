from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier import codes
from dossier.access import Access, AccessMode, BreakGlass, BreakGlassReason, ChannelKind, Contact
from dossier.certificate import Certificate
from dossier.context import PatientContext, Source
from dossier.failure import Failure
from dossier.patient import IdentityStatus, Ins, Nir, PatientIdentity, Sex, Traits, nir_key
from dossier.timestamp import Timestamp

TEST_OID = "1.2.250.1.213.1.4.10"


@pytest.mark.parametrize(
    ("body", "key"),
    [("2061275111005", "64"), ("2790351215189", "89"), ("2770763220829", "10"), ("2550814168025", "38")],
)
def test_the_key_of_a_nir_is_the_published_one(body: str, key: str) -> None:
    assert nir_key(body) == key


@pytest.mark.parametrize(
    ("corsican", "as_digits"), [("288112A004906", 2881119004906), ("288112B004906", 2881118004906)]
)
def test_corsican_departments_count_as_19_and_18(corsican: str, as_digits: int) -> None:
    assert int(nir_key(corsican)) == 97 - as_digits % 97


def test_a_wrong_key_is_told_from_a_wrong_shape() -> None:
    for text, code in (("287052901990158", "NIR_KEY"), ("28705290199015", "NIR_SHAPE"), ("x" * 15, "NIR_SHAPE")):
        with pytest.raises(Failure) as caught:
            Nir.parse(text)
        assert caught.value.code == code


def test_an_unknown_oid_is_no_ins() -> None:
    with pytest.raises(Failure) as caught:
        Ins.parse("287052901990159", "1.2.250.1.213.1.4.99")
    assert caught.value.code == "INS_OID"


def test_numbers_never_show_in_full() -> None:
    ins = Ins.parse("287052901990159", TEST_OID)
    assert "2870529" not in f"{ins} {ins!r} {Nir.parse('287052901990159')!r}"


def identity(status: IdentityStatus) -> PatientIdentity:
    traits = Traits("MARCHAND", ("SOPHIE",), "19870514", Sex.FEMALE)
    return PatientIdentity(traits, status, Ins.parse("287052901990159", TEST_OID))


@pytest.mark.parametrize("status", [each for each in IdentityStatus if each is not IdentityStatus.QUALIFIED])
def test_only_a_qualified_identity_gives_an_ins(status: IdentityStatus) -> None:
    with pytest.raises(Failure) as caught:
        PatientContext(identity(status), Source.VITALE).ins  # noqa: B018
    assert caught.value.code == "IDENTITY_NOT_QUALIFIED"


def test_another_patient_anywhere_is_named() -> None:
    context = PatientContext(identity(IdentityStatus.QUALIFIED), Source.INS)
    other = Ins.parse("217035612190255", TEST_OID)
    context.assert_same_patient(record_target=context.ins)
    with pytest.raises(Failure) as caught:
        context.assert_same_patient(record_target=context.ins, patient_id=other)
    assert caught.value.facts["place"] == "patient_id"


@pytest.mark.parametrize("text", ["", "         ", "urgent", "          x        "])
def test_break_glass_needs_a_real_reason(text: str) -> None:
    with pytest.raises(Failure):
        BreakGlass(BreakGlassReason.OTHER, text)


def test_an_access_in_break_glass_cannot_exist_without_justification() -> None:
    with pytest.raises(Failure):
        Access(AccessMode.BREAK_GLASS)


@pytest.mark.parametrize("value", ["0612345678", "0712345678"])
def test_a_mobile_number_is_accepted(value: str) -> None:
    assert Contact(ChannelKind.SMS, value).value == value


@pytest.mark.parametrize("value", ["0212345678", "061234567", "+33612345678", "06123456ab"])
def test_another_number_is_refused(value: str) -> None:
    with pytest.raises(Failure) as caught:
        Contact(ChannelKind.SMS, value)
    assert caught.value.code == "CONTACT_MOBILE_INVALID"


@given(st.text(max_size=40))
def test_any_text_is_a_timestamp_or_a_failure(text: str) -> None:
    try:
        moment = Timestamp.parse(text)
    except Failure as failure:
        assert failure.code == "TIMESTAMP_INVALID"
    else:
        assert 4 <= len(moment.digits) <= 14


def test_a_year_stays_a_year() -> None:
    assert str(Timestamp.parse("1980")) == "1980"
    assert Timestamp.parse("1980").to_utc_digits() == "1980"


def test_a_zone_is_turned_into_utc() -> None:
    assert Timestamp.parse("20261123143000+0100").to_utc_digits() == "20261123133000"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_certificate_or_a_failure(data: bytes) -> None:
    with pytest.raises(Failure) as caught:
        Certificate.parse(data)
    assert caught.value.code == "CERTIFICATE_UNREADABLE"


def test_the_class_comes_from_the_official_map() -> None:
    assert codes.class_of("18748-4").code == "31"
    assert codes.class_of("11488-4").code == "10"
    with pytest.raises(Failure) as caught:
        codes.class_of("60280-5")
    assert caught.value.code == "CODE_WITHOUT_CLASS"


@pytest.mark.parametrize("name", sorted(value for key, value in vars(codes).items() if key.isupper()))
def test_each_value_set_is_there_and_not_empty(name: str) -> None:
    if name == codes.TYPE_TO_CLASS:
        assert codes.class_of("11488-4").system
    else:
        assert all(code.system and code.display for code in codes.load(name).values())
