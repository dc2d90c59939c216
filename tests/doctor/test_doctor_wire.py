"""The way to the host, provoked with real servers: stopped, silent, false, expired, at another hour, wanting a card."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from doctor_stage import BAD, GOOD, WARNING, Issuer, by_id, certificate, make_place, write_pem
from https_stage import SoftSigner, https_host

from card_sim.authority import Authority
from cps_bridge.doctor import wire
from cps_bridge.house import HostAddress
from dossier.failure import Failure
from dossier.finding import Finding

Examine = Callable[..., dict[str, Finding]]


@pytest.fixture
def examine(authority: Authority) -> Examine:
    """Examine the way to an address."""

    def run(url: str, ca_file: Path | None = None, **parts: Any) -> dict[str, Finding]:
        address = HostAddress(url, ca_file or authority.ca_file)
        return by_id(tuple(wire.wire_rows(make_place(**{"address": address} | parts))))

    return run


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that never answers need not be waited for as long as a real one."""
    monkeypatch.setattr(wire, "_CONNECT_SECONDS", 0.3)


@pytest.fixture
def host(authority: Authority) -> Callable[..., Any]:
    """Hosts with the certificate of the test authority."""
    return lambda **manners: https_host(authority.server_cert_file, authority.server_key_file, **manners)


@pytest.fixture
def card(authority: Authority) -> SoftSigner:
    _, key, _, der = authority.card_material("generaliste")
    return SoftSigner(key, der, authority.card_chain)


def states(found: dict[str, Finding]) -> tuple[Any, ...]:
    return tuple(found[each].state for each in ("host", "tls", "clock"))


def test_a_good_host_makes_three_good_rows(examine: Examine, host) -> None:
    with host() as url:
        found = examine(url)
    assert states(found) == (GOOD, GOOD, GOOD)
    assert "HTTP 200" in found["host"].cause and "TLS 1.2" in found["tls"].cause


@pytest.mark.parametrize(
    ("ahead", "state", "words"),
    [
        (50, GOOD, "écart"),
        (-50, GOOD, "écart"),
        (90, WARNING, "en retard de "),
        (-90, WARNING, "en avance de "),
        (400, BAD, "en retard de 6 min"),
        (-8_000, BAD, "en avance de 2 h"),
        (10**8 + 60, BAD, "en retard de 1157 jours"),
    ],
)
def test_the_clock_is_compared_with_the_host_s(examine: Examine, host, ahead: int, state, words: str) -> None:
    with host(ahead=ahead) as url:
        found = examine(url)
    assert found["clock"].state is state
    assert words in found["clock"].cause.replace("\u00a0", " ")


def test_a_host_that_does_not_tell_the_time_leaves_the_clock_unknown(examine: Examine, host) -> None:
    with host(date=False) as url:
        assert states(examine(url)) == (GOOD, GOOD, WARNING)


def test_a_host_that_is_not_available_is_a_warning(examine: Examine, host) -> None:
    with host(status=503) as url:
        assert states(examine(url)) == (WARNING, GOOD, GOOD)


def test_a_stopped_host_is_bad_and_the_clock_unknown(examine: Examine, host) -> None:
    with host() as url:
        pass
    found = examine(url)
    assert states(found) == (BAD, WARNING, WARNING)
    assert "refuse" in found["host"].cause


def test_a_name_without_address_is_told(examine: Examine) -> None:
    found = examine("https://dmp.invalid")
    assert found["host"].state is BAD and "introuvable" in found["host"].cause


def test_a_host_that_accepts_and_says_nothing_is_cut_off(examine: Examine, quick: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = examine(f"https://127.0.0.1:{silent.getsockname()[1]}")
    assert states(found) == (GOOD, BAD, WARNING)


def test_a_host_that_hangs_up_is_cut_off(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Thread

    with socket.create_server(("127.0.0.1", 0)) as rude:

        def hang_up() -> None:
            for _ in range(2):
                rude.accept()[0].close()

        thread = Thread(target=hang_up)
        thread.start()
        found = examine(f"https://127.0.0.1:{rude.getsockname()[1]}")
        thread.join()
    assert found["tls"].state is BAD


def test_a_host_without_tls_is_refused(examine: Examine, host, quick: None) -> None:
    with host(plain=True) as url:
        assert states(examine(url))[1] is BAD


def test_a_host_without_tls_1_2_is_refused(examine: Examine, host) -> None:
    with host(version=ssl.TLSVersion.TLSv1_3) as url:
        found = examine(url)
    assert found["tls"].state is BAD and "TLS 1.2" in found["tls"].remedy


def test_a_host_of_another_authority_is_not_trusted(examine: Examine, host, issuer: Issuer, tmp_path: Path) -> None:
    with host() as url:
        found = examine(url, write_pem(tmp_path / "ca.pem", issuer.der))
    assert states(found) == (GOOD, BAD, WARNING)
    assert "son autorité n'est pas connue" in found["tls"].cause


@pytest.mark.parametrize(("start", "end", "word"), [(-90, -1, "expiré"), (1, 90, "pas encore valable")])
def test_a_host_certificate_out_of_its_dates_is_not_trusted(
    examine: Examine, issuer: Issuer, tmp_path: Path, start: int, end: int, word: str
) -> None:
    now = datetime.now(UTC)
    der = certificate(issuer, "hôte", now + timedelta(days=start), now + timedelta(days=end))
    file = write_pem(tmp_path / "host.pem", der, key=issuer.key)
    with https_host(file) as url:
        found = examine(url, write_pem(tmp_path / "ca.pem", issuer.der))
    assert found["tls"].state is BAD and word in found["tls"].cause


def test_a_host_under_another_name_is_not_trusted(examine: Examine, issuer: Issuer, tmp_path: Path) -> None:
    file = write_pem(tmp_path / "host.pem", certificate(issuer, "un autre", name="autre.exemple.fr"), key=issuer.key)
    with https_host(file) as url:
        found = examine(url, write_pem(tmp_path / "ca.pem", issuer.der))
    assert found["tls"].state is BAD and "au nom" in found["tls"].cause


@pytest.mark.parametrize("content", [None, b"rien"])
def test_a_missing_or_damaged_file_of_authorities_is_told(examine: Examine, host, tmp_path: Path, content) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with host() as url:
        found = examine(url, file)
    assert found["tls"].state is BAD and "host_ca" in found["tls"].cause


def test_a_host_that_wants_a_card_is_good_without_session_and_its_clock_unknown(
    examine: Examine, host, authority: Authority
) -> None:
    with host(clients=authority.ca_file) as url:
        found = examine(url)
    assert states(found) == (GOOD, GOOD, WARNING)
    assert "session" in found["clock"].remedy


def test_with_a_session_the_card_signs_one_handshake(examine: Examine, host, authority: Authority, card) -> None:
    with host(clients=authority.ca_file) as url:
        found = examine(url, signer=lambda: card)
    assert states(found) == (GOOD, GOOD, GOOD)
    assert "avec votre carte" in found["tls"].cause
    assert card.count == 1


def test_a_host_that_does_not_know_the_card_refuses_it(
    examine: Examine, host, issuer: Issuer, card, tmp_path: Path
) -> None:
    with host(clients=write_pem(tmp_path / "others.pem", issuer.der)) as url:
        found = examine(url, signer=lambda: card)
    assert found["tls"].state is BAD and "carte" in found["tls"].cause


def test_a_card_that_left_during_the_examination_is_told(examine: Examine, host, authority: Authority) -> None:
    def gone() -> SoftSigner:
        raise Failure("CARD_REMOVED")

    with host(clients=authority.ca_file) as url:
        found = examine(url, signer=gone)
    assert found["tls"].state is BAD and "retirée" in found["tls"].cause


def test_a_python_that_cannot_hold_the_key_of_a_card_is_bad(examine: Examine, host, monkeypatch) -> None:
    def refuse() -> None:
        raise Failure("CARD_TLS_UNSUPPORTED", reason="symbol RSA_meth_dup is hidden")

    monkeypatch.setattr(wire, "self_check", refuse)
    with host() as url:
        found = examine(url)
    assert states(found) == (GOOD, BAD, GOOD)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"address": None}, (BAD, WARNING, WARNING)),
        ({"address": Failure("HOST_ADDRESS_INVALID")}, (BAD, WARNING, WARNING)),
        ({"address": Failure("HOST_CA_MISSING", path="ca.pem")}, (WARNING, BAD, WARNING)),
        ({"settings": Failure("SETTINGS_UNREADABLE", reason="l. 1, col. 2")}, (BAD, WARNING, WARNING)),
    ],
)
def test_what_the_settings_lack_is_told_without_network(examine: Examine, parts, expected) -> None:
    assert states(examine("https://localhost", **parts)) == expected
