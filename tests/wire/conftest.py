"""Fixtures of the wire room: one host on a loopback port, one card in software, one professional."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wire_host import Served, connected, served_host
from wire_stage import NOW, SoftSigner, TlsHost

from card_sim.authority import Authority
from dossier.certificate import Certificate
from dossier.patient import Ins, nir_key
from dossier.professional import Activity, HealthStructure, Professional
from soap_clients.host import Endpoints, Host, Software
from soap_clients.transport import Transport


@pytest.fixture(scope="session")
def authority(authority_dir: Path) -> Authority:
    return Authority.open(authority_dir)


@pytest.fixture
def authentication(authority: Authority) -> SoftSigner:
    _, key, _, der = authority.card_material("generaliste")
    return SoftSigner(key, der, authority.card_chain)


@pytest.fixture
def signature(authority: Authority) -> SoftSigner:
    key, _, der, _ = authority.card_material("generaliste")
    return SoftSigner(key, der, authority.card_chain)


@pytest.fixture
def server_context(authority: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_cert_file, authority.server_key_file)
    context.load_verify_locations(authority.ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture
def tls_host(server_context: ssl.SSLContext) -> Iterator[TlsHost]:
    host = TlsHost(server_context)
    yield host
    host.close()


@pytest.fixture
def transport(authority: Authority, authentication: SoftSigner) -> Iterator[Transport]:
    made = Transport(authentication, authority.ca_file, connect_timeout=10, read_timeout=10)
    yield made
    made.drop()


@pytest.fixture
def professional(authority: Authority) -> Professional:
    certificate = Certificate.parse(authority.card_material("generaliste")[3])
    return Professional(certificate.common_name, "MARTIN", "Claire", "10", "SM26", is_test=True)


@pytest.fixture
def activity() -> Activity:
    return Activity(HealthStructure("499900000000001", "Cabinet des Lilas"), "SA08")


@pytest.fixture
def software() -> Software:
    return Software("CPS Bridge", "0.1.0", "1.2.250.1.999.1.1.7898", "poste-1", "HOMOLOGATION")


@pytest.fixture
def host(tls_host: TlsHost, transport: Transport, professional, activity, software, signature) -> Host:
    endpoints = Endpoints.from_base(tls_host.url)
    return Host(endpoints, transport, professional, activity, software, signature=signature, clock=lambda: NOW)


@pytest.fixture
def ins() -> Ins:
    body = "2550814168025"
    return Ins.parse(body + nir_key(body), "1.2.250.1.213.1.4.10")


@pytest.fixture
def served(tmp_path: Path, authority_dir: Path) -> Iterator[Served]:
    with served_host(tmp_path / "host", authority_dir) as running:
        yield running


@pytest.fixture
def connect(served: Served, authority: Authority) -> Iterator[Callable[..., Host]]:
    opened = []

    def connect(key: str, **how: object) -> Host:
        opened.append(connected(served, authority, key, **how))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()
