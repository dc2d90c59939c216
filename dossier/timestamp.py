"""HL7 time that keeps its precision: "1980" is not 1 January 1980."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from dossier.failure import Failure

_SHAPE = re.compile(r"^(\d{4}|\d{6}|\d{8}|\d{10}|\d{12}|\d{14})(?:\.\d{1,4})?([+-]\d{4})?$")
_LENGTHS = frozenset({4, 6, 8, 10, 12, 14})


@dataclass(frozen=True, order=True, slots=True)
class Timestamp:
    """An HL7 v3 TS value (yyyy[MM[dd[HH[mm[ss]]]]][+-zzzz]), kept exactly as given.

    digits: 4 to 14 digits; zone: "" or "+hhmm" / "-hhmm".
    """

    digits: str
    zone: str = ""

    @classmethod
    def parse(cls, text: str) -> Timestamp:
        """Read an HL7 TS; raises Failure TIMESTAMP_INVALID when it is not one."""
        if text.isdecimal() and len(text) in _LENGTHS:
            return cls(text)
        found = _SHAPE.match(text)
        if not found:
            raise Failure("TIMESTAMP_INVALID", value=text[:32])
        return cls(found.group(1), found.group(2) or "")

    @classmethod
    def of(cls, moment: datetime) -> Timestamp:
        """Make a timestamp of full precision, in UTC, from an aware datetime."""
        return cls(moment.astimezone(UTC).strftime("%Y%m%d%H%M%S"), "+0000")

    def to_datetime(self) -> datetime:
        """Give the first instant that the value covers, in UTC; raises Failure TIMESTAMP_INVALID.

        A value without zone is taken as UTC (XDS metadata times are UTC, ITI TF-3 4.2.3).
        """
        padded = self.digits + "00000101000000"[len(self.digits) :]
        try:
            moment = datetime.strptime(padded, "%Y%m%d%H%M%S")
        except ValueError as error:
            raise Failure("TIMESTAMP_INVALID", value=self.digits) from error
        sign = -1 if self.zone.startswith("-") else 1
        offset = timedelta(hours=int(self.zone[1:3] or 0), minutes=int(self.zone[3:5] or 0))
        return moment.replace(tzinfo=timezone(sign * offset)).astimezone(UTC)

    def to_utc_digits(self) -> str:
        """Give the XDS form: UTC digits without zone, with the precision of the original."""
        if not self.zone or len(self.digits) < 10:
            return self.digits
        return self.to_datetime().strftime("%Y%m%d%H%M%S")[: len(self.digits)]

    def __str__(self) -> str:
        return self.digits + self.zone
