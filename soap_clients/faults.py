"""What the host's refusals mean: SOAP fault subcodes and status codes, each a failure with a sentence of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lxml import etree

from dossier.failure import Failure
from soap_clients.namespaces import SOAP

DETAIL_LENGTH = 200

_Facts = Mapping[str, str]

KNOWN: dict[str, Callable[[_Facts], Failure]] = {
    # Of the dossier
    "DMPAccessDeniedByRightsService": lambda facts: Failure("ACCESS_DENIED", **facts),
    "DMPFound": lambda facts: Failure("DOSSIER_EXISTS", **facts),
    "DMPClosed": lambda facts: Failure("DOSSIER_CLOSED", **facts),
    "DMPUnknownPatient": lambda facts: Failure("DOSSIER_ABSENT", **facts),
    "DMPNotFound": lambda facts: Failure("DOSSIER_ABSENT", **facts),
    "DMPInvalidPatientIdentifier": lambda facts: Failure("HOST_INS_REFUSED", **facts),
    "DMPPatientMismatch": lambda facts: Failure("HOST_PATIENT_REFUSED", **facts),
    "DMPIdentityNotQualified": lambda facts: Failure("HOST_IDENTITY_NOT_QUALIFIED", **facts),
    "DMPIdentityDifferent": lambda facts: Failure("HOST_TRAITS_DIFFERENT", **facts),
    "DMPVitaleRequired": lambda facts: Failure("DOSSIER_VITALE_REQUIRED", **facts),
    "DMPConsentRequired": lambda facts: Failure("DOSSIER_CONSENT_REQUIRED", **facts),
    "DMPTooManyPatients": lambda facts: Failure("TOO_MANY_CANDIDATES", **facts),
    # Of the patient's account
    "DMPPatientAccessAlreadyExists": lambda facts: Failure("ACCOUNT_EXISTS", **facts),
    "DMPPatientAccessNotFound": lambda facts: Failure("ACCOUNT_ABSENT", **facts),
    "DMPPatientTooYoung": lambda facts: Failure("ACCOUNT_TOO_YOUNG", **facts),
    "DMPPatientAccessOTPAlreadyExists": lambda facts: Failure("CHANNEL_EXISTS", **facts),
    "DMPPatientAccessOTPNotFound": lambda facts: Failure("CHANNEL_ABSENT", **facts),
    "DMPInvalidChannel": lambda facts: Failure("CHANNEL_REFUSED", **facts),
    # Of who asks
    "DMPInvalidCertificate": lambda facts: Failure("HOST_SIGNATURE_REFUSED", **facts),
    "DMPInvalidSignature": lambda facts: Failure("HOST_SIGNATURE_INVALID", **facts),
    "DMPUnknownStructure": lambda facts: Failure("HOST_STRUCTURE_REFUSED", **facts),
    "DMPStructureNotLinked": lambda facts: Failure("HOST_STRUCTURE_NOT_LINKED", **facts),
    "DMPInvalidSector": lambda facts: Failure("HOST_SECTOR_REFUSED", **facts),
    "DMPUnknownProfessional": lambda facts: Failure("HOST_PROFESSIONAL_UNKNOWN", **facts),
    "DMPInvalidRole": lambda facts: Failure("HOST_ROLE_REFUSED", **facts),
    "DMPMissingSpecialty": lambda facts: Failure("HOST_SPECIALTY_MISSING", **facts),
    "DMPIdentityMismatch": lambda facts: Failure("HOST_IDENTITY_MISMATCH", **facts),
    "DMPInvalidAssertion": lambda facts: Failure("HOST_ASSERTION_REFUSED", **facts),
    "DMPExpiredAssertion": lambda facts: Failure("HOST_CLOCK_DIFFERS", **facts),
    "DMPReplayedAssertion": lambda facts: Failure("HOST_ASSERTION_REPLAYED", **facts),
    "DMPInvalidPurpose": lambda facts: Failure("HOST_PURPOSE_REFUSED", **facts),
    "DMPMissingReason": lambda facts: Failure("HOST_REASON_MISSING", **facts),
    # Of the message
    "DMPInvalidMessage": lambda facts: Failure("HOST_MESSAGE_REFUSED", **facts),
    "DMPMessageTooLarge": lambda facts: Failure("HOST_MESSAGE_TOO_LARGE", **facts),
    "DMPServiceRetired": lambda facts: Failure("HOST_SERVICE_RETIRED", **facts),
    "DMPTechnicalError": lambda facts: Failure("HOST_TECHNICAL_ERROR", **facts),
    "MessageAddressingHeaderRequired": lambda facts: Failure("HOST_ADDRESSING_MISSING", **facts),
    "InvalidAddressingHeader": lambda facts: Failure("HOST_ADDRESSING_REFUSED", **facts),
    "DuplicateMessageID": lambda facts: Failure("HOST_MESSAGE_REPEATED", **facts),
    "ActionMismatch": lambda facts: Failure("HOST_ACTION_MISMATCH", **facts),
    "ActionNotSupported": lambda facts: Failure("HOST_ACTION_UNKNOWN", **facts),
    "VersionMismatch": lambda facts: Failure("HOST_SOAP_VERSION", **facts),
    "MustUnderstand": lambda facts: Failure("HOST_HEADER_REFUSED", **facts),
}
"""Codes of the host (published, seen, or those of the host simulator) to the failures of the house."""


def fault_failure(fault: etree._Element) -> Failure:
    """Read a SOAP 1.2 fault (SOAP 1.2 part 1, 5.4) into a failure; unknown codes give HOST_FAULT.

    A fault of the Receiver is no refusal: the host failed, perhaps after it did the work (HOST_TECHNICAL_ERROR).
    """
    values = [_local(each.text) for each in fault.iterfind(f"{{{SOAP}}}Code//{{{SOAP}}}Value")]
    code = next(reversed(values), "") or "?"
    reason = fault.findtext(f"{{{SOAP}}}Reason/{{{SOAP}}}Text") or ""
    failure = refusal(code, str(reason))
    if failure.code == "HOST_FAULT" and values[:1] == ["Receiver"]:
        return Failure("HOST_TECHNICAL_ERROR", **failure.facts)
    return failure


def refusal(code: str, detail: str = "") -> Failure:
    """Give the failure of a host code, wherever it was found (fault, status, acknowledgement).

    detail: what the host says, kept as the fact ``detail``, at most 200 characters. A code that no table knows gives
    HOST_FAULT, whose sentence shows both.
    """
    facts = {"code": code[:60], "detail": detail.strip()[:DETAIL_LENGTH]}
    known = KNOWN.get(code)
    return known(facts) if known else Failure("HOST_FAULT", **facts)


def _local(name: str | None) -> str:
    return (name or "").strip().rpartition(":")[2]
