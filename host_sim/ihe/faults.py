"""The SOAP 1.2 faults of this service: the request cannot be read, or is for another service."""

from __future__ import annotations


class SoapFault(Exception):  # noqa: N818 - SOAP's own word
    """A request that gets a fault: its reason; `code` Sender, Receiver, VersionMismatch or MustUnderstand.

    `subcode` is a name of WS-Addressing 1.0 SOAP binding 6.4, or "".
    """

    def __init__(self, reason: str, *, code: str = "Sender", subcode: str = "") -> None:
        super().__init__(reason)
        self.reason, self.code, self.subcode = reason, code, subcode
