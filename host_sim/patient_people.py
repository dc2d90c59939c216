"""The patient's space: who has access, who is refused it, who came."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dossier import codes

from . import dossiers, following, rights, secret_calls
from .directory import Practitioner
from .dossiers import EXPIRED, FORBIDDEN, VALID
from .house import House
from .patient_acts import noted, open_row
from .patient_nouns import Access, Party, Refused, Visitor

_STATES = {VALID: "autorisé", EXPIRED: "autorisation expirée", FORBIDDEN: "bloqué"}
_SHOWN = 50
_WORDS = {
    "TD0.2": "recherche du dossier", "TD0.3": "autorisation", "TD0.4": "liste de dossiers",
    "TD0.5": "recherche d’un patient", "TD0.9": "accès par le web", "TD1.1": "création du dossier",
    "TD1.2": "réactivation", "TD1.3a": "lecture de la partie administrative",
    "TD1.3b": "modification de la partie administrative", "TD1.4": "fermeture", "TD1.5a": "ouverture du compte",
    "TD1.5b": "canal des codes", "TD1.5d": "nouveau mot de passe", "TD1.6": "lecture des autorisations",
    "TD2.1": "dépôt d’un document", "TD2.1b": "remplacement d’un document", "TD2.2": "dépôt d’un document",
    "TD2.2b": "remplacement d’un document", "TD3.1": "recherche de documents", "TD3.2": "lecture de documents",
    "TD3.3a": "masquage ou démasquage", "TD3.3b": "document rendu visible", "TD3.3c": "suppression",
    "TD3.3d": "archivage ou désarchivage", "ALIM_AM": "remboursements chargés", "OBJECT": "mesure d’un objet connecté",
    "DESK_CREATE": "création à l’accueil de la caisse", "PATIENT_CREATE": "création en ligne",
    "PATIENT_READ": "lecture", "PATIENT_ADD": "ajout d’un document", "PATIENT_DELETE": "suppression d’un document",
    "PATIENT_ARCHIVE": "archivage", "PATIENT_MASK": "masquage", "PATIENT_UNMASK": "démasquage",
    "PATIENT_WISHES": "volontés et directives", "PATIENT_EMERGENCY": "choix pour les urgences",
    "PATIENT_CONTACT": "coordonnées", "PATIENT_PEOPLE": "autorisations", "PATIENT_REQUEST": "demande à l’accueil",
    "PATIENT_CLOSE": "fermeture", "PATIENT_REACTIVATE": "réactivation",
    "INSURANCE_SHOW": "équipe de soins et indicateurs",
}  # fmt: skip


def parties(house: House, visitor: Visitor) -> tuple[Party, ...]:
    """Who has, had, or is refused access, the newest first."""
    open_row(house, visitor)
    with house.store.reading() as cursor:
        rows = cursor.execute(
            "SELECT holder FROM authorisations WHERE ins = ? ORDER BY granted_at DESC, holder", (visitor.ins,)
        ).fetchall()
    return tuple(_party(house, visitor.ins, row["holder"]) for row in rows)


def find_professionals(house: House, visitor: Visitor, name: str) -> tuple[Party, ...]:
    """Professionals of the directory by the beginning of their family name, with what the dossier knows of them."""
    open_row(house, visitor)
    wanted = name.strip().casefold()
    if not wanted:
        return ()
    with house.store.reading() as cursor:
        rows = cursor.execute(
            "SELECT id_nat, family_name FROM professionals WHERE profession <> '' ORDER BY family_name, given_name"
        ).fetchall()
    found = [row["id_nat"] for row in rows if row["family_name"].casefold().startswith(wanted)]
    return tuple(_party(house, visitor.ins, each) for each in found[:_SHOWN])


def _party(house: House, ins: str, holder: str) -> Party:
    now, days = house.clock.now(), int(house.parameters["authorisation_days"])
    present = dossiers.authorisation(house.store, ins, (holder, holder), now, days)
    person = house.directory.practitioner(holder)
    with house.store.reading() as cursor:
        row = cursor.execute(
            "SELECT granted_at FROM authorisations WHERE ins = ? AND holder = ?", (ins, holder)
        ).fetchone()
        last = following.last_action(cursor, ins, (holder,))
    since = datetime.fromisoformat(row["granted_at"]) if row else now
    return Party(
        holder,
        _person_name(person) if person else following.structure_name(house.store, holder),
        person is None,
        _profession(person) if person else "",
        _STATES.get(present.state, ""),
        present.attending,
        since,
        since + timedelta(days=days) if present.state in (VALID, EXPIRED) else None,
        last,
    )


def _person_name(person: Practitioner) -> str:
    return f"{person.given_name} {person.family_name}"


def _profession(person: Practitioner) -> str:
    code = f"G15_{person.profession}" + (f"/{person.specialty}" if person.specialty else "")
    known = codes.load(codes.SPECIALTY).get(code)
    return known.display if known else ""


def authorise(house: House, visitor: Visitor, holder: str, *, attending: bool = False) -> None:
    """Let a professional read the dossier. Raises Refused: NO_SUCH_PROFESSIONAL, NEVER_AUTHORISED."""
    open_row(house, visitor)
    person = _known(house, holder)
    if person is not None and rights.never_reads(person.profession, person.specialty, _sectors(house, holder)):
        raise Refused("NEVER_AUTHORISED")
    if attending and (person is None or person.profession != "10"):
        raise Refused("NEVER_AUTHORISED")
    with noted(house, visitor, "PATIENT_PEOPLE") as cursor:
        dossiers.grant(
            cursor, visitor.ins, holder, house.clock.now(), attending=attending,
            several=bool(house.parameters["several_attending"]),
        )  # fmt: skip


def withdraw(house: House, visitor: Visitor, holder: str) -> None:
    """Take an authorisation back; the professional may declare a new one."""
    open_row(house, visitor)
    _known(house, holder)
    with noted(house, visitor, "PATIENT_PEOPLE") as cursor:
        cursor.execute(
            "DELETE FROM authorisations WHERE ins = ? AND holder = ? AND state <> ?", (visitor.ins, holder, FORBIDDEN)
        )


def set_blocked(house: House, visitor: Visitor, holder: str, *, blocked: bool) -> None:
    """Forbid the dossier to a professional or structure, or stop forbidding it."""
    open_row(house, visitor)
    _known(house, holder)
    with noted(house, visitor, "PATIENT_PEOPLE") as cursor:
        if blocked:
            cursor.execute(
                "INSERT INTO authorisations (ins, holder, state, granted_at, attending) VALUES (?,?,?,?,0)"
                " ON CONFLICT (ins, holder) DO UPDATE SET state = excluded.state, granted_at = excluded.granted_at,"
                " attending = 0",
                (visitor.ins, holder, FORBIDDEN, house.clock.now().isoformat()),
            )
        else:
            cursor.execute(
                "DELETE FROM authorisations WHERE ins = ? AND holder = ? AND state = ?",
                (visitor.ins, holder, FORBIDDEN),
            )


def _known(house: House, holder: str) -> Practitioner | None:
    """The professional, None for a structure. Raises Refused NO_SUCH_PROFESSIONAL."""
    person = house.directory.practitioner(holder)
    if person is not None and person.id_nat == holder:
        return person
    if not following.structure_name(house.store, holder):
        raise Refused("NO_SUCH_PROFESSIONAL")
    return None


def _sectors(house: House, holder: str) -> frozenset[str]:
    return frozenset(sector for _, sector in house.directory.places(holder))


def history(house: House, visitor: Visitor) -> tuple[Access, ...]:
    """Who did what in the dossier, the newest first; secret connections are not shown to representatives."""
    hidden = secret_calls.of_patient(house.store, visitor.ins) if visitor.representative else frozenset()
    found = [
        Access(
            datetime.fromisoformat(each["at"]),
            each["name"] or "Assurance Maladie",
            following.structure_name(house.store, each["structure"]) if each["structure"] else "",
            _WORDS.get(each["transaction"], each["transaction"]),
            each["word"],
            each["reason"],
            "accepté" if each["outcome"] == "ok" else "refusé",
        )
        for each in house.audit.rows(visitor.ins)
        if not each["message_id"] or each["message_id"] not in hidden
    ]
    return tuple(reversed(found))


def notifications(house: House, visitor: Visitor) -> tuple[dict[str, Any], ...]:
    """What the visitor was told, the newest first: at (ISO 8601), kind, text."""
    return tuple(reversed(house.audit.notifications(visitor.ins)))
