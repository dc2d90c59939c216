"""Right requests of every transaction, taken apart one element at a time."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from xml.sax.saxutils import escape

from host_wire import reason_code, wrapper
from lxml import etree
from registry_lots import OID, Place, caller_of, ins_of

from card_sim import cast
from host_sim import dispatch, schemas
from host_sim.call import Call, HostFault, Reply

TABLES = {
    "dossiers": "ins", "patient_details": "ins", "representatives": "seq", "authorisations": "ins, holder",
    "accounts": "ins", "otp_channels": "ins, kind", "registry_sets": "seq", "registry_entries": "seq",
    "registry_links": "seq", "patient_messages": "ins, holder",
}  # fmt: skip


def places_of(body: Any) -> Iterator[tuple[str, list[int]]]:
    """Every element under the body: its path in words (name, and what tells it from its neighbours) and in numbers."""

    def walk(element: Any, words: str, numbers: list[int]) -> Iterator[tuple[str, list[int]]]:
        seen: dict[str, int] = {}
        for number, child in enumerate(element):
            said = _said(child)
            seen[said] = seen.get(said, 0) + 1
            here = f"{words}/{said}" + (f"#{seen[said]}" if seen[said] > 1 else "")
            yield here, [*numbers, number]
            yield from walk(child, here, [*numbers, number])

    return walk(body, "", [])


def _said(element: Any) -> str:
    name = element.tag.rpartition("}")[2]
    for key in ("name", "identificationScheme", "classificationScheme", "classificationNode", "associationType"):
        if element.get(key):
            return f"{name}[{element.get(key).rpartition(':')[2]}]"
    return name


def without(body: Any, numbers: list[int]) -> Any:
    """A copy of a body that lacks one element."""
    copy = deepcopy(body)
    element = copy
    for number in numbers:
        element = element[number]
    element.getparent().remove(element)
    return copy


def with_foreign(body: Any, numbers: list[int], attribute: str) -> Any:
    """A copy of a body where one attribute has a value that belongs to nothing."""
    copy = deepcopy(body)
    element = copy
    for number in numbers:
        element = element[number]
    element.set(attribute, "INCONNU")
    return copy


def attributes_of(body: Any) -> Iterator[tuple[str, list[int], str]]:
    """Every attribute under the body: path in words, in numbers, name of the attribute."""
    for words, numbers in places_of(body):
        element = body
        for number in numbers:
            element = element[number]
        for name in element.attrib:
            yield f"{words}/@{str(name).rpartition('}')[2]}", numbers, str(name)


class _UndoneError(Exception):
    """Everything that an attempt wrote is forgotten."""


def attempt(place: Place, to: tuple[str, str], body: Any, *, schema: bool = False, **facts: Any) -> tuple[str, bool]:
    """The code that the host answers to a body, and whether it wrote anything; nothing of it stays.

    schema: the body is judged by its schema first, as the gate does.
    """
    found = ("", False)
    try:
        if schema:
            schemas.check_body(body)
    except HostFault as fault:
        return fault.code, False
    try:
        with place.house.store.transaction():
            before = stored(place)
            code = code_of(send(place, to, body, **facts))
            found = (code, stored(place) != before)
            raise _UndoneError
    except _UndoneError:
        return found


def stored(place: Place) -> dict[str, Any]:
    """All that a transaction may write, but the access log."""
    found: dict[str, Any] = {"blobs": sorted(each.name for each in place.house.store.blobs.iterdir())}
    with place.house.store.reading() as cursor:
        for table, order in TABLES.items():
            rows = cursor.execute(f"SELECT * FROM {table} ORDER BY {order}").fetchall()
            found[table] = [tuple(row) for row in rows]
    return found


def send(place: Place, to: tuple[str, str], body: Any, key: str = "generaliste", patient: str = "jean", **facts: Any):
    """Give the reply of the host to a body, or the fault."""
    known = {"caller": caller_of(key), "purpose": "normal", "reason": "", "parts": {}, **facts}
    call = Call(
        endpoint=to[0], action=to[1], body=body, patient=ins_of(patient) if patient else "",
        patient_oid=OID if patient else "", message_id="urn:uuid:1", now=place.house.clock.now(), **known,
    )  # fmt: skip
    try:
        return dispatch.run(call, place.house)
    except HostFault as fault:
        return fault


def code_of(answer: Reply | HostFault) -> str:
    """The code that an answer bears: of a fault, of a registry error, of a refusal; "ok" without."""
    return answer.code if isinstance(answer, HostFault) else dispatch.outcome_of(answer.body)


def body_of(text: str) -> Any:
    return etree.fromstring(text)


# Right bodies, whole: what the facts list, optional parts included.

HL7 = "urn:hl7-org:v3"
PATIENTS, RIGHTS = "urn:si-dmp-patients", "urn:si-dmp-habilitations"
_OBSERVATIONS = "1.2.250.1.213.4.1.2.3"


def observation(code: str, value: str, moment: str = "") -> str:
    time = f'<effectiveTime value="{moment}"/>' if moment else ""
    return (
        '<subjectOf typeCode="SBJ"><administrativeObservation classCode="OBS" moodCode="EVN">'
        f'<code code="{code}" codeSystem="{_OBSERVATIONS}"/>{time}<value xsi:type="BL" value="{value}"/>'
        "</administrativeObservation></subjectOf>"
    )


OPPOSITIONS = observation("OPPOSITION_BRIS_DE_GLACE", "false") + observation("OPPOSITION_ACCES_URGENCE", "true")
RELATION = (
    '<personalRelationship classCode="PRS"><code code="MTH" codeSystem="2.16.840.1.113883.1.11.19579"/>'
    "<addr><streetAddressLine>1 rue du Port</streetAddressLine><postalCode>17000</postalCode>"
    '<city>La Rochelle</city><country>FR</country></addr><telecom value="tel:0612345678" use="MC"/>'
    '<telecom value="mailto:mere@example.org"/><relationshipHolder1 classCode="PSN" determinerCode="INSTANCE"><name>'
    "<given>ANNE</given><family>MARCHAND</family></name></relationshipHolder1></personalRelationship>"
)


def vitale_party(key: str) -> str:
    card = next(one for card in cast.vitale_cards().values() for one in card.beneficiaries if one.patient.key == key)
    return (
        '<contactParty classCode="CON"><code code="CARTE_SESAM_VITALE" codeSystem="1.2.250.1.213.4.1.2.5"/>'
        '<contactPerson classCode="PSN" determinerCode="INSTANCE"><name>'
        f'<given>{card.given_name}</given><family qualifier="BR">{card.family_name}</family></name>'
        f'<birthTime value="{card.birth_date[2:]}"/></contactPerson></contactParty>'
    )


def person(key: str, *, more: str = "", name_only: bool = False) -> str:
    who = cast.patients()[key]
    given = "".join(f"<given>{each}</given>" for each in who.given_names)
    rest = (
        '<telecom value="tel:0546000000" use="HP"/><telecom value="tel:0612345678" use="MC"/>'
        f'<telecom value="mailto:{key}@example.org"/><administrativeGenderCode code="{who.sex}"/>'
        f'<birthTime value="{who.birth_date}"/><addr><streetAddressLine>2 rue Haute</streetAddressLine>'
        "<additionalLocator>Bâtiment B</additionalLocator><postalCode>31000</postalCode><city>Toulouse</city>"
        f"<country>FR</country></addr>{more}"
        f'<birthPlace classCode="BIRTHPL"><addr><city>{who.birth_place}</city></addr></birthPlace>'
    )
    return (
        '<patientPerson classCode="PSN" determinerCode="INSTANCE"><name><prefix>Mme</prefix>'
        f'{given}<family qualifier="SP">{who.shown_name}</family><family qualifier="BR">{who.birth_name}</family>'
        f"</name>{'' if name_only else rest}</patientPerson>"
    )


def author(name: str) -> str:
    who, place = cast.professionals()[name], cast.professionals()[name].activities[0].structure
    return (
        '<author typeCode="AUT"><assignedEntity classCode="ASSIGNED">'
        f'<id root="1.2.250.1.71.4.2.1" extension="{who.id_nat}"/>'
        '<code code="G15_10/SM26" codeSystem="1.2.250.1.213.1.1.4.5" displayName="x"/>'
        '<assignedPerson classCode="PSN" determinerCode="INSTANCE"><name>'
        f"<given>{who.given_name}</given><family>{who.family_name}</family></name></assignedPerson>"
        '<representedOrganization classCode="ORG" determinerCode="INSTANCE">'
        f'<id root="1.2.250.1.71.4.2.2" extension="{place.id_nat}"/><name>{escape(place.name)}</name>'
        '<contactParty classCode="CON"/></representedOrganization></assignedEntity></author>'
    )


def registration(reason: str, key: str, inner: str, *, status: str = "active", after: str = "") -> Any:
    number = "PRPA_IN201311UV02" if reason == "CREA_RD" else "PRPA_IN201314UV02"
    return body_of(
        wrapper(
            number,
            f'{reason_code(reason)}<subject typeCode="SUBJ" contextConductionInd="false">'
            '<registrationRequest classCode="REG" moodCode="RQO"><statusCode code="active"/>'
            f'<subject1 typeCode="SBJ"><patient classCode="PAT"><id root="{OID}" extension="{ins_of(key)}"/>'
            f'<statusCode code="{status}"/>{inner}</patient></subject1>{author("generaliste")}'
            f"</registrationRequest></subject>{after}",
        )
    )


CLOSING = (
    '<reasonOf typeCode="RSON"><detectedIssueEvent classCode="ALRT" moodCode="EVN">'
    '<code code="FERMETURE_DEMANDE_PATIENT" codeSystem="1.2.250.1.213.4.1.2.4"/>'
    "<text>Je ne veux plus de DMP</text></detectedIssueEvent></reasonOf>"
)


def creation(key: str = "sophie", more: str = "") -> Any:
    consent = observation("CONSENTEMENT_OUVERTURE_DMP", "true", "20260101120000")
    return registration("CREA_RD", key, person(key, more=vitale_party(key) + more) + consent + OPPOSITIONS)


def reactivation(key: str = "odette") -> Any:
    consent = observation("CONSENTEMENT_REACTIVATION_DMP", "true", "20260101120000")
    return registration("REAC", key, person(key) + consent + OPPOSITIONS)


def modification(key: str = "karim", more: str = "") -> Any:
    return registration("MODIF_DATA", key, person(key, more=more) + OPPOSITIONS)


def closing(key: str = "jean") -> Any:
    return registration("FERM", key, person(key, name_only=True), status="terminated", after=CLOSING)


def small_body(namespace: str, root: str, **fields: str) -> Any:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return body_of(f'<{root} xmlns="{namespace}">{inner}</{root}>')


def vitale_search(key: str) -> Any:
    card = next(one for card in cast.vitale_cards().values() for one in card.beneficiaries if one.patient.key == key)
    return small_body(
        "http://www.cnamts.fr/INSiRecVit", "RECVITALE", NirOD=card.insured_nir, RangBeneficiaire=str(card.rank),
        DateNaissance=card.birth_date, Prenom=card.given_name,
    )  # fmt: skip


def traits_search(key: str) -> Any:
    who = cast.patients()[key]
    date = f"{who.birth_date[:4]}-{who.birth_date[4:6]}-{who.birth_date[6:]}"
    return small_body(
        "http://www.cnamts.fr/INSiRecSans", "RECSANSVITALE", NomNaissance=who.birth_name, Prenom=who.given_names[0],
        Sexe=who.sex, DateNaissance=date, LieuNaissance=who.birth_place,
    )  # fmt: skip
