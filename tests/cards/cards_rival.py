"""Another program at the same reader, in a process of its own: told what to do by lines, says "done" to each."""

from __future__ import annotations

import sys
import time

from smartcard import scard


class Rival:
    def __init__(self, reader: str) -> None:
        self.reader = reader
        _, self.context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        self.card = None

    def connect(self, mode: int = scard.SCARD_SHARE_SHARED) -> None:
        if self.card is None:
            result, self.card, _ = scard.SCardConnect(self.context, self.reader, mode, scard.SCARD_PROTOCOL_T0)
            assert result == scard.SCARD_S_SUCCESS, hex(result & 0xFFFFFFFF)

    def hold(self) -> None:
        """Begin a transaction and keep it."""
        self.connect()
        assert scard.SCardBeginTransaction(self.card) == scard.SCARD_S_SUCCESS

    def exclusive(self) -> None:
        self.connect(scard.SCARD_SHARE_EXCLUSIVE)

    def release(self) -> None:
        """End the transaction or the exclusive use, and leave the card as it is."""
        scard.SCardEndTransaction(self.card, scard.SCARD_LEAVE_CARD)
        self.leave(scard.SCARD_LEAVE_CARD)

    def hold_a_second(self) -> None:
        """Say that the card is held, keep it one second, then let go of it."""
        self.hold()
        print("done", flush=True)
        time.sleep(1)
        self.release()

    def reset(self) -> None:
        self.connect()
        self.leave(scard.SCARD_RESET_CARD)

    def reconnect(self) -> None:
        """Reset by SCardReconnect, and stay connected."""
        self.connect()
        result, _ = scard.SCardReconnect(
            self.card, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T0, scard.SCARD_RESET_CARD
        )
        assert result == scard.SCARD_S_SUCCESS

    def log_out(self) -> None:
        """End the rights of the PIN without a reset: present a wrong one."""
        self.connect()
        self.send("00A4090C023F00")
        assert self.send("002000010439393939")[0] == 0x63
        self.leave(scard.SCARD_LEAVE_CARD)

    def wander(self) -> None:
        """Select something else, as a program does that reads its own file."""
        self.connect()
        self.send("00A4090C023F00")
        self.leave(scard.SCARD_LEAVE_CARD)

    def send(self, command: str) -> list[int]:
        result, answer = scard.SCardTransmit(self.card, scard.SCARD_PCI_T0, list(bytes.fromhex(command)))
        assert result == scard.SCARD_S_SUCCESS
        return answer

    def leave(self, disposition: int) -> None:
        scard.SCardDisconnect(self.card, disposition)
        self.card = None


def main() -> None:
    rival = Rival(sys.argv[1])
    for line in sys.stdin:
        getattr(rival, line.strip())()
        print("done", flush=True)


if __name__ == "__main__":
    main()
