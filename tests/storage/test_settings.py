from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cps_bridge.storage.settings import Settings
from dossier.failure import Failure


def test_a_missing_file_gives_the_defaults(tmp_path: Path) -> None:
    assert Settings.load(tmp_path) == Settings()


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    wanted = Settings(production=True, host_url="https://hôte/", readers=("Lecteur « A »",), read_seconds=2.5)
    wanted.save(tmp_path)
    assert Settings.load(tmp_path) == wanted


@pytest.mark.parametrize(
    ("line", "code", "name"),
    [
        ('prodution = "oui"', "SETTING_UNKNOWN", "prodution"),
        ('production = "oui"', "SETTING_INVALID", "production"),
        ("size_limit_mb = -1", "SETTING_INVALID", "size_limit_mb"),
        ('hash_name = "md5"', "SETTING_INVALID", "hash_name"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, line: str, code: str, name: str) -> None:
    (tmp_path / "settings.toml").write_text(line, "utf-8")
    with pytest.raises(Failure) as caught:
        Settings.load(tmp_path)
    assert (caught.value.code, caught.value.facts["name"]) == (code, name)


@given(data=st.binary(max_size=200))
def test_any_file_is_read_or_refused_by_a_failure(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    place = tmp_path_factory.mktemp("settings")
    (place / "settings.toml").write_bytes(data)
    try:
        Settings.load(place)
    except Failure as failure:
        assert failure.code in ("SETTINGS_UNREADABLE", "SETTING_UNKNOWN", "SETTING_INVALID")
