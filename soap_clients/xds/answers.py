"""What the host says back: the registry's status and errors become one Failure, by table (ITI TF-3 4.2.4)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree

from dossier.failure import Failure
from soap_clients.faults import DETAIL_LENGTH, refusal
from soap_clients.xds import vocabulary as v

_log = logging.getLogger("soap_clients")

REGISTRY_ERROR = f"{{{v.RS}}}RegistryError"
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NUMBER = re.compile(r"\d{6,}")

_FAILURES: dict[str, Callable[[Mapping[str, str]], Failure]] = {
    "XDSDuplicateUniqueIdInRegistry": lambda facts: Failure("XDS_DUPLICATE"),
    "XDSNonIdenticalHash": lambda facts: Failure("XDS_NON_IDENTICAL_HASH"),
    "XDSRegistryDuplicateUniqueIdInMessage": lambda facts: Failure("XDS_DUPLICATE_IN_LOT", **facts),
    "XDSRepositoryDuplicateUniqueIdInMessage": lambda facts: Failure("XDS_DUPLICATE_IN_LOT", **facts),
    "XDSUnknownPatientId": lambda facts: Failure("XDS_UNKNOWN_PATIENT"),
    "XDSPatientIdDoesNotMatch": lambda facts: Failure("XDS_PATIENT_MISMATCH"),
    "XDSResultNotSinglePatient": lambda facts: Failure("XDS_PATIENT_MISMATCH"),
    "XDSPatientIDReconciliationError": lambda facts: Failure("XDS_PATIENT_RECONCILIATION", **facts),
    "XDSDocumentUniqueIdError": lambda facts: Failure("XDS_DOCUMENT_UNKNOWN"),
    "XDSRegistryDeprecatedDocumentError": lambda facts: Failure("XDS_DOCUMENT_DEPRECATED", **facts),
    "XDSMissingDocument": lambda facts: Failure("XDS_DOCUMENT_MISSING", **facts),
    "XDSMissingDocumentMetadata": lambda facts: Failure("XDS_METADATA_MISSING", **facts),
    "XDSRegistryMetadataError": lambda facts: Failure("XDS_METADATA_REFUSED", **facts),
    "XDSRepositoryMetadataError": lambda facts: Failure("XDS_METADATA_REFUSED", **facts),
    "XDSExtraMetadataNotSaved": lambda facts: Failure("XDS_METADATA_NOT_SAVED", **facts),
    "XDSUnknownRepositoryId": lambda facts: Failure("XDS_REPOSITORY_UNKNOWN", **facts),
    "XDSTooManyResults": lambda facts: Failure("XDS_TOO_MANY_RESULTS"),
    "XDSStoredQueryParamNumber": lambda facts: Failure("XDS_QUERY_REFUSED", **facts),
    "XDSStoredQueryMissingParam": lambda facts: Failure("XDS_QUERY_REFUSED", **facts),
    "XDSUnknownStoredQuery": lambda facts: Failure("XDS_QUERY_UNKNOWN", **facts),
    "XDSReplaceFailed": lambda facts: Failure("XDS_REPLACE_FAILED"),
    "XDSMetadataVersionError": lambda facts: Failure("XDS_VERSION_STALE"),
    "XDSMetadataUpdateError": lambda facts: Failure("XDS_UPDATE_REFUSED", **facts),
    "XDSMetadataAnnotationError": lambda facts: Failure("XDS_UPDATE_REFUSED", **facts),
    "XDSMetadataUpdateOperationError": lambda facts: Failure("XDS_UPDATE_UNSUPPORTED", **facts),
    "XDSRegistryBusy": lambda facts: Failure("XDS_HOST_TROUBLE", **facts),
    "XDSRepositoryBusy": lambda facts: Failure("XDS_HOST_TROUBLE", **facts),
    "XDSRegistryOutOfResources": lambda facts: Failure("XDS_HOST_TROUBLE", **facts),
    "XDSRepositoryOutOfResources": lambda facts: Failure("XDS_HOST_TROUBLE", **facts),
    "XDSRegistryError": lambda facts: Failure("XDS_HOST_TROUBLE", **facts),
    "XDSRepositoryError": lambda facts: Failure("XDS_HOST_TROUBLE", **facts),
    "XDSRegistryNotAvailable": lambda facts: Failure("XDS_HOST_TROUBLE", **facts),
}


_VAGUE = frozenset({"XDS_HOST_TROUBLE", "XDS_METADATA_REFUSED"})
"""Said only when no other error of the answer says more."""


@dataclass(frozen=True)
class RegistryError:
    """One error or warning of a registry answer; detail: the host's words, long numbers taken out, for people only."""

    code: str
    is_warning: bool
    detail: str = ""

    @classmethod
    def read(cls, element: etree._Element) -> RegistryError:
        """Read an rs:RegistryError; a code of a strange shape becomes "?"."""
        code = element.get("errorCode", "").rpartition(":")[2]
        warning = element.get("severity") == v.SEVERITY_WARNING
        detail = _NUMBER.sub("…", element.get("codeContext", "").strip()[:DETAIL_LENGTH])
        return cls(code if _CODE.fullmatch(code) else "?", warning, detail)


def read_errors(response: etree._Element) -> tuple[RegistryError, ...]:
    """Read the errors of a registry answer."""
    return tuple(RegistryError.read(each) for each in response.iter(REGISTRY_ERROR))


def judge(status: str, errors: tuple[RegistryError, ...]) -> None:
    """Let a success pass; raises the Failure of the first error that says most, else XDS_REFUSED(code=, detail=).

    A partial success is a refusal here: everything that we ask for is one thing.
    """
    for error in errors:
        _log.warning("registry error=%s warning=%s", error.code, error.is_warning)
    if status == v.STATUS_SUCCESS:
        return
    if status not in (v.STATUS_FAILURE, v.STATUS_PARTIAL):
        raise Failure("XDS_ANSWER_INVALID", reason="status")
    refusals = [error for error in errors if not error.is_warning]
    found = [failure for each in refusals if (failure := failure_of(each.code, each.detail))]
    found.sort(key=lambda failure: failure.code in _VAGUE)
    first = refusals[0] if refusals else RegistryError("?", is_warning=False)
    raise found[0] if found else Failure("XDS_REFUSED", code=first.code, detail=first.detail)


def failure_of(code: str, detail: str = "") -> Failure | None:
    """Give the Failure of a host error code, IHE's or the DMP's own; None when no table knows it."""
    if code in _FAILURES:
        return _FAILURES[code]({"code": code, "detail": detail})
    return refusal(code, detail) if code.startswith("DMP") else None
