"""TD0.9: the addresses of the host's web pages that a professional's software opens in a browser, with the same card.

TD0.10, the same without a card, carries the assertion to the web site in a way that is not published: not offered.
"""

from __future__ import annotations

import enum
from urllib.parse import quote

from dossier.address import https_address
from dossier.failure import Failure
from dossier.patient import Ins
from soap_clients.conventions import INFERRED, WITH_OID, Conventions
from soap_clients.hl7_types import to_cx


class WebPage(enum.Enum):
    """The pages; each is a patient's, but DASHBOARD, which may be, and SETTINGS, which is not."""

    DASHBOARD = "TableauDeBord"
    PATIENT = "DossierPatient"
    MANAGEMENT = "GestionDMPPatient"
    DOCUMENTS = "Documents"
    CARE_PATHWAY = "ParcoursDeSoins"
    ACCESS_HISTORY = "HistoriqueAcces"
    SETTINGS = "Parametrages"
    WISHES = "VolontesEtDroits"
    VACCINATION = "CarnetVaccination"


_ALONE = frozenset({WebPage.DASHBOARD, WebPage.SETTINGS})


def page_address(base: str, page: WebPage, ins: Ins | None = None, conventions: Conventions = INFERRED) -> str:
    """Give the address of a page; base: ``https://`` and the web domain.

    The INS is in the address: it belongs in no log. Raises Failure HOST_ADDRESS_INVALID, PAGE_WITHOUT_PATIENT.
    """
    address = f"{https_address(base).rstrip('/')}/AccesDirect/{page.value}"
    if page is WebPage.SETTINGS:
        return address
    if ins is None:
        if page not in _ALONE:
            raise Failure("PAGE_WITHOUT_PATIENT")
        return address
    written = quote(to_cx(ins), safe="") if conventions.page_ins == WITH_OID else ins.matricule
    return f"{address}/{written}"
