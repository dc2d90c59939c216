"""XDS metadata without XML: DocumentEntry, SubmissionSet, Association (ITI TF-3 section 4.2).

Collections are tuples, never None; a text that is absent is "".
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from dossier.patient import Ins, Traits
from dossier.timestamp import Timestamp

N = "N"
MASKED = "MASQUE_PS"
HIDDEN_FROM_PATIENT = "INVISIBLE_PATIENT"
HIDDEN_FROM_REPRESENTATIVES = "INVISIBLE_REPRESENTANTS_LEGAUX"


@dataclass(frozen=True)
class Code:
    """A coded value: code, coding scheme (OID or URN) and the display name people read."""

    code: str
    system: str
    display: str = ""


@dataclass(frozen=True)
class Person:
    """Who wrote or signed: id (PS_IdNat, an INS for a patient, a free id for a device), names, authority OID and type.

    id_type: IDNPS professional, EI internal, NH patient, RI device (XCN component 13).
    """

    id: str
    family_name: str
    given_name: str = ""
    authority: str = "1.2.250.1.71.4.2.1"
    id_type: str = "IDNPS"


@dataclass(frozen=True)
class Institution:
    """A structure as XON writes it: name and Struct_IdNat."""

    name: str
    id_nat: str


@dataclass(frozen=True)
class Author:
    """One author with specialty code (JDV_J01), institution and free role."""

    person: Person
    specialty: Code | None = None
    institution: Institution | None = None
    role: str = ""


@dataclass(frozen=True)
class LocalId:
    """An identifier of the patient in the source system (sourcePatientId): value, authority OID, type PI."""

    value: str
    authority: str
    id_type: str = "PI"


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry of referenceIdList: id, assigning authority, kind (urn:ihe:iti:xds:2013:accession ...)."""

    id: str
    authority: str
    kind: str


class Availability(enum.Enum):
    """Availability status of an entry; values are the URNs of ebRIM and of the CI-SIS."""

    APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
    DEPRECATED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"
    ARCHIVED = "urn:asip:ci-sis:2010:StatusType:Archived"
    DELETED = "urn:asip:ci-sis:2010:StatusType:Deleted"


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """One document's metadata. Times are UTC; hash is lower-case hex SHA-1, size in bytes (0 when not known).

    entry_uuid is the host's (changes with each version), or a symbolic id before submission; logical_id is constant.
    """

    entry_uuid: str
    unique_id: str
    patient_id: Ins
    mime_type: str
    class_code: Code
    type_code: Code
    format_code: Code
    confidentiality: tuple[Code, ...]
    facility: Code
    practice_setting: Code
    creation_time: Timestamp
    title: str
    authors: tuple[Author, ...]
    legal_authenticator: Person | None = None
    source_patient_id: LocalId | None = None
    source_patient: Traits | None = None
    service_start: Timestamp | None = None
    service_stop: Timestamp | None = None
    language: str = "fr-FR"
    comments: str = ""
    events: tuple[Code, ...] = ()
    references: tuple[Reference, ...] = ()
    repository_id: str = ""
    hash: str = ""
    size: int = 0
    logical_id: str = ""
    version: str = ""
    status: Availability = Availability.APPROVED

    @property
    def is_masked(self) -> bool:
        """Whether the entry is masked to professionals."""
        return any(each.code == MASKED for each in self.confidentiality)

    @property
    def is_hidden_from_patient(self) -> bool:
        """Whether the patient is not shown the entry yet."""
        return any(each.code == HIDDEN_FROM_PATIENT for each in self.confidentiality)


@dataclass(frozen=True)
class SubmissionSet:
    """One lot of documents deposited together."""

    entry_uuid: str
    unique_id: str
    source_id: str
    patient_id: Ins
    submission_time: Timestamp
    content_type: Code
    authors: tuple[Author, ...]
    title: str = ""
    comments: str = ""


class AssociationKind(enum.Enum):
    """Association types; values are the URNs on the wire (RPLC: the IHE year, 2007)."""

    HAS_MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
    SIGNS = "urn:ihe:iti:2007:AssociationType:signs"
    REPLACES = "urn:ihe:iti:2007:AssociationType:RPLC"
    ADDS_TO = "urn:ihe:iti:2007:AssociationType:APND"
    UPDATES_STATUS = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"


@dataclass(frozen=True)
class Association:
    """One link between two registry objects; slots holds (name, values) pairs such as SubmissionSetStatus."""

    kind: AssociationKind
    source: str
    target: str
    slots: tuple[tuple[str, tuple[str, ...]], ...] = ()
