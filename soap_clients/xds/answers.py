"""What the host says back: the registry's status and errors become one Failure, by table (ITI TF-3 4.2.4)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from dossier.failure import Failure
from soap_clients.faults import refusal
from soap_clients.xds import vocabulary as v

_log = logging.getLogger("soap_clients")

REGISTRY_ERROR = f"{{{v.RS}}}RegistryError"
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")

_FAILURES: dict[str, Callable[[], Failure]] = {
    "XDSDuplicateUniqueIdInRegistry": lambda: Failure("XDS_DUPLICATE"),
    "XDSNonIdenticalHash": lambda: Failure("XDS_NON_IDENTICAL_HASH"),
    "XDSUnknownPatientId": lambda: Failure("XDS_UNKNOWN_PATIENT"),
    "XDSPatientIdDoesNotMatch": lambda: Failure("XDS_PATIENT_MISMATCH"),
    "XDSResultNotSinglePatient": lambda: Failure("XDS_PATIENT_MISMATCH"),
    "XDSDocumentUniqueIdError": lambda: Failure("XDS_DOCUMENT_UNKNOWN"),
    "XDSTooManyResults": lambda: Failure("XDS_TOO_MANY_RESULTS"),
    "XDSReplaceFailed": lambda: Failure("XDS_REPLACE_FAILED"),
    "XDSMetadataVersionError": lambda: Failure("XDS_VERSION_STALE"),
    "XDSRegistryBusy": lambda: Failure("XDS_HOST_TROUBLE", code="XDSRegistryBusy"),
    "XDSRepositoryBusy": lambda: Failure("XDS_HOST_TROUBLE", code="XDSRepositoryBusy"),
    "XDSRegistryOutOfResources": lambda: Failure("XDS_HOST_TROUBLE", code="XDSRegistryOutOfResources"),
    "XDSRepositoryOutOfResources": lambda: Failure("XDS_HOST_TROUBLE", code="XDSRepositoryOutOfResources"),
    "XDSRegistryError": lambda: Failure("XDS_HOST_TROUBLE", code="XDSRegistryError"),
    "XDSRepositoryError": lambda: Failure("XDS_HOST_TROUBLE", code="XDSRepositoryError"),
    "XDSRegistryNotAvailable": lambda: Failure("XDS_HOST_TROUBLE", code="XDSRegistryNotAvailable"),
}


@dataclass(frozen=True)
class RegistryError:
    """One error or warning of a registry answer: its code alone, for its free text may hold anything."""

    code: str
    is_warning: bool

    @classmethod
    def read(cls, element: etree._Element) -> RegistryError:
        """Read an rs:RegistryError; a code of a strange shape becomes "?"."""
        code = element.get("errorCode", "").rpartition(":")[2]
        warning = element.get("severity") == v.SEVERITY_WARNING
        return cls(code if _CODE.fullmatch(code) else "?", warning)


def read_errors(response: etree._Element) -> tuple[RegistryError, ...]:
    """Read the errors of a registry answer."""
    return tuple(RegistryError.read(each) for each in response.iter(REGISTRY_ERROR))


def judge(status: str, errors: tuple[RegistryError, ...]) -> None:
    """Let a success pass; raises the Failure of the first error whose meaning is known, else XDS_REFUSED(code=).

    A partial success is a refusal here: everything that we ask for is one thing.
    """
    for error in errors:
        _log.warning("registry error=%s warning=%s", error.code, error.is_warning)
    if status == v.STATUS_SUCCESS:
        return
    if status not in (v.STATUS_FAILURE, v.STATUS_PARTIAL):
        raise Failure("XDS_ANSWER_INVALID", reason="status")
    codes = [error.code for error in errors if not error.is_warning]
    found = next(filter(None, map(failure_of, codes)), None)
    raise found or Failure("XDS_REFUSED", code=codes[0] if codes else "?")


def failure_of(code: str) -> Failure | None:
    """Give the Failure of a host error code, IHE's or the DMP's own; None when no table knows it."""
    if code in _FAILURES:
        return _FAILURES[code]()
    return refusal(code) if code.startswith("DMP") else None
