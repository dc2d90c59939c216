"""Open a page of the host's web site on the patient on screen, in a browser, with the same card (TD0.9)."""

from __future__ import annotations

from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import User
from dossier.failure import Failure
from soap_clients.web_access import WebPage, page_address

DASHBOARD = "tableau-de-bord"
PAGES = {
    DASHBOARD: WebPage.DASHBOARD,
    "dossier": WebPage.PATIENT,
    "gestion": WebPage.MANAGEMENT,
    "documents": WebPage.DOCUMENTS,
    "parcours": WebPage.CARE_PATHWAY,
    "historique": WebPage.ACCESS_HISTORY,
    "parametrages": WebPage.SETTINGS,
    "volontes": WebPage.WISHES,
    "vaccinations": WebPage.VACCINATION,
}


def web_page(desk: Desk, user: User, *, page: str = DASHBOARD) -> str:
    """Give the address of a page, for the patient on screen when there is one; it holds the INS: it goes in no log.

    page: one of PAGES. Raises Failure WEB_NOT_SET, PAGE_UNKNOWN, PAGE_WITHOUT_PATIENT.
    """
    session = desk.require_session()
    if not desk.settings.web_url:
        raise Failure("WEB_NOT_SET")
    if page not in PAGES:
        raise Failure("PAGE_UNKNOWN", known=", ".join(PAGES))
    ins = desk.require_patient().ins if desk.patient else None
    address = page_address(desk.settings.web_url, PAGES[page], ins, session.host.conventions)
    desk.write("web-page", "done", patient=ins, subject=page)
    return address
