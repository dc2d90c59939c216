"""Every use case of the catalogue from a terminal or a program."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from connectors import output
from connectors.answers import Answers
from connectors.command_line import become_window
from connectors.console_user import ConsoleUser
from connectors.extras import EXTRAS
from connectors.opening import open_house
from connectors.options import NEEDS_NOTHING, NEEDS_SESSION, parser
from connectors.patient_options import given_or_read, patient_request, patient_source
from connectors.requests import request_of
from connectors.terminal import ask_passphrase, at_terminal, read_secret
from connectors.usage import failure_line, told
from cps_bridge.house import House
from dossier.failure import Cancelled, Failure, Kind

log = logging.getLogger("connectors")
_HANDS_OVER = frozenset({"create", "open-account"})
_RECORDED = (
    "Enregistrement de la carte : le fichier contiendra les noms et les numéros qui y sont écrits, mais aucun code."
    " Si la carte est réelle, protégez-le comme un dossier de patient."
)
_SHEETS = ("accuse-creation.pdf", "secrets-patient.pdf")
_CHANNEL_MISSING = (
    "Compte ouvert, mais le second moyen de contact n'a pas pu être ajouté : le patient l'ajoutera lui-même."
)
_NOT_DONE = (("UNKNOWN", Kind.UNKNOWN_OUTCOME), ("REFUSED", Kind.HOST), ("QUEUED", Kind.NETWORK))


def run(given: list[str]) -> int:
    """Run one command; gives the exit code of the epilog of ``--help``."""
    options = parser().parse_args(given)
    if logging.lastResort:
        logging.lastResort.setLevel(logging.ERROR)  # the rest is for diagnosis, not for who reads this terminal
    if options.command == "window":
        become_window(given[1:])
    try:
        return EXTRAS[options.command].load()(options) if options.command in EXTRAS else _run(options)
    except Failure as failure:
        return _complain(failure, options.json)
    except (Cancelled, KeyboardInterrupt):
        return Kind.CANCELLED.value
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        # Neither the message nor the values: they may hold a name or a number.
        log.error("%s: %s in %s line %s", options.command, type(error).__name__, place.name, place.lineno)
        return _complain(Failure("UNFORESEEN"), options.json)


def _run(options: argparse.Namespace) -> int:
    patient_source(options)
    answers = _answers(options)
    _try_out(options)
    if options.record and not options.json:
        print(_RECORDED, file=sys.stderr)  # noqa: T201 - the terminal is this door
    with open_house(options, ask_passphrase if at_terminal() else None) as house:
        user = ConsoleUser(answers, quiet=options.json, slots=house.cards.settled_slots)
        result = _perform(house, user, options)
    lines = output.json_lines(result) if options.json else output.text_lines(options.command, result)
    output.write(lines, as_json=options.json)
    return _exit_code(options.command, result)


def _perform(house: House, user: ConsoleUser, options: argparse.Namespace) -> Any:
    name = options.command
    if name not in NEEDS_NOTHING or getattr(options, "with_activities", False):
        # Who names a situation chooses it: a remembered one must not be taken instead.
        anew = options.activity is not None or getattr(options, "choose_activity", False)
        if options.structure:
            session = user.follow(house.run("structure-session", user, **_structure(options)))
        else:
            session = user.follow(house.run("session", user, choose_activity=anew))
        if name == "session":
            return session
    if name not in NEEDS_NOTHING | NEEDS_SESSION and not getattr(options, "no_patient", False):
        _identify(house, user, options)
        _enter(house, user, options)
    if name == "patient":
        return _identify(house, user, options)
    if name in ("break-glass", "regulation"):
        return house.dossier
    result = user.follow(house.run(name, user, **request_of(options)))
    return _write_files(options, result)


def _structure(options: argparse.Namespace) -> dict[str, object]:
    locked = options.key_password_fd
    return {
        "professional": options.structure,
        "mode": options.structure_mode,
        "method": options.login,
        "password": None if locked is None else read_secret(locked),
    }


def _identify(house: House, user: ConsoleUser, options: argparse.Namespace) -> Any:
    return user.follow(house.run("patient", user, **patient_request(options)))


def _enter(house: House, user: ConsoleUser, options: argparse.Namespace) -> None:
    if options.command == "break-glass" or getattr(options, "reason", None):
        user.follow(house.run("break-glass", user))
    elif options.command == "regulation" or getattr(options, "regulation", False):
        user.follow(house.run("regulation", user))
    elif getattr(options, "secret", False):
        user.follow(house.run("secret-access", user))


def _try_out(options: argparse.Namespace) -> None:
    """Find out before anything is done that its result could not be written: secrets are given only once."""
    out: Path | None = getattr(options, "out", None)
    if out is None:
        return
    folder = options.command in _HANDS_OVER
    try:
        if folder:
            out.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = any((out / name).exists() for name in _SHEETS) if folder else out.is_dir()
        with tempfile.TemporaryFile(dir=out if folder else out.parent):
            pass
    except OSError as error:
        raise Failure("OUT_UNUSABLE") from error
    if taken:
        raise Failure("OUT_UNUSABLE")


def _write_files(options: argparse.Namespace, result: Any) -> Any:
    out: Path | None = getattr(options, "out", None)
    if out is None:
        return result
    try:
        if options.command in _HANDS_OVER:
            for name, sheet in zip(_SHEETS, (result.acknowledgement, result.secrets), strict=True):
                if sheet:
                    _private(out / name, sheet)
            if result.channels_missing:
                print(_CHANNEL_MISSING, file=sys.stderr)  # noqa: T201 - the terminal is this door
            return result.dossier
        if options.command in ("proof", "renew-secrets"):
            _private(out, result if options.command == "proof" else result.secrets)
            return None
        _private(out, result.body)
    except OSError as error:
        raise Failure("FILE_NOT_WRITTEN", path="--out") from error
    return result.entry


def _private(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as stream:  # noqa: PTH123 - 0600 at once
        stream.write(data)


def _answers(options: argparse.Namespace) -> Answers:
    given = vars(options)
    return Answers(
        pin_fd=options.pin_fd,
        new_pin_fd=given.get("new_pin_fd"),
        puk_fd=given.get("puk_fd"),
        last_try=options.last_try,
        application=None if options.application is None else given_or_read(options.application),
        activity=options.activity,
        beneficiary=options.beneficiary,
        informed=given.get("informed"),
        consent=given.get("consent"),
        break_glass_allowed=False if given.get("no_break_glass") else None,
        regulation_allowed=False if given.get("no_regulation") else None,
        email=given.get("email"),
        mobile=given.get("mobile"),
        access=given.get("access"),
        reason=given.get("reason"),
        because=given.get("because"),
        word=given.get("word"),
        yes=options.yes,
    )


def _exit_code(command: str, result: Any) -> int:
    """A lot that was refused, or whose fate is unknown, is not done; of several lots the worst counts."""
    sent = result if command == "send" else (result,)
    states = {getattr(getattr(item, "state", None), "name", "") for item in sent}
    return next((kind.value for state, kind in _NOT_DONE if state in states), 0)


def _complain(failure: Failure, as_json: bool) -> int:
    print(failure_line(failure) if as_json else told(failure), file=sys.stderr)  # noqa: T201 - the terminal is this door
    return failure.kind.value
