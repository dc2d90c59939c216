"""The way to the host: reached, its certificate trusted, its clock compared."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from cps_bridge.doctor.place import Place
from cps_bridge.doctor.words import of_failure, say, word
from cps_bridge.house import HostAddress
from dossier.failure import Failure
from dossier.finding import Finding
from dossier.signer import Signer
from soap_clients import probe
from soap_clients.card_tls import self_check

_CONNECT_SECONDS = 3.0
_AWAY_SECONDS, _WRONG_SECONDS = 60, 300
_UNAVAILABLE = (502, 503, 504)
_CARD_FAILURES = ("HOST_TLS_REFUSED", "HOST_UNREACHABLE")


def wire_rows(place: Place) -> Iterator[Finding]:
    """Examine host, connection and clock, in the order in which one needs the other."""
    address = _address(place)
    if isinstance(address, Failure):
        yield _without_address(address)
        yield _route() or say("tls.authorities" if address.code == "HOST_CA_MISSING" else "tls.unseen")
        yield say("clock.unseen")
        return
    unreached = _examine_reach(address)
    if unreached:
        yield unreached
        yield _route() or say("tls.unseen")
        yield say("clock.unseen")
        return
    yield from _rows_of_reached(place, address)


def _address(place: Place) -> HostAddress | Failure:
    if isinstance(place.settings, Failure):
        return place.settings
    return Failure("HOST_NOT_SET") if place.address is None else place.address


def _without_address(failure: Failure) -> Finding:
    # The file of the authorities is the affair of the next row.
    return say("host.unset") if failure.code == "HOST_CA_MISSING" else of_failure("host", failure)


def _examine_reach(address: HostAddress) -> Finding | None:
    try:
        probe.reach(address.base_url, _CONNECT_SECONDS)
    except Failure as failure:
        where = _where(address)
        reason = str(failure.facts.get("reason", ""))
        if reason in ("gaierror", "UnicodeError", "UnicodeEncodeError"):
            return say("host.name", host=where)
        return say("host.closed" if reason == "ConnectionRefusedError" else "host.silent", host=where)
    return None


def _rows_of_reached(place: Place, address: HostAddress) -> Iterator[Finding]:
    """Greet the host: its certificate, and whether it wants a card."""
    bad_route = _route()
    try:
        greeting = probe.greet(address.base_url, address.ca_file, _CONNECT_SECONDS)
        signer = None if bad_route else place.signer()
    except Failure as failure:
        yield say("host.reached", host=_where(address))
        yield _untrusted(failure)
        yield say("clock.unseen")
        return
    until = f"{greeting.valid_until:%d/%m/%Y}" if greeting.valid_until else "?"
    good = say("tls.card", until=until) if signer else say("tls.good", until=until)
    if signer is None and not greeting.completed:
        yield say("host.reached", host=_where(address))
        yield bad_route or good
        yield say("clock.session")
        return
    yield from _rows_of_greeted(address, signer, bad_route or good)


def _rows_of_greeted(address: HostAddress, signer: Signer | None, tls: Finding) -> Iterator[Finding]:
    """Ask the host for the time: without card, or with the one of the session."""
    where = _where(address)
    try:
        answer = probe.ask(address.base_url, address.ca_file, signer, _CONNECT_SECONDS)
    except Failure as failure:
        mute = failure.code == "OUTCOME_UNKNOWN"
        yield say("host.mute" if mute else "host.reached", host=where)
        yield tls if mute else _refused(failure)
        yield say("clock.unseen")
        return
    yield say("host.trouble" if answer.status in _UNAVAILABLE else "host.good", host=where, status=answer.status)
    yield tls
    yield _clock(answer.gap)


def _route() -> Finding | None:
    """Tell when this Python's TLS cannot hold the key of a card."""
    try:
        self_check()
    except Failure as failure:
        return of_failure("tls", failure)
    return None


def _untrusted(failure: Failure) -> Finding:
    reason = _in_french(failure)
    if failure.code == "HOST_CERTIFICATE_REFUSED":
        return say("tls.certificate", reason=reason)
    if failure.code == "CA_FILE_UNREADABLE":
        return say("tls.authorities")
    if failure.code == "HOST_TLS_REFUSED":
        return say("tls.refused", reason=reason)
    return say("tls.cut") if failure.code == "HOST_UNREACHABLE" else of_failure("tls", failure)


def _refused(failure: Failure) -> Finding:
    """Tell why the handshake with the card did not come to its end."""
    if failure.code in _CARD_FAILURES:
        return say("tls.refused_card", reason=_in_french(failure))
    return of_failure("tls", failure)


def _in_french(failure: Failure) -> str:
    from dossier.fact_words import in_french

    return str(in_french(failure.facts).get("reason", "?"))


def _clock(gap: float | None) -> Finding:
    if gap is None:
        return say("clock.unseen")
    seconds = round(abs(gap))
    if seconds <= _AWAY_SECONDS:
        return say("clock.good", seconds=seconds)
    side = word("behind" if gap > 0 else "ahead")
    return say("clock.wrong" if seconds > _WRONG_SECONDS else "clock.away", side=side, gap=_lasting(seconds))


def _lasting(seconds: int) -> str:
    """Write a duration as people say it: 90 s, 12 min, 5 h, 3 jours."""
    for size, unit in ((86_400, "jours"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size}\u00a0{unit}"
    return f"{seconds}\u00a0s"


def _where(address: HostAddress) -> str:
    parts = urlsplit(address.base_url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
