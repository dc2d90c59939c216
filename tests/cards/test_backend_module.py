"""The PKCS#11 module itself: loading, sharing, layout, and what its refusals mean."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from pathlib import Path

import pytest
import softhsm_stage
from cards_stage import code_of

from card_sim import cast
from card_sim.authority import Authority
from cps_bridge.cards import pkcs11, pkcs11_library
from cps_bridge.cards import pkcs11_types as p11
from cps_bridge.cards.pkcs11 import Pkcs11Module, known_module
from cps_bridge.cards.pkcs11_library import RefusalError
from cps_bridge.cards.pkcs11_meaning import KEY_MEANINGS, explained
from cps_bridge.cards.pkcs11_session import borrowed
from dossier.failure import Cancelled, Failure

NEEDS_SOFTHSM = pytest.mark.skipif(
    not softhsm_stage.MODULE, reason="SoftHSM2 is not installed (apt-get install softhsm2)"
)


@pytest.fixture
def module(tmp_path, monkeypatch, authority: Authority):
    who = cast.professionals()["generaliste"]
    softhsm_stage.make_token(tmp_path, who, authority.material_of(who))
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    module = Pkcs11Module.load(softhsm_stage.MODULE)
    yield module
    module.close()


def test_a_module_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Failure) as caught:
        Pkcs11Module.load(str(tmp_path / "absent.so"))
    assert caught.value.code == "PKCS11_MODULE_MISSING"
    assert "absent.so" in caught.value.sentence()


def test_a_module_named_without_its_place_is_not_looked_for_by_the_system(tmp_path, monkeypatch):
    (tmp_path / "module.so").write_bytes(b"not a library")
    monkeypatch.chdir(tmp_path)
    assert code_of(Pkcs11Module.load, "module.so") == "PKCS11_MODULE_MISSING"


@pytest.mark.parametrize("content", [b"", b"not a library", b"\x7fELF" + bytes(60)])
def test_a_file_that_is_no_library_is_said_so(tmp_path, content):
    file = tmp_path / "module.so"
    file.write_bytes(content)
    assert code_of(Pkcs11Module.load, str(file)) == "PKCS11_MODULE_BROKEN"


@pytest.mark.skipif(sys.platform != "linux", reason="takes a library that every Linux has")
def test_a_library_that_is_no_module_is_said_so():
    maps = Path("/proc/self/maps").read_text()
    library = next(line.split()[-1] for line in maps.splitlines() if "/libc.so" in line)
    with pytest.raises(Failure) as caught:
        Pkcs11Module.load(library)
    assert caught.value.code == "PKCS11_MODULE_BROKEN"
    assert "PKCS#11" in caught.value.sentence()


@pytest.mark.parametrize(
    ("system", "name"),
    [("win32", "cps3_pkcs11_w64.dll"), ("darwin", "libcps3_pkcs11_osx.dylib"), ("linux", "libcps3_pkcs11_lux.so")],
)
def test_the_cryptolib_of_each_system_is_known_by_name(monkeypatch, system, name):
    monkeypatch.setattr(pkcs11.sys, "platform", system)
    assert known_module().endswith(name)


def test_without_a_path_the_cryptolib_is_meant(monkeypatch, tmp_path):
    monkeypatch.setattr(pkcs11, "known_module", lambda: str(tmp_path / "libcps3_pkcs11_lux.so"))
    with pytest.raises(Failure) as caught:
        Pkcs11Module.load()
    assert caught.value.facts["path"].endswith("libcps3_pkcs11_lux.so")


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_ulong) != 8, reason="sizes of a 64-bit Unix")
def test_structures_are_laid_out_as_the_modules_of_this_system_want_them():
    sizes = {p11.Info: 88, p11.SlotInfo: 112, p11.TokenInfo: 208, p11.SessionInfo: 32, p11.Attribute: 24,
             p11.Mechanism: 24, p11.InitializeArguments: 48}  # fmt: skip
    assert {kind: ctypes.sizeof(kind) for kind in sizes} == sizes


def test_a_structure_packed_as_on_windows_has_no_holes():
    for kind in (p11.TokenInfo, p11.Info, pkcs11_library._FunctionList):
        packed = type("packed", (ctypes.Structure,), {"_pack_": 1, "_fields_": kind._fields_})
        assert ctypes.sizeof(packed) == sum(ctypes.sizeof(field) for _, field in kind._fields_)


@NEEDS_SOFTHSM
def test_a_module_says_what_it_is_and_what_it_holds(module):
    assert "SoftHSM" in module.info()
    assert module.tokens() == ("CPS",)


@NEEDS_SOFTHSM
def test_the_only_token_is_taken_whatever_the_reader_is_called(module):
    access = module.open("Lecteur 12")
    assert access.read_certificates()
    access.close()


@NEEDS_SOFTHSM
def test_a_module_loaded_twice_lives_until_both_let_go(module):
    other = Pkcs11Module.load(softhsm_stage.MODULE)
    access = module.open("x")
    other.close()
    other.close()  # once is enough, twice does no harm
    access.verify_pin(bytearray(b"1234"))
    access.close()


@NEEDS_SOFTHSM
def test_a_session_that_is_over_is_a_card_that_left(module):
    access = module.open("x")
    access.close()
    with pytest.raises(ConnectionAbortedError):
        access.read_activities()


@NEEDS_SOFTHSM
def test_a_module_that_does_not_warn_makes_every_try_a_possible_last_one(module):
    access = module.open("x")
    assert access.read_pin_state().is_last_try
    access.close()


@NEEDS_SOFTHSM
def test_no_token_is_said_so(tmp_path, monkeypatch):
    (tmp_path / "tokens").mkdir()
    monkeypatch.setenv("SOFTHSM2_CONF", str(softhsm_stage.write_configuration(tmp_path)))
    module = Pkcs11Module.load(softhsm_stage.MODULE)
    assert module.tokens() == ()
    assert code_of(module.open, "x") == "PKCS11_TOKEN_MISSING"
    module.close()


def test_the_module_gets_the_memory_of_the_code_itself():
    code = bytearray(b"73519264")
    with borrowed(code) as (pointer, size):
        assert ctypes.addressof(pointer) == ctypes.addressof((ctypes.c_char * len(code)).from_buffer(code))
        pointer[0] = ord("9")
    assert (code, size) == (bytearray(b"93519264"), 8)
    code[:] = bytes(8)


def meaning_of(code: int, meanings=None) -> object:
    try:
        with explained(meanings):
            raise RefusalError(code)
    except Failure as failure:
        return failure.code, failure.facts
    except Exception as error:
        return type(error)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (0x32, ConnectionAbortedError),
        (0xE0, ConnectionAbortedError),
        (0xB3, ConnectionAbortedError),
        (0x30, ConnectionAbortedError),
        (0x50, Cancelled),
        (0x01, Cancelled),
        (0x101, ("PIN_REQUIRED", {})),
        (0xA4, ("PIN_BLOCKED", {})),
        (0x07, ("PKCS11_REFUSED", {"code": "CKR_ARGUMENTS_BAD"})),
        (0x54, ("PKCS11_REFUSED", {"code": "CKR_FUNCTION_NOT_SUPPORTED"})),
        (0x80000123, ("PKCS11_REFUSED", {"code": "CKR_0x80000123"})),
    ],
)
def test_every_refusal_means_something(code, meaning):
    assert meaning_of(code) == meaning


@pytest.mark.parametrize("code", [0x54, 0x60, 0x63, 0x68, 0x70])
def test_a_key_that_a_module_cannot_use_is_said_with_its_reason(code):
    assert meaning_of(code, KEY_MEANINGS) == ("KEY_NOT_USABLE", {"reason": p11.return_name(code)})
