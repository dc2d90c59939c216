"""The requests that other modules spoil are right: there is one for every route, and the host answers it."""

from __future__ import annotations

import pytest
from gate_requests import BY_NAME, REQUESTS, fed, outcome
from host_wire import Stage

from host_sim.routes import ROUTES

_RETIRED = {("patientCertif", "urn:si-dmp-patients:PatientCertificationEndPoint:identityCertification")}
_SYNONYMS = {("patientsPDQ", "urn:ihe:iti:pdqv3:2007:PDQSupplier_Service:findCandidatesQuery")}


def test_every_route_has_its_right_request() -> None:
    assert {(each.endpoint, each.action) for each in REQUESTS} == set(ROUTES) - _RETIRED - _SYNONYMS


@pytest.mark.parametrize("name", BY_NAME)
def test_the_right_request_is_answered(stage: Stage, name: str) -> None:
    if name in ("TD3.1", "TD3.2", "TD3.3d"):
        fed(stage)
    answer = BY_NAME[name].ask(stage)
    assert (answer.status, outcome(answer)) == (200, "ok"), answer.body


@pytest.mark.parametrize("name", BY_NAME)
def test_the_right_request_is_answered_when_signed(stage: Stage, name: str) -> None:
    request = BY_NAME[name]
    signed = stage.who(request.who).signed(request.assertion(stage))
    assert outcome(request.post(stage, signed)) == "ok"
