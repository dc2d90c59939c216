"""For every use case and every command k to a card: the card leaves after k, in the middle of it, or is swapped.

Exhaustive: k grows until the use case ends before the blow. The end is one of done, not started, unknown and then
settled; never another patient, never a half-written dossier.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from campaign_practice import CPS, TYPE, VITALE, CampaignPractice, Scene, practice_in
from campaign_user import OLD_PIN
from danger import LOST, MODES

from cps_bridge.documents.imaging.relabel import relabel, sample_folder

CARDS = {CPS: "professional's card", VITALE: "Vitale"}
OTHER_PROFESSIONAL = "generaliste-port"
ABSENT = {"state": "absent", "authorisations": {}}


def _deposit(practice: CampaignPractice) -> dict[str, object]:
    return {"path": practice.pdf, "type_code": TYPE, "title": f"Consultation {practice.number}"}


def _first_document(practice: CampaignPractice) -> dict[str, object]:
    found = practice.do("list")
    if not found:
        practice.do("deposit", **_deposit(practice))
        found = practice.do("list")
    return {"unique_id": found[0].unique_id}


def _mask(practice: CampaignPractice) -> dict[str, object]:
    found = _first_document(practice)
    (entry,) = (each for each in practice.do("list") if each.unique_id == found["unique_id"])
    return {**found, "masked": not entry.is_masked}


def _imaging(practice: CampaignPractice) -> dict[str, object]:
    folder = practice.directory / f"images-{practice.number}"
    relabel(sample_folder(), folder, practice.house.patient.identity, f"ACC{practice.number}")
    return {"report": practice.pdf, "folder": folder, "title": "IRM"}


def _leave_a_lot_of_unknown_fate(practice: CampaignPractice) -> None:
    fault = {"transaction": "TD2.1", "when": "before_commit", "effect": "drop", "times": 1}
    practice.host.operate("faults", fault)
    practice.do("deposit", **_deposit(practice))


def _block(practice: CampaignPractice) -> None:
    practice.hands.put_codes(practice.professional, OLD_PIN, 0)


_AT_THE_CARD = {"begins_with_session": False, "begins_with_patient": False}

SCENES = {
    "arrival and session": Scene("session", begins_with_session=False, begins_with_patient=False, arrives=CPS),
    "arrival and patient": Scene("patient", begins_with_patient=False, arrives=VITALE),
    "dossier": Scene("dossier"),
    "administration": Scene("administration"),
    "create": Scene("create", patient="sophie", vitale="famille-marchand", dossier=ABSENT),
    "reactivate": Scene(
        "reactivate", patient="odette", dossier={"state": "closed", "closing_reason": "Je ne veux plus de DMP"}
    ),
    "authorise": Scene("authorise", patient="paul", dossier={"authorisations": {}}),
    "deposit": Scene("deposit", request=_deposit, documents=2),
    "deposit-imaging": Scene("deposit-imaging", request=_imaging, documents=3),
    "send": Scene("send", prepare=_leave_a_lot_of_unknown_fate, documents=2),
    "list": Scene("list"),
    "open": Scene("open", request=_first_document),
    "mask": Scene("mask", request=_mask),
    "break-glass": Scene("break-glass", patient="paul", dossier={"authorisations": {}}),
    "open-account": Scene("open-account", patient="sophie", vitale="famille-marchand", dossier={"authorisations": {}}),
    "change-pin": Scene("change-pin", **_AT_THE_CARD),
    "change-pin in a session": Scene("change-pin", begins_with_patient=False),
    "change-pin of a CPS4": Scene("change-pin", professional="medecin-cps4", **_AT_THE_CARD),
    "unblock-pin": Scene("unblock-pin", prepare=_block, **_AT_THE_CARD),
    "unblock-pin of a CPS4": Scene("unblock-pin", professional="medecin-cps4", prepare=_block, **_AT_THE_CARD),
    "regulation": Scene("regulation", patient="paul", dossier={"authorisations": {}}),
}


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory, authority_dir: Path):
    with practice_in(tmp_path_factory.mktemp("campaign") / "cabinet", authority_dir) as made:
        yield made


def _dangers() -> Iterator[Any]:
    """Every scene in every danger of each card; what changes a code also when the card leaves before it answers."""
    for name, scene in SCENES.items():
        changes_a_code = scene.use_case in ("change-pin", "unblock-pin")
        for mode in (*MODES, *[LOST] * changes_a_code):
            for slot in (CPS, *[VITALE] * (not changes_a_code)):
                yield pytest.param(name, mode, slot, id=f"{name}-{mode}-{CARDS[slot]}")


@pytest.mark.parametrize(("name", "mode", "slot"), list(_dangers()))
def test_a_card_that_goes_at_any_command_leaves_nothing_half_done(
    practice: CampaignPractice, name: str, mode: str, slot: int
) -> None:
    scene = SCENES[name]
    other = OTHER_PROFESSIONAL if slot == CPS else scene.other
    outcomes: Counter[str] = Counter()
    at = 0
    while True:
        at += 1
        verdict = practice.run(scene, slot, mode, at, other)
        outcomes[f"{verdict.outcome} {verdict.code}".strip()] += 1
        if not verdict.struck:
            break
    assert verdict.outcome == "done", f"without a blow the use case ended by {verdict.code}"
    print(f"\n{name} / {mode} / {CARDS[slot]}: {at - 1} commands, {dict(outcomes)}")
