"""The command line of the host: its words, in French."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from .faults import Fault

Run = Callable[[argparse.Namespace], int]

_DESCRIPTION = "Hôte virtuel du DMP, pour essayer sans rien envoyer à personne."


class _FrenchHelp(argparse.HelpFormatter):
    """The help page with French headings."""

    def add_usage(self, usage, actions, groups, prefix=None):  # type: ignore[no-untyped-def]
        super().add_usage(usage, actions, groups, "utilisation : " if prefix is None else prefix)


class _Parser(argparse.ArgumentParser):
    """A parser that says in French what it wants, and that something is wrong."""

    def __init__(self, **named: Any) -> None:
        named = {"formatter_class": _FrenchHelp, **named, "add_help": False, "allow_abbrev": False}
        super().__init__(**named)
        self._positionals.title, self._optionals.title = "commandes", "options"
        self.add_argument("-h", "--help", action="help", help="montrer cette aide")

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end with 2."""
        self.exit(2, f"{self.format_usage()}{self.prog} : {_french(message)}\n")


def parser(runs: Mapping[str, Run]) -> argparse.ArgumentParser:
    """The parser of all commands; `runs` gives the function of each by name: serve, show, verify, statistics, atna."""
    whole = _Parser(prog="python -m host_sim", description=_DESCRIPTION)
    commands = whole.add_subparsers(required=True, metavar="COMMANDE", dest="command")
    _serve(_command(commands, "serve", "servir jusqu'à SIGTERM ; la première ligne, en JSON, donne les adresses", runs))
    _show(_command(commands, "show", "montrer un dossier comme une personne le verrait", runs))
    _command(commands, "verify", "vérifier que le journal des accès est intact", runs)
    _command(commands, "statistics", "compter les dossiers, et les créations par canal", runs)
    atna = _command(commands, "atna", "donner le journal des accès en messages d'audit IHE ATNA, un par ligne", runs)
    atna.add_argument("--syslog", action="store_true", help="chaque message dans son enveloppe RFC 5424 (ITI-20)")
    return whole


def _command(commands, name: str, text: str, runs: Mapping[str, Run]) -> argparse.ArgumentParser:  # type: ignore[no-untyped-def]
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.add_argument("--data", type=Path, required=True, metavar="DOSSIER", help="répertoire de l'hôte")
    command.add_argument("--database", default="", metavar="URL", help="base PostgreSQL, sinon SQLite")
    command.set_defaults(run=runs[name])
    return command


def _serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--port", type=int, default=0, metavar="N", help="port d'écoute (sans lui : un port libre)")
    serve.add_argument(
        "--profile", choices=("dmp", "ihe"), default="dmp", help="dmp, ou registre et entrepôt IHE XDS.b"
    )
    serve.add_argument("--authority", type=Path, metavar="DOSSIER", help="répertoire de l'autorité de test")
    serve.add_argument("--matrix", choices=("2016", "2023"), help="matrice des droits par profession")
    serve.add_argument(
        "--fault", type=_fault, action="append", default=[], metavar="JSON", help="panne armée, répétable"
    )
    serve.add_argument(
        "--known-patients", type=Path, metavar="FICHIER", help="profil ihe : seuls patients admis, un CX par ligne"
    )
    serve.add_argument("--fixtures", action="store_true", help="charger aussi les patients de test (profil dmp)")
    serve.add_argument("--patient-site", action="store_true", help="servir aussi le site du patient (profil dmp)")
    serve.add_argument(
        "--smtp", type=_smtp, default="", metavar="HÔTE:PORT", help="serveur des courriels, sinon des fichiers"
    )
    serve.add_argument("--with-parent", action="store_true", help="finir aussi quand l'entrée standard se ferme")


def _show(shown: argparse.ArgumentParser) -> None:
    shown.add_argument("--patient", required=True, metavar="CLÉ_OU_INS", help="patient dont on montre le dossier")
    shown.add_argument("--as", dest="viewer", choices=("patient", "doctor"), default="patient", help="qui regarde")
    shown.add_argument("--professional", default="generaliste", metavar="CLÉ", help="professionnel, avec --as doctor")
    shown.add_argument("--json", action="store_true", help="en JSON")


def _smtp(text: str) -> str:
    host, _, port = text.rpartition(":")
    if text and (not host or not port.isascii() or not port.isdigit()):  # argparse reads the default too
        raise argparse.ArgumentTypeError("HÔTE:PORT est attendu")
    return text


def _fault(text: str) -> Fault:
    try:
        return Fault.from_json(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise argparse.ArgumentTypeError("ce n'est pas une panne") from error


_SENTENCES = (
    ("the following arguments are required:", "il manque"),
    ("unrecognized arguments:", "option inconnue :"),
    ("expected one argument", "une valeur est attendue"),
    ("invalid choice:", "choix impossible :"),
    ("choose from", "choisir parmi"),
    ("invalid int value:", "nombre attendu, et non"),
    ("argument ", "option "),
)


def _french(message: str) -> str:
    for english, french in _SENTENCES:
        message = message.replace(english, french)
    return message
