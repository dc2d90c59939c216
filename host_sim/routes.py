"""What each endpoint accepts: the actions, the root of the body, and whether a patient must be named."""

from __future__ import annotations

from dataclasses import dataclass

HL7 = "urn:hl7-org:v3"
PATIENTS = "urn:si-dmp-patients"
RIGHTS = "urn:si-dmp-habilitations"
XDS = "urn:ihe:iti:xds-b:2007"
QUERY = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
LCM = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
INSI_ACTION = "urn:ServiceIdentiteCertifiee:1.0.0:"
BASE_PATH = "/si-dmp-server/v2/services/"
PATHS = {
    name: BASE_PATH + name for name in ("patients", "patientsSpecific", "habilitations", "registry", "repository")
} | {"insi": "/lps"}


@dataclass(frozen=True)
class Route:
    """One action of one endpoint; `media_actions`: other names that its WSDL gives to the HTTP layer."""

    root: str
    mtom: bool | None = False
    media_actions: tuple[str, ...] = ()


def _hl7(name: str) -> tuple[tuple[str, str], Route]:
    return ("patients", f"{HL7}:{name}"), Route(f"{{{HL7}}}{name}")


def _specific(name: str) -> tuple[tuple[str, str], Route]:
    action = f"{PATIENTS}:PatientSpecificEndPoint:{name}"
    return ("patientsSpecific", action), Route(f"{{{PATIENTS}}}{name}")


ROUTES: dict[tuple[str, str], Route] = dict(
    [
        _hl7("PRPA_IN201307UV02"),
        _hl7("PRPA_IN201311UV02"),
        _hl7("PRPA_IN201314UV02"),
        _specific("createPatientAccess"),
        _specific("patientOTPUpdate"),
        (
            ("habilitations", f"{RIGHTS}:HabilitationsEndPoint:setAuthorization"),
            Route(f"{{{RIGHTS}}}setAuthorization", media_actions=(f"{HL7}:setAuthorization",)),
        ),
        (("registry", "urn:ihe:iti:2007:RegistryStoredQuery"), Route(f"{{{QUERY}}}AdhocQueryRequest", mtom=None)),
        (("registry", "urn:ihe:iti:2010:UpdateDocumentSet"), Route(f"{{{LCM}}}SubmitObjectsRequest", mtom=None)),
        (
            ("repository", "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"),
            Route(f"{{{XDS}}}ProvideAndRegisterDocumentSetRequest", mtom=True),
        ),
        (  # a request without attachments is taken in both forms; its answer always is MTOM
            ("repository", "urn:ihe:iti:2007:RetrieveDocumentSet"),
            Route(f"{{{XDS}}}RetrieveDocumentSetRequest", mtom=True),
        ),
        (
            ("insi", f"{INSI_ACTION}rechercherInsAvecCarteVitale"),
            Route("{http://www.cnamts.fr/INSiRecVit}RECVITALE"),
        ),
        (
            ("insi", f"{INSI_ACTION}rechercherInsAvecTraitsIdentite"),
            Route("{http://www.cnamts.fr/INSiRecSans}RECSANSVITALE"),
        ),
    ]
)
"""(endpoint, action) to route; mtom: True mandatory, False refused, None either."""
