"""TD0.9: the pages that a card opens in a browser, one address after the other, over real TLS."""

from __future__ import annotations

import http.client
from urllib.parse import quote, urlencode, urlsplit

import pytest
from host_wire import TEST_OID, Stage, ins_of, state_of
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from card_sim.authority import Authority
from host_sim.signature import Trust
from host_sim.web_access import WebAccess

PATIENT_PAGES = [
    "DossierPatient", "GestionDMPPatient", "Documents", "ParcoursDeSoins", "HistoriqueAcces", "VolontesEtDroits",
    "CarnetVaccination",
]  # fmt: skip


class Seen:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.headers = response.status, response.headers
        self.text = response.read().decode()

    @property
    def title(self) -> str:
        return str(html.fromstring(self.text).findtext(".//h1"))

    @property
    def token(self) -> str:
        return str(html.fromstring(self.text).xpath("string(//input[@name='token']/@value)"))


def see(stage: Stage, name: str, path: str, form: dict[str, str] | None = None) -> Seen:
    parts = urlsplit(stage.facts["endpoints"]["patients"])
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, context=stage.who(name).tls_context)
    try:
        if form is None:
            connection.request("GET", f"/AccesDirect/{path}")
        else:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", f"/AccesDirect/{path}", urlencode(form), kind)
        return Seen(connection.getresponse())
    finally:
        connection.close()


def test_the_dashboard_lists_the_dossiers_of_the_card(quiet_stage: Stage) -> None:
    seen = see(quiet_stage, "generaliste", "TableauDeBord")
    assert seen.status == 200
    assert "DUVAL" in seen.text
    assert f"/AccesDirect/TableauDeBord/{ins_of('jean')}" in seen.text


@pytest.mark.parametrize("form", ["{ins}", "{ins}^^^&{oid}&ISO^NH"])
def test_the_dashboard_of_a_patient_says_what_td02_says(quiet_stage: Stage, form: str) -> None:
    written = quote(form.format(ins=ins_of("jean"), oid=TEST_OID), safe="")
    seen = see(quiet_stage, "generaliste", f"TableauDeBord/{written}")
    assert seen.title == "Tableau de bord du patient"
    assert "Vous êtes autorisé" in seen.text
    assert all(f"/AccesDirect/{target}/{ins_of('jean')}" in seen.text for target in PATIENT_PAGES)


@pytest.mark.parametrize(
    ("name", "patient", "words"),
    [
        ("generaliste", "odette", "Je ne veux plus de DMP"),
        ("generaliste", "sophie", "n’a pas de DMP"),
        ("radiologue", "jean", "pas d’autorisation"),
        ("generaliste-port", "amelie", "a expiré"),
        ("generaliste-gare", "amelie", "interdit"),
    ],
)
def test_the_dashboard_tells_each_state(quiet_stage: Stage, name: str, patient: str, words: str) -> None:
    seen = see(quiet_stage, name, f"TableauDeBord/{ins_of(patient)}")
    assert (seen.status, words in seen.text) == (200, True)


@pytest.mark.parametrize("target", PATIENT_PAGES)
def test_each_page_opens_to_whom_the_patient_authorised(quiet_stage: Stage, target: str) -> None:
    seen = see(quiet_stage, "generaliste", f"{target}/{ins_of('jean')}")
    assert (seen.status, "DUVAL" in seen.text) == (200, True)
    assert seen.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in seen.headers["Content-Security-Policy"]


def test_the_settings_need_no_patient(quiet_stage: Stage) -> None:
    assert see(quiet_stage, "generaliste", "Parametrages").title == "Paramétrages"


@pytest.mark.parametrize(
    ("name", "patient", "status", "code"),
    [
        ("generaliste", "odette", 409, "DMPClosed"),
        ("generaliste", "sophie", 404, "DMPUnknownPatient"),
        ("generaliste-gare", "amelie", 403, "DMPAccessDeniedByRightsService"),
    ],
)
def test_a_page_that_cannot_open_says_why_and_leads_to_the_dashboard(
    quiet_stage: Stage, name: str, patient: str, status: int, code: str
) -> None:
    seen = see(quiet_stage, name, f"Documents/{ins_of(patient)}")
    assert (seen.status, code in seen.text) == (status, True)
    assert f"/AccesDirect/TableauDeBord/{ins_of(patient)}" in seen.text


def test_without_authorisation_the_window_is_that_of_td03_then_the_page_opens(stage: Stage) -> None:
    path = f"Documents/{ins_of('jean')}"
    asked = see(stage, "radiologue", path)
    assert asked.title == "Autorisation d’accès"
    confirmed = see(stage, "radiologue", path, {"token": asked.token})
    assert (confirmed.status, confirmed.headers["Location"]) == (303, f"/AccesDirect/{path}")
    assert see(stage, "radiologue", path).title == "Documents"
    assert state_of(stage.query("radiologue", "jean")) == "VALIDE"
    assert [each["transaction"] for each in stage.admin("log?patient=jean")] == ["TD0.3", "TD0.9", "TD0.2"]


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_a_confirmation_that_the_page_did_not_give_does_nothing(stage: Stage, token: str) -> None:
    path = f"Documents/{ins_of('jean')}"
    other = see(stage, "infirmiere", path).token
    for each in (token, other):
        assert see(stage, "radiologue", path, {"token": each}).status == 403
    assert state_of(stage.query("radiologue", "jean")) == "NON_EXISTE"


def test_a_secretary_sees_the_patient_and_nothing_of_the_documents(stage: Stage) -> None:
    stage.authorise("secretaire", "jean")
    for target in ("TableauDeBord", "DossierPatient", "GestionDMPPatient"):
        assert see(stage, "secretaire", f"{target}/{ins_of('jean')}").status == 200
    for target in ("Documents", "HistoriqueAcces", "VolontesEtDroits", "CarnetVaccination", "ParcoursDeSoins"):
        seen = see(stage, "secretaire", f"{target}/{ins_of('jean')}")
        assert (seen.status, "DMPAccessDeniedByRightsService" in seen.text) == (403, True)


def test_the_creation_of_a_dossier_is_no_longer_here(quiet_stage: Stage) -> None:
    seen = see(quiet_stage, "generaliste", "CreationDMP")
    assert (seen.status, "DMPAccessDeniedByRightsService" in seen.text) == (403, True)


@pytest.mark.parametrize(
    "path",
    ["", "Autre", "Documents", "Documents/", "Documents/12", "TableauDeBord/1/2", "Parametrages/279035121518989"],
)
def test_another_address_is_no_page(quiet_stage: Stage, path: str) -> None:
    assert see(quiet_stage, "generaliste", path).status == 404


def test_what_is_written_by_people_is_escaped(stage: Stage) -> None:
    seed = {
        "key": "tag", "ins": ins_of("paul"), "birth_name": "<b>GRAS</b>", "given_names": ["PAUL"],
        "birth_date": "19650212", "sex": "M", "state": "open",
        "authorisations": {"generaliste": {"state": "VALIDE"}},
    }  # fmt: skip
    stage.admin("patients", seed)
    assert "<b>" not in see(stage, "generaliste", f"DossierPatient/{ins_of('paul')}").text


def test_a_message_of_the_patient_is_announced_then_read(stage: Stage) -> None:
    stage.admin("message", {"patient": "jean", "professional": "generaliste"})
    assert "en attente" in see(stage, "generaliste", f"TableauDeBord/{ins_of('jean')}").text
    see(stage, "generaliste", f"DossierPatient/{ins_of('jean')}")
    assert "en attente" not in see(stage, "generaliste", f"TableauDeBord/{ins_of('jean')}").text


def test_an_oversized_or_unmeasured_form_is_refused(quiet_stage: Stage) -> None:
    assert see(quiet_stage, "generaliste", f"Documents/{ins_of('jean')}", {"token": "x" * 5000}).status == 400


_PIECES = st.one_of(
    st.sampled_from([*PATIENT_PAGES, "TableauDeBord", ins_of("jean"), "..", "%2F", ""]), st.text(max_size=20)
)


def test_any_address_and_any_form_give_a_page(quiet_stage: Stage, authority: Authority) -> None:
    access = WebAccess(quiet_stage.house, Trust(authority.ca_file))
    peer = quiet_stage.who("radiologue").tls_der

    @settings(max_examples=150, deadline=None)
    @given(st.lists(_PIECES, max_size=3), st.none() | st.binary(max_size=60))
    def check(pieces: list[str], form: bytes | None) -> None:
        page = access.answer("/AccesDirect/" + "/".join(pieces), peer, form)
        assert page.status in (200, 403, 404, 409)

    check()
