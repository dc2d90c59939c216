"""The keys of an establishment that speak for a professional who has no card in a reader (EX_GEN-1450)."""

from __future__ import annotations

from dataclasses import dataclass, field

from dossier.authentication import AuthenticationMode, LocalAuthentication
from dossier.signer import Signer


@dataclass(frozen=True)
class StructureKeys:
    """ORG_AUTH_CLI for the connection and ORG_SIGN for assertions and lots; how the person logged in."""

    connection: Signer = field(repr=False)
    signature: Signer = field(repr=False)
    mode: AuthenticationMode
    person: LocalAuthentication
