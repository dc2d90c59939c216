from __future__ import annotations

from datetime import UTC, datetime

from cps_bridge.storage.cipher import Vault
from cps_bridge.storage.consents import Consents, KeptConsent
from dossier.access import Consent, ConsentMode, EmergencyChoices
from dossier.patient import Ins


def test_a_consent_is_kept_with_who_when_and_how(vault: Vault) -> None:
    sophie = Ins("287052901990159", "1.2.250.1.213.1.4.10")
    kept = KeptConsent(
        sophie,
        "create",
        Consent(ConsentMode.WRITTEN, "899900000001", datetime(2026, 11, 23, 14, 5, tzinfo=UTC)),
        EmergencyChoices(allow_break_glass=False),
    )
    consents = Consents(vault)
    consents.keep(kept)
    assert consents.of(sophie) == (kept,)
    assert consents.of(Ins("217035612190255", sophie.oid)) == ()
