"""``cps-bridge``: every use case of the catalogue from a terminal or a program."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors import output
from connectors.console_user import Answers, ConsoleUser
from connectors.opening import open_house
from connectors.options import NEEDS_NOTHING, NEEDS_SESSION, parser
from cps_bridge.house import House
from dossier.failure import Cancelled, Failure, Kind

USAGE = 2


def main(argv: list[str] | None = None) -> int:
    """Run one command; gives the exit code of the epilog of ``--help``."""
    given = sys.argv[1:] if argv is None else argv
    options = parser().parse_args(given)
    if options.command == "window":
        _become_window(given)
    user = ConsoleUser(_answers(options), quiet=options.json)
    try:
        with open_house(options) as house:
            result = _perform(house, user, options)
    except Failure as failure:
        return _complain(failure, options.json)
    except (Cancelled, KeyboardInterrupt):
        return Kind.CANCELLED.value
    for line in output.json_lines(result) if options.json else output.text_lines(options.command, result):
        print(line)  # noqa: T201 - the terminal is this door
    return _exit_code(result)


def _become_window(argv: list[str]) -> None:
    rest = [each for each in argv if each != "window"]
    os.execv(sys.executable, [sys.executable, "-m", "gui", *rest])  # noqa: S606 - the same interpreter, our own module


def _perform(house: House, user: ConsoleUser, options: argparse.Namespace) -> Any:
    name = options.command
    if name not in NEEDS_NOTHING:
        session = house.run("session", user).result()
        if name == "session":
            return session
    if name not in NEEDS_NOTHING | NEEDS_SESSION:
        _identify(house, user, options)
        _enter(house, user, options)
    if name == "patient":
        return _identify(house, user, options)
    if name in ("break-glass", "regulation"):
        return house.dossier
    result = house.run(name, user, **_request(options)).result()
    return _write_files(options, result)


def _identify(house: House, user: ConsoleUser, options: argparse.Namespace) -> Any:
    source = "ins" if options.ins else "vitale"
    return house.run("patient", user, source=source, ins=options.ins or "", oid=options.oid).result()


def _enter(house: House, user: ConsoleUser, options: argparse.Namespace) -> None:
    if options.command == "break-glass" or getattr(options, "reason", None):
        house.run("break-glass", user).result()
    elif options.command == "regulation" or getattr(options, "regulation", False):
        house.run("regulation", user).result()


_REQUESTS = {
    "deposit": ("path", "type_code", "title", "masked", "hidden_from_patient"),
    "deposit-imaging": ("report", "folder", "title", "masked"),
    "study": ("folder",),
    "open": ("unique_id",),
    "list": ("archived",),
    "outbox-history": ("number",),
    "journal-export": ("path",),
}


def _request(options: argparse.Namespace) -> dict[str, object]:
    if options.command == "mask":
        return {"unique_id": options.unique_id, "masked": not options.show}
    return {name: getattr(options, name) for name in _REQUESTS.get(options.command, ())}


def _write_files(options: argparse.Namespace, result: Any) -> Any:
    out: Path | None = getattr(options, "out", None)
    if out is None:
        return result
    try:
        if options.command == "create":
            out.mkdir(parents=True, exist_ok=True)
            (out / "accuse-creation.pdf").write_bytes(result.acknowledgement)
            _private(out / "secrets-patient.pdf", result.secrets)
            return result.dossier
        out.write_bytes(result.body)
    except OSError as error:
        raise Failure("FILE_NOT_WRITTEN", path=out.name) from error
    return result.entry


def _private(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as stream:  # noqa: PTH123 - 0600 at once
        stream.write(data)


def _answers(options: argparse.Namespace) -> Answers:
    given = vars(options)
    return Answers(
        pin_fd=options.pin_fd,
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
        yes=options.yes,
    )


def _exit_code(result: Any) -> int:
    """An outbox item that was refused, or whose fate is unknown, is not done."""
    state = getattr(getattr(result, "state", None), "name", "")
    return {"REFUSED": Kind.HOST.value, "UNKNOWN": Kind.UNKNOWN_OUTCOME.value, "QUEUED": Kind.NETWORK.value}.get(
        state, 0
    )


def _complain(failure: Failure, as_json: bool) -> int:
    with _stderr():
        if as_json:
            print(output.failure_line(failure, "fr"))  # noqa: T201 - the terminal is this door
        else:
            print(f"{failure.sentence()} {failure.remedy()}")  # noqa: T201 - the terminal is this door
    return failure.kind.value


@contextmanager
def _stderr() -> Iterator[None]:
    kept, sys.stdout = sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdout = kept


if __name__ == "__main__":
    sys.exit(main())
