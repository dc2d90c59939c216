"""Show what the professional's card says: holder, product, tries left, certificates; without its PIN."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cps_bridge.cards.service import ProfessionalCard
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.present_pin import see_card
from cps_bridge.workflows.user import User
from dossier.certificate import Certificate
from dossier.failure import Failure
from dossier.professional import Activity
from soap_clients.security.chain import ChainState, follow, read_authorities

_COMMON_NAME = "2.5.4.3"


class Validity(enum.Enum):
    """Where the present moment stands in the validity of a certificate; the value is the word shown to people."""

    VALID = "valable"
    EXPIRED = "expiré"
    NOT_YET = "pas encore valable"


@dataclass(frozen=True)
class CertificateReport:
    """One certificate of the card.

    use: "authentication" or "signature"; issuer: the name of its authority; chain: how it ends among the authorities
    of the setting card_ca, None when that names none.
    """

    use: str
    issuer: str
    not_before: datetime
    not_after: datetime
    validity: Validity
    chain: ChainState | None = None


@dataclass(frozen=True)
class CardReport:
    """What a card says. activities: None before the PIN opened them."""

    card: ProfessionalCard
    certificates: tuple[CertificateReport, ...]
    activities: tuple[Activity, ...] | None = None


def look_at_card(desk: Desk, user: User) -> CardReport:
    """Read what the card says without its PIN, and its practice situations where a session is open with it.

    Raises what makes the card unusable (Failure TEST_CARD_REFUSED, CARD_NOT_SUPPORTED, ...), CA_FILE_UNREADABLE.
    """
    epoch = see_card(desk, user)
    card = desk.cards.read_professional(epoch)
    session = desk.session
    activities = None
    if session and session.epoch == epoch:
        try:
            activities = desk.cards.read_activities(epoch)
        except Failure as failure:
            if failure.code != "PIN_REQUIRED":
                raise
    kept = (("authentication", card.authentication), ("signature", card.signature))
    authorities = read_authorities(Path(desk.settings.card_ca)) if desk.settings.card_ca else None
    now = desk.clock()
    return CardReport(card, tuple(_report(use, each, authorities, now) for use, each in kept if each), activities)


def _report(
    use: str, certificate: Certificate, authorities: tuple[Certificate, ...] | None, now: datetime
) -> CertificateReport:
    issuer = next((value for rdn in certificate.issuer_rdns for kind, value in rdn if kind == _COMMON_NAME), "")
    if now > certificate.not_after:
        validity = Validity.EXPIRED
    else:
        validity = Validity.NOT_YET if now < certificate.not_before else Validity.VALID
    chain = None if authorities is None else follow(certificate, authorities, now).state
    return CertificateReport(use, issuer, certificate.not_before, certificate.not_after, validity, chain)
