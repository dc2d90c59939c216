"""The settings of a practice: one TOML file, typed, every unknown of the national interface among them."""

from __future__ import annotations

import json
import math
import re
import tomllib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from cps_bridge.storage.place import durable, writable
from dossier.failure import Failure

_FILE = "settings.toml"
_CHOICES = {
    "hash_name": ("sha1", "sha256"),
    "language": ("fr", "en"),
    "card_backend": ("apdu", "pkcs11"),
    "pin_entry": ("auto", "dialog", "pinpad"),
}


@dataclass(frozen=True)
class Settings:
    """What may differ from practice to practice.

    host_url: https://host[:port], "" for none; insi_url: address of INSi where it is elsewhere; host_ca: PEM file of
    the authorities trusted for the host; times in seconds, sizes in megabytes; software_oid: root of the identifiers
    this installation makes; vihf_signed and hash_name (sha256 or sha1): what the host accepts is not published;
    retrieve_url: WADO-RS address of a series, with {study} and {series}; readers: names of the readers to use, empty
    for all; card_backend: "apdu" (our own) or "pkcs11"; pkcs11_module: path of the module, "" for the Cryptolib CPS of
    the system; pin_entry: "auto" (the reader's keys when it has some), "dialog" or "pinpad"; card_seconds: longest
    silence of a card, and longest wait for another program; card_ca: PEM file of the authorities of the cards;
    majority_age: a patient is a minor strictly below it; secret_from_age: youngest patient with a secret connection;
    both_masks: whether the host lets one document be masked and hidden from the patient; web_url: https:// and the web
    domain of the host, "" for none; authors: professionals for whom a secretary deposits, each
    "PS_IdNat|NOM|Prénom|profession/savoir-faire"; structure: "Struct_IdNat|name|sector" of an establishment that speaks
    for its people; structure_connection, structure_signature: its keys (ORG_AUTH_CLI, ORG_SIGN), PEM or PKCS#12;
    registry: JSON file of a regional registry ("iti18", "iti43" and others: addresses; "ca": PEM file), "" for none.
    """

    production: bool = False
    host_url: str = ""
    insi_url: str = ""
    host_ca: str = ""
    language: str = "fr"
    software_name: str = "CPS Bridge"
    software_oid: str = "1.2.250.1.999.1.1.7898"
    software_instance: str = "poste-1"
    homologation: str = "SIMULATION"
    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    size_limit_mb: int = 50
    idle_minutes: int = 15
    vihf_signed: bool = True
    hash_name: str = "sha256"
    retrieve_url: str = "https://drimbox.example.fr/wado-rs/studies/{study}/series/{series}"
    manifest_by_us: bool = True
    readers: tuple[str, ...] = ()
    card_backend: str = "apdu"
    pkcs11_module: str = ""
    pin_entry: str = "auto"
    card_seconds: float = 1.8
    card_ca: str = ""
    majority_age: int = 18
    secret_from_age: int = 1
    both_masks: bool = False
    web_url: str = ""
    authors: tuple[str, ...] = ()
    structure: str = ""
    structure_connection: str = ""
    structure_signature: str = ""
    registry: str = ""

    @classmethod
    def load(cls, directory: Path) -> Settings:
        """Read the file of a data directory, defaults where it is silent.

        Raises Failure SETTINGS_UNREADABLE, SETTING_UNKNOWN or SETTING_INVALID naming the setting.
        """
        path = directory / _FILE
        try:
            found = tomllib.loads(path.read_text("utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return cls()
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Failure("SETTINGS_UNREADABLE", reason=_place(error)) from error
        return cls().changed(**found)

    def changed(self, **values: object) -> Settings:
        """Give the settings with some values changed, each checked; raises Failure as load does."""
        known = {each.name: getattr(self, each.name) for each in fields(self)}
        checked: dict[str, object] = {}
        for name, value in values.items():
            if name not in known:
                raise Failure("SETTING_UNKNOWN", name=name[:60])
            checked[name] = _checked(name, value, known[name])
        return replace(self, **checked)  # type: ignore[arg-type]

    def save(self, directory: Path) -> None:
        """Write the file whole; raises Failure DATA_UNWRITABLE."""
        text = "".join(f"{name} = {_toml(value)}\n" for name, value in asdict(self).items())
        with writable(directory):
            durable(directory / _FILE, text.encode())


def _place(error: Exception) -> str:
    """Say where a file cannot be read, in words of every language."""
    found = re.search(r"line (\d+), column (\d+)", str(error))
    if found:
        return f"l. {found[1]}, col. {found[2]}"
    return "UTF-8" if isinstance(error, UnicodeDecodeError) else type(error).__name__


def _checked(name: str, value: object, example: object) -> object:
    if isinstance(example, tuple) and isinstance(value, list | tuple):
        value = tuple(map(str, value))
    if isinstance(example, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not type(example):
        raise Failure("SETTING_INVALID", name=name, expected=type(example).__name__)
    if isinstance(value, int | float) and not isinstance(value, bool) and not 0 < value < math.inf:
        raise Failure("SETTING_INVALID", name=name, expected="> 0")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise Failure("SETTING_INVALID", name=name, expected=", ".join(_CHOICES[name]))
    if name == "retrieve_url" and not _is_template(str(value)):
        raise Failure("SETTING_INVALID", name=name, expected="{study}, {series}")
    return value


def _is_template(text: str) -> bool:
    try:
        text.format(study="", series="")
    except (KeyError, IndexError, ValueError, AttributeError):
        return False
    return True


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
