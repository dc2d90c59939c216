"""What a handler receives and gives back: one call that passed the gate, one reply, one refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Caller:
    """Who calls, as the assertion says and the directory confirmed.

    `profession` and `specialty` are bare codes ("10", "SM26"; "" when absent), `sector` a bare code ("SA07"),
    `mode` one of DIRECTE, INDIRECTE, INDIRECTE_RENFORCEE, `card_kind` CPS or CPE.
    """

    id_nat: str
    family_name: str
    given_name: str
    profession: str
    specialty: str
    structure_id: str
    sector: str
    mode: str = "DIRECTE"
    card_kind: str = "CPS"

    @property
    def ascribed_to(self) -> str:
        """Whose act it is: the person's, or that of the structure behind an establishment card or certificate."""
        return self.structure_id if self.card_kind == "CPE" or self.mode == "INDIRECTE" else self.id_nat

    @property
    def is_doctor(self) -> bool:
        """A doctor of medicine (G15 code 10)."""
        return self.profession == "10"


@dataclass(frozen=True)
class Call:
    """One request that passed the gate.

    `endpoint` is the last path segment of the service ("patients", "registry"...), `body` the first child of soap:Body
    (an lxml element of the tree that was judged), `purpose` normal, bris_de_glace or centre_15, `patient` the INS
    matricule of the resource-id ("" when the assertion has none), `parts` decoded Content-ID to the file that already
    holds that MIME part, `now` the host's (movable) clock, aware, UTC, `secret` the secret connection of a minor.
    """

    endpoint: str
    action: str
    body: Any
    caller: Caller
    purpose: str
    reason: str
    patient: str
    patient_oid: str
    message_id: str
    parts: Mapping[str, Path]
    now: datetime
    secret: bool = False


class Document(Protocol):
    """Bytes of a known number, given a block at a time."""

    @property
    def size(self) -> int: ...  # noqa: D102

    def blocks(self) -> Iterator[bytes]: ...  # noqa: D102


Part = Path | Document


@dataclass(frozen=True)
class Reply:
    """What a handler answers: the action of the response, the child of soap:Body and the files to send as MIME parts.

    `parts` maps a Content-ID (without angle brackets) to a file or a document; `multipart` forces the multipart form
    without parts.
    """

    action: str
    body: Any
    parts: Mapping[str, Part] = field(default_factory=dict)
    multipart: bool = False


class HostFault(Exception):  # noqa: N818 - SOAP's own word
    """A refusal that leaves as a SOAP 1.2 fault: a code (a row of data/faults.toml), an English reason, whose fault."""

    def __init__(self, code: str, reason: str = "", *, sender: bool = True) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.sender = sender
