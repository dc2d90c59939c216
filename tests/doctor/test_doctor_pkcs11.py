"""The PKCS#11 module of the settings: absent, no module, crashing, hanging, without card, with one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from doctor_stage import BAD, GOOD, WARNING

from cps_bridge.doctor import module
from cps_bridge.doctor.module import examine_module
from cps_bridge.doctor.words import say
from cps_bridge.storage.settings import Settings
from dossier.failure import Failure
from dossier.finding import Finding

SOFTHSM = next((path for path in Path("/usr/lib").glob("**/libsofthsm2.so")), None)
COMPILER = shutil.which("cc")


def examine(path: object) -> Finding:
    return examine_module(Settings(card_backend="pkcs11", pkcs11_module=str(path)))


@pytest.fixture
def softhsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """SoftHSM with a store of its own, empty."""
    if SOFTHSM is None:
        pytest.skip("SoftHSM is not installed")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm.conf").write_text(
        f"directories.tokendir = {tmp_path / 'tokens'}\nobjectstore.backend = file\n"
    )
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm.conf"))
    return SOFTHSM


def built(tmp_path: Path, body: str) -> Path:
    """A library whose C_GetFunctionList does what the test wants."""
    if COMPILER is None:
        pytest.skip("no C compiler")
    source, library = tmp_path / "module.c", tmp_path / "module.so"
    source.write_text(f"#include <stdlib.h>\n#include <unistd.h>\nlong C_GetFunctionList(void *p) {{ {body} }}\n")
    subprocess.run([COMPILER, "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return library


def test_a_computer_that_speaks_to_the_card_itself_uses_no_module() -> None:
    assert examine_module(Settings()) == say("pkcs11.unused")


def test_a_module_that_is_not_there_is_bad_and_its_path_stays_here(tmp_path: Path) -> None:
    found = examine(tmp_path / "CANARI" / "module.so")
    assert found.state is BAD and "introuvable" in found.cause and "CANARI" not in found.cause


def test_a_file_that_is_no_library_is_bad(tmp_path: Path) -> None:
    path = tmp_path / "module.so"
    path.write_text("rien")
    assert examine(path).state is BAD


def test_a_library_that_is_no_module_is_bad() -> None:
    library = next(Path("/usr/lib").glob("**/libcrypto.so.3"), None) or next(Path("/usr/lib").glob("**/libz.so.1"))
    assert examine(library).state is BAD


def test_a_module_without_token_is_a_warning(softhsm: Path) -> None:
    found = examine(softhsm)
    assert found.state is WARNING and "SoftHSM" in found.cause


def test_a_module_with_a_token_is_good_and_does_not_name_it(softhsm: Path) -> None:
    command = ["softhsm2-util", "--init-token", "--free", "--label", "CANARI", "--pin", "1234", "--so-pin", "12345678"]
    subprocess.run(command, check=True, capture_output=True)
    found = examine(softhsm)
    assert found.state is GOOD and "1" in found.cause and "CANARI" not in found.cause


def test_a_module_that_crashes_takes_nobody_with_it(tmp_path: Path) -> None:
    assert examine(built(tmp_path, "abort();")) == say("pkcs11.crashed")


def test_a_module_that_hangs_is_left_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 1.0)
    assert examine(built(tmp_path, "pause(); return 0;")) == say("pkcs11.late")


def test_settings_that_cannot_be_read_leave_the_module_unknown() -> None:
    assert examine_module(Failure("SETTINGS_UNREADABLE", reason="l. 1, col. 1")) == say("pkcs11.unseen")
