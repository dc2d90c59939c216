"""How the person who acts was authenticated: by a card, or by an establishment that answers for them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


class AuthenticationMode(enum.Enum):
    """Authentification_mode of the VIHF.

    DIRECT: the professional's own card. INDIRECT: the establishment's certificates. REINFORCED (AIR): the same, for a
    person whose own strong authentication is told to the host.
    """

    DIRECT = "DIRECTE"
    INDIRECT = "INDIRECTE"
    REINFORCED = "INDIRECTE_RENFORCEE"


class LocalMethod(enum.Enum):
    """How a person logged in (SAML 2.0 authentication context); it must be what really happened (EX_0.1-1020)."""

    SMARTCARD = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"
    PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"  # noqa: S105 - the name of a method
    TLS_CLIENT = "urn:oasis:names:tc:SAML:2.0:ac:classes:TLSClient"
    MOBILE_TWO_FACTOR = "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorUnregistered"
    UNSPECIFIED = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"


@dataclass(frozen=True)
class LocalAuthentication:
    """How and when a person logged in to the establishment's software; at: aware, None for the opening of the session.

    declaration: AuthnContextDecl, the proof told to the host in AIR; "" for the method's own name.
    """

    method: LocalMethod = LocalMethod.SMARTCARD
    at: datetime | None = None
    declaration: str = ""


BY_CARD = LocalAuthentication()


def internal_id(structure_finess: str, internal: str) -> str:
    """Give the user identifier of somebody without a national number: 3, FINESS, "/", the number given there."""
    return f"3{structure_finess}/{internal}"
