"""``python -m host_sim serve``, ``show``, ``verify`` and ``atna``."""

from __future__ import annotations

import argparse
import errno
import json
import logging
import os
import signal
import sys
import threading
from typing import Protocol

from . import atna, audit_check, life, show, usage
from .audit import Audit
from .faults import Fault
from .house import House
from .ihe.context import UnreadablePatients
from .keys import WrongMasterKeyError
from .parameters import Parameters
from .store import Store


class _Server(Protocol):
    """Either profile of the host, as this door sees it."""

    def arm(self, faults: list[Fault]) -> None: ...

    def start(self) -> dict[str, object]: ...

    def stop(self) -> None: ...


def main(arguments: list[str] | None = None) -> int:
    """Run one command; give its exit code."""
    runs = {"serve": _serve, "show": _show, "verify": _verify, "statistics": _statistics, "atna": _atna}
    options = usage.parser(runs).parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    try:
        code: int = options.run(options)
    except WrongMasterKeyError:
        _complain(f"La clé maîtresse n'est pas celle de l'hôte de {options.data}")
        return 1
    return code


def _serve(options: argparse.Namespace) -> int:
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        host = _host(options)
    except UnreadablePatients as error:
        _complain(f"Patients illisibles\u00a0: {error}")
        return 1
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        _complain(f"Le port {options.port} est déjà pris" if taken else f"Inutilisable\u00a0: {options.data}")
        return 1
    host.arm(options.fault)
    print(json.dumps(host.start()), flush=True)  # noqa: T201 - the door's one line
    if options.with_parent:
        threading.Thread(target=_watch_input, args=(ended,), name="parent watch", daemon=True).start()
    ended.wait()
    host.stop()
    return 0


def _host(options: argparse.Namespace) -> _Server:
    if options.profile == "ihe":
        from .ihe.serving import IheHost

        known = options.known_patients
        return IheHost(options.data, port=options.port, known_patients=known, database=options.database)
    from card_sim.authority import Authority

    from .serving import Host

    authority = Authority.open(options.authority or options.data / "authority")
    return Host(
        options.data, authority, port=options.port, matrix=options.matrix, database=options.database,
        patient_site=options.patient_site, smtp=options.smtp, with_fixtures=options.fixtures,
    )  # fmt: skip


def _watch_input(ended: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    ended.set()


def _show(options: argparse.Namespace) -> int:
    if not _exists(options):
        return 1
    house = House.open(options.data, options.database)
    try:
        if options.viewer == "patient":
            seen = show.as_patient(house, options.patient)
        else:
            seen = show.as_professional(house, options.professional, options.patient)
    except show.NobodyThere as error:
        _complain(f"Inconnu : {error}")
        return 1
    finally:
        house.close()
    print(json.dumps(seen, ensure_ascii=False, indent=2) if options.json else show.text(seen))  # noqa: T201 - a door speaks
    return 0


def _statistics(options: argparse.Namespace) -> int:
    if not _exists(options):
        return 1
    house = House.open(options.data, options.database)
    try:
        print(json.dumps(life.statistics(house), ensure_ascii=False, indent=2))  # noqa: T201 - a door speaks
    finally:
        house.close()
    return 0


def _verify(options: argparse.Namespace) -> int:
    if not _exists(options):
        return 1
    store = Store.open(options.data, options.database)
    try:
        verdict = audit_check.verify(Audit(store))
    finally:
        store.close()
    print(verdict.text())  # noqa: T201 - a door speaks
    return 1 if verdict.problem else 0


def _atna(options: argparse.Namespace) -> int:
    if not _exists(options):
        return 1
    store = Store.open(options.data, options.database)
    try:
        oid = Parameters(store)["accepted_oids"][0]
        write = atna.syslog_lines if options.syslog else atna.messages
        for line in write(Audit(store).rows(), patient_oid=oid):
            print(line)  # noqa: T201 - a door speaks
    finally:
        store.close()
    return 0


def _exists(options: argparse.Namespace) -> bool:
    found = Store.is_in(options.data)
    if not found:
        _complain(f"Aucun hôte dans {options.data}")
    return found


def _complain(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - a door speaks


if __name__ == "__main__":
    sys.exit(main())
