"""The pieces of the patient's site that need no browser: CDA as text, messages as files, the ready line."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from host_wire import ins_of
from hypothesis import given, settings
from hypothesis import strategies as st

from card_sim.authority import Authority
from host_sim import desk, messages, notices
from host_sim.house import House
from host_sim.messages import EMAIL, SMS, Carrier, NotSent
from host_sim.notices import Notice
from host_sim.patient_site import cda_text
from host_sim.patient_site.cda_text import Block, Carried
from host_sim.patient_site.words import day, moment, size

NOW = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)


def cda(inner: str) -> bytes:
    return f'<ClinicalDocument xmlns="urn:hl7-org:v3"><component>{inner}</component></ClinicalDocument>'.encode()


def section(text: str, title: str = "Motif") -> str:
    return f"<component><section><title>{title}</title><text>{text}</text></section></component>"


def test_sections_become_headings_and_paragraphs() -> None:
    nested = section("Toux", "Motif").replace("</section>", section("Rien", "Dont") + "</section>")
    assert cda_text.read(cda(f"<structuredBody>{nested}</structuredBody>")) == (
        Block("heading", "Motif", level=2), Block("paragraph", "Toux"),
        Block("heading", "Dont", level=3), Block("paragraph", "Rien"),
    )  # fmt: skip


def test_tables_lists_and_breaks_keep_their_shape() -> None:
    text = (
        "Avant<br/>Puis <content>encore</content><list><item>un</item><item>deux</item></list>"
        "<table><thead><tr><th>A</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
    )
    found = cda_text.read(cda(f"<structuredBody>{section(text)}</structuredBody>"))
    assert found is not None and not isinstance(found, Carried)
    assert found[1:] == (
        Block("paragraph", "Avant"), Block("paragraph", "Puis encore"), Block("list", items=("un", "deux")),
        Block("table", head=("A",), rows=(("1",),)),
    )  # fmt: skip


def test_a_carried_file_is_given_as_it_is() -> None:
    body = base64.b64encode(b"%PDF-1.4").decode()
    inner = f'<nonXMLBody><text mediaType="application/pdf" representation="B64">{body}</text></nonXMLBody>'
    assert cda_text.read(cda(inner)) == Carried("application/pdf", b"%PDF-1.4")


@pytest.mark.parametrize(
    "data",
    [b"", b"<a/>", b"<ClinicalDocument", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', cda("<nonXMLBody/>")],
)
def test_what_is_not_a_readable_cda_is_nothing(data: bytes) -> None:
    assert cda_text.read(data) is None


def test_markup_that_nests_without_end_is_cut() -> None:
    deep = section("x")
    for _ in range(60):
        deep = deep.replace("</section>", section("y") + "</section>", 1)
    assert len(cda_text.read(cda(f"<structuredBody>{deep}</structuredBody>"))) < 60


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: cda(text)))
@settings(max_examples=150, deadline=None)
def test_no_bytes_break_the_reading(data: bytes) -> None:
    cda_text.read(data)


def test_words_of_dates_and_sizes() -> None:
    assert (day("19590422"), day(NOW), day(NOW.isoformat()), day(None)) == (
        "22/04/1959",
        "24/11/2026",
        "24/11/2026",
        "",
    )
    assert moment(NOW) in ("24/11/2026 à 14\u00a0h\u00a005", "24/11/2026 à 13\u00a0h\u00a005")
    assert (size(12), size(12_345), size(3_400_000)) == ("12\u00a0octets", "12\u00a0ko", "3,4\u00a0Mo")


def test_without_a_mail_server_mails_are_files(tmp_path: Path) -> None:
    carrier = Carrier(tmp_path)
    carrier.send(EMAIL, "jean@example.org", "Votre code de connexion est 123456.", NOW)
    (file,) = (tmp_path / "mail").iterdir()
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (mail["To"], mail["Subject"]) == ("jean@example.org", "Votre dossier médical partagé")
    assert "123456" in mail.get_content()


def test_an_address_that_would_add_a_header_is_not_written_to(tmp_path: Path) -> None:
    with pytest.raises(NotSent):
        Carrier(tmp_path).send(EMAIL, "jean@example.org\r\nBcc: x@example.org", "x", NOW)
    assert not (tmp_path / "mail").exists()


def test_messages_keep_their_order(tmp_path: Path) -> None:
    for number in range(5):
        Carrier(tmp_path).send(SMS, "0612345678", f"message {number}", NOW)
    texts = [json.loads(file.read_text())["text"] for file in sorted((tmp_path / "sms").iterdir())]
    assert texts == [f"message {number}" for number in range(5)]


@pytest.mark.parametrize(
    "kind", [notices.CREATION, notices.FIRST_CONNECTION, notices.DOCUMENT, notices.BREAK_GLASS, notices.REGULATION]
)
def test_a_notice_says_what_happened_and_nothing_clinical(tmp_path: Path, kind: str) -> None:
    house = House.open(tmp_path / "data")
    with house.store.transaction() as cursor:
        cursor.execute("INSERT INTO otp_channels VALUES (?,?,?)", (ins_of("jean"), "SMS", "0612345678"))
    carry = messages.listener(house, Carrier(tmp_path))
    carry(Notice(ins_of("jean"), kind, "Sérologie VIH déposée par le Dr BENALI", NOW))
    carry(Notice(ins_of("paul"), kind, "Personne à joindre", NOW))
    (file,) = (tmp_path / "sms").iterdir()
    text = json.loads(file.read_text())["text"]
    assert "dossier médical partagé" in text and "VIH" not in text and "BENALI" not in text
    house.close()


def test_the_desk_renews_one_request_once(tmp_path: Path) -> None:
    house = House.open(tmp_path)
    desk.lost(house, NOW, ins=ins_of("jean"), name="DUVAL", birth_date="19590422")
    assert desk.renew(house, 1) is not None
    assert desk.renew(house, 1) is None and desk.renew(house, 2) is None
    house.close()


def test_the_ready_line_gives_the_site_only_when_asked(
    tmp_path: Path, authority: Authority, authority_dir: Path
) -> None:
    command = [sys.executable, "-m", "host_sim", "serve", "--authority", str(authority_dir), "--data"]
    facts = []
    for options in ([str(tmp_path / "a")], [str(tmp_path / "b"), "--patient-site"]):
        process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
        assert process.stdout is not None
        facts.append(json.loads(process.stdout.readline()))
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(30) == 0
        process.stdout.close()
    assert "patient_site" not in facts[0]
    assert facts[1]["patient_site"].startswith("http://127.0.0.1:")
