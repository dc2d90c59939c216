"""What the host's refusals mean: SOAP fault subcodes and status codes, as failures with a sentence of their own."""

from __future__ import annotations

from lxml import etree

from dossier.failure import Failure
from soap_clients.namespaces import SOAP

DETAIL_LENGTH = 200


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

    detail: what the host says, kept as the fact ``detail``, at most 200 characters.
    """
    said, code = detail.strip()[:DETAIL_LENGTH], code[:60]
    known = _about_dossier(code, said) or _about_account(code, said) or _about_caller(code, said)
    return known or Failure("HOST_FAULT", code=code, detail=said)


def _about_dossier(code: str, detail: str) -> Failure | None:
    match code:
        case "DMPAccessDeniedByRightsService":
            return Failure("ACCESS_DENIED", detail=detail)
        case "DMPFound":
            return Failure("DOSSIER_EXISTS", detail=detail)
        case "DMPClosed":
            return Failure("DOSSIER_CLOSED", detail=detail)
        case "DMPUnknownPatient" | "DMPNotFound":
            return Failure("DOSSIER_ABSENT", detail=detail)
        case "DMPPatientMismatch" | "DMPInvalidPatientIdentifier" | "DMPIdentityNotQualified" | "DMPIdentityDifferent":
            return Failure("HOST_PATIENT_REFUSED", code=code, detail=detail)
        case "DMPVitaleRequired" | "DMPConsentRequired":
            return Failure("DOSSIER_CREATION_REFUSED", code=code, detail=detail)
        case _:
            return None


def _about_account(code: str, detail: str) -> Failure | None:
    match code:
        case "DMPPatientAccessAlreadyExists":
            return Failure("ACCOUNT_EXISTS", detail=detail)
        case "DMPPatientAccessOTPAlreadyExists":
            return Failure("CHANNEL_EXISTS", detail=detail)
        case "DMPPatientAccessNotFound":
            return Failure("ACCOUNT_ABSENT", detail=detail)
        case "DMPPatientTooYoung":
            return Failure("ACCOUNT_TOO_YOUNG", detail=detail)
        case _:
            return None


def _about_caller(code: str, detail: str) -> Failure | None:
    match code:
        case "DMPInvalidCertificate" | "DMPInvalidSignature":
            return Failure("HOST_SIGNATURE_REFUSED", code=code, detail=detail)
        case "DMPUnknownStructure" | "DMPStructureNotLinked" | "DMPInvalidSector":
            return Failure("HOST_STRUCTURE_REFUSED", code=code, detail=detail)
        case "DMPUnknownProfessional" | "DMPInvalidRole" | "DMPMissingSpecialty" | "DMPIdentityMismatch":
            return Failure("HOST_PROFESSIONAL_REFUSED", code=code, detail=detail)
        case "DMPExpiredAssertion":
            return Failure("HOST_CLOCK_DIFFERS", detail=detail)
        case _:
            return None


def _local(name: str | None) -> str:
    return (name or "").strip().rpartition(":")[2]
