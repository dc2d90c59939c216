"""Cards that leave or are swapped at random moments while people work: never another patient, never a hang.

In process by thousands (``--campaign N``), on the real PC/SC service by hundreds: there a swap in less than 0.4 s is an
event that nobody is told of. Each run has its own seed, which a failure shows.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from campaign_practice import CPS, TYPE, VITALE, CampaignPractice, Scene, practice_in
from danger import MODES

from cps_bridge.workflows import catalogue

SMALL, SMALL_REAL, PER_HOST = 40, 6, 200
HANG, LONGEST = 2.0, 0.15  # seconds: what is stated, and about how long a use case lasts
OTHER = {CPS: "generaliste-port", VITALE: "amelie"}
ABSENT = {"state": "absent", "authorisations": {}}


def _deposit(practice: CampaignPractice) -> dict[str, object]:
    return {"path": practice.pdf, "type_code": TYPE, "title": f"Consultation {practice.number}"}


SCENES = (
    Scene("deposit", request=_deposit, documents=2),
    Scene("deposit", patient="karim", request=_deposit, documents=2),
    Scene("patient", begins_with_patient=False, arrives=VITALE),
    Scene("patient", begins_with_patient=False),
    Scene("create", patient="sophie", vitale="famille-marchand", dossier=ABSENT),
    Scene("dossier"),
    Scene("break-glass", patient="paul", dossier={"authorisations": {}}),
    Scene("session", begins_with_session=False, begins_with_patient=False, arrives=CPS),
)


@dataclass
class Tally:
    """What the runs of one campaign gave."""

    first_seed: int
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        times = sorted(self.seconds) or [0.0]
        middle, late = times[len(times) // 2], times[len(times) * 99 // 100]
        return (
            f"{sum(self.outcomes.values())} runs from seed {self.first_seed}: {dict(self.outcomes)}; from the blow to "
            f"the stated condition: median {middle:.2f} s, 99 % {late:.2f} s, longest {times[-1]:.2f} s, "
            f"over {HANG:g} s: {sum(each > HANG for each in times)}"
        )


def _one(practice: CampaignPractice, seed: int, tally: Tally) -> None:
    chance = random.Random(seed)
    scene, slot, mode = chance.choice(SCENES), chance.choice((CPS, VITALE)), chance.choice(MODES)
    talks = slot == CPS or scene.use_case in ("deposit", "create", "patient")  # the Vitale is read in these only
    after = chance.uniform(0.0, LONGEST) if not talks or chance.random() < 0.4 else None
    at = chance.randint(1, 16) if after is None else 1 << 30
    try:
        verdict = practice.run(scene, slot, mode, at, OTHER[slot], after=after)
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {scene.use_case}, {mode}, slot {slot}: {error}") from error
    tally.outcomes[verdict.outcome if verdict.struck else "no blow"] += 1
    if verdict.struck:
        tally.seconds.append(verdict.seconds)


def _campaign(directory: Path, authority: Path, count: int, *, real: bool) -> Tally:
    tally = Tally(random.SystemRandom().randrange(1 << 32))
    seeds = itertools.count(tally.first_seed)
    while len(tally.seconds) < count:  # a new host every so often: its books stay short
        with practice_in(directory / f"cabinet-{sum(tally.outcomes.values())}", authority, real=real) as practice:
            for seed in itertools.islice(seeds, PER_HOST):
                _one(practice, seed, tally)
                if len(tally.seconds) >= count:
                    break
    return tally


@pytest.mark.timeout(0)
def test_no_swap_and_no_removal_ever_ends_with_another_patient(
    tmp_path: Path, authority_dir: Path, campaign: int
) -> None:
    print(f"\n{_campaign(tmp_path, authority_dir, campaign if campaign > 1 else SMALL, real=False)}")


@pytest.mark.pcsc
@pytest.mark.timeout(0)
def test_nor_does_one_on_the_real_service(
    tmp_path: Path, authority_dir: Path, campaign: int, vpcd_pair: object, own_readers: None
) -> None:
    print(f"\n{_campaign(tmp_path, authority_dir, campaign if campaign > 1 else SMALL_REAL, real=True)}")


def test_every_scene_is_a_use_case_of_the_catalogue() -> None:
    assert {scene.use_case for scene in SCENES} <= set(catalogue.CATALOGUE)
