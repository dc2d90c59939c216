"""Service, readers, card, PIN and certificates, with cards of the simulator in readers of the process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest
from doctor_stage import BAD, GOOD, LEFT, PATIENCE, RIGHT, WARNING, Issuer, by_id, make_place, write_pem

from card_sim.deck import Deck
from card_sim.faults import Fault
from card_sim.reader import InProcessReaders
from cps_bridge.cards.access import PinState
from cps_bridge.cards.service import CardService
from cps_bridge.doctor import cards as row
from cps_bridge.doctor import examine_without_house
from cps_bridge.doctor.cards import card_rows
from cps_bridge.storage.settings import Settings
from dossier.certificate import Certificate
from dossier.finding import Finding
from dossier.professional import CardKind

Examine = Callable[..., dict[str, Finding]]


@pytest.fixture
def examine(readers: InProcessReaders) -> Iterator[Examine]:
    """Examine the cards over readers of the process, with a service of its own."""
    started: list[CardService] = []

    def run(
        settings: Settings | None = None, port: InProcessReaders = readers, **changes: object
    ) -> dict[str, Finding]:
        settings = settings or Settings()
        service = CardService(port, test_allowed=not settings.production)
        service.start()
        started.append(service)
        place = replace(make_place(settings), cards=lambda: nullcontext(service), **changes)
        return by_id(tuple(card_rows(place)))

    yield run
    for service in started:
        service.close()


def test_a_good_card_makes_five_good_rows(examine: Examine, readers, deck: Deck, authority) -> None:
    readers.insert(LEFT, deck.card("generaliste"))
    readers.insert(RIGHT, deck.card("jean"))
    found = examine(Settings(card_ca=str(authority.ca_file)))
    assert [each.id for each in found.values()] == ["pcsc", "readers", "card", "pin", "certificates"]
    assert {each.state for each in found.values()} == {GOOD}
    assert "CPS3" in found["card"].cause and "carte de test" in found["card"].cause
    assert "Vitale\u00a0: oui" in found["card"].cause
    assert "3" in found["pin"].cause and "chaîne vérifiée" in found["certificates"].cause


def test_a_stopped_service_is_bad_and_nothing_after_it_is_examined(examine: Examine, readers) -> None:
    readers.stop_service()
    found = examine()
    assert found["pcsc"].state is BAD and "PC/SC" in found["pcsc"].cause
    assert {found[each].state for each in ("readers", "card", "pin", "certificates")} == {WARNING}


def test_no_reader_is_bad(examine: Examine) -> None:
    found = examine(port=InProcessReaders(()))
    assert found["pcsc"].state is GOOD
    assert found["readers"].state is BAD and "Aucun lecteur" in found["readers"].cause
    assert found["card"].state is WARNING


def test_readers_that_the_settings_leave_out_are_told(examine: Examine) -> None:
    empty = InProcessReaders(())
    found = examine(Settings(readers=("Mon lecteur",)), empty, reader_names=lambda: ("Un autre", "Un troisième"))
    assert found["readers"].state is BAD and "2" in found["readers"].cause and "readers" in found["readers"].cause


def test_a_reader_of_the_settings_that_is_unplugged_is_a_warning(examine: Examine) -> None:
    found = examine(Settings(readers=(LEFT, RIGHT, "Mon lecteur")), is_inside=False)
    assert found["readers"].state is WARNING and "1 sur 3" in found["readers"].cause


def test_empty_readers_and_a_vitale_alone_are_warnings(examine: Examine, readers, deck: Deck) -> None:
    assert examine()["card"].state is WARNING
    readers.insert(LEFT, deck.card("jean"))
    found = examine()
    assert found["card"].state is WARNING and "Vitale" in found["card"].cause
    assert found["pin"].state is found["certificates"].state is WARNING


def test_two_vitale_are_a_warning(examine: Examine, readers, deck: Deck) -> None:
    readers.insert(LEFT, deck.card("jean"))
    readers.insert(RIGHT, deck.card("karim"))
    found = examine()
    assert found["card"].state is WARNING and "Deux cartes Vitale" in found["card"].cause


def test_a_computer_without_pyscard_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    found = by_id(examine_without_house(tmp_path, Settings(), None))
    assert found["pcsc"].state is BAD and "pyscard" in found["pcsc"].cause


def test_a_mute_card_is_bad(examine: Examine, readers, deck: Deck) -> None:
    card = deck.card("generaliste")
    card.break_down(Fault.MUTE)
    readers.insert(LEFT, card)
    found = examine()
    assert found["card"].state is BAD and "ne répond pas" in found["card"].cause
    assert found["pin"].state is found["certificates"].state is WARNING


def test_a_card_held_by_another_program_is_bad(examine: Examine, readers, deck: Deck) -> None:
    readers.insert(LEFT, deck.card("generaliste"))
    readers.hold(LEFT)
    found = examine()
    assert found["card"].state is BAD and "autre logiciel" in found["card"].cause


def test_a_test_card_is_bad_on_a_production_computer(examine: Examine, readers, deck: Deck) -> None:
    readers.insert(LEFT, deck.card("generaliste"))
    found = examine(Settings(production=True))
    assert found["card"].state is BAD and "carte de test" in found["card"].cause


def test_a_card_that_is_no_professional_s_nor_a_patient_s_is_bad(examine: Examine, readers, deck: Deck) -> None:
    stranger = deck.card("jean")
    stranger.atr = bytes.fromhex("3B00")
    readers.insert(LEFT, stranger)
    assert examine()["card"].state is BAD


def test_another_card_in_trouble_is_a_warning_beside_the_professional_s(examine: Examine, readers, deck: Deck) -> None:
    readers.insert(LEFT, deck.card("generaliste"))
    mute = deck.card("jean")
    mute.break_down(Fault.MUTE)
    readers.insert(RIGHT, mute)
    found = examine()
    assert found["card"].state is WARNING and "ne répond pas" in found["card"].cause
    assert found["pin"].state is GOOD


@pytest.mark.parametrize(
    ("wrong", "state", "word"), [(1, WARNING, "2 essais"), (2, WARNING, "qu'un essai"), (3, BAD, "bloqué")]
)
def test_the_tries_that_are_left_are_told(examine: Examine, readers, deck: Deck, wrong, state, word) -> None:
    card = deck.card("generaliste")
    readers.insert(LEFT, card)
    service = CardService(readers)
    service.start()
    epoch = service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch
    for _ in range(wrong):
        with pytest.raises(Exception):  # noqa: B017 - a wrong code, as often as it takes
            service.verify_pin(epoch, bytearray(b"9999"), last_try_confirmed=True)
    service.close()
    found = examine()
    assert found["pin"].state is state and word in found["pin"].cause.replace("\u00a0", " ")
    assert examine()["pin"] == found["pin"], "an examination spends no try"


@pytest.mark.parametrize(
    ("pin", "state"),
    [
        (PinState(None), WARNING),
        (PinState(0, unblocking_tries_left=0), BAD),
        (PinState(0, unblocking_tries_left=3), BAD),
    ],
)
def test_a_pin_that_is_not_told_or_dead_is_told(pin: PinState, state) -> None:
    assert row._of_pin(pin).state is state


def test_an_examination_presents_no_code(examine: Examine, readers, deck: Deck) -> None:
    card = deck.card("generaliste")
    sent: list[bytes] = []
    spoken = card.apdu
    card.apdu = lambda command: (sent.append(command), spoken(command))[1]
    readers.insert(LEFT, card)
    examine()
    assert sent and not any(each[1] in (0x20, 0x24, 0x2C) and len(each) > 5 for each in sent)


def test_expired_certificates_are_bad(examine: Examine, readers, deck: Deck) -> None:
    readers.insert(LEFT, deck.card("medecin-perime"))
    found = examine()
    assert found["certificates"].state is BAD and "expiré" in found["certificates"].cause
    assert found["card"].state is GOOD


@pytest.mark.parametrize(
    ("days", "state", "word"), [(-30, WARNING, "expire bientôt"), (1, BAD, "expiré"), (-20_000, BAD, "à partir du")]
)
def test_dates_are_judged_by_the_clock(examine: Examine, readers, deck: Deck, days, state, word, authority) -> None:
    end = Certificate.parse(authority.card_material("generaliste")[3]).not_after
    readers.insert(LEFT, deck.card("generaliste"))
    found = examine(clock=lambda: end + timedelta(days=days))
    assert found["certificates"].state is state and word in found["certificates"].cause


def test_an_unknown_issuer_is_an_incomplete_chain(examine: Examine, readers, deck, issuer: Issuer, tmp_path) -> None:
    readers.insert(LEFT, deck.card("generaliste"))
    found = examine(Settings(card_ca=str(write_pem(tmp_path / "ca.pem", issuer.der))))
    assert found["certificates"].state is WARNING and "incomplète" in found["certificates"].cause


def test_a_false_authority_of_the_right_name_is_a_broken_chain(
    examine: Examine, readers, deck, tmp_path, authority
) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    true = x509.load_der_x509_certificate(authority.card_chain[0])
    key = rsa.generate_private_key(65537, 2048)
    false = (
        x509.CertificateBuilder(
            true.issuer, true.subject, key.public_key(), 1, true.not_valid_before_utc, true.not_valid_after_utc
        )
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    der = false.public_bytes(serialization.Encoding.DER)
    readers.insert(LEFT, deck.card("generaliste"))
    found = examine(Settings(card_ca=str(write_pem(tmp_path / "ca.pem", der))))
    assert found["certificates"].state is BAD


def test_an_unreadable_file_of_authorities_is_a_warning_and_none_at_all_is_said(
    examine: Examine, readers, deck
) -> None:
    readers.insert(LEFT, deck.card("generaliste"))
    assert examine(Settings(card_ca="/nulle/part.pem"))["certificates"].state is WARNING
    found = examine()
    assert found["certificates"].state is GOOD and "card_ca" in found["certificates"].cause


def test_an_old_card_with_unsorted_names_has_a_verified_chain(
    examine: Examine, readers, deck, authority, tmp_path
) -> None:
    readers.insert(LEFT, deck.card("medecin-ancien"))
    found = examine(Settings(card_ca=str(authority.ca_file)))
    assert found["card"].state is GOOD
    assert found["certificates"].state is not BAD


def test_a_card_without_signature_certificate_is_bad(examine: Examine, readers, deck: Deck) -> None:
    readers.insert(LEFT, deck.card("generaliste"))
    service = CardService(readers)
    service.start()
    try:
        card = service.read_professional(service.wait_for(CardKind.CPS, timeout=PATIENCE).epoch)
    finally:
        service.close()
    assert row.examine_certificates(make_place(), replace(card, signature=None), None).state is BAD
