"""Refusals of the registry and the repository: they leave inside a RegistryResponse, never as a SOAP fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from .ebrim import RS

_STATUS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:"
SUCCESS = _STATUS + "Success"
FAILURE = _STATUS + "Failure"
PARTIAL_SUCCESS = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
_ERROR = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"

METADATA = "XDSRegistryMetadataError"


@dataclass(frozen=True)
class Problem:
    """One RegistryError: an IHE code, a sentence about the metadata, the id of the object at fault."""

    code: str
    context: str
    location: str = ""


class RegistryRefusal(Exception):  # noqa: N818 - the request was judged, nothing broke
    """One or several problems that make the whole request fail."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{each.code}: {each.context}" for each in self.problems))

    @classmethod
    def because(cls, code: str, context: str, location: str = "") -> RegistryRefusal:
        """Make a refusal of one problem."""
        return cls([Problem(code, context, location)])


class Findings:
    """Collects problems, so that one answer tells them all; `settle` raises when there are any."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def need(self, condition: object, context: str, location: str = "", code: str = METADATA) -> bool:
        """Note a problem unless the condition holds; gives the truth of the condition."""
        if not condition:
            self.problems.append(Problem(code, context, location))
        return bool(condition)

    def settle(self) -> None:
        """Raise RegistryRefusal when a problem was noted."""
        if self.problems:
            raise RegistryRefusal(self.problems)


def error_list(problems: Iterable[Problem]) -> Any:
    """Write an rs:RegistryErrorList."""
    holder = etree.Element(f"{{{RS}}}RegistryErrorList", highestSeverity=_ERROR, nsmap={"rs": RS})
    for each in problems:
        attributes = {"errorCode": each.code, "codeContext": _clean(each.context), "severity": _ERROR}
        etree.SubElement(holder, f"{{{RS}}}RegistryError", attributes | {"location": _clean(each.location)})
    return holder


def registry_response(problems: Iterable[Problem] = (), status: str = "") -> Any:
    """Write an rs:RegistryResponse: Success without problems, Failure with, or the status given."""
    problems = tuple(problems)
    status = status or (FAILURE if problems else SUCCESS)
    response = etree.Element(f"{{{RS}}}RegistryResponse", status=status, nsmap={"rs": RS})
    if problems:
        response.append(error_list(problems))
    return response


def _clean(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)[:300]
