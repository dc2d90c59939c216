"""A card that plays what a recorder wrote down of another one: ATR, then commands and answers.

The format is ours: {"format": "cps-bridge recorded card", "version": 1, "atr": hex, "links": [[[command, answer], ...],
...]}, hexadecimal, one list for each connection that was made to the card. The bytes of codes are not in it: each is
written XX and stands for any byte. Nothing is computed: a command that was never recorded is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from card_sim.files_fields import Problem, Rule, Table, shown

FORMAT = "cps-bridge recorded card"
_VERIFY, _SELECT, _GET_RESPONSE = 0x20, 0xA4, 0xC0
_HEX = Rule(r"([0-9A-Fa-f]{2}){2,33}", "de 2 à 33 octets en hexadécimal")
_COMMAND = re.compile(r"([0-9A-Fa-f]{2}){4,}|([0-9A-Fa-f]{2}){5}(XX)+([0-9A-Fa-f]{2})?")
_ANSWER = re.compile(r"([0-9A-Fa-f]{2}){2,258}")
_MOST = 20000

_Exchange = tuple[str, bytes]


@dataclass(frozen=True)
class Script:
    """What was recorded: exchanges by connection; a command is upper-case hexadecimal, XX for the byte of a code."""

    atr: bytes
    links: tuple[tuple[_Exchange, ...], ...]
    note: str = ""

    def describe(self) -> str:
        """Say in French what the card is."""
        return f"Carte rejouée : {self.note or f'{sum(map(len, self.links))} échanges enregistrés'}"


def is_script(data: dict[str, Any]) -> bool:
    """Tell a recorded card from the other card files."""
    return data.get("format") == FORMAT


def parse(data: dict[str, Any], problems: list[Problem]) -> Script:
    """Read a recorded card; mistakes go to the list."""
    top = Table(data, "", problems)
    for name in ("format", "warning", "recorded_at"):
        top.has(name)
    top.whole("version", 1, 1)
    note = top.data["note"] if top.has("note") else ""
    atr = top.text("atr", _HEX)
    rows = top.data["links"] if top.has("links") else None
    links: list[tuple[_Exchange, ...]] = []
    if not isinstance(rows, list) or sum(len(each) if isinstance(each, list) else 1 for each in rows) > _MOST:
        top.complain("links", "manque ou forme incorrecte", f"une liste de connexions, {_MOST} échanges au plus")
    else:
        links = [_link(top, f"links[{number}]", row) for number, row in enumerate(rows, start=1)]
    top.finish()
    return Script(bytes.fromhex(atr), tuple(links), shown(note, bare=True))


def _link(top: Table, name: str, row: object) -> tuple[_Exchange, ...]:
    if not isinstance(row, list):
        top.complain(name, "forme incorrecte", "une liste d'échanges [commande, réponse]")
        return ()
    exchanges = []
    for number, pair in enumerate(row, start=1):
        good = isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)
        if good and _COMMAND.fullmatch(pair[0]) and _ANSWER.fullmatch(pair[1]):
            exchanges.append((pair[0].upper(), bytes.fromhex(pair[1])))
        else:
            top.complain(f"{name}[{number}]", "forme incorrecte", "deux textes hexadécimaux, commande et réponse")
    return tuple(exchanges)


@dataclass
class _Place:
    """What tells two equal commands apart: the last selection, the last command, whether a code was accepted."""

    selected: str = ""
    last: str = ""
    opened: bool = False

    def key(self, command: str, *, otherwise: bool = False) -> tuple[str, bool, str]:
        before = self.last if _ins(command) == _GET_RESPONSE else self.selected
        if _ins(command) == _VERIFY:
            before = ""  # the state of a code is the same everywhere
        return before, self.opened is not otherwise, command

    def move(self, command: str, answer: bytes) -> None:
        if _ins(command) == _GET_RESPONSE:
            return
        self.last = command
        if _ins(command) == _SELECT:
            self.selected = command
        if "XX" in command and answer == b"\x90\x00":
            self.opened = True


@dataclass
class _Track:
    """The answers to one command, in the order they came; the last one repeats."""

    answers: list[bytes] = field(default_factory=list)
    next: int = 0

    def play(self) -> bytes:
        answer = self.answers[min(self.next, len(self.answers) - 1)]
        self.next += 1
        return answer


class ScriptedCard:
    """The card of a script; a reset starts it anew.

    The same command gets the next answer that was recorded for it at the same place (after the same selection, rather
    on the same side of the code), or else anywhere; the last answer repeats.
    """

    def __init__(self, script: Script) -> None:
        self.atr = script.atr
        self._here: dict[tuple[str, bool, str], _Track] = {}
        self._anywhere: dict[str, _Track] = {}
        self._place = _Place()
        for link in script.links:
            place = _Place()
            for command, answer in link:
                for track in (
                    self._here.setdefault(place.key(command), _Track()),
                    self._anywhere.setdefault(command, _Track()),
                ):
                    track.answers.append(answer)
                place.move(command, answer)
        self._masked = sorted({each for each in self._anywhere if "XX" in each})

    def power(self, on: bool) -> None:
        """Switch the contacts on or off."""
        del on
        self.reset()

    def reset(self) -> None:
        """Start anew."""
        self._place = _Place()
        for track in (*self._here.values(), *self._anywhere.values()):
            track.next = 0

    def apdu(self, command: bytes) -> bytes:
        """Answer as the recorded card did; 6A82 to a selection and 6985 to anything else that was not recorded."""
        text = self._known(command)
        anywhere = self._anywhere.get(text)
        if anywhere is None:
            return b"\x6a\x82" if _ins(text) == _SELECT else b"\x69\x85"
        place = self._place
        here = self._here.get(place.key(text)) or self._here.get(place.key(text, otherwise=True))
        answer = anywhere.play()
        if here is not None:
            answer = here.play()
        self._place.move(text, answer)
        return answer

    def _known(self, command: bytes) -> str:
        text = command.hex().upper()
        return next((masked for masked in self._masked if _covers(masked, text)), text)


def _covers(masked: str, text: str) -> bool:
    return len(masked) == len(text) and all(
        left in ("XX", right) for left, right in zip(_pairs(masked), _pairs(text), strict=True)
    )


def _pairs(text: str) -> list[str]:
    return [text[place : place + 2] for place in range(0, len(text), 2)]


def _ins(command: str) -> int:
    return int(command[2:4] or "0", 16)
