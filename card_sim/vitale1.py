"""A Vitale 1: its answer to reset, and nothing more.

Nothing usable is public on what these cards hold (Bull CP8 SCOT, word addressing): the simulated one refuses every
command, as a card does with an instruction it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping

from card_sim.card import Handler, StatusError, T0Card, parse_command

ATR = bytes.fromhex("3F6525002209699000")


class Vitale1Card(T0Card):
    """A card that is recognised by its ATR and answers 6D00, or 6E00 to a foreign class."""

    atr = ATR

    def handlers(self) -> Mapping[int, Handler]:
        """None."""
        return {}

    def apdu(self, command: bytes) -> bytes:
        """Refuse, GET RESPONSE like the rest."""
        try:
            parse_command(command)
        except StatusError as error:
            return error.sw.to_bytes(2, "big")
        return b"\x6d\x00"
