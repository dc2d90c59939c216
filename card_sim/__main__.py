"""The door of the card simulator: serve, namespace, and the short commands."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from card_sim import commands as short
from card_sim.commands import refuse as _refuse
from card_sim.usage import Parser

_EMPTY = "vide"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the commands; give an exit code."""
    parser = Parser(prog="card_sim", description="Cartes CPS et Vitale virtuelles.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMANDE")
    serve = commands.add_parser("serve", help="met des cartes dans les lecteurs virtuels vpcd")
    serve.add_argument("--authority", type=Path, required=True, metavar="DOSSIER", help="celui de l'autorité de test")
    serve.add_argument(
        "--card",
        action="append",
        required=True,
        metavar="NOM|FICHIER[=vpcd HÔTE:PORT]",
        help="une carte du simulateur, un fichier de carte (aussi enregistré), ou « vide »",
    )
    serve.add_argument("--control", type=Path, metavar="SOCKET", help="socket Unix des ordres")
    serve.add_argument("--with-parent", action="store_true", help="finit aussi à la fin de l'entrée standard")
    short.declare(commands)
    inside = commands.add_parser("namespace", help="lance une commande avec un service PC/SC privé")
    inside.add_argument("--pairs", type=int, default=1, choices=range(1, 9), help="lecteurs à deux fentes")
    inside.add_argument("--or-without", action="store_true", help="lance la commande même sans service privé")
    inside.add_argument("rest", nargs=argparse.REMAINDER, metavar="-- COMMANDE")
    options = parser.parse_args(arguments)
    if options.command == "serve":
        return _serve(options)
    if options.command == "namespace":
        return _namespace(options.pairs, options.rest, options.or_without)
    return short.run(options) or 0


def _namespace(pairs: int, rest: list[str], or_without: bool) -> int:
    command = rest[1:] if rest[:1] == ["--"] else rest
    if not command:
        return _refuse("Il manque la commande à lancer, après « -- ».", 64)
    # Imported before the namespace is entered, and nothing else: entering it needs a process of one thread.
    from card_sim import namespace, pcsc_service, runner

    try:
        return runner.run(command, pairs)
    except namespace.NamespaceError as error:
        reason = f"Cette machine refuse les espaces de noms : {error}"
    except pcsc_service.ServiceError as error:
        reason = f"Le service PC/SC privé n'a pas démarré : {error}"
    except FileNotFoundError:
        return _refuse(f"La commande {command[0]} est introuvable.", 127)
    if not or_without:
        return _refuse(reason, runner.UNAVAILABLE)
    print(f"{reason}. Lecteurs simulés dans le programme.", file=sys.stderr)  # noqa: T201
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the runner may have blocked some, and a program inherits that
    try:
        os.execvp(command[0], command)  # noqa: S606 - the command of the person who started us
    except OSError:
        return _refuse(f"La commande {command[0]} est introuvable.", 127)


def _serve(options: argparse.Namespace) -> int:
    from card_sim.authority import Authority
    from card_sim.control import Bench, listening
    from card_sim.deck import Deck
    from card_sim.vpcd import VpcdSlot

    stops = (signal.SIGTERM, signal.SIGINT)
    signal.pthread_sigmask(
        signal.SIG_BLOCK, stops
    )  # before any thread starts, so that all of them leave it to this one
    try:
        wanted = [_placed(text, number) for number, text in enumerate(options.card)]
    except ValueError:
        return _refuse("Une carte s'écrit NOM, FICHIER ou NOM=vpcd HÔTE:PORT.", 64)
    try:
        authority = Authority.open(options.authority)
    except OSError:
        return _refuse(f"L'autorité de test ne peut pas être faite ou lue dans {options.authority}.", 73)
    bench = Bench([VpcdSlot(address, _reader(address)) for _, address in wanted], Deck(authority))
    with contextlib.ExitStack() as stack:
        stack.callback(bench.clear)
        answer = bench.do({"do": "state"})
        for number, (name, _) in enumerate(wanted):
            if name != _EMPTY:
                answer = bench.do({"do": "insert", "slot": number, "card": name})
                if not answer["ok"]:
                    return _refuse(f"La carte {name} n'a pas pu être insérée : {answer['error']}", 69)
        if options.control is not None:
            try:
                stack.enter_context(listening(bench, options.control))
            except OSError:
                return _refuse(
                    f"Le socket {options.control} ne peut pas être fait : un autre simulateur y répond, son dossier"
                    " n'existe pas ou est interdit, ou son nom a plus de cent caractères.",
                    73,
                )
        print(json.dumps({"ready": True, "slots": answer["slots"]}), flush=True)  # noqa: T201
        if options.with_parent:
            threading.Thread(target=_stop_at_end_of_input, name="parent watch", daemon=True).start()
        signal.sigwait(stops)
    return 0


def _stop_at_end_of_input() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _placed(text: str, number: int) -> tuple[str, tuple[str, int]]:
    """Read NAME[=vpcd HOST:PORT]; without an address, the slot of that number of the namespace, or of plain vpcd."""
    name, given, place = text.rpartition("=")
    if not given or not place.rpartition(":")[2].isdigit():  # a path may hold the sign too
        name, given = text, ""
    slots = _split("CPS_BRIDGE_VPCD")
    if not given:
        place = slots[number] if number < len(slots) and slots[number] else f"127.0.0.1:{0x8C7B + number}"
    host, _, port = place.removeprefix("vpcd").strip(" :").rpartition(":")
    return name, (host or "127.0.0.1", int(port))


def _reader(address: tuple[str, int]) -> str:
    """Give the PC/SC name of a slot of the namespace, "" for a slot that is not of it."""
    readers = dict(zip(_split("CPS_BRIDGE_VPCD"), _split("CPS_BRIDGE_VPCD_READERS"), strict=False))
    return readers.get(f"{address[0]}:{address[1]}", "")


def _split(variable: str) -> list[str]:
    return os.environ.get(variable, "").replace(";", ",").split(",")


if __name__ == "__main__":
    sys.exit(main())
