"""What a level 1 document is made from: patient, author, type, body, dates; checked before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field

from cps_bridge.documents import check
from cps_bridge.documents.oid import checked_oid
from dossier import codes
from dossier.document import Content
from dossier.failure import Failure
from dossier.metadata import HIDDEN_FROM_PATIENT, MASKED, Code, LocalId, N
from dossier.patient import PatientIdentity
from dossier.professional import Activity, Professional
from dossier.timestamp import Timestamp

FORMAT_OF = {
    check.PDF: "urn:ihe:iti:xds-sd:pdf:2008",
    check.TEXT: "urn:ihe:iti:xds-sd:text:2008",
    check.RTF: "urn:ihe:iti-fr:xds-sd:rtf:2010",
    check.JPEG: "urn:ihe:iti-fr:xds-sd:jpeg:2010",
    check.TIFF: "urn:ihe:iti-fr:xds-sd:tiff:2010",
}
LONGEST_TITLE = 255
_HOSPITALS = frozenset({"SA01", "SA02", "SA03", "SA04"})


@dataclass(frozen=True)
class Identifier:
    """A local identifier with the OID of who gave it (accession number, order number)."""

    extension: str
    root: str


@dataclass(frozen=True)
class ImagingOrder:
    """What an imaging report says of its examination.

    order: the requester's number, the accession number stands in when None; modalities: DICOM codes (CT, MR ...);
    region: SNOMED CT code of JDV_RegionAnatomique or ""; act: LOINC or CCAM code of the examination.
    """

    study_uid: str
    accession: Identifier
    order: Identifier | None = None
    modalities: tuple[str, ...] = ()
    region: str = ""
    act: Code | None = None


@dataclass(frozen=True)
class Report:
    """One document to write: the author is the holder of the card in the activity of the session.

    type_code: JDV_J66; media_type: one of FORMAT_OF; created and service times carry a zone (service_start defaults to
    created); confidentiality: flags beside N (MASQUE_PS ...); software_oid: root of new identifiers; replaces:
    uniqueId of the document that this one replaces, with its set_id and the next version.
    """

    patient: PatientIdentity
    author: Professional
    activity: Activity
    type_code: str
    title: str
    body: Content = field(repr=False)
    media_type: str
    created: Timestamp
    software_oid: str
    service_start: Timestamp | None = None
    service_stop: Timestamp | None = None
    confidentiality: tuple[str, ...] = ()
    local_patient_id: LocalId | None = None
    practice_setting: str = ""
    replaces: str = ""
    set_id: str = ""
    version: int = 1
    imaging: ImagingOrder | None = None
    comments: str = ""

    @property
    def started(self) -> Timestamp:
        """Begin of the documented act."""
        return self.service_start or self.created

    @property
    def setting_code(self) -> str:
        """Practice setting (JDV_J62): the one given, else derived from the sector of the activity."""
        return self.practice_setting or ("ETABLISSEMENT" if self.activity.sector in _HOSPITALS else "AMBULATOIRE")

    @property
    def specialty(self) -> Code | None:
        """The author's profession and specialty (JDV_J01); None for a holder without profession."""
        return codes.find(codes.SPECIALTY, self.author.specialty_code) if self.author.profession else None

    @property
    def confidentiality_codes(self) -> tuple[Code, ...]:
        """N and the flags, in that order (JDV_J58)."""
        wanted = (N, *(each for each in self.confidentiality if each != N))
        return tuple(codes.find(codes.CONFIDENTIALITY, each) for each in wanted)


def check_report(report: Report, unique_id: str, *, both_allowed: bool) -> None:
    """Refuse what the host, or the header rules, would refuse later.

    both_allowed: whether the host lets one document be masked and hidden from the patient at once. Raises Failure
    IDENTITY_NOT_QUALIFIED, IDENTITY_INCOMPLETE, TITLE_INVALID, MEDIA_TYPE_REFUSED, REPORT_TIME_INVALID,
    CONFIDENTIALITY_BOTH, OID_INVALID, DOCUMENT_EMPTY, VERSION_INVALID.
    """
    report.patient.qualified_ins()
    _check_traits(report)
    if not report.title.strip() or len(report.title) > LONGEST_TITLE:
        raise Failure("TITLE_INVALID", longest=LONGEST_TITLE)
    if report.media_type not in FORMAT_OF:
        raise Failure("MEDIA_TYPE_REFUSED", media_type=report.media_type[:60])
    if report.body.size == 0:
        raise Failure("DOCUMENT_EMPTY")
    _check_times(report)
    if not both_allowed and {MASKED, HIDDEN_FROM_PATIENT} <= set(report.confidentiality):
        raise Failure("CONFIDENTIALITY_BOTH")
    for each in (unique_id, report.software_oid, report.replaces, report.set_id):
        if each:
            checked_oid(each)
    if report.version < 1 or (report.replaces and report.version < 2):
        raise Failure("VERSION_INVALID", version=report.version)


def _check_traits(report: Report) -> None:
    traits = report.patient.traits
    needed = {
        "nom de naissance": traits.birth_name,
        "prénoms": traits.first_given_name,
        "date de naissance": traits.birth_date,
        "lieu de naissance": traits.birth_place,
    }
    for name, value in needed.items():
        if not value.strip():
            raise Failure("IDENTITY_INCOMPLETE", trait=name)


def _check_times(report: Report) -> None:
    for each in (report.created, report.started, report.service_stop):
        if each is not None and (len(each.digits) < 8 or (len(each.digits) > 8 and not each.zone)):
            raise Failure("REPORT_TIME_INVALID", value=str(each))
        if each is not None:
            each.to_datetime()
    if report.service_stop is not None and report.service_stop.to_datetime() < report.started.to_datetime():
        raise Failure("REPORT_TIME_INVALID", value=str(report.service_stop))
