"""TD0.5: a patient looked for without INS, in the emergency regulation only (PDQ, HL7 v3 NE2008, ITI TF-2 3.47)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from difflib import SequenceMatcher
from typing import Any

from host_sim import administrative, dossiers, rights
from host_sim.call import Call, Reply
from host_sim.dossiers import DossierRow
from host_sim.house import House
from host_sim.refusals import Refusal
from host_sim.routes import HL7, PDQ_ACTION

from . import demography_answer, hl7
from .demography import folded

Score = Callable[[DossierRow], int]
"""How well a person answers to one parameter, 0 to 100; below 0 the person is no candidate."""

_TRIGGERS = "2.16.840.1.113883.1.6"
_PARAMETERS = {
    "livingSubjectAdministrativeGender": "LivingSubject.administrativeGender",
    "livingSubjectBirthTime": "LivingSubject.birthTime",
    "livingSubjectName": "LivingSubject.name",
    "patientAddress": "Patient.addr",
}
_LIKE_ENOUGH = 0.8
_LONGEST, _MOST = 100, 10
_NO = -1


def find_candidates(call: Call, house: House) -> Reply:
    """Answer 201305 with 201306: at most ten candidates, the likeliest first; more is an error, and none of them."""
    request = hl7.read(call, with_reason=False)
    code = hl7.one(request.act, "code")
    if (code.get("code"), code.get("codeSystem")) != ("PRPA_TE201305UV02", _TRIGGERS):
        raise hl7.bad("code of the control act")
    parameters = hl7.one(request.act, "queryByParameter")
    query_id = hl7.read_query_id(parameters)
    tests = _tests(hl7.one(parameters, "parameterList"))
    rights.may("TD0.5", call, house.store)
    found = _candidates(house, tests)
    refusal = Refusal("DMPTooManyPatients") if len(found) > house.parameters["max_candidates"] else None
    answer = hl7.respond("PRPA_IN201306UV02", request, call.now, own_id=False)
    act = hl7.acknowledge(answer, request, refusal)
    hl7.put(act, "code", code="PRPA_TE201306UV02", codeSystem=_TRIGGERS)
    shown = [] if refusal else found
    for score, row in shown:
        _subject(act, score, row, house)
    acknowledgement = hl7.put(act, "queryAck")
    hl7.put(acknowledgement, "queryId", root=query_id[0], extension=query_id[1])
    response = "AE" if refusal else "OK" if found else "NF"
    hl7.put(acknowledgement, "queryResponseCode", code=response)
    counts = {"Total": len(found), "Current": len(shown), "Remaining": 0}
    for name, count in counts.items():
        hl7.put(acknowledgement, f"result{name}Quantity", value=str(count))
    act.append(deepcopy(parameters))
    return Reply(f"{HL7}:PRPA_IN201306UV02", answer)


def _tests(parameters: Any) -> list[Score]:
    """One test for each parameter; HostFault when there is none, an unknown one, or one that cannot be read."""
    tests: list[Score] = []
    seen: set[str] = set()
    for each in parameters:
        if not isinstance(each.tag, str):
            continue
        name = hl7.name_of(each)
        if name not in _PARAMETERS or name in seen:
            raise hl7.bad(f"{name[:40]} is not a parameter of this query, or occurs twice")
        if (hl7.one(each, "semanticsText").text or "").strip() != _PARAMETERS[name]:
            raise hl7.bad(f"semanticsText of {name}")
        seen.add(name)
        tests += _READERS[name](hl7.one(each, "value"))
    if not tests:
        raise hl7.bad("a search has a parameter")
    return tests


def _name(value: Any) -> list[Score]:
    family = [folded(each.text or "") for each in hl7.every(value, "family")]
    given = [folded(each.text or "") for each in hl7.every(value, "given")]
    if not any(family) and not any(given):
        raise hl7.bad("a name without family or given")
    if max(map(len, family + given)) > _LONGEST or len(family + given) > _MOST:
        raise hl7.bad("a name is too long to be looked for")
    tests: list[Score] = [_family(each) for each in family if each]
    return tests + [_given(each) for each in given if each]


def _family(wanted: str) -> Score:
    def score(row: DossierRow) -> int:
        known = (row.birth_name, row.usage_name)
        return max((_likeness(wanted, folded(name)) for name in known if name), default=_NO)

    return score


def _given(wanted: str) -> Score:
    def score(row: DossierRow) -> int:
        return max(_likeness(wanted, name) for name in (folded(row.given_names), *folded(row.given_names).split()))

    return score


def _likeness(wanted: str, name: str) -> int:
    if wanted == name:
        return 100
    if name.startswith(wanted):
        return 80
    ratio = SequenceMatcher(None, wanted, name).ratio()
    return int(ratio * 70) if ratio >= _LIKE_ENOUGH else _NO


def _gender(value: Any) -> list[Score]:
    code = value.get("code", "")
    if code not in ("M", "F", "U"):
        raise hl7.bad("livingSubjectAdministrativeGender")
    return [] if code == "U" else [lambda row: 100 if row.sex in (code, "U") else _NO]


def _birth(value: Any) -> list[Score]:
    exact = value.get("value", "")
    bounds = [one.get("value", "") for name in ("low", "high") for one in hl7.every(value, name)]
    if not all(each.isdecimal() and len(each) in (4, 6, 8) for each in ([exact] if exact else bounds)):
        raise hl7.bad("a birth date is yyyy, yyyymm or yyyymmdd")
    if exact:
        return [lambda row: _same_date(exact, row.birth_date)]
    if len(bounds) != 2 or len(hl7.every(value, "low")) != 1:
        raise hl7.bad("livingSubjectBirthTime")
    low, high = bounds
    return [lambda row: 100 if low <= row.birth_date[: len(low)] and row.birth_date[: len(high)] <= high else _NO]


def _same_date(wanted: str, known: str) -> int:
    if known.startswith(wanted):
        return 100 if len(wanted) == len(known) else 80
    return 50 if wanted[:4] == known[:4] else _NO


def _address(value: Any) -> list[Score]:
    city = folded(" ".join(each.text or "" for each in hl7.every(value, "city")))
    postal = "".join((each.text or "").strip() for each in hl7.every(value, "postalCode"))
    if not city and not postal:
        raise hl7.bad("an address has a city or a postalCode")
    tests: list[Score] = []
    if city:
        tests.append(lambda row: 100 if folded(row.city) == city else 0)
    if postal:
        tests.append(lambda row: 100 if row.postal_code == postal else 50 if row.postal_code[:2] == postal[:2] else 0)
    return tests


_READERS: Mapping[str, Callable[[Any], list[Score]]] = {
    "livingSubjectAdministrativeGender": _gender,
    "livingSubjectBirthTime": _birth,
    "livingSubjectName": _name,
    "patientAddress": _address,
}


def _candidates(house: House, tests: list[Score]) -> list[tuple[int, DossierRow]]:
    """The open dossiers that answer to every test, with their likeness in percent, the likeliest first."""
    found = []
    for row in dossiers.open_ones(house.store):
        scores = [test(row) for test in tests]
        if min(scores) >= 0 and sum(scores) > 0:
            found.append((sum(scores) // len(scores), row))
    return sorted(found, key=lambda each: (-each[0], each[1].ins))


def _subject(act: Any, score: int, row: DossierRow, house: House) -> None:
    known = administrative.details(house.store, row.ins)
    subject = hl7.put(act, "subject", typeCode="SUBJ", contextConductionInd="false")
    event = hl7.put(subject, "registrationEvent", classCode="REG", moodCode="EVN")
    hl7.put(event, "statusCode", code="active")
    patient = hl7.put(hl7.put(event, "subject1", typeCode="SBJ"), "patient", classCode="PAT")
    demography_answer.write_ids(patient, row, known)
    hl7.put(patient, "statusCode", code="active")
    person = demography_answer.write_person(patient, row, known)
    hl7.put(person, "administrativeGenderCode", code=row.sex)
    hl7.put(person, "birthTime", value=row.birth_date)
    address = hl7.put(person, "addr")
    hl7.put(address, "city", row.city)
    hl7.put(address, "postalCode", row.postal_code)
    match = hl7.put(patient, "subjectOf1", typeCode="SBJ")
    match = hl7.put(match, "queryMatchObservation", classCode="COND", moodCode="EVN")
    hl7.put(match, "code", xsi_type="CS", code="POURCENTAGE")
    hl7.put(match, "value", xsi_type="INT", value=str(score))
    opposition = hl7.put(patient, "subjectOf2", typeCode="SBJ")
    opposition = hl7.put(opposition, "administrativeObservation", classCode="OBS", moodCode="EVN")
    hl7.put(opposition, "code", code="OPPOSITION_ACCES_URGENCE", codeSystem=hl7.OBSERVATIONS)
    hl7.put(opposition, "value", xsi_type="BL", value="true" if row.opposed_regulation else "false")
    demography_answer.write_custodian(event)


HANDLERS = {
    ("patientsPDQ", f"{HL7}:PRPA_IN201305UV02"): find_candidates,
    ("patientsPDQ", PDQ_ACTION): find_candidates,
}
