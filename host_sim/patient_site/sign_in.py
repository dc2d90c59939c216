"""Coming in: login and password, then a one-time code; a lost login; a dossier created on line."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import timedelta

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from .. import desk, messages, patient_space
from ..messages import NotSent
from ..patient_space import OnlineCreation, Refused, Visitor
from . import locks
from .sessions import Pending
from .visit import BAD, carrier, field, go, house, say, session, sessions, start_again, ticked

PAGES = Blueprint("sign_in", __name__)
OPEN = ("home", "login", "enter", "code", "check", "again", "lost", "ask_lost", "creation", "create", "leave")
_MOST_CODES = 3
_WRONG = "Identifiant ou mot de passe inconnu. Vérifiez-les, puis recommencez."
_LOCKED = "Trop d’essais\u00a0: cet accès est bloqué quelques minutes. Recommencez plus tard."
_UNSENT = "Le code n’a pas pu être envoyé. Recommencez dans un instant."
_NOWHERE = "Aucune adresse ni aucun mobile n’est connu pour vous envoyer un code. Adressez-vous à l’accueil du DMP."


@PAGES.get("/")
def home() -> Response:
    """The first page of who is signed in; else the login."""
    return redirect(url_for("documents.summary" if session().visitor else "sign_in.login"))


@PAGES.get("/connexion")
def login() -> Response | str:
    """The form of login and password."""
    if session().visitor:
        return redirect(url_for("documents.summary"))
    return render_template("login.html")


@PAGES.post("/connexion")
def enter() -> Response:
    """Judge login and password, and send a code; a wrong login and a wrong password are answered alike."""
    name, host = field("login", 64), house()
    if locks.is_locked(host, name):
        say(_LOCKED, BAD)
        return go("sign_in.login")
    try:
        found = patient_space.sign_in(host, name, field("password"))
    except Refused as refused:
        say(refused.sentence, BAD)
        return go("sign_in.login")
    if found is None:
        locks.failed(host, name)
        say(_WRONG, BAD)
        return go("sign_in.login")
    return _send_first(found, name)


def _send_first(found: Visitor, name: str) -> Response:
    known = messages.channels(house(), found.ins)
    if not known:
        say(_NOWHERE, BAD)
        return go("sign_in.login")
    wanted = field("channel")
    kind = wanted if wanted in known else sorted(known)[0]
    held = start_again()
    held.pending = Pending(found, name, kind, desk.account_mark(house(), found.ins), house().clock.now())
    return _send(held.pending)


def _send(pending: Pending) -> Response:
    """Send a new code; the former one is worth nothing."""
    host = house()
    minutes = host.parameters["one_time_code_minutes"]
    address = messages.channels(host, pending.visitor.ins).get(pending.kind, "")
    pending.code = f"{secrets.randbelow(10**6):06d}"
    pending.until = host.clock.now() + timedelta(minutes=minutes)
    pending.sent += 1
    text = f"Votre code de connexion est {pending.code}. Il est valable {minutes} minutes. Ne le donnez à personne."
    try:
        carrier().send(pending.kind, address, text, host.clock.now())
    except NotSent:
        session().pending = None
        say(_UNSENT, BAD)
        return go("sign_in.login")
    return go("sign_in.code")


@PAGES.get("/connexion/code")
def code() -> Response | str:
    """The form of the code."""
    pending = session().pending
    if pending is None:
        return redirect(url_for("sign_in.login"))
    address = messages.channels(house(), pending.visitor.ins).get(pending.kind, "")
    return render_template(
        "code.html",
        kind=pending.kind,
        address=messages.hidden(pending.kind, address),
        minutes=house().parameters["one_time_code_minutes"],
        more=pending.sent < _MOST_CODES,
    )


@PAGES.post("/connexion/code")
def check() -> Response:
    """Judge the code; right, the session is a new one."""
    pending, host = session().pending, house()
    if pending is None:
        return go("sign_in.login")
    if locks.is_locked(host, pending.login):
        session().pending = None
        say(_LOCKED, BAD)
        return go("sign_in.login")
    given = re.sub(r"\s", "", field("code", 20))
    if host.clock.now() > pending.until:
        say("Ce code n’est plus valable. Demandez-en un autre.", BAD)
        return go("sign_in.code")
    if not hmac.compare_digest(given.encode(), pending.code.encode()):
        locks.failed(host, pending.login)
        say("Ce n’est pas le bon code.", BAD)
        return go("sign_in.code")
    locks.succeeded(host, pending.login)
    held = start_again()
    held.visitor, held.mark = pending.visitor, pending.mark
    return go("documents.summary")


@PAGES.post("/connexion/autre-code")
def again() -> Response:
    """Send another code, a few times."""
    pending = session().pending
    if pending is None or pending.sent >= _MOST_CODES:
        session().pending = None
        return go("sign_in.login")
    say("Un nouveau code vient de partir.")
    return _send(pending)


@PAGES.post("/deconnexion")
def leave() -> Response:
    """End the session."""
    sessions().end(session())
    start_again()
    say("Vous êtes déconnecté.")
    return go("sign_in.login")


@PAGES.get("/identifiants-perdus")
def lost() -> str:
    """The form of a lost login."""
    return render_template("lost.html")


@PAGES.post("/identifiants-perdus")
def ask_lost() -> Response:
    """Hand the request to the desk; the answer says nothing of whether the account exists."""
    host = house()
    birth_date = field("birth_date", 10).replace("-", "")
    desk.lost(host, host.clock.now(), ins=field("ins", 15).upper(), name=field("name"), birth_date=birth_date)
    say(
        "Votre demande est transmise. Après vérification de votre identité, de nouveaux identifiants vous seront remis."
    )
    return go("sign_in.login")


@PAGES.get("/creation")
def creation() -> str:
    """The form of a creation with the code of Assurance Maladie."""
    return render_template("creation.html", form={})


@PAGES.post("/creation")
def create() -> tuple[str, int] | str:
    """Create the dossier and show the secrets, once."""
    names = ("code", "ins", "family_name", "birth_date", "mobile", "mail")
    given = {name: field(name) for name in names}
    form = OnlineCreation(
        **{**given, "birth_date": given["birth_date"].replace("-", ""), "ins": given["ins"].upper()},
        consent=ticked("consent"),
        opposed_break_glass=not ticked("break_glass"),
        opposed_regulation=not ticked("regulation"),
    )
    if locks.is_locked(house(), form.ins):
        return render_template("creation.html", form=given, refused=_LOCKED), 429
    try:
        made = patient_space.create_online(house(), form)
    except Refused as refused:
        if refused.code in ("WRONG_CODE", "CODE_EXPIRED"):
            locks.failed(house(), form.ins)
        return render_template("creation.html", form=given, refused=refused.sentence), 422
    return render_template("secrets.html", made=made)
