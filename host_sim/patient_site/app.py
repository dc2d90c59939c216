"""The WSGI application: its pages, and what every request and every answer must satisfy."""

from __future__ import annotations

import hmac
import logging
from typing import Any

from flask import Flask, g, render_template, request
from werkzeug.exceptions import Forbidden, HTTPException, SecurityError
from werkzeug.wrappers import Response

from .. import desk, patient_space
from ..house import House
from ..messages import Carrier
from ..noting import place_of
from ..patient_space import Refused
from . import choices, documents, life, locks, people, sign_in, visit, words
from .sessions import COOKIE, Sessions

_LOG = logging.getLogger("host_sim")
_MAX_FORM = 25 << 20
_OPEN = {"static", *(f"{sign_in.PAGES.name}.{name}" for name in sign_in.OPEN)}
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_STATUS = {"NO_DOCUMENT": 404, "NO_REQUEST": 404, "CLOSED": 409, "NO_DOSSIER": 404}
_SENTENCES = {
    400: "La demande du navigateur n’a pas été comprise.",
    403: "Ce formulaire n’est plus valable. Revenez à la page précédente et recommencez.",
    404: "Cette page n’existe pas.",
    405: "Cette page ne s’ouvre pas ainsi.",
    413: "Ce fichier est trop lourd.",
}


class _Site(Flask):
    """Flask, but for what it writes of an error."""

    def log_exception(self, exc_info: Any) -> None:
        """Neither the address nor the message of the exception: both may tell whose dossier it was."""
        _LOG.error("unexpected %s on a page", place_of(exc_info[1]))


def create_app(house: House, carrier: Carrier) -> Flask:
    """Make the site of a host; it keeps no secret of its own and no file."""
    app = _Site(__name__)
    app.config.update(
        MAX_CONTENT_LENGTH=_MAX_FORM, MAX_FORM_MEMORY_SIZE=1 << 20, TRUSTED_HOSTS=["127.0.0.1", "localhost"]
    )
    app.extensions[visit.HOUSE] = house
    app.extensions[visit.CARRIER] = carrier
    app.extensions[visit.SESSIONS] = Sessions(house.parameters["session_minutes"])
    locks.ensure_tables(house)
    for each in (words.day, words.moment, words.size):
        app.jinja_env.filters[each.__name__] = each
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for module in (sign_in, documents, choices, people, life):
        app.register_blueprint(module.PAGES)
    app.before_request(_open_session)
    app.before_request(_judge_form)
    app.before_request(_want_visitor)
    app.after_request(_protect)
    app.context_processor(_shared)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _mishap)
    app.register_error_handler(500, _broken)
    return app


def _open_session() -> None:
    if request.endpoint == "static":
        return
    found = visit.sessions().find(request.cookies.get(COOKIE, ""))
    g.session = found or visit.sessions().new()


def _judge_form() -> None:
    """A form must come from a page of this site: its origin, and the secret of the session (OWASP, CSRF)."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    origin = request.headers.get("Origin")
    sent = request.form.get("csrf", "")
    if origin is not None and origin != request.host_url.rstrip("/"):
        raise Forbidden
    if not hmac.compare_digest(sent.encode(), visit.session().csrf.encode()):
        raise Forbidden


def _want_visitor() -> Response | None:
    if request.endpoint is None or request.endpoint in _OPEN:
        return None
    held = visit.session()
    if held.visitor is None:
        return visit.go("sign_in.login")
    try:
        patient_space.visitor_of(visit.house(), held.visitor.ins, representative=held.visitor.representative)
    except Refused as refused:
        # The dossier was destroyed meanwhile, or the child came of age.
        return _end(refused.sentence)
    if desk.account_mark(visit.house(), held.visitor.ins) != held.mark:
        return _end("Votre mot de passe a été renouvelé. Connectez-vous avec le nouveau mot de passe.")
    return None


def _end(sentence: str) -> Response:
    visit.start_again()
    visit.say(sentence, visit.BAD)
    return visit.go("sign_in.login")


def _protect(answer: Response) -> Response:
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    answer.headers.setdefault("Content-Security-Policy", _POLICY)
    held = g.get("session")
    if held is not None and request.cookies.get(COOKIE) != held.identifier:
        answer.set_cookie(COOKIE, held.identifier, secure=True, httponly=True, samesite="Strict", path="/")
    return answer


def _shared() -> dict[str, object]:
    held = g.get("session")
    said = list(held.said) if held else []
    if held:
        held.said.clear()
    return {"csrf": held.csrf if held else "", "visitor": held.visitor if held else None, "said": said}


def _refused(refused: Refused) -> tuple[str, int]:
    return render_template("refused.html", sentence=refused.sentence, code=refused.code), _STATUS.get(refused.code, 403)


def _mishap(error: HTTPException) -> tuple[str, int] | HTTPException:
    status = error.code or 500
    # A page for another name of this server would not know its own addresses.
    if status < 400 or isinstance(error, SecurityError):
        return error
    return render_template("refused.html", sentence=_SENTENCES.get(status, _SENTENCES[400]), code=""), status


def _broken(error: object) -> tuple[str, int]:
    sentence = "L’hôte n’a pas pu faire ce que vous demandez. Rien n’a été changé\u00a0; recommencez dans un instant."
    return render_template("refused.html", sentence=sentence, code=""), 500
