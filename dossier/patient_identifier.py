"""A patient as a regional registry knows him or her: any identifier under any authority, not only an INS."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dossier.failure import Failure
from dossier.patient import Ins

_CX = re.compile(r"([^\^&|~]{1,64})\^\^\^&([0-2](?:\.\d+)+)&ISO(?:\^([A-Z0-9-]{0,10}).*)?")
_VALUE = re.compile(r"[^\^&|~\s][^\^&|~]{0,63}")
_OID = re.compile(r"[0-2](?:\.\d+)+")


@dataclass(frozen=True)
class PatientIdentifier:
    """A value under an assigning authority (OID), as CX writes it (ITI TF-3 table 4.2.3.1.7-2); never in a repr."""

    value: str = field(repr=False)
    authority: str

    def __post_init__(self) -> None:
        if not _VALUE.fullmatch(self.value) or not _OID.fullmatch(self.authority) or len(self.authority) > 64:
            raise Failure("PATIENT_IDENTIFIER_SHAPE")

    @classmethod
    def parse(cls, text: str) -> PatientIdentifier:
        """Read ``value^^^&oid&ISO``; what follows (a type) is ignored. Raises Failure PATIENT_IDENTIFIER_SHAPE."""
        found = _CX.fullmatch(text.strip())
        if found is None:
            raise Failure("PATIENT_IDENTIFIER_SHAPE")
        return cls(found.group(1), found.group(2))

    @classmethod
    def of(cls, ins: Ins) -> PatientIdentifier:
        """The identifier that an INS is."""
        return cls(ins.matricule, ins.oid)

    @property
    def cx(self) -> str:
        """The identifier as CX, without type: IHE allows the first and fourth components alone."""
        return f"{self.value}^^^&{self.authority}&ISO"

    @property
    def in_metadata(self) -> Ins:
        """The same as the metadata nouns hold a patient: an Ins that was not checked to be one."""
        return Ins(self.value, self.authority)
