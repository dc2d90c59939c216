"""The virtual cards behind the real PC/SC service, judged by OpenSC and OpenSSL."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from card_sim.control import tell
from card_sim.faults import Fault
from card_sim.vpcd import insert

pytestmark = pytest.mark.pcsc

AUTHENTICATION_KEY = "e828bd080f8025000001ff001002"
DIGEST_INFO = bytes.fromhex("3031300D060960864801650304020105000420")
PATIENCE = 30


@pytest.fixture(scope="module")
def tools(vpcd_pair, tmp_path_factory):
    """Runs a tool of OpenSC, blind to the readers of other workers; gives the finished process."""
    if shutil.which("opensc-tool") is None:
        pytest.skip("OpenSC is not installed")
    every = {name for pair in os.environ["CPS_BRIDGE_VPCD_READERS"].split(";") for name in pair.split(",")}
    others = ", ".join(f'"{name}"' for name in sorted(every - set(vpcd_pair[2])))
    configuration = tmp_path_factory.mktemp("opensc") / "opensc.conf"
    configuration.write_text(f"app default {{ {f'ignored_readers = {others};' if others else ''} }}\n")
    environment = {**os.environ, "OPENSC_CONF": str(configuration), "LC_ALL": "C.UTF-8"}

    def run(*command: str, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, env=environment, check=False, **options
        )

    return run


def wait_for_card(reader: str) -> None:
    """Wait until the PC/SC service shows a card in a reader (it polls every 400 ms)."""
    scard = pytest.importorskip("smartcard.scard")
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    try:
        states = [(reader, scard.SCARD_STATE_UNAWARE)]
        while True:
            code, states = scard.SCardGetStatusChange(context, PATIENCE * 1000, states)
            assert code == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(code)
            if states[0][1] & scard.SCARD_STATE_PRESENT:
                return
            states = [(reader, states[0][1])]
    finally:
        scard.SCardReleaseContext(context)


@pytest.fixture
def put(vpcd_pair, card):
    """Inserts a card in slot 0 or 1 and waits until PC/SC shows it; cards leave at the end."""
    inserted = []

    def place(slot: int, name: str):
        one = card(name)
        inserted.append(insert(one, vpcd_pair[slot]))
        wait_for_card(vpcd_pair[2][slot])
        return one, inserted[-1]

    yield place
    for each in inserted:
        each.remove()


@pytest.fixture
def cps(put):
    return put(0, "generaliste")[0]


@pytest.fixture
def reader(vpcd_pair):
    return vpcd_pair[2][0]


@pytest.fixture
def pkcs11(tools, reader):
    module = next(iter(Path("/usr/lib").glob("*/opensc-pkcs11.so")), None)
    if module is None:
        pytest.skip("the PKCS#11 module of OpenSC is not installed")
    return lambda *options: tools("pkcs11-tool", "--module", str(module), "--slot-description", reader, *options)


def test_opensc_takes_the_virtual_card_for_a_cps(cps, tools, reader):
    answer = tools("opensc-tool", "--reader", reader, "--atr", "--name")
    assert answer.stdout.split("\n")[:2] == ["3b:ac:00:40:2a:00:12:25:00:64:80:00:03:10:00:90:00", "IAS-ECC"]


def test_both_slots_of_a_pair_hold_a_card_at_once(put, tools, vpcd_pair):
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


def test_opensc_lists_certificates_and_public_data_by_pkcs11(cps, pkcs11):
    listing = pkcs11("--list-objects").stdout
    assert listing.count("Certificate Object") == 2
    assert "SN=MARTIN+GN=Claire+CN=899700000021" in listing
    for label in ("CPS_ID_CARD", "CPS_NAME_PS", "CPS_LANG_PS", "CPS_INFO_PS", "CPS_DATA"):
        assert label in listing
    assert "CPS_ACTIVITY" not in listing


def test_the_pin_opens_private_data_and_keys_by_pkcs11(cps, pkcs11):
    listing = pkcs11("--login", "--pin", "1234", "--list-objects").stdout
    assert listing.count("Private Key Object") == 2
    assert "CPS_ACTIVITY_03_PS" in listing


def test_openssl_verifies_a_signature_that_opensc_asked_from_the_card(cps, pkcs11, tools, tmp_path):
    message, info, signature, certificate, key = (tmp_path / name for name in ("m", "di", "sig", "der", "pub"))
    message.write_bytes(b"message")
    info.write_bytes(DIGEST_INFO + hashlib.sha256(b"message").digest())
    signed = pkcs11(
        *("--login", "--pin", "1234", "--sign", "--mechanism", "RSA-PKCS", "--id", AUTHENTICATION_KEY),
        *("--input-file", str(info), "--output-file", str(signature)),
    )
    assert signed.returncode == 0, signed.stderr
    pkcs11("--read-object", "--type", "cert", "--id", AUTHENTICATION_KEY, "--output-file", str(certificate))
    key.write_text(tools("openssl", "x509", "-inform", "der", "-in", str(certificate), "-noout", "-pubkey").stdout)
    verdict = tools("openssl", "dgst", "-sha256", "-verify", str(key), "-signature", str(signature), str(message))
    assert verdict.stdout.strip() == "Verified OK"


def test_openssl_verifies_the_card_certificates_against_the_authority(cps, pkcs11, tools, tmp_path, authority):
    certificate = tmp_path / "der"
    pkcs11("--read-object", "--type", "cert", "--id", AUTHENTICATION_KEY, "--output-file", str(certificate))
    verdict = tools(
        *("openssl", "verify", "-x509_strict", "-purpose", "sslclient"),
        *("-CAfile", str(authority.ca_file), str(certificate)),
    )
    assert verdict.stdout.strip().endswith(": OK"), verdict.stderr


def test_a_blocked_pin_is_unblocked_with_the_puk_by_opensc(cps, tools, reader):
    for _ in range(3):
        assert tools("pkcs15-tool", "--reader", reader, "--verify-pin", "--pin", "9999", "--list-pins").returncode
    assert cps.card.secrets[1].left == 0
    unblocked = tools(
        "pkcs15-tool", "--reader", reader, "--unblock-pin", "--puk", "87654321", "--new-pin", "4321", "--auth-id", "01"
    )
    assert unblocked.returncode == 0, unblocked.stderr
    assert tools("pkcs15-tool", "--reader", reader, "--verify-pin", "--pin", "4321", "--list-pins").returncode == 0


def test_a_protected_activity_is_read_with_the_pin_by_opensc(cps, tools, reader):
    answer = tools(
        "pkcs15-tool", "--reader", reader, "--verify-pin", "--pin", "1234", "--read-data-object", "CPS_ACTIVITY_03_PS"
    )
    assert "84 19 43 65 6E 74 72 65" in answer.stdout


def test_the_vitale_answers_through_pcsc(put, tools, vpcd_pair):
    put(1, "famille-marchand")
    answer = tools("opensc-tool", "--reader", vpcd_pair[2][1], "-s", "00A40000023F00", "-s", "00B0820000")
    assert "MARCHAND" in answer.stdout
    assert "SW1=0x90, SW2=0x00" in answer.stdout


def test_a_card_that_dies_in_use_is_an_error_for_the_tool(cps, tools, reader):
    cps.break_down(Fault.DIE_AT, at=5)
    assert tools("opensc-tool", "--reader", reader, "--serial").returncode != 0


def test_a_mute_card_holds_the_tool_until_it_is_removed(put, tools, reader):
    cps, inserted = put(0, "generaliste")
    asked, finished = threading.Event(), []
    cps.break_down(Fault.MUTE)
    answer = cps.apdu

    def apdu(command: bytes) -> bytes:
        asked.set()
        return answer(command)

    cps.apdu = apdu
    tool = threading.Thread(target=lambda: finished.append(tools("opensc-tool", "--reader", reader, "--serial")))
    tool.start()
    assert asked.wait(PATIENCE)
    assert not finished
    inserted.remove()
    tool.join(PATIENCE)
    assert finished
    assert finished[0].returncode != 0


def test_the_served_cards_obey_the_control_socket(vpcd_pair, tools, authority_dir, tmp_path):
    left, right = (f"{host}:{port}" for host, port in vpcd_pair[:2])
    control = tmp_path / "control"
    command = [sys.executable, "-m", "card_sim", "serve", "--authority", str(authority_dir), "--control", str(control)]
    command += ["--card", f"pharmacien=vpcd {left}", "--card", f"vide=vpcd {right}", "--with-parent"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        ready = json.loads(process.stdout.readline())
        assert ready["ready"]
        assert [each["card"] for each in ready["slots"]] == ["pharmacien", None]
        assert tell(control, {"do": "swap", "slot": 1, "card": "jean"})["ok"]
        wait_for_card(vpcd_pair[2][1])
        answer = tools("opensc-tool", "--reader", vpcd_pair[2][1], "--atr")
        assert answer.stdout.strip() == "3b:75:13:00:00:44:09:ea:90:00"
    finally:
        process.terminate()
        code = process.wait(PATIENCE)
        process.stdin.close()
        process.stdout.close()
    assert code == 0
    assert not control.exists()
