"""The patient's site driven by a real browser, against a real host and a real mail server."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from host_wire import ins_of, state_of
from PIL import Image
from registry_lots import Lot, Paper
from site_parts import MAIL, Site, Visit

from card_sim import cast
from host_sim import show

pytest.importorskip("selenium", reason="selenium is not installed")
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

_STRUCTURED = ("urn:ihe:rad:CDA:ImagingReportStructuredHeadings:2013", "1.3.6.1.4.1.19376.1.2.3")
_SECTION = (
    b"<structuredBody><component><section><title>Motif</title><text>Toux depuis trois semaines</text></section>"
    b"</component></structuredBody>"
)


class Person:
    """The patient in front of the browser."""

    def __init__(self, site: Site, browser: Any) -> None:
        self.site, self.browser = site, browser

    @property
    def page(self) -> str:
        return self.browser.find_element(By.TAG_NAME, "main").text

    def open(self, label: str) -> None:
        self.browser.find_element(By.LINK_TEXT, label).click()

    def press(self, label: str) -> None:
        """Press a button, and wait for the page that follows."""
        former = self.browser.find_element(By.TAG_NAME, "html")
        (found,) = [each for each in self.browser.find_elements(By.TAG_NAME, "button") if each.text == label]
        found.click()
        WebDriverWait(self.browser, 20).until(lambda browser: browser.find_element(By.TAG_NAME, "html") != former)

    def write(self, name: str, text: str) -> None:
        box = self.browser.find_element(By.NAME, name)
        if box.get_attribute("type") != "file":
            box.clear()
        box.send_keys(text)

    def tick(self, name: str) -> None:
        self.browser.find_element(By.NAME, name).click()

    def sign_in(self, patient: str = "jean") -> None:
        secrets = self.site.account(patient)
        self.browser.get(self.site.url)
        self.write("login", secrets.login)
        self.write("password", secrets.password)
        self.press("Continuer")
        self.write("code", self.site.next_code())
        self.press("Me connecter")


@pytest.fixture
def person(site: Site, chromium: Any) -> Person:
    return Person(site, chromium)


def cda_with_text(data: bytes) -> bytes:
    start, end = data.index(b"<nonXMLBody>"), data.index(b"</nonXMLBody>") + len(b"</nonXMLBody>")
    return data[:start] + _SECTION + data[end:]


def deposit(site: Site, **changes: Any) -> Paper:
    """The radiologist leaves a document in Jean's dossier; the pharmacist may read it."""
    paper = Paper(ins_of("jean"), **{"author": "radiologue", "title": "Compte rendu du thorax"} | changes)
    for key in ("radiologue", "generaliste-port"):
        site.place.authorise(key)
    assert site.place.deposit(Lot(ins_of("jean"), (paper,), "radiologue"), "radiologue") == []
    return paper


def seen(site: Site, key: str) -> set[str]:
    """The titles that a professional sees."""
    return {each["title"] for each in show.as_professional(site.house, key, "jean")["documents"]}


def test_reads_a_deposited_document_and_adds_a_photo(site: Site, person: Person, tmp_path: Path) -> None:
    deposit(site, cda=cda_with_text, format_code=_STRUCTURED)
    person.sign_in()
    person.open("Documents")
    person.browser.find_element(By.PARTIAL_LINK_TEXT, "Compte rendu du thorax").click()
    assert "Toux depuis trois semaines" in person.page
    photo = tmp_path / "carnet.jpg"
    Image.new("RGB", (60, 80), (200, 180, 150)).save(photo)
    person.open("Ajouter un document")
    person.write("title", "Mon carnet")
    person.write("file", str(photo))
    person.press("Ajouter à mon dossier")
    person.browser.find_element(By.PARTIAL_LINK_TEXT, "Mon carnet").click()
    image = person.browser.find_element(By.CSS_SELECTOR, ".reading img")
    assert (image.get_property("naturalWidth"), image.get_property("naturalHeight")) == (60, 80)
    assert "Mon carnet" in seen(site, "generaliste")


def test_reads_a_deposited_pdf(site: Site, person: Person) -> None:
    pdf = base64.b64encode(_pdf()).decode()
    paper = deposit(site, body=pdf)
    person.sign_in()
    person.browser.get(f"{site.url}documents/{paper.unique_id}")
    address = person.browser.find_element(By.CSS_SELECTOR, ".reading iframe").get_attribute("src")
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in person.browser.get_cookies())
    answer = Visit(site.url, cookie=cookies).get(address.removeprefix(site.url.rstrip("/")))
    assert answer.headers["Content-Type"] == "application/pdf" and answer.text.startswith("%PDF")


def _pdf() -> bytes:
    from reportlab.pdfgen import canvas

    held = io.BytesIO()
    page = canvas.Canvas(held)
    page.drawString(100, 700, "Compte rendu")
    page.save()
    return held.getvalue()


def test_a_masked_document_disappears_for_professionals_and_comes_back(site: Site, person: Person) -> None:
    paper = deposit(site)
    assert paper.title in seen(site, "generaliste-port")
    person.sign_in()
    person.browser.get(f"{site.url}documents/{paper.unique_id}")
    person.press("Masquer aux professionnels")
    assert "masqué" in person.page
    assert paper.title not in seen(site, "generaliste-port")
    assert paper.title in seen(site, "radiologue") and paper.title in seen(site, "generaliste")
    person.press("Rendre visible")
    assert paper.title in seen(site, "generaliste-port")


def test_an_emergency_access_is_shown_in_words_then_refused(site: Site, person: Person) -> None:
    emergency = {"purpose": "bris_de_glace", "reason": "Patient inconscient"}
    assert site.stage.query("generaliste-gare", "jean", **emergency).status == 200
    person.sign_in()
    person.open("Qui a consulté")
    assert "mode urgence" in person.page and "Patient inconscient" in person.page and "FAURE" in person.page
    person.open("En cas d’urgence")
    person.tick("break_glass")
    person.press("Enregistrer mes choix")
    assert not person.browser.find_element(By.NAME, "break_glass").is_selected()
    refused = site.stage.query("generaliste-gare", "jean", **emergency)
    assert refused.subcode.endswith("DMPAccessDeniedByRightsService"), refused.body[:600]


def test_a_blocked_professional_is_refused(site: Site, person: Person) -> None:
    person.sign_in()
    person.open("Professionnels")
    assert "MARTIN" in person.page
    person.press("Bloquer")
    assert "bloqué" in person.page
    assert show.as_professional(site.house, "generaliste", "jean")["authorisation"] == "accès interdit par le patient"
    assert state_of(site.stage.query("generaliste", "jean")) == "INTERDIT"
    person.press("Débloquer")
    assert show.as_professional(site.house, "generaliste", "jean")["authorisation"] != "accès interdit par le patient"


def test_what_the_patient_wants_is_kept(site: Site, person: Person) -> None:
    person.sign_in()
    person.open("Mes volontés")
    person.write("directives", "Je refuse l’acharnement.")
    person.press("Enregistrer mes directives")
    assert person.browser.find_element(By.NAME, "directives").get_attribute("value") == "Je refuse l’acharnement."
    person.write("name_0", "Anne DUVAL")
    person.write("phone_0", "0611223344")
    person.press("Enregistrer les personnes")
    assert person.browser.find_element(By.NAME, "name_0").get_attribute("value") == "Anne DUVAL"
    assert {each["type_code"] for each in show.as_professional(site.house, "generaliste", "jean")["documents"]} >= {
        "EXPPAT_1", "EXPPAT_3",
    }  # fmt: skip


def test_asks_for_a_copy_closes_and_asks_for_destruction(site: Site, person: Person) -> None:
    person.sign_in()
    person.open("Copie et fermeture")
    person.press("Demander une copie")
    assert "Copie sur papier" in person.page
    person.write("reason", "Je ne m’en sers pas")
    person.tick("sure")
    person.press("Fermer le dossier")
    assert show.as_patient(site.house, "jean")["state"] == "fermé"
    person.tick("sure")
    person.press("Demander la destruction")
    assert "Destruction" in person.page and "demandée" in person.page


def test_notices_reach_the_patient_and_say_nothing_clinical(site: Site) -> None:
    site.account()
    paper = deposit(site)
    (text,) = site.mails.wait(lambda text: "document a été ajouté" in text)
    site.stage.query("generaliste-gare", "jean", purpose="bris_de_glace", reason="Patient inconscient")
    site.mails.wait(lambda text: "consulté en urgence" in text)
    assert all(to == [MAIL] for to, _ in site.mails.received)
    everything = " ".join(mail.get_content() for _, mail in site.mails.received)
    assert paper.title not in everything and "inconscient" not in everything
    assert cast.professionals()["radiologue"].family_name not in everything
    assert "DUVAL" not in text


def test_every_page_is_reached_and_used_with_the_keyboard(site: Site, person: Person) -> None:
    person.sign_in()
    focused = []
    for _ in range(16):
        person.browser.switch_to.active_element.send_keys("\ue004")
        focused.append(person.browser.switch_to.active_element.text)
    assert {"Aller au contenu", "Documents", "Se déconnecter", "Copie et fermeture"} <= set(focused)
