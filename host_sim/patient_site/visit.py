"""What the pages share: the house, the session of the request, answers after a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from ..house import House
from ..messages import Carrier
from ..patient_space import Refused, Visitor
from .sessions import Session, Sessions

HOUSE, CARRIER, SESSIONS = "dmp_house", "dmp_carrier", "dmp_sessions"
GOOD, BAD = "good", "bad"


def house() -> House:
    """The host behind the site."""
    return cast(House, current_app.extensions[HOUSE])


def carrier() -> Carrier:
    """What sends codes."""
    return cast(Carrier, current_app.extensions[CARRIER])


def sessions() -> Sessions:
    """Every session."""
    return cast(Sessions, current_app.extensions[SESSIONS])


def session() -> Session:
    """The session of this request."""
    return cast(Session, g.session)


def visitor() -> Visitor:
    """Who is signed in; every page but those of `sign_in` has one."""
    found = session().visitor
    assert found is not None
    return found


def start_again() -> Session:
    """Give the browser a session with new secrets."""
    g.session = sessions().renew(session())
    return session()


def field(name: str, most: int = 200) -> str:
    """A field of the form, without spaces around."""
    return request.form.get(name, "").strip()[:most]


def ticked(name: str) -> bool:
    """Whether a box was ticked."""
    return name in request.form


def say(sentence: str, tone: str = GOOD) -> None:
    """Tell something on the next page."""
    session().said.append((tone, sentence))


def go(endpoint: str, **values: Any) -> Response:
    """Send the browser to a page after a form (status 303)."""
    return redirect(url_for(endpoint, **values), 303)


def attempt(act: Callable[[], object], done: str, endpoint: str, **values: Any) -> Response:
    """Do what a form asks; say that it is done, or why not; go to a page."""
    try:
        act()
    except Refused as refused:
        say(refused.sentence, BAD)
    else:
        say(done)
    return go(endpoint, **values)
