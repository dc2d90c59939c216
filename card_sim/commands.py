"""The sub-commands of the card simulator that are short: cards, files, and orders to a simulator that runs.

Exit codes: 0 done, 1 refused by the simulator, 2 wrong usage, 65 a file or an order that is none, 69 nobody answers;
73 (serve) the socket or the authority cannot be made.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from card_sim.usage import Parser

REFUSED, NOT_A_CARD, NOBODY = 1, 65, 69
ORDERS = ("insert", "swap", "play", "remove", "break", "state")
_FAULT_NAMES = ("mute", "slow", "die_at", "swap_at", "wrong_sw", "tries")


def declare(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the parsers of these commands."""
    shown = commands.add_parser("list", help="montre les cartes du simulateur, ou celles de fichiers")
    shown.add_argument("cards", nargs="*", metavar="NOM|FICHIER", help="seulement celles-ci")
    checked = commands.add_parser("check", help="vérifie des fichiers de cartes (docs/card-files.md)")
    checked.add_argument("files", nargs="+", type=Path, metavar="FICHIER")
    known = commands.add_parser("people", help="écrit ce que l'hôte virtuel doit savoir des gens d'un fichier")
    known.add_argument("file", type=Path, metavar="FICHIER")
    tell = commands.add_parser("tell", help="donne un ordre JSON")
    tell.add_argument("--control", type=Path, required=True, metavar="SOCKET")
    tell.add_argument("order", help='par exemple {"do": "remove", "slot": 0}')
    for name, words in (
        ("insert", "met une carte dans une fente vide"),
        ("swap", "met une carte à la place d'une autre"),
    ):
        put = _order(commands, name, words)
        put.add_argument("card", metavar="NOM|FICHIER")
    played = _order(commands, "play", "rejoue une carte enregistrée dans une fente")
    played.add_argument("card", type=Path, metavar="FICHIER")
    _order(commands, "remove", "retire la carte d'une fente")
    _declare_break(_order(commands, "break", "met la carte d'une fente en panne"))
    _order(commands, "state", "dit ce qui est dans les fentes", slot=False)


def _order(
    commands: argparse._SubParsersAction[Parser], name: str, words: str, *, slot: bool = True
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=words)
    parser.add_argument("--control", type=Path, required=True, metavar="SOCKET", help="socket des ordres du simulateur")
    parser.add_argument("--json", action="store_true", help="donne la réponse en JSON")
    if slot:
        parser.add_argument("--slot", type=int, default=0, metavar="N", help="numéro de la fente, à partir de 0 (0)")
    return parser


def _declare_break(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "fault",
        choices=_FAULT_NAMES,
        help="mute : ne répond plus ; slow : répond lentement ; die_at : quitte le lecteur ; swap_at : une autre carte"
        " prend sa place ; wrong_sw : répond une fois une erreur ; tries : fixe les essais restants du code",
    )
    parser.add_argument("--after", type=int, metavar="N", help="échanges qui se passent encore bien avant la panne (0)")
    parser.add_argument("--n", type=int, help="tries : essais restants (1)")
    parser.add_argument("--ms", type=int, help="slow : millisecondes ajoutées à chaque réponse (500)")
    parser.add_argument("--sw", help="wrong_sw : réponse, quatre chiffres hexadécimaux (6F00)")
    parser.add_argument("--card", metavar="NOM|FICHIER", help="swap_at : l'autre carte")
    parser.add_argument("--code", choices=("pin", "puk"), help="tries : code porteur ou de déblocage (pin)")


def run(options: argparse.Namespace) -> int | None:
    """Carry out the command if it is one of these; gives an exit code, None for another command."""
    if options.command == "list":
        return _list(options.cards)
    if options.command == "check":
        return max([_check(each) for each in options.files])
    if options.command == "people":
        return _people(options.file)
    if options.command == "tell":
        return _tell(options.control, options.order)
    if options.command in ORDERS:
        return _give(options)
    return None


def _list(wanted: list[str]) -> int:
    from card_sim import cast, deck
    from card_sim.files import CardFileError

    for name in wanted or deck.names():
        who = cast.professionals().get(name)
        codes = f" (code {who.pin}, déblocage {who.puk})" if who else ""
        try:
            words = deck.describe(name)
        except CardFileError as error:
            return _problems(error)
        except KeyError:
            return refuse(f"Aucune carte n'a le nom {name}.", NOT_A_CARD)
        print(f"{name:20} {words}{codes}")  # noqa: T201
    return 0


def _check(path: Path) -> int:
    from card_sim import files

    try:
        found = files.load(path)
    except files.CardFileError as error:
        return _problems(error)
    print(f"{path} : bon. {found.describe()}")  # noqa: T201
    return 0


def _people(path: Path) -> int:
    from card_sim import files

    try:
        people = files.load(path).people
    except files.CardFileError as error:
        return _problems(error)
    print(json.dumps(people, ensure_ascii=False))  # noqa: T201
    return 0


def _tell(control: Path, text: str) -> int:
    try:
        order = json.loads(text)
    except (ValueError, RecursionError):
        return refuse("L'ordre n'est pas un objet JSON.", NOT_A_CARD)
    answer = _answer(control, order)
    if answer is None:
        return NOBODY
    print(json.dumps(answer, ensure_ascii=False))  # noqa: T201
    return 0 if answer["ok"] else REFUSED


def _give(options: argparse.Namespace) -> int:
    from card_sim import files, scripted

    order: dict[str, Any] = {"do": "swap" if options.command == "play" else options.command}
    names = ("slot", "fault", "after", "n", "ms", "sw", "code")
    order |= {name: getattr(options, name) for name in names if getattr(options, name, None) is not None}
    card = getattr(options, "card", None)
    if card is not None:
        order["card"] = str(Path(card).absolute()) if files.is_path(str(card)) else str(card)
    if options.command == "play":
        try:
            if not isinstance(files.load(options.card).content, scripted.Script):
                return refuse(f"{card} n'est pas une carte enregistrée.", NOT_A_CARD)
        except files.CardFileError as error:
            return _problems(error)
    answer = _answer(options.control, order)
    return NOBODY if answer is None else _told(answer, as_json=options.json)


def _answer(control: Path, order: object) -> dict[str, Any] | None:
    from card_sim.control import tell

    try:
        return tell(control, order)
    except FileNotFoundError:
        refuse(f"Aucun simulateur n'écoute sur {control} : ce socket n'existe pas.", NOBODY)
    except ConnectionRefusedError:
        refuse(f"Aucun simulateur n'écoute sur {control} : celui qui l'a fait n'est plus là.", NOBODY)
    except PermissionError:
        refuse(f"Le simulateur de {control} n'obéit qu'à l'utilisateur qui l'a lancé.", NOBODY)
    except (OSError, ValueError):
        refuse(f"Rien ne répond aux ordres sur {control}, ou le système n'a pas de sockets Unix.", NOBODY)
    return None


def _told(answer: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(answer, ensure_ascii=False))  # noqa: T201
        return 0 if answer["ok"] else REFUSED
    if not answer["ok"]:
        return refuse("\n".join(answer.get("problems") or [answer["error"]]), REFUSED)
    for each in answer["slots"]:
        print(f"fente {each['slot']} ({each['reader']}) : {_words(each)}")  # noqa: T201
    return 0


def _words(seen: dict[str, Any]) -> str:
    from card_sim.breaking import FAULTS

    if seen["card"] is None:
        return "vide"
    words = [seen["card"]]
    if seen.get("fault"):
        words.append(f"en panne ({FAULTS[seen['fault']]})")
    if seen.get("tries_left") is not None:
        words.append(f"essais restants : code {seen['tries_left']}, déblocage {seen['puk_tries_left']}")
    return ", ".join(words)


def _problems(error: Exception) -> int:
    from card_sim.files import CardFileError

    assert isinstance(error, CardFileError)
    for each in error.problems:
        refuse(f"{error.path} : {each}", NOT_A_CARD)
    return NOT_A_CARD


def refuse(sentence: str, code: int) -> int:
    """Say in French why nothing was done; gives the exit code."""
    print(sentence.encode(errors="backslashreplace").decode(), file=sys.stderr)  # noqa: T201
    return code
