"""``python -m host_sim serve`` and ``python -m host_sim show``."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from card_sim.authority import Authority

from . import show
from .faults import Fault
from .house import House
from .serving import Host
from .store import FILE_NAME


def main(arguments: list[str] | None = None) -> int:
    """Run one command; give its exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    code: int = options.run(options)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m host_sim", description=__doc__)
    commands = parser.add_subparsers(required=True)
    serve = commands.add_parser("serve", help="serve until SIGTERM")
    serve.add_argument("--data", type=Path, required=True, metavar="DIR")
    serve.add_argument("--port", type=int, default=0, metavar="N")
    serve.add_argument("--authority", type=Path, metavar="DIR")
    serve.add_argument("--matrix", choices=("2016", "2023"))
    serve.add_argument("--fault", type=_fault, action="append", default=[], metavar="JSON")
    serve.add_argument("--with-parent", action="store_true", help="end as well when standard input closes")
    serve.set_defaults(run=_serve)
    shown = commands.add_parser("show", help="print a dossier as somebody would see it")
    shown.add_argument("--data", type=Path, required=True, metavar="DIR")
    shown.add_argument("--as", dest="viewer", choices=("patient", "doctor"), default="patient")
    shown.add_argument("--professional", default="generaliste", metavar="KEY")
    shown.add_argument("--patient", required=True, metavar="KEY_OR_INS")
    shown.add_argument("--json", action="store_true")
    shown.set_defaults(run=_show)
    return parser


def _fault(text: str) -> Fault:
    try:
        return Fault.from_json(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise argparse.ArgumentTypeError(f"not a fault: {error}") from error


def _serve(options: argparse.Namespace) -> int:
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    authority = Authority.open(options.authority or options.data / "authority")
    host = Host(options.data, authority, port=options.port, matrix=options.matrix)
    host.arm(options.fault)
    print(json.dumps(host.start()), flush=True)  # noqa: T201 - the door's one line
    if options.with_parent:
        threading.Thread(target=_watch_input, args=(ended,), name="parent watch", daemon=True).start()
    ended.wait()
    host.stop()
    return 0


def _watch_input(ended: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    ended.set()


def _show(options: argparse.Namespace) -> int:
    if not (options.data / FILE_NAME).is_file():
        print(f"Aucun hôte dans {options.data}", file=sys.stderr)  # noqa: T201 - a door speaks
        return 1
    house = House.open(options.data)
    try:
        if options.viewer == "patient":
            seen = show.as_patient(house, options.patient)
        else:
            seen = show.as_professional(house, options.professional, options.patient)
    except show.NobodyThere as error:
        print(f"Inconnu : {error}", file=sys.stderr)  # noqa: T201 - a door speaks
        return 1
    finally:
        house.close()
    print(json.dumps(seen, ensure_ascii=False, indent=2) if options.json else show.text(seen))  # noqa: T201 - a door speaks
    return 0


if __name__ == "__main__":
    sys.exit(main())
