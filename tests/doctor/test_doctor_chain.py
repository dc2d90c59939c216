"""Chains of certificates: issuers by name, signatures by a library, names as old cards wrote them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from doctor_stage import Issuer, certificate, write_pem
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.certificate import Certificate
from dossier.failure import Failure
from soap_clients.security.chain import ChainState, follow, is_signed_by, read_authorities

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def card(authority) -> Certificate:
    return Certificate.parse(authority.card_material("generaliste")[3])


def test_a_card_of_the_authority_has_a_whole_chain(authority, card) -> None:
    chain = follow(card, read_authorities(authority.ca_file), NOW)
    assert chain.state is ChainState.COMPLETE
    assert [each.common_name.split()[-1] for each in chain.above] == ["PERSONNES", "RACINE"]


def test_a_chain_whose_root_or_issuer_is_in_no_file_is_incomplete(authority, card) -> None:
    everything = read_authorities(authority.ca_file)
    no_root = [each for each in everything if not each.common_name.endswith("RACINE")]
    assert follow(card, no_root, NOW).state is ChainState.INCOMPLETE
    assert follow(card, [], NOW).above == ()


def test_an_authority_of_the_right_name_that_did_not_sign_breaks_the_chain(card, issuer: Issuer) -> None:
    impostor = replace(Certificate.parse(issuer.der), rdns=card.issuer_rdns)
    assert follow(card, [impostor], NOW).state is ChainState.BROKEN


def test_an_authority_that_changed_its_key_keeps_its_name(authority, card, issuer: Issuer) -> None:
    other_key = replace(Certificate.parse(issuer.der), rdns=card.issuer_rdns)
    chain = follow(card, [other_key, *read_authorities(authority.ca_file)], NOW)
    assert chain.state is ChainState.COMPLETE


def test_a_certificate_that_is_no_authority_vouches_for_nobody(authority, issuer: Issuer) -> None:
    leaf = Certificate.parse(certificate(issuer, "feuille"))
    below = replace(leaf, issuer_rdns=leaf.rdns)
    assert follow(below, [leaf], NOW).state is ChainState.BROKEN


def test_an_authority_out_of_its_dates_is_told(authority, card) -> None:
    assert follow(card, read_authorities(authority.ca_file), NOW + timedelta(days=20_000)).state is ChainState.OUTDATED


def test_case_blanks_and_order_inside_a_name_do_not_count(authority, card) -> None:
    shouted = tuple(tuple((kind, f" {value.lower()}  ") for kind, value in reversed(rdn)) for rdn in card.issuer_rdns)
    chain = follow(replace(card, issuer_rdns=shouted), read_authorities(authority.ca_file), NOW)
    assert chain.state is ChainState.COMPLETE


def test_a_changed_certificate_is_not_signed_any_more(authority, card) -> None:
    persons = Certificate.parse(authority.card_chain[0])
    assert is_signed_by(card, persons)
    der = card.der.replace(b"MARTIN", b"MARTEN")
    assert not is_signed_by(replace(card, der=der), persons)


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\x30\x00"]
)
def test_a_file_that_holds_no_certificate_is_said_to_be_unreadable(tmp_path, content: bytes) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(Failure) as caught:
        read_authorities(path)
    assert caught.value.code == "CA_FILE_UNREADABLE"


def test_one_certificate_in_der_is_a_file_of_authorities_too(tmp_path, issuer: Issuer) -> None:
    path = tmp_path / "ca.der"
    path.write_bytes(issuer.der)
    assert len(read_authorities(path)) == 1
    assert len(read_authorities(write_pem(tmp_path / "ca.pem", issuer.der, issuer.der))) == 2


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 900), value=st.integers(0, 255))
def test_no_damaged_certificate_raises(authority_of_property, place: int, value: int) -> None:
    persons, der = authority_of_property
    damaged = bytearray(der)
    damaged[place] = value
    try:
        certificate = Certificate.parse(bytes(damaged))
    except Failure:
        return
    is_signed_by(certificate, persons)
    follow(certificate, [persons, certificate], NOW)
