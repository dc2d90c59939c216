"""A Vitale 2 card: names and insured number of several beneficiaries, readable without any code.

Tags 65/80/81/82 (identity), 65/90/93 and 66/80 (rights) are what independent card explorers read on real cards; the
file identifiers behind short identifier 2 are inferred. Rank, regime, quality and rights have no public coding: they
are not simulated. The nature of a card (real, demonstration, test) has none either, and a program needs one to refuse:
a small file of our own (simulated profile), 20F0, that no real card has, says D or T; without it a card is real.
"""

from __future__ import annotations

from collections.abc import Mapping

from card_sim.card import Handler, T0Card
from card_sim.cast import CastVitale
from card_sim.der import tlv
from card_sim.filesystem import File, FileSystem, Folder, Rule, vitale_parameters

ATR = bytes.fromhex("3B751300004409EA9000")
AID_ROOT = bytes.fromhex("D250000002") + b"MF_VITALE"
NATURE_FILE = 0x20F0
AID_VITALE = bytes.fromhex("D250000002") + b"VITALE"


class VitaleCard(T0Card):
    """The card of one policy holder and the people it covers."""

    atr = ATR

    def __init__(self, card: CastVitale) -> None:
        super().__init__()
        self._files = FileSystem(build_tree(card), vitale_parameters, _readable)
        self._handlers: dict[int, Handler] = {0xA4: self._files.select, 0xB0: self._files.read}

    def handlers(self) -> Mapping[int, Handler]:
        """The commands of the card, by INS."""
        return self._handlers

    def reset(self) -> None:
        """Warm reset: nothing selected."""
        super().reset()
        self._files.reset()


def _readable(rule: Rule) -> bool:
    return rule is Rule.ALWAYS


def build_tree(card: CastVitale) -> Folder:
    """Lay out the card: identities under the root, insured number and validity in the application VITALE."""
    root, application = Folder(0x3F00, AID_ROOT), Folder(0x2000, AID_VITALE)
    identities = b"".join(
        tlv(
            0x65,
            tlv(0x80, each.family_name.encode("latin-1")),
            tlv(0x81, each.given_name.encode("latin-1")),
            tlv(0x82, each.birth_date.encode("ascii")),
        )
        for each in card.beneficiaries
    )
    rights = b"".join(
        tlv(0x65, tlv(0x90, b"FR"), tlv(0x93, each.insured_nir.encode("ascii"))) for each in card.beneficiaries
    )
    validity = tlv(0x66, tlv(0x80, card.valid_from.encode("ascii")))
    root.add(
        _file(0x2F00, tlv(0x61, tlv(0x4F, AID_VITALE), tlv(0x50, b"VITALE"))),
        _file(0x2F02, identities),
        application,
    )
    application.add(_file(0x2001, _map()), _file(0x2002, rights + validity))
    if card.nature != "R":
        marker = tlv(0xD0, tlv(0x80, b"CPSBRIDGE"), tlv(0x81, card.nature.encode("ascii")))
        application.add(_file(NATURE_FILE, marker))
    return root


def _file(identifier: int, content: bytes) -> File:
    return File(identifier, bytearray(content), short=identifier & 0x1F)


def _map() -> bytes:
    folders = (
        tlv(0x82, folder.to_bytes(2, "big"), b"\x00\x00", aid)
        for folder, aid in ((0x3F00, AID_ROOT), (0x2000, AID_VITALE))
    )
    entry = tlv(0x80, b"IDO".ljust(8), b"\x20\x00", b"\x20\x02")
    return tlv(0xE0, tlv(0xA0, *folders), entry)
