"""The virtual cards, behind the real PC/SC service, as OpenSC's own tools see them."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.pcsc


def test_opensc_takes_the_virtual_card_for_a_cps(cps, tools, reader):
    answer = tools("opensc-tool", "--reader", reader, "--atr", "--name")
    assert answer.stdout.split("\n")[:2] == ["3b:ac:00:40:2a:00:12:25:00:64:80:00:03:10:00:90:00", "IAS-ECC"]


def test_opensc_lists_both_slots_with_their_cards(put, tools, vpcd_pair):
    put(0, "pharmacien")
    put(1, "jean")
    lines = tools("opensc-tool", "--list-readers").stdout.splitlines()
    for name in vpcd_pair[2]:
        assert any(name in line and "Yes" in line for line in lines), lines


def test_opensc_reads_the_whole_directory_of_the_card(cps, tools, reader):
    dump = tools("pkcs15-tool", "--dump", "--reader", reader).stdout
    for expected in (
        "PIN [Code porteur]",
        "Private RSA Key [CPS_PRIV_SIG]",
        "Usage          : [0x200], nonRepudiation",
        "Private RSA Key [CPS_PRIV_AUT]",
        "Usage          : [0x06], decrypt, sign",
        "X.509 Certificate [Certificat de Signature CPS]",
        "X.509 Certificate [Certificat d'Authentification CPS]",
        "Data object 'CPS_INFO_PS'",
        "Data object 'CPS_ACTIVITY_01_PS'",
        "Data object 'CPS_ACTIVITY_03_PS'",
    ):
        assert expected in dump
    assert "CPS_ACTIVITY_02_PS" not in dump


def test_the_serial_number_of_the_card_is_the_one_that_opensc_reads(cps, tools, reader):
    dump = tools("pkcs15-tool", "--dump", "--reader", reader).stdout
    assert "Serial number  : 990000025f" in dump


def test_a_blocked_pin_is_unblocked_with_the_puk_by_opensc(cps, tools, reader):
    for _ in range(3):
        assert tools("pkcs15-tool", "--reader", reader, "--verify-pin", "--pin", "9999", "--list-pins").returncode
    assert cps.card.secrets[1].left == 0
    unblocked = tools(
        "pkcs15-tool", "--reader", reader, "--unblock-pin", "--puk", "87654321", "--new-pin", "4321", "--auth-id", "01"
    )
    assert unblocked.returncode == 0, unblocked.stderr
    assert tools("pkcs15-tool", "--reader", reader, "--verify-pin", "--pin", "4321", "--list-pins").returncode == 0


def test_a_wrong_puk_unblocks_nothing_and_is_counted(cps, tools, reader):
    for _ in range(3):
        tools("pkcs15-tool", "--reader", reader, "--verify-pin", "--pin", "9999", "--list-pins")
    before = cps.card.secrets[2].left
    refused = tools(
        "pkcs15-tool", "--reader", reader, "--unblock-pin", "--puk", "11111111", "--new-pin", "4321", "--auth-id", "01"
    )
    assert refused.returncode != 0
    assert (cps.card.secrets[1].left, cps.card.secrets[2].left) == (0, before - 1)


def test_a_protected_activity_is_read_with_the_pin_by_opensc(cps, tools, reader):
    answer = tools(
        "pkcs15-tool", "--reader", reader, "--verify-pin", "--pin", "1234", "--read-data-object", "CPS_ACTIVITY_03_PS"
    )
    assert "84 19 43 65 6E 74 72 65" in answer.stdout


def test_a_protected_activity_is_not_read_without_the_pin(cps, tools, reader):
    answer = tools("pkcs15-tool", "--reader", reader, "--read-data-object", "CPS_ACTIVITY_03_PS")
    assert answer.returncode != 0
    assert "84 19" not in answer.stdout


def test_the_vitale_answers_through_pcsc(put, tools, vpcd_pair):
    put(1, "famille-marchand")
    answer = tools("opensc-tool", "--reader", vpcd_pair[2][1], "-s", "00A40000023F00", "-s", "00B0820000")
    assert "MARCHAND" in answer.stdout
    assert "SW1=0x90, SW2=0x00" in answer.stdout
