"""Every UUID, URN and slot name of the XDS wire, once, with its clause.

Clauses: ebRIM 3.0 and ebRS 3.0 (OASIS regrep), ITI TF-1/TF-2/TF-3 (IHE), CI-SIS (French national profile).
"""

from __future__ import annotations

# Namespaces: ebRS 3.0 appendix A; ITI TF-2 V.2; W3C SOAP 1.2, WS-Addressing 1.0, XOP
RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
RS = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"
LCM = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
QUERY = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
XDS = "urn:ihe:iti:xds-b:2007"
XOP = "http://www.w3.org/2004/08/xop/include"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
XML = "http://www.w3.org/XML/1998/namespace"

# Actions: ITI TF-2 3.41.4, 3.43.4, 3.18.4, 3.57.4
PROVIDE_AND_REGISTER = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
RETRIEVE = "urn:ihe:iti:2007:RetrieveDocumentSet"
STORED_QUERY = "urn:ihe:iti:2007:RegistryStoredQuery"
UPDATE = "urn:ihe:iti:2010:UpdateDocumentSet"

# Stored queries: ITI TF-2 3.18.4.1.2.3.7
FIND_DOCUMENTS = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
FIND_SUBMISSION_SETS = "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9"
FIND_BY_REFERENCE = "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492"
GET_DOCUMENTS = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"
GET_ASSOCIATIONS = "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155"
GET_DOCUMENTS_AND_ASSOCIATIONS = "urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a"
GET_SUBMISSION_SET = "urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83"

# Query parameters: ITI TF-2 3.18.4.1.2.3.7.1 and .5
Q_PATIENT_ID = "$XDSDocumentEntryPatientId"
Q_STATUS = "$XDSDocumentEntryStatus"
Q_CLASS_CODE = "$XDSDocumentEntryClassCode"
Q_TYPE_CODE = "$XDSDocumentEntryTypeCode"
Q_FORMAT_CODE = "$XDSDocumentEntryFormatCode"
Q_PRACTICE_SETTING = "$XDSDocumentEntryPracticeSettingCode"
Q_FACILITY_TYPE = "$XDSDocumentEntryHealthcareFacilityTypeCode"
Q_EVENT_CODE = "$XDSDocumentEntryEventCodeList"
Q_CONFIDENTIALITY = "$XDSDocumentEntryConfidentialityCode"
Q_AUTHOR = "$XDSDocumentEntryAuthorPerson"
Q_REFERENCE = "$XDSDocumentEntryReferenceIdList"
Q_CREATED_FROM = "$XDSDocumentEntryCreationTimeFrom"
Q_CREATED_TO = "$XDSDocumentEntryCreationTimeTo"
Q_SERVICE_FROM = "$XDSDocumentEntryServiceStartTimeFrom"
Q_SERVICE_TO = "$XDSDocumentEntryServiceStartTimeTo"
Q_SERVICE_STOP_FROM = "$XDSDocumentEntryServiceStopTimeFrom"
Q_SERVICE_STOP_TO = "$XDSDocumentEntryServiceStopTimeTo"
Q_ENTRY_UUID = "$XDSDocumentEntryEntryUUID"
Q_SET_PATIENT_ID = "$XDSSubmissionSetPatientId"
Q_SET_STATUS = "$XDSSubmissionSetStatus"
Q_SET_TIME_FROM = "$XDSSubmissionSetSubmissionTimeFrom"
Q_SET_TIME_TO = "$XDSSubmissionSetSubmissionTimeTo"
Q_SET_UNIQUE_ID = "$XDSSubmissionSetUniqueId"
Q_UUID = "$uuid"
Q_UNIQUE_ID = "$XDSDocumentEntryUniqueId"

# Kinds of registry objects: ebRIM 3.0 annex (canonical ObjectType scheme); ITI TF-3 4.2.5.1
OBJECT_DOCUMENT_ENTRY = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
OBJECT_PACKAGE = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:RegistryPackage"
OBJECT_ASSOCIATION = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Association"
OBJECT_CLASSIFICATION = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification"
OBJECT_EXTERNAL_IDENTIFIER = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:ExternalIdentifier"

# Classification schemes of a document entry: ITI TF-3 4.2.5.2
ENTRY_AUTHOR = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
ENTRY_CLASS = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
ENTRY_CONFIDENTIALITY = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
ENTRY_EVENT = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4"
ENTRY_FACILITY = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
ENTRY_FORMAT = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
ENTRY_PRACTICE = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead"
ENTRY_TYPE = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"

# External identifiers of a document entry: ITI TF-3 4.2.5.2
ENTRY_PATIENT_ID = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
ENTRY_UNIQUE_ID = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"

# Classifications and identifiers of a submission set: ITI TF-3 4.2.5.1
SET_NODE = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
SET_AUTHOR = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"
SET_CONTENT_TYPE = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500"
SET_PATIENT_ID = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
SET_SOURCE_ID = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832"
SET_UNIQUE_ID = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"

# Slots: ITI TF-3 4.2.3.1 and 4.2.3.2
AUTHOR_INSTITUTION = "authorInstitution"
AUTHOR_PERSON = "authorPerson"
AUTHOR_ROLE = "authorRole"
AUTHOR_SPECIALTY = "authorSpecialty"
CODING_SCHEME = "codingScheme"
CREATION_TIME = "creationTime"
HASH = "hash"
LANGUAGE_CODE = "languageCode"
LEGAL_AUTHENTICATOR = "legalAuthenticator"
REFERENCE_ID_LIST = "urn:ihe:iti:xds:2013:referenceIdList"
REPOSITORY_UNIQUE_ID = "repositoryUniqueId"
SERVICE_START_TIME = "serviceStartTime"
SERVICE_STOP_TIME = "serviceStopTime"
SIZE = "size"
SOURCE_PATIENT_ID = "sourcePatientId"
SOURCE_PATIENT_INFO = "sourcePatientInfo"
SUBMISSION_TIME = "submissionTime"

# Slots of associations: ITI TF-3 4.2.2.2; ITI TF-2 3.57.4.1.3
SUBMISSION_SET_STATUS = "SubmissionSetStatus"
ORIGINAL = "Original"
PREVIOUS_VERSION = "PreviousVersion"
ORIGINAL_STATUS = "OriginalStatus"
NEW_STATUS = "NewStatus"

# The replacement link has two years in the field (2007: ITI TF-3 4.2.2.2.3): we write the first, read both
REPLACES_READ_ALSO = "urn:ihe:iti:2010:AssociationType:RPLC"

# Answers: ebRS 3.0 2.1.3; ITI TF-3 4.2.4
STATUS_SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
STATUS_FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
STATUS_PARTIAL = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
SEVERITY_WARNING = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning"
