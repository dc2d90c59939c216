"""The patient's site as hostile or clumsy browsers see it: sessions, forms, codes, locks."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
import tx_bodies as tx
from host_wire import HL7, ins_of
from site_parts import Answer, Site, Visit, enter, sign_in

from host_sim import life
from host_sim.accounts import Secrets
from host_sim.call import HostFault

CREATE = ("patients", f"{HL7}:PRPA_IN201311UV02")
PAGES = (
    "/accueil", "/documents", "/ajouter", "/volontes", "/urgences", "/professionnels", "/acces", "/notifications",
    "/coordonnees", "/mon-dmp",
)  # fmt: skip


def test_every_page_sends_a_stranger_to_the_login(site: Site) -> None:
    for path in (*PAGES, "/documents/1.2.3", "/documents/1.2.3/fichier"):
        answer = Visit(site.url).get(path)
        assert (answer.status, answer.headers["Location"]) == (303, "/connexion"), path


def test_password_and_code_open_every_page(site: Site) -> None:
    visit = sign_in(site, site.account())
    for path in PAGES:
        answer = visit.get(path)
        assert answer.status == 200, (path, answer.said)
        assert "DUVAL" in answer.text, path


def test_nothing_of_another_origin_and_no_script_may_run(site: Site) -> None:
    answer = Visit(site.url).get("/connexion")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy and "frame-ancestors 'none'" in policy
    assert "<script" not in answer.text and "http" not in answer.text.replace(site.url, "")
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == ("nosniff", "no-store")


def test_the_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    visit = Visit(site.url)
    visit.get("/connexion")
    name, _, rest = visit.cookies[0].partition("=")
    assert name == "__Host-dmp"
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= {each.strip() for each in rest.split(";")}


def test_each_proof_gives_a_new_session_and_kills_the_former(site: Site) -> None:
    secrets = site.account()
    visit = Visit(site.url)
    visit.get("/connexion")
    first = visit.cookie
    visit.post("/connexion", login=secrets.login, password=secrets.password, channel="EMAIL")
    second = visit.cookie
    visit.post("/connexion/code", code=site.next_code())
    assert len({first, second, visit.cookie}) == 3
    for former in (first, second):
        assert Visit(site.url, cookie=former).get("/accueil").status == 303


def test_an_identifier_that_the_browser_chose_is_not_taken(site: Site) -> None:
    visit = Visit(site.url, cookie="__Host-dmp=chosen-by-an-attacker")
    visit.get("/connexion")
    assert visit.cookies and "chosen-by-an-attacker" not in visit.cookie


def test_leaving_ends_the_session(site: Site) -> None:
    visit = sign_in(site, site.account())
    former = visit.cookie
    visit.post("/deconnexion")
    assert Visit(site.url, cookie=former).get("/accueil").status == 303


@pytest.mark.parametrize("path", ["/urgences", "/volontes/directives", "/professionnels", "/mon-dmp/fermeture"])
def test_a_form_without_the_secret_of_the_session_changes_nothing(site: Site, path: str) -> None:
    visit = sign_in(site, site.account())
    visit.csrf = "forged"
    assert visit.post(path, sure="1", reason="x", directives="x", act="bloquer").status == 403
    assert site.stage.admin(f"dossier?patient={ins_of('jean')}")["opposed_break_glass"] is False


def test_a_form_from_another_origin_changes_nothing(site: Site) -> None:
    visit = sign_in(site, site.account())
    visit.get("/urgences")
    assert visit.post("/urgences", {"Origin": "http://evil.example"}).status == 403
    assert visit.post("/urgences", {"Origin": "null"}).status == 403
    assert site.stage.admin(f"dossier?patient={ins_of('jean')}")["opposed_break_glass"] is False
    assert visit.post("/urgences", {"Origin": site.url.rstrip("/")}).status == 200
    assert site.stage.admin(f"dossier?patient={ins_of('jean')}")["opposed_break_glass"] is True


def test_another_name_of_the_server_is_refused(site: Site) -> None:
    assert Visit(site.url).get("/connexion", Host="evil.example").status == 400


def test_a_wrong_login_and_a_wrong_password_are_answered_alike(site: Site) -> None:
    secrets = site.account()
    _, wrong = enter(site, secrets, "nope")
    stranger = Visit(site.url)
    stranger.get("/connexion")
    unknown = stranger.post("/connexion", login="ZZ00000000", password="nope")
    assert "inconnu" in wrong.said
    assert wrong.said == unknown.said


def test_wrong_passwords_lock_the_login_for_a_while(site: Site) -> None:
    secrets = site.account()
    for _ in range(5):
        enter(site, secrets, "nope")
    _, answer = enter(site, secrets)
    assert "bloqué" in answer.said
    site.house.clock.advance(timedelta(minutes=16))
    _, answer = enter(site, secrets)
    assert "Code de connexion" in answer.text


def test_wrong_codes_lock_the_login_too(site: Site) -> None:
    secrets = site.account()
    visit, _ = enter(site, secrets)
    good = site.next_code()
    wrong = f"{(int(good) + 1) % 10**6:06d}"
    for _ in range(5):
        assert "pas le bon code" in visit.post("/connexion/code", code=wrong).said
    assert "bloqué" in visit.post("/connexion/code", code=good).said
    _, answer = enter(site, secrets)
    assert "bloqué" in answer.said


def test_a_code_lives_ten_minutes(site: Site) -> None:
    secrets = site.account()
    visit, _ = enter(site, secrets)
    code = site.next_code()
    site.house.clock.advance(timedelta(minutes=11))
    assert "plus valable" in visit.post("/connexion/code", code=code).said
    visit.post("/connexion/autre-code")
    assert "Se déconnecter" in visit.post("/connexion/code", code=site.next_code()).text


def test_a_new_code_is_worth_more_than_the_former(site: Site) -> None:
    visit, _ = enter(site, site.account())
    former = site.next_code()
    visit.post("/connexion/autre-code")
    fresh = site.next_code()
    if former != fresh:
        assert "pas le bon code" in visit.post("/connexion/code", code=former).said
    assert "Se déconnecter" in visit.post("/connexion/code", code=fresh).text


def test_the_code_goes_by_sms_to_who_prefers_it(site: Site) -> None:
    secrets = site.account(mobile="0612345678")
    visit = Visit(site.url)
    visit.get("/connexion")
    page = visit.post("/connexion", login=secrets.login, password=secrets.password, channel="SMS")
    assert "06 •• •• •• 78" in page.said
    (file,) = (site.data / "messages" / "sms").glob("*.json")
    sent = json.loads(file.read_text())
    assert sent["to"] == "0612345678"
    code = "".join(filter(str.isdigit, sent["text"].partition(".")[0]))
    assert "Se déconnecter" in visit.post("/connexion/code", code=code).text


def test_a_mail_server_that_is_away_is_said(site: Site) -> None:
    secrets = site.account()
    site.mails.stop()
    _, answer = enter(site, secrets)
    assert "n’a pas pu être envoyé" in answer.said


def test_a_lost_login_reaches_the_desk_which_renews_it(site: Site) -> None:
    secrets = site.account()
    visit = Visit(site.url)
    visit.get("/identifiants-perdus")
    page = visit.post("/identifiants-perdus", name="Duval", birth_date="1959-04-22", ins=ins_of("jean"))
    other = Visit(site.url)
    other.get("/identifiants-perdus")
    stranger = other.post("/identifiants-perdus", name="Personne", birth_date="1959-04-22", ins=ins_of("jean"))
    assert "transmise" in page.said and page.said == stranger.said
    asked = site.stage.admin("lost-logins")
    assert [(each["name"], each["consistent"]) for each in asked] == [("Duval", True), ("Personne", False)]
    made = site.stage.admin("lost-login", {"number": asked[0]["number"]})
    assert made["login"] == secrets.login
    _, answer = enter(site, secrets)
    assert "inconnu" in answer.said
    _, answer = enter(site, secrets, made["password"])
    assert "Code de connexion" in answer.text


def test_the_holder_under_the_minimum_age_is_refused(site: Site) -> None:
    site.house.parameters.set("account_minimum_age", 120)
    _, answer = enter(site, site.account())
    assert "trop jeune" in answer.said


def test_a_legal_representative_is_in_the_dossier_of_the_child_until_it_comes_of_age(site: Site) -> None:
    created = tx.send(site.place, CREATE, tx.creation("leo", tx.RELATION), "generaliste", "leo")
    assert not isinstance(created, HostFault)
    visit = sign_in(site, site.account("leo"))
    page = visit.get("/accueil").text
    assert "Vous agissez comme représentant légal" in page and "Anne MARCHAND".casefold() in page.casefold()
    assert "dossier d’un mineur" in page
    site.house.clock.advance(timedelta(days=365 * 12))
    answer = visit.get("/documents")
    assert (answer.status, answer.headers["Location"]) == (303, "/connexion")
    assert "majeur" in visit.get("/connexion").said


def creation(site: Site, code: str, /, **changes: str) -> tuple[Visit, Answer]:
    visit = Visit(site.url)
    visit.get("/creation")
    fields = {
        "code": code, "ins": ins_of("sophie"), "family_name": "Marchand", "birth_date": "1987-05-14",
        "mail": "sophie@example.org", "mobile": "", "break_glass": "1", "consent": "1",
    } | changes  # fmt: skip
    return visit, visit.post("/creation", **{name: value for name, value in fields.items() if value})


def test_a_dossier_created_on_line_opens_with_what_the_page_shows_once(site: Site) -> None:
    code = life.creation_code(site.house, ins_of("sophie"))
    _, page = creation(site, code)
    made = [re.search(rf'id="made-{name}">([^<]+)<', page.text)[1] for name in ("login", "password")]
    summary = site.stage.admin(f"dossier?patient={ins_of('sophie')}")
    assert (summary["opposed_break_glass"], summary["opposed_regulation"]) == (False, True)
    assert "ouvert" in sign_in(site, Secrets(*made)).get("/accueil").said
    (welcome,) = site.mails.wait(lambda text: "vient d’être ouvert" in text)
    assert made[0] not in welcome and made[1] not in welcome


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "00000000"}, "ne correspondent pas"),
        ({"birth_date": "1987-05-15"}, "ne correspondent pas"),
        ({"consent": ""}, "consentement"),
        ({"mail": ""}, "nécessaire"),
    ],
)
def test_a_creation_that_is_refused_says_why_and_keeps_what_was_typed(
    site: Site, changes: dict[str, str], words: str
) -> None:
    code = life.creation_code(site.house, ins_of("sophie"))
    _, page = creation(site, code, **changes)
    assert page.status == 422 and words in page.said
    assert 'value="Marchand"' in page.text and "made-login" not in page.text


def test_codes_of_creation_cannot_be_tried_without_end(site: Site) -> None:
    code = life.creation_code(site.house, ins_of("sophie"))
    for _ in range(5):
        creation(site, "00000000")
    _, page = creation(site, code)
    assert page.status == 429 and "bloqué" in page.said


def test_a_photo_is_judged_by_its_bytes(site: Site) -> None:
    visit = sign_in(site, site.account())
    visit.get("/ajouter")
    for data, words in ((b"\x00\x01MZ", "ni un PDF"), (b"", "Choisissez")):
        form = (
            f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{visit.csrf}\r\n--b\r\n'
            'Content-Disposition: form-data; name="title"\r\n\r\nPhoto\r\n--b\r\n'
            'Content-Disposition: form-data; name="type"\r\n\r\nEXPPAT_2\r\n--b\r\n'
            'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        ).encode()
        kind = "multipart/form-data; boundary=b"
        answer = visit.send("POST", "/ajouter", form + data + b"\r\n--b--\r\n", **{"Content-Type": kind})
        assert words in visit.get(answer.headers["Location"]).said


def test_what_a_page_says_of_others_is_escaped(site: Site) -> None:
    visit = sign_in(site, site.account())
    visit.get("/volontes")
    visit.post("/volontes/directives", directives="</textarea><script>alert(1)</script>")
    assert "<script" not in visit.get("/volontes").text


def test_a_password_that_is_renewed_ends_the_sessions_of_the_former(site: Site) -> None:
    visit = sign_in(site, site.account())
    site.stage.admin("account", {"patient": "jean"})
    assert visit.get("/accueil").status == 303
    assert "mot de passe" in visit.get("/connexion").said


def test_a_destruction_that_the_desk_grants_ends_the_session_and_the_account(site: Site) -> None:
    secrets = site.account()
    visit = sign_in(site, secrets)
    visit.get("/mon-dmp")
    visit.post("/mon-dmp/fermeture", reason="Je pars", sure="1")
    assert "transmise" in visit.post("/mon-dmp/destruction", sure="1").said
    (wanted,) = site.stage.admin("requests")
    site.stage.admin("settle", {"number": wanted["number"], "granted": True})
    assert visit.get("/accueil").status == 303
    _, answer = enter(site, secrets)
    assert "Code de connexion" not in answer.text and "alert" in answer.text


def test_the_first_connection_of_a_professional_is_told_once(site: Site) -> None:
    site.account()
    site.stage.authorise("generaliste-port", "jean")
    for _ in range(2):
        site.stage.query("generaliste-port", "jean", "CNSLT_DATA")
    site.stage.query("generaliste-gare", "jean", purpose="bris_de_glace", reason="Patient inconscient")
    site.mails.wait(lambda text: "consulté en urgence" in text)  # notices keep their order
    told = site.mails.wait(lambda text: "pour la première fois" in text)
    assert len(told) == 1 and "BERNARD" not in told[0]


def test_a_page_that_does_not_exist_is_said_in_french(site: Site) -> None:
    visit = sign_in(site, site.account())
    assert "n’existe pas" in visit.get("/rien").said
    assert visit.get("/documents/9.9.9").status == 404
