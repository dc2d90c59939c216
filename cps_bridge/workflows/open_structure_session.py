"""Work without a CPS in an establishment: its certificates speak for a professional that it has authenticated."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cps_bridge.cards.access import PinState
from cps_bridge.cards.service import ProfessionalCard
from cps_bridge.workflows.authors import read_author
from cps_bridge.workflows.desk import Desk, Session
from cps_bridge.workflows.structure_keys import StructureKeys
from cps_bridge.workflows.user import User
from dossier.authentication import AuthenticationMode, LocalAuthentication, LocalMethod
from dossier.certificate import Certificate
from dossier.context import CardEpoch
from dossier.failure import Failure
from dossier.professional import Activity, HealthStructure
from soap_clients.security.structure_signer import StructureSigner

_MODES = {"indirecte": AuthenticationMode.INDIRECT, "renforcee": AuthenticationMode.REINFORCED}
_METHODS = {
    "mot-de-passe": LocalMethod.PASSWORD,
    "carte": LocalMethod.SMARTCARD,
    "telephone": LocalMethod.MOBILE_TWO_FACTOR,
}
_BROWSER_PROOF = "APP_BROWSER_AUTH"


def open_structure_session(
    desk: Desk,
    user: User,
    *,
    professional: str,
    mode: str = "indirecte",
    method: str = "mot-de-passe",
    password: bytearray | None = None,
) -> Session:
    """Open a session by the certificates of the settings, for a professional that the establishment vouches for.

    professional: as the setting ``authors`` writes one; mode: "indirecte" or "renforcee"; method: how the person
    really logged in, "mot-de-passe", "carte" or "telephone"; password: of the key files, wiped. Raises Failure
    STRUCTURE_NOT_SET, STRUCTURE_MODE_UNKNOWN, STRUCTURE_WEAK_LOGIN, AUTHOR_SETTING_INVALID, STRUCTURE_KEY_UNREADABLE,
    STRUCTURE_KEY_LOCKED, STRUCTURE_CERTIFICATE_FOREIGN.
    """
    settings, turn = desk.settings, desk.turn
    if mode not in _MODES or method not in _METHODS:
        raise Failure("STRUCTURE_MODE_UNKNOWN", known=", ".join((*_MODES, *_METHODS)))
    if mode == "renforcee" and method == "mot-de-passe":
        raise Failure("STRUCTURE_WEAK_LOGIN")
    place = settings.structure.split("|")
    if desk.make_structure_host is None or not settings.structure_connection or len(place) != 3:
        raise Failure("STRUCTURE_NOT_SET")
    who = read_author(professional)
    connection = StructureSigner.load(Path(settings.structure_connection), bytearray(password) if password else None)
    signature = StructureSigner.load(Path(settings.structure_signature), password)
    proof = _BROWSER_PROOF if method == "telephone" else ""
    person = LocalAuthentication(_METHODS[method], desk.clock(), proof)
    keys = StructureKeys(connection, signature, _MODES[mode], person)
    activity = Activity(HealthStructure(place[0].strip(), place[1].strip()), place[2].strip())
    certificate = Certificate.parse(connection.certificate)
    card = ProfessionalCard("", who, certificate, Certificate.parse(signature.certificate), PinState(None))
    stay = CardEpoch("", 0, hashlib.sha256(connection.certificate).hexdigest())
    host = desk.make_structure_host(card, activity, keys)
    session = Session(card, activity, stay, host, desk.clock(), keys)
    desk.begin_session(session, turn)
    desk.write("structure-session", "done", subject=_MODES[mode].value)
    return session
