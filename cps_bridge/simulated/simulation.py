"""Virtual cards and a virtual host, started together.

Cards sit behind the real PC/SC service when a private one with virtual readers is there (``python -m card_sim
namespace``), in readers inside the process otherwise. The host is always a process of its own, reached by real TLS.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from card_sim import cast, deck, files
from card_sim.authority import Authority
from card_sim.breaking import FAULTS, TRIES
from card_sim.cast import CastVitale
from card_sim.faults import Fault
from card_sim.files import CardFile
from card_sim.files_vitale import Vitale
from cps_bridge.cards.port import ReaderPort
from cps_bridge.house import HostAddress
from cps_bridge.simulated.application import SimulatedApplication
from cps_bridge.simulated.hands import PAIRS, Hands, PcscHands, ProcessHands
from cps_bridge.simulated.host import SimulatedHost
from dossier.failure import Failure

_MOST_PROBLEMS = 8


class Simulation:
    """Virtual cards and a virtual host, started together; ``port`` and ``address`` are what a House needs."""

    def __init__(self, directory: Path, port: ReaderPort, hands: Hands, *, real_pcsc: bool) -> None:
        self.port, self.real_pcsc = port, real_pcsc
        self._hands = hands
        self._files: dict[str, CardFile] = {}
        self.host = SimulatedHost(directory)
        self.application = SimulatedApplication(self._vitale_cards)

    @classmethod
    @contextmanager
    def start(cls, directory: Path, *, cps: str | None = None, vitale: str | None = None) -> Iterator[Simulation]:
        """Start both simulators, put the named cards in, and stop everything at the end.

        cps, vitale: names of the cast, or paths of card files. Orders of ``python -m card_sim insert|remove|...`` go to
        the control socket, which is also found as ``cards.control`` in the directory.
        Raises Failure SIMULATOR_DOWN, CARD_NAME_UNKNOWN, CARD_FILE_INVALID.
        """
        authority = directory / "authority"
        Authority.open(authority)
        # Without pyscard, virtual readers of the PC/SC service are out of reach.
        real = bool(os.environ.get(PAIRS)) and find_spec("smartcard") is not None
        hands: PcscHands | ProcessHands = PcscHands(authority) if real else ProcessHands(authority)
        simulation = cls(directory, hands.port, hands, real_pcsc=real)
        try:
            simulation.host.start()
            for slot, name in enumerate((cps, vitale)):
                if name:
                    simulation.insert(slot, name)
            with _linked(directory / "cards.control", hands.control):
                yield simulation
        finally:
            simulation.host.stop()
            hands.close()

    @property
    def address(self) -> HostAddress:
        """Where the virtual host is."""
        return self.host.address

    @property
    def control(self) -> Path | None:
        """The socket of the orders, None where the system has no Unix sockets."""
        return self._hands.control

    def another_port(self) -> ReaderPort:
        """Give the same readers to a second house, as a second program of the computer would have them."""
        return self._hands.another_port()

    def names(self) -> tuple[str, ...]:
        """Give the names of the cards that can be put in a reader."""
        return (*deck.names(), *self._files)

    def describe(self, name: str) -> str:
        """Say in French whose card it is; of a file that came by an order from outside, only the name is known."""
        if name in self._files:
            return self._files[name].describe()
        return deck.describe(name) if name in deck.names() else name

    @property
    def inserted(self) -> tuple[str, ...]:
        """The name of the card in each slot, "" for an empty one."""
        return tuple(each["card"] or "" for each in self._hands.state())

    def insert(self, slot: int, name: str) -> None:
        """Put a card in a slot; one that is there leaves first, in sight of the readers.

        name: one of names(), or the path of a card file. Raises Failure CARD_NAME_UNKNOWN, CARD_FILE_INVALID,
        CARD_ORDER_REFUSED.
        """
        name = self._known(name)
        if self.inserted[slot]:
            self.remove(slot)
            self._hands.wait_until_empty(slot)
        self._hands.do(do="insert", slot=slot, card=name)

    def remove(self, slot: int) -> None:
        """Take the card of a slot away."""
        self._hands.do(do="remove", slot=slot)

    def swap(self, slot: int, name: str) -> None:
        """Put a card in the place of the one that is in a slot; raises as insert."""
        self.insert(slot, name)

    def faults(self) -> tuple[tuple[str, str], ...]:
        """Give the ways to break a card: the key for break_card, and what the card then does, in French."""
        return tuple((key, f"La carte {words}") for key, words in FAULTS.items())

    def break_card(self, slot: int, fault: str, **facts: object) -> None:
        """Break the card of a slot.

        n: how many exchanges still go well (mute, slow, die_at, swap_at, wrong_sw), or the tries left (tries, with code
        "pin" or "puk"); ms: of slow; sw: of wrong_sw; card: of swap_at, by default another one of the same kind.
        Raises Failure CARD_ORDER_REFUSED.
        """
        order = dict(facts)
        if fault != TRIES and "n" in order:
            order["after"] = order.pop("n")
        if fault == Fault.SWAP_AT.value:
            order["card"] = self._other(slot, order.get("card"))
        self._hands.do(do="break", slot=slot, fault=fault, **order)

    def add_file(self, path: Path) -> str:
        """Add the card of a file to the others, tell the virtual host of its people, and give the card's name.

        Raises Failure CARD_FILE_INVALID, with every mistake of the file.
        """
        try:
            read = files.load(path)
        except files.CardFileError as error:
            raise Failure("CARD_FILE_INVALID", file=path.name, what=_few(error.problems)) from error
        name = str(self._hands.do(do="add", card=str(path.absolute()))["name"])
        self._files[name] = read
        people = read.people
        if people:
            patients = [{**each, "once": True} for each in people.get("patients", [])]
            self.host.operate("people", {**people, "patients": patients})
        return name

    def _known(self, name: str) -> str:
        if name in self.names():
            return name
        if files.is_path(name):
            return self.add_file(Path(name))
        raise Failure("CARD_NAME_UNKNOWN", name=name[:40])

    def _other(self, slot: int, wanted: object) -> str:
        """Give the wanted card, or when that is the one in the slot another one of the same kind, in no reader."""
        inserted = self.inserted
        if wanted and wanted != inserted[slot]:
            return self._known(str(wanted))
        vitale = self._vitale_cards()
        kind = inserted[slot] in vitale
        return next(each for each in self.names() if each not in inserted and (each in vitale) == kind)

    def _vitale_cards(self) -> dict[str, CastVitale]:
        own = {name: each.content.card for name, each in self._files.items() if isinstance(each.content, Vitale)}
        return {**cast.vitale_cards(), **own}


def _few(problems: tuple[object, ...]) -> str:
    """Tell the first mistakes of a file, which may have many."""
    more = len(problems) - _MOST_PROBLEMS
    told = [f"{each}." for each in problems[:_MOST_PROBLEMS]]
    return " ".join([*told, f"Et {more} autres."] if more > 0 else told)


@contextmanager
def _linked(link: Path, control: Path | None) -> Iterator[None]:
    """Show the control socket under a name that people find; another simulation of this directory keeps its own."""
    with suppress(OSError):
        if control is not None and (not link.is_symlink() or not link.exists()):
            link.unlink(missing_ok=True)
            link.symlink_to(control)
    try:
        yield
    finally:
        with suppress(OSError):
            if control is not None and link.is_symlink() and link.readlink() == control:
                link.unlink()
