"""What changes a dossier: creation, reactivation, modification, closing. Each raises Refusal when it may not be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from host_sim import administrative, dossiers, life
from host_sim.call import Call
from host_sim.dossiers import DossierRow, Person
from host_sim.house import House
from host_sim.refusals import Refusal
from host_sim.store import Sealed, sealed

from . import demography, hl7
from .demography import PersonRead, folded

CLOSING = "1.2.250.1.213.4.1.2.4"
_NAMES = ("BR", "SP")
_VITALE = "1.2.250.1.213.4.1.2.5"


def create(call: Call, house: House, act: Any) -> DossierRow:
    """Create a dossier (TD1.1): identity qualified by INSi, Vitale card read, informed consent given."""
    request = hl7.one(act, "subject/registrationRequest")
    if dossiers.dossier(house.store, call.patient) is not None:
        raise Refusal("DMPFound")
    known = dossiers.person(house.store, call.patient)
    if known is None or not known.insi or known.oid != call.patient_oid:
        raise Refusal("DMPIdentityNotQualified")
    said = demography.read_person(hl7.one(request, "subject1/patient/patientPerson"))
    demography.need_traits(said)
    if not _same_traits(said, known):
        raise Refusal("DMPIdentityDifferent")
    observed = demography.read_observations(request)
    _consent(observed, "CONSENTEMENT_OUVERTURE_DMP")
    _need_both_oppositions(observed)
    if not _vitale_was_read(request, house, call.patient):
        raise Refusal("DMPVitaleRequired")
    _insert(call, house, known, said)
    _write_details(house, call.patient, said)
    _oppose(house, call.patient, observed)
    with house.store.transaction() as cursor:
        life.count_creation(cursor, life.channel_of(call.caller.sector), call.caller.structure_id, call.now)
        house.opened(cursor, call.patient)
    who = f"{call.caller.given_name} {call.caller.family_name}"
    house.notify(call.patient, "creation", f"Votre dossier médical partagé a été créé par {who}.")
    return _row(house, call.patient)


def reactivate(call: Call, house: House, act: Any) -> DossierRow:
    """Open a closed dossier again (TD1.2), within ten years of its closing."""
    row = _existing(call, house)
    if row.state == "open":
        raise Refusal("DMPFound")
    until = life.kept_until(house, row)
    if until is not None and call.now >= until:
        raise Refusal("DMPNotFound")
    request = hl7.one(act, "subject/registrationRequest")
    said = demography.read_person(hl7.one(request, "subject1/patient/patientPerson"))
    if said.sex not in ("", row.sex) or said.birth_date not in ("", row.birth_date):
        raise Refusal("DMPIdentityDifferent")
    observed = demography.read_observations(request)
    _consent(observed, "CONSENTEMENT_REACTIVATION_DMP")
    with house.store.transaction() as cursor:
        cursor.execute(
            "UPDATE dossiers SET state = 'open', closed_at = '', closing_reason = '' WHERE ins = ?", (row.ins,)
        )
    _oppose(house, row.ins, observed)
    house.notify(row.ins, "creation", "Votre dossier médical partagé a été réactivé.")
    return _row(house, row.ins)


def modify(call: Call, house: House, act: Any) -> DossierRow:
    """Replace the editable data (TD1.3b): title, usage name, contacts, address, representatives, oppositions.

    Representatives stay when the message has none: a minor is not left without anybody by omission.
    """
    row = _open(call, house)
    request = hl7.one(act, "subject/registrationRequest")
    said = demography.read_person(hl7.one(request, "subject1/patient/patientPerson"))
    demography.need_traits(said)
    if (said.sex, said.birth_date) != (row.sex, row.birth_date):
        raise Refusal("DMPIdentityDifferent")
    observed = demography.read_observations(request)
    _need_both_oppositions(observed)
    with house.store.transaction() as cursor:
        cursor.execute(
            "UPDATE dossiers SET usage_name = ?, street = ?, postal_code = ?, city = ?, mobile = ?, mail = ?"
            " WHERE ins = ?",
            (
                *sealed(row.ins, said.usage_name, said.street, said.postal_code, said.city, said.mobile, said.mail),
                row.ins,
            ),
        )
    _write_details(house, row.ins, said)
    _oppose(house, row.ins, observed)
    return _row(house, row.ins)


def _write_details(house: House, ins: str, said: PersonRead) -> None:
    known = administrative.details(house.store, ins)
    changed = replace(
        known,
        title=said.title or known.title,
        home_phone=said.home_phone,
        additional=said.additional,
        country=said.country or known.country,
    )
    with house.store.transaction() as cursor:
        administrative.write_details(cursor, ins, changed)
        if said.representatives is not None:
            administrative.write_representatives(cursor, ins, said.representatives)


def _need_both_oppositions(observed: dict[str, tuple[bool, str]]) -> None:
    if not {"OPPOSITION_BRIS_DE_GLACE", "OPPOSITION_ACCES_URGENCE"} <= observed.keys():
        raise hl7.bad("both oppositions are told")


def close(call: Call, house: House, act: Any) -> DossierRow:
    """Close a dossier (TD1.4), with the patient's reason; what it holds is kept."""
    row = _open(call, house)
    request = hl7.one(act, "subject/registrationRequest")
    statuses = {hl7.one(request, path).get("code") for path in ("statusCode", "subject1/patient/statusCode")}
    issue = hl7.one(act, "reasonOf/detectedIssueEvent")
    code = hl7.one(issue, "code")
    known = (code.get("code"), code.get("codeSystem")) == ("FERMETURE_DEMANDE_PATIENT", CLOSING)
    if "terminated" not in statuses or not known:
        raise hl7.bad("a closing is terminated, for FERMETURE_DEMANDE_PATIENT")
    text = (hl7.one(issue, "text").text or "").strip()
    if not text:
        raise hl7.bad("a closing has a reason in words")
    demography.read_person(hl7.one(request, "subject1/patient/patientPerson"))
    with house.store.transaction() as cursor:
        cursor.execute(
            "UPDATE dossiers SET state = 'closed', closed_at = ?, closing_reason = ? WHERE ins = ?",
            (call.now.isoformat(), Sealed(text, row.ins), row.ins),
        )
    return _row(house, row.ins)


def _row(house: House, ins: str) -> DossierRow:
    row = dossiers.dossier(house.store, ins)
    if row is None:
        raise Refusal("DMPNotFound")
    return row


def _existing(call: Call, house: House) -> DossierRow:
    return _row(house, call.patient)


def _open(call: Call, house: House) -> DossierRow:
    row = _existing(call, house)
    if row.state != "open":
        raise Refusal("DMPClosed")
    return row


def _same_traits(said: PersonRead, known: Person) -> bool:
    given = folded(said.given_names)
    expected = folded(known.given_names)
    return (
        folded(said.birth_name) == folded(known.birth_name)
        and given in (expected, expected.split()[0])
        and said.sex == known.sex
        and said.birth_date == known.birth_date
    )


def _consent(observed: dict[str, tuple[bool, str]], code: str) -> None:
    value, moment = observed.get(code, (False, ""))
    if not value or not moment:
        raise Refusal("DMPConsentRequired")
    hl7.moment(moment)


def _vitale_was_read(request: Any, house: House, ins: str) -> bool:
    parties = [
        party
        for party in request.iter(demography.one_tag("contactParty"))
        if any(
            (each.get("code"), each.get("codeSystem")) == ("CARTE_SESAM_VITALE", _VITALE)
            for each in hl7.every(party, "code")
        )
    ]
    if len(parties) != 1:
        return False
    person = hl7.one(parties[0], "contactPerson")
    name = hl7.one(person, "name")
    families = {folded(each.text or "") for each in hl7.every(name, "family") if each.get("qualifier", "BR") in _NAMES}
    given = {folded(each.text or "") for each in hl7.every(name, "given")}
    birth = hl7.one(person, "birthTime").get("value", "")
    with house.store.reading() as cursor:
        rows = cursor.execute("SELECT family_name, given_name, birth_date FROM vitale WHERE ins = ?", (ins,)).fetchall()
    return any(
        folded(row["family_name"]) in families
        and folded(row["given_name"]) in given
        and birth in (row["birth_date"][2:], row["birth_date"])
        for row in rows
    )


def _insert(call: Call, house: House, known: Person, said: PersonRead) -> None:
    with house.store.transaction() as cursor:
        cursor.execute(
            "INSERT INTO dossiers (ins, oid, state, created_at, birth_name, usage_name, given_names, birth_date, sex,"
            " birth_place, street, postal_code, city, mobile, mail) VALUES (?,?,'open',?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                known.ins,
                known.oid,
                call.now.isoformat(),
                *sealed(
                    known.ins,
                    known.birth_name,
                    said.usage_name or known.usage_name,
                    known.given_names,
                    known.birth_date,
                    known.sex,
                    known.birth_place,
                    said.street,
                    said.postal_code,
                    said.city,
                    said.mobile,
                    said.mail,
                ),
            ),
        )


def _oppose(house: House, ins: str, observed: dict[str, tuple[bool, str]]) -> None:
    columns = {"OPPOSITION_BRIS_DE_GLACE": "opposed_break_glass", "OPPOSITION_ACCES_URGENCE": "opposed_regulation"}
    with house.store.transaction() as cursor:
        for code, column in columns.items():
            if code in observed:
                cursor.execute(f"UPDATE dossiers SET {column} = ? WHERE ins = ?", (observed[code][0], ins))  # noqa: S608
