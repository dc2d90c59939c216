"""The national value sets, as data (``data/*.csv``), and the one loader.

May import: the standard library and ``dossier``. Never enters: a code list typed in a program.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from dossier.failure import Failure
from dossier.metadata import Code

TYPE = "JDV_J66_TypeCode_DMP"
CLASS = "JDV_J57_ClassCode_DMP"
FORMAT = "JDV_J60_FormatCode_DMP"
CONFIDENTIALITY = "JDV_J58_ConfidentialityCode_DMP"
CONTENT_TYPE = "JDV_J59_ContentTypeCode_DMP"
FACILITY = "JDV_J61_HealthcareFacilityTypeCode_DMP"
PRACTICE_SETTING = "JDV_J62_PracticeSettingCode_DMP"
SPECIALTY = "JDV_J01_XdsAuthorSpecialty_CISIS"
ROLE = "JDV_J65_SubjectRole_DMP_professions_part"
PROFESSION = "TRE_G15_ProfessionSante"
ACCESS_MODE = "TRE_R248_ModeAcces"
MODALITY = "JDV_ModaliteAcquisition_CISIS"
REGION = "JDV_RegionAnatomique_CISIS"
CDA_TYPE = "JDV_J07_XdsTypeCode_CISIS"
CDA_FACILITY = "JDV_J02_XdsHealthcareFacilityTypeCode_CISIS"
CDA_PRACTICE_SETTING = "JDV_J04_XdsPracticeSettingCode_CISIS"
CIVILITY = "JDV_J245_Civilite_CISIS"
TITLE = "JDV_J246_Titre_CISIS"
TYPE_TO_CLASS = "ASS_X16_Type_vers_Classe_DMP"


def _rows(name: str) -> list[dict[str, str]]:
    text = files("dossier.codes").joinpath("data", f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def load(name: str) -> dict[str, Code]:
    """Load one value set, by code; when two systems share a code, the first of the file wins."""
    found: dict[str, Code] = {}
    for row in _rows(name):
        found.setdefault(row["code"], Code(row["code"], row["codeSystem"], row["displayName"]))
    return found


def find(name: str, code: str) -> Code:
    """Give one code of a value set; raises Failure CODE_UNKNOWN."""
    try:
        return load(name)[code]
    except KeyError as error:
        raise Failure("CODE_UNKNOWN", code=code[:40], value_set=name) from error


@cache
def _classes() -> dict[str, Code]:
    system = next(iter(load(CLASS).values())).system
    return {
        row["typeCode"]: Code(row["classCode"], system, row["classDisplay"])
        for row in _rows(TYPE_TO_CLASS)
        if row["classCode"]
    }


def class_of(type_code: str) -> Code:
    """Derive classCode from typeCode by the official map (ASS_X16); raises Failure CODE_WITHOUT_CLASS."""
    try:
        return _classes()[type_code]
    except KeyError as error:
        raise Failure("CODE_WITHOUT_CLASS", code=type_code[:40]) from error
