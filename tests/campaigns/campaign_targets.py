"""What the fuzz campaigns attack, each with its seeds out of the simulated cards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from campaign_mutation import Octets, Typed
from campaign_structure import Trees

from card_sim import cast
from card_sim.authority import Authority, fingerprint
from card_sim.deck import card_named
from card_sim.faults import PIN, PUK, BreakableCard
from cps_bridge.cards import tlv
from cps_bridge.cards.apdu import Channel
from cps_bridge.cards.attempt import Attempt
from cps_bridge.cards.cps import APPLICATION
from cps_bridge.cards.cps_data import activities_of, serial_of, specialty_of
from cps_bridge.cards.holder import professional_of
from cps_bridge.cards.identification import identify
from cps_bridge.cards.opened import OwnLink
from cps_bridge.cards.pkcs15 import read_directory
from cps_bridge.cards.pkcs15_codes import codes_of
from cps_bridge.cards.recognise import recognise
from cps_bridge.cards.signer import KeyUse
from cps_bridge.cards.stay import Stay
from cps_bridge.cards.vitale import VitaleContent, nature_of
from dossier import ins_datamatrix
from dossier.certificate import Certificate
from dossier.failure import Failure

PROFESSIONALS = ("generaliste", "secretaire", "interne", "medecin-ancien", "medecin-cps4", "medecin-2ter")
VITALES = ("famille-marchand", "amelie", "vitale-demo")
_ATTRIBUTES = ("common_name", "surname", "given_name", "organisation", "is_test", "signs_documents", "authenticates")
_LONGEST = 300  # bytes: some are longer than any answer may be
_LABELS = ("CPS_INFO_PS", "CPS_ACTIVITY_01_PS")


@dataclass(frozen=True)
class Target:
    """make gives one input; run gives it to our code."""

    name: str
    make: Callable[[Random], Any]
    run: Callable[[Any], object]


@cache
def authority() -> Authority:
    """Open the throw-away authority of this user, the one of the tests."""
    directory = Path(tempfile.gettempdir()) / f"cps-bridge-test-authority-{os.getuid()}-{fingerprint()}"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Authority.open(directory)


@cache
def card(name: str) -> BreakableCard:
    """Give the card of this name, the same one at each call."""
    return card_named(name, authority())


class CardLink:
    """A link to a simulated card; change may replace what it answers. heard keeps the true answers."""

    def __init__(self, one: BreakableCard, change: Callable[[bytes], bytes] = bytes) -> None:
        one.power(True)
        self._card, self._change = one, change
        self.heard: list[tuple[bytes, bytes]] = []

    def transmit(self, command: bytes) -> bytes:
        """Answer as a port does; a card that says nothing has left."""
        answer = self._card.apdu(bytes(command))
        self.heard.append((bytes(command[:4]), answer))
        answer = self._change(answer)
        if not answer:
            raise ConnectionAbortedError
        return answer

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Nobody else is there."""
        yield

    def features(self) -> Mapping[int, int]:
        """A reader without keys."""
        return {}

    def control(self, code: int, data: bytes | bytearray) -> bytes:
        """Never asked."""
        raise OSError(code)

    def close(self) -> None:
        """Nothing to close."""


def whole_session(name: str, link: CardLink, *, keys: bool = True) -> None:
    """Do everything that the client asks of a card: identify it, both codes, data, and with keys sign and decrypt."""
    one = card(name)
    who = cast.professionals().get(name)
    for reference in (PIN, PUK):
        with suppress(LookupError):
            one.set_tries(3, reference)
    stay = Stay("reader", one.atr, 1, 1)
    opened = OwnLink(Channel(link), recognise(one.atr))
    opened.begin(Attempt(1.8), None)
    stay.card_hash = opened.identify(one.atr)
    identify(stay, opened, test_allowed=True)
    access = opened.access
    if access is None or who is None:
        return
    access.read_pin_state()
    access.verify_pin(bytearray(who.pin.encode()))
    access.read_activities()
    if keys:
        for pair in stay.pairs:
            access.sign(
                pair,
                KeyUse.SIGNATURE if pair.certificate.signs_documents else KeyUse.AUTHENTICATION,
                "sha256",
                bytes(32),
            )
            if not pair.certificate.signs_documents:
                access.decrypt(pair, bytes(pair.certificate.key_bytes))


@cache
def heard() -> dict[str, list[tuple[bytes, bytes]]]:
    """Give what each card answered to a whole session: heads of commands and answers."""
    found = {}
    for name in (*PROFESSIONALS, *VITALES):
        link = CardLink(card(name))
        with suppress(Failure):
            whole_session(name, link)
        found[name] = link.heard
    return found


def contents() -> list[bytes]:
    """Give every data that the cards gave, without status words, once."""
    return sorted({answer[:-2] for each in heard().values() for _, answer in each if len(answer) > 4})


@cache
def files(name: str) -> dict[bytes, bytes]:
    """Give the files of a card that its directory leads to, and the directory, by path from 3F00."""
    link = CardLink(card(name))
    channel, found = Channel(link), {}

    def read(path: bytes) -> bytes:
        found[path] = channel.read_file(path)
        return found[path]

    directory = read_directory(read, APPLICATION)
    for each in directory.certificates:
        read(each.path)
    return found


def certificates() -> list[bytes]:
    """Give every certificate of the cast, both uses."""
    return [der for name in PROFESSIONALS for der in authority().card_material(name)[2:]]


def read_tlv(data: bytes) -> None:
    """Read as deep as anybody could."""
    objects = tlv.parse(data)
    tlv.descend(objects, 0x9B)
    tlv.descend(objects, 0x80)
    for each in objects:
        tlv.text(each.value)
    tlv.head(data)


def read_records(data: bytes) -> None:
    """Give the data to each reader of a file, since any may be given it; each has its own failure."""
    readers = (activities_of, specialty_of, serial_of, nature_of, lambda d: VitaleContent(d, d).beneficiaries)
    failures = []
    for reader in readers:
        try:
            reader(data)
        except Failure as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


class _FileLink:
    """A card of one file whose control parameters are the input."""

    def __init__(self, parameters: bytes, content: bytes) -> None:
        self._parameters, self._content = parameters, content

    def transmit(self, command: bytes) -> bytes:
        if command[1] == 0xA4:
            return self._parameters[:256] + b"\x90\x00"
        offset, size = command[2] << 8 | command[3], command[4] or 256
        if offset >= len(self._content):
            return b"\x6b\x00"
        block = self._content[offset : offset + size]
        return block + (b"\x90\x00" if len(block) == size else b"\x62\x82")


def read_file(given: tuple[bytes, bytes]) -> None:
    """Select a file with these control parameters and read it whole."""
    Channel(_FileLink(*given)).read_file(APPLICATION + b"\x50\x31")  # type: ignore[arg-type]


def read_pkcs15(given: dict[bytes, bytes]) -> None:
    """Follow a directory through its files, then use every entry as the client does."""

    def read(path: bytes) -> bytes:
        if path not in given:
            raise Failure("CARD_DATA_MISSING")
        return given[path]

    directory = read_directory(read, APPLICATION)
    codes_of(directory.codes)
    for entry in directory.certificates:
        directory.key_for(entry)
    for label in _LABELS:
        directory.data_object(label)


def read_certificate(der: bytes) -> None:
    """Read a certificate and everything that the client asks of it."""
    certificate = Certificate.parse(der)
    for name in _ATTRIBUTES:
        getattr(certificate, name)
    professional_of(certificate, lambda: "SM26")


def _octets(name: str, seeds: list[bytes], run: Callable[[bytes], object]) -> Target:
    return Target(name, Trees(seeds).octets, run)


def parameters_target() -> Target:
    """Attack the file control parameters (ISO/IEC 7816-4, 7.4.3)."""
    seeds = [answer[:-2] for each in heard().values() for _, answer in each if answer[:1] in (b"\x62", b"\x6f")]
    mutator, content = Trees(seeds), contents()
    return Target("fcp", lambda random: (mutator.octets(random), random.choice(content)), read_file)


def directory_target() -> Target:
    """Attack one or two files of a directory, the others being sound."""
    trees = [files(name) for name in ("generaliste", "interne", "secretaire")]
    mutator = Trees([content for tree in trees for path, content in tree.items()])

    def make(random: Random) -> dict[bytes, bytes]:
        tree = dict(random.choice(trees))
        for _ in range(random.randint(1, 2)):
            path = random.choice([*tree])
            tree[path] = mutator.change(tree[path], random)
        return tree

    return Target("pkcs15", make, read_pkcs15)


def answers_target() -> Target:
    """Attack a whole session: a card that answers some commands otherwise. The input is the seed of its lies."""
    mutator, trees = Octets([answer for each in heard().values() for _, answer in each]), Trees(contents())
    names = (*PROFESSIONALS, *VITALES)

    def run(given: tuple[str, int]) -> None:
        name, seed = given
        random = Random(seed)
        often, keys = random.choice((0.02, 0.05, 0.2)), random.random() < 0.1

        def change(answer: bytes) -> bytes:
            if random.random() >= often:
                return answer
            match random.randrange(4):
                case 0:
                    return mutator.octets(random)[:_LONGEST]
                case 1:
                    return mutator.change(answer, random)[:_LONGEST]
                case _:  # the status word stays: what is said is read
                    return trees.change(answer[:-2], random)[: _LONGEST - 2] + answer[-2:]

        with suppress(OSError):  # what the port raises: the service turns it into a Failure
            whole_session(name, CardLink(card(name), change), keys=keys)

    return Target("apdu", lambda random: (random.choice(names), random.getrandbits(64)), run)


def datamatrix_target() -> Target:
    """Attack the text of an INS datamatrix."""
    return Target("datamatrix", Typed(datamatrices()).text, ins_datamatrix.parse)


def datamatrices() -> list[str]:
    """Write the datamatrix of each patient of the cast, with and without the separators that some scanners drop."""
    found = []
    for each in cast.patients().values():
        born = f"{each.birth_date[6:]}-{each.birth_date[4:6]}-{each.birth_date[:4]}"
        head = f"IS01{'0' * 22}S1{each.ins}S2{each.oid}"
        tail = f"S5{each.sex}S6{born}S7{each.birth_place}"
        for separator in ("\x1d", "", "<GS>", "|"):
            found.append(f"{head}S3{' '.join(each.given_names)}{separator}S4{each.birth_name}{separator}{tail}")
    return found


TARGETS: dict[str, Callable[[], Target]] = {
    "tlv": lambda: _octets("tlv", contents(), read_tlv),
    "records": lambda: _octets("records", contents(), read_records),
    "fcp": parameters_target,
    "pkcs15": directory_target,
    "certificate": lambda: _octets("certificate", certificates(), read_certificate),
    "apdu": answers_target,
    "datamatrix": datamatrix_target,
}
