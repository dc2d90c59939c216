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
PDQ_ACTION = "urn:ihe:iti:pdqv3:2007:PDQSupplier_Service:findCandidatesQuery"
BASE_PATH = "/si-dmp-server/v2/services/"
_SERVICES = (
    "patients", "patientsSpecific", "patientCertif", "patientsPDQ", "habilitations", "registry", "repository"
)  # fmt: skip
PATHS = {name: BASE_PATH + name for name in _SERVICES} | {"insi": "/lps"}


@dataclass(frozen=True)
class Route:
    """One action of one endpoint.

    mtom: True mandatory, False refused, None either. `media_actions`: other names that its WSDL gives to the HTTP
    layer. `patient_optional`: the transaction is not about one patient, the assertion may be without resource-id.
    """

    root: str
    mtom: bool | None = False
    media_actions: tuple[str, ...] = ()
    patient_optional: bool = False


def _hl7(name: str) -> tuple[tuple[str, str], Route]:
    return ("patients", f"{HL7}:{name}"), Route(f"{{{HL7}}}{name}")


def _search(action: str, *media_actions: str) -> tuple[tuple[str, str], Route]:
    root = f"{{{HL7}}}PRPA_IN201305UV02"
    return ("patientsPDQ", action), Route(root, media_actions=media_actions, patient_optional=True)


def _specific(name: str, *, patient_optional: bool = False) -> tuple[tuple[str, str], Route]:
    action = f"{PATIENTS}:PatientSpecificEndPoint:{name}"
    return ("patientsSpecific", action), Route(f"{{{PATIENTS}}}{name}", patient_optional=patient_optional)


def _rights(name: str) -> tuple[tuple[str, str], Route]:
    action = f"{RIGHTS}:HabilitationsEndPoint:{name}"
    return ("habilitations", action), Route(f"{{{RIGHTS}}}{name}", media_actions=(f"{HL7}:{name}",))


ROUTES: dict[tuple[str, str], Route] = dict(
    [
        _hl7("PRPA_IN201307UV02"),
        _hl7("PRPA_IN201311UV02"),
        _hl7("PRPA_IN201314UV02"),
        _search(f"{HL7}:PRPA_IN201305UV02", PDQ_ACTION),
        _search(PDQ_ACTION, f"{HL7}:PRPA_IN201305UV02"),
        _specific("patientList", patient_optional=True),
        _specific("createPatientAccess"),
        _specific("patientOTPUpdate"),
        _specific("updatePatientAccess"),
        (
            ("patientCertif", f"{PATIENTS}:PatientCertificationEndPoint:identityCertification"),
            Route(f"{{{PATIENTS}}}identityCertification", patient_optional=True),
        ),
        _rights("setAuthorization"),
        _rights("listAuthorizationByPatient"),
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
            Route("{http://www.cnamts.fr/INSiRecVit}RECVITALE", patient_optional=True),
        ),
        (
            ("insi", f"{INSI_ACTION}rechercherInsAvecTraitsIdentite"),
            Route("{http://www.cnamts.fr/INSiRecSans}RECSANSVITALE", patient_optional=True),
        ),
    ]
)
"""(endpoint, action) to route."""
