"""``cps-bridge doctor``: the examination of this computer, as rows for the telephone or as JSON lines for programs."""

from __future__ import annotations

import argparse
import platform
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from connectors import output
from dossier.failure import Cancelled, Failure, Kind
from dossier.finding import Finding, Health

if TYPE_CHECKING:
    from cps_bridge.doctor import FindKey
    from cps_bridge.house import HostAddress
    from cps_bridge.storage.settings import Settings


_WORDS = {Health.GOOD: "bon", Health.WARNING: "attention", Health.BAD: "mauvais"}
_KINDS = {
    **dict.fromkeys(("pcsc", "readers", "card", "pin", "certificates", "pkcs11"), Kind.CARD),
    **dict.fromkeys(("clock", "tls", "host"), Kind.NETWORK),
    **dict.fromkeys(("outbox", "keyring"), Kind.STORAGE),
}


def run_doctor(options: argparse.Namespace) -> int:
    """Examine and print. Gives 0 when no row is bad, else the code of the first bad row: 4 card, 7 network, 8 storage.

    Settings, or an address of the host, that cannot be read give 6. No PIN is asked for, nothing is sent, no vault
    is made.
    """
    findings, failure = _examine(options)
    lines = output.json_lines(findings) if options.json else text_lines(findings)
    output.write(lines, as_json=options.json)
    bad = next((each for each in findings if each.state is Health.BAD), None)
    if bad and failure and failure.kind is Kind.INPUT:
        return int(failure.kind.value)
    return int(_KINDS[bad.id].value) if bad else 0


def _examine(options: argparse.Namespace) -> tuple[tuple[Finding, ...], Failure | None]:
    """Examine the house where it is simulated and opens; each part alone otherwise, since one may be what is wrong."""
    from platformdirs import user_data_path

    from connectors.opening import open_house
    from cps_bridge.doctor import examine, examine_without_house

    failure = None
    if options.simulated:
        try:
            with open_house(options) as house:
                return examine(house), None
        except (Failure, Cancelled) as stopped:
            failure = stopped if isinstance(stopped, Failure) else None
    directory = options.data or user_data_path("cps-bridge", ensure_exists=False)
    settings = _settings(directory)
    address = _address(options, settings)
    found = examine_without_house(directory, settings, address, failure=failure, key=_key(options, directory))
    unread = next((each for each in (settings, address) if isinstance(each, Failure)), None)
    return found, unread or failure


def _settings(directory: Path) -> Settings | Failure:
    from cps_bridge.storage.settings import Settings

    try:
        return Settings.load(directory)
    except Failure as failure:
        return failure


def _address(options: argparse.Namespace, settings: Settings | Failure) -> HostAddress | Failure | None:
    from connectors.opening import host_address
    from cps_bridge.storage.settings import Settings

    try:
        return host_address(options, settings if isinstance(settings, Settings) else Settings())
    except Failure as failure:
        return failure


def _key(options: argparse.Namespace, directory: Path) -> FindKey | None:
    from connectors.terminal import read_secret
    from cps_bridge.storage.keys import key_from_passphrase

    if options.passphrase_fd is None or options.simulated:
        return None
    return lambda: key_from_passphrase(directory, read_secret(options.passphrase_fd))


def text_lines(findings: tuple[Finding, ...]) -> list[str]:
    """Give the rows as a person reads them: what, how, why, and under it what to do; a head for the support."""
    from cps_bridge.doctor import title

    wide = max(len(title(each.id)) for each in findings)
    how = max(map(len, _WORDS.values()))
    lines = [head(), ""]
    for each in findings:
        lines.append(f"{title(each.id):<{wide}}  {_WORDS[each.state]:<{how}}  {each.cause}")
        if each.remedy:
            lines.append(f"{'':<{wide}}  {'':<{how}}  À faire : {each.remedy}")
    return lines


def head() -> str:
    """Say what was examined, and when: program, system and Python by their versions, nothing of the person."""
    from cps_bridge.host_link import software_version

    now = f"{datetime.now().astimezone():%d/%m/%Y %H:%M}"
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"CPS Bridge {software_version()}, {system}, {now}"
