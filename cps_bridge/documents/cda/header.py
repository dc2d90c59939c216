"""The CDA R2 header of a level 1 document (CI-SIS structuration minimale, IHE ITI TF-3 5.8 XDS-SD)."""

from __future__ import annotations

from cps_bridge.documents.canonical import HOLE, Node, node
from cps_bridge.documents.cda.report import ImagingOrder, Report
from cps_bridge.documents.oid import new_oid
from dossier import codes
from dossier.metadata import Code
from dossier.patient import PatientIdentity, Sex, Traits
from dossier.professional import HealthStructure, Professional
from dossier.timestamp import Timestamp

HL7 = "urn:hl7-org:v3"
PS3_20 = "urn:dicom-org:ps3-20"
TEMPLATES = ("2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1", "1.3.6.1.4.1.19376.1.2.20")
PERSONS = "1.2.250.1.71.4.2.1"
STRUCTURES = "1.2.250.1.71.4.2.2"
DCM = "1.2.840.10008.2.16.4"
LOINC = "2.16.840.1.113883.6.1"
_GENDERS = {Sex.MALE: ("M", "Masculin"), Sex.FEMALE: ("F", "Féminin"), Sex.UNKNOWN: ("UN", "Inconnu")}
_MODALITY_NAME = Code("121139", DCM, "Modalité d'imagerie")
_REGION_NAME = Code("39111-0", LOINC, "localisation anatomique")


def clinical_document(report: Report, unique_id: str) -> Node:
    """Build the whole document with a hole where the base64 body goes; the report is already checked."""
    root = node(
        "ClinicalDocument",
        *_identification(report, unique_id),
        _record_target(report),
        _author(report),
        _custodian(report.activity.structure),
        _legal_authenticator(report),
        _in_fulfillment_of(report.imaging) if report.imaging else None,
        _documentation_of(report),
        _related_document(report.replaces) if report.replaces else None,
        _component_of(report),
        node(
            "component",
            node("nonXMLBody", node("text", HOLE, mediaType=report.media_type, representation="B64")),
        ),
    )
    return root.declaring({"": HL7})


def coded(name: str, code: Code, *children: Node) -> Node:
    """Write a code with its system and display name."""
    return node(name, *children, code=code.code, codeSystem=code.system, displayName=code.display or None)


def _identification(report: Report, unique_id: str) -> tuple[Node, ...]:
    return (
        node("realmCode", code="FR"),
        node("typeId", root="2.16.840.1.113883.1.3", extension="POCD_HD000040"),
        *(node("templateId", root=each) for each in TEMPLATES),
        node("id", root=unique_id),
        coded("code", codes.find(codes.CDA_TYPE, report.type_code)),
        node("title", report.title),
        node("effectiveTime", value=str(report.created)),
        coded("confidentialityCode", report.confidentiality_codes[0]),
        node("languageCode", code="fr-FR"),
        node("setId", root=report.set_id or new_oid(report.software_oid)),
        node("versionNumber", value=str(report.version)),
    )


def _record_target(report: Report) -> Node:
    ins, local = report.patient.qualified_ins(), report.local_patient_id
    return node(
        "recordTarget",
        node(
            "patientRole",
            node("id", root=ins.oid, extension=ins.matricule),
            node("id", root=local.authority, extension=local.value) if local else None,
            node("addr", nullFlavor="NASK"),
            node("telecom", nullFlavor="NASK"),
            _patient(report.patient),
        ),
    )


def _patient(identity: PatientIdentity) -> Node:
    traits = identity.traits
    gender, display = _GENDERS[traits.sex]
    return node(
        "patient",
        node(
            "name",
            node("family", traits.birth_name, qualifier="BR"),
            node("given", " ".join(traits.given_names)),
            node("given", traits.first_given_name, qualifier="BR"),
            node("family", traits.usage_name, qualifier="CL") if traits.usage_name else None,
        ),
        coded("administrativeGenderCode", Code(gender, "2.16.840.1.113883.5.1", display)),
        node("birthTime", value=birth_time(traits)),
        node("birthplace", node("place", node("addr", node("county", traits.birth_place)))),
        classCode="PSN",
    )


def birth_time(traits: Traits) -> str:
    """Give the birth date as a real HL7 time: a lunar date (unknown day, month 20 or more) loses what is not real."""
    digits = traits.birth_date
    if not 1 <= int(digits[4:6] or 0) <= 12:
        return digits[:4]
    return digits[:6] if digits[6:8] in ("", "00") else digits[:8]


def _author(report: Report) -> Node:
    return node(
        "author",
        node("time", value=str(report.created)),
        node("assignedAuthor", *_who(report), _organisation(report)),
    )


def _who(report: Report) -> tuple[Node, ...]:
    specialty = report.specialty
    return (
        node("id", root=PERSONS, extension=report.author.id_nat),
        *((coded("code", specialty),) if specialty else ()),
        node("addr", nullFlavor="NASK"),
        node("telecom", nullFlavor="NASK"),
        node("assignedPerson", _person_name(report.author)),
    )


def _person_name(person: Professional) -> Node:
    given = node("given", person.given_name) if person.given_name else None
    return node("name", given, node("family", person.family_name))


def _organisation(report: Report, *, with_setting: bool = False) -> Node:
    structure = report.activity.structure
    setting = codes.find(codes.CDA_PRACTICE_SETTING, report.setting_code) if with_setting else None
    return node(
        "representedOrganization",
        node("id", root=STRUCTURES, extension=structure.id_nat),
        node("name", structure.name),
        node("telecom", nullFlavor="NASK"),
        node("addr", nullFlavor="NASK"),
        coded("standardIndustryClassCode", setting) if setting else None,
    )


def _custodian(structure: HealthStructure) -> Node:
    kept_by = node(
        "representedCustodianOrganization",
        node("id", root=STRUCTURES, extension=structure.id_nat),
        node("name", structure.name),
        node("telecom", nullFlavor="NASK"),
        node("addr", nullFlavor="NASK"),
    )
    return node("custodian", node("assignedCustodian", kept_by))


def _legal_authenticator(report: Report) -> Node:
    return node(
        "legalAuthenticator",
        node("time", value=str(report.created)),
        node("signatureCode", code="S"),
        node("assignedEntity", *_who(report), _organisation(report)),
    )


def _in_fulfillment_of(imaging: ImagingOrder) -> Node:
    order, accession = imaging.order or imaging.accession, imaging.accession
    number = node("ps3-20:accessionNumber", root=accession.root, extension=accession.extension)
    return node(
        "inFulfillmentOf",
        node("order", node("id", root=order.root, extension=order.extension), number.declaring({"ps3-20": PS3_20})),
    )


def _documentation_of(report: Report) -> Node:
    imaging = report.imaging
    performer = node("assignedEntity", *_who(report), _organisation(report, with_setting=True))
    return node(
        "documentationOf",
        node(
            "serviceEvent",
            node("id", root=imaging.study_uid) if imaging else None,
            _act(imaging) if imaging else None,
            _period(report.started, report.service_stop),
            node("performer", performer, typeCode="PRF"),
        ),
    )


def _act(imaging: ImagingOrder) -> Node | None:
    translations = [_qualified(codes.find(codes.MODALITY, modality), _MODALITY_NAME) for modality in imaging.modalities]
    if imaging.region:
        translations.append(_qualified(codes.find(codes.REGION, imaging.region), _REGION_NAME))
    return coded("code", imaging.act, *translations) if imaging.act else None


def _qualified(code: Code, name: Code) -> Node:
    return coded("translation", code, node("qualifier", coded("name", name)))


def _period(start: Timestamp, stop: Timestamp | None) -> Node:
    high = node("high", value=str(stop)) if stop and stop != start else None
    return node("effectiveTime", node("low", value=str(start)), high)


def _related_document(replaced: str) -> Node:
    return node("relatedDocument", node("parentDocument", node("id", root=replaced)), typeCode="RPLC")


def _component_of(report: Report) -> Node:
    facility = codes.find(codes.CDA_FACILITY, report.activity.sector)
    place = node(
        "healthCareFacility",
        node("id", root=STRUCTURES, extension=report.activity.structure.id_nat),
        coded("code", facility),
    )
    return node(
        "componentOf",
        node("encompassingEncounter", _period(report.started, report.service_stop), node("location", place)),
    )
