"""The reader's side of the vpcd protocol, by hand."""

from __future__ import annotations

import socket
import struct

ATR = b"\x04"
PATIENCE = 20.0


class Driver:
    """What vpcd does: it listens, accepts one card, asks its ATR."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self._card: socket.socket | None = None

    def accept(self) -> None:
        if self._card:
            self._card.close()
        self._card, _ = self._listener.accept()
        self._card.settimeout(PATIENCE)
        self.send(ATR)
        self.atr = self.receive()

    def send(self, message: bytes) -> None:
        self._card.sendall(struct.pack(">H", len(message)))
        self._card.sendall(message)

    def receive(self) -> bytes:
        with self._card.makefile("rb", buffering=0) as stream:
            head = stream.read(2)
            return stream.read(int.from_bytes(head, "big")) if head else b""

    def exchange(self, command: bytes) -> bytes:
        self.send(command)
        return self.receive()

    def close(self) -> None:
        for each in (self._card, self._listener):
            if each:
                each.close()
