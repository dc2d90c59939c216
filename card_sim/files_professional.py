"""The file of a professional card: who holds it, where they practise, which product, codes and counters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from card_sim.cast import (
    CARD_KINDS,
    DEFAULT_PIN,
    DEFAULT_PUK,
    PRODUCTS,
    STYLES,
    CastActivity,
    CastProfessional,
    CastStructure,
)
from card_sim.certificates import luhn
from card_sim.files_fields import Rule, Table, words

PIN_TRIES, PUK_TRIES = 3, 5
_ENTRY = ("id_nat", "key", "family_name", "given_name", "profession", "specialty", "card_kind")
_FREE = Rule(
    r"(?s).{0,120}", "un texte d'au plus 120 caractères", lambda value: "" if value.isprintable() else "caractères"
)
_SERIAL = Rule(r"[0-9]{8}", "huit chiffres")
_PROFESSION = Rule(r"[0-9]{2}", "deux chiffres (nomenclature TRE_G15), par exemple 10 pour médecin")
_SPECIALTY = Rule(
    r"[A-Z][A-Z0-9]{0,3}", "un code de savoir-faire (TRE_R01), par exemple SM26, ou une section, par exemple A"
)
_SECTOR = Rule(r"SA[0-9]{2}", "SA et deux chiffres (nomenclature TRE_R02), par exemple SA07")
_STRUCTURE = Rule(r"[0-9][0-9A-Z]{9,14}", "un chiffre de type (TRE_G07) et le numéro, par exemple 1 et un FINESS")
_PIN = Rule(r"[0-9]{4,8}", "de 4 à 8 chiffres, entre guillemets", secret=True)
_PUK = Rule(r"[0-9]{4,8}", "de 4 à 8 chiffres, entre guillemets", secret=True)


def _rpps(value: str) -> str:
    if value.startswith("8") and len(value) == 12 and luhn(value[1:-1]) != value[-1]:
        return f"le dernier chiffre d'un RPPS est une clé, ici {luhn(value[1:-1])}"
    return ""


_PERSON_ID = Rule(r"[0-9][0-9A-Z]{5,20}", "un chiffre de type (8 pour un RPPS) et le numéro", _rpps)
_EMPLOYEE_ID = Rule(r"[0-9][0-9A-Z]{5,20}/[0-9A-Z]{1,20}", "identifiant de la structure, barre oblique, numéro interne")


@dataclass(frozen=True)
class Professional:
    """A professional card and the tries left on its codes (None: all)."""

    who: CastProfessional
    pin_left: int | None
    puk_left: int | None

    def describe(self) -> str:
        """Say in French whose card it is."""
        return describe(self.who)

    def entry(self) -> dict[str, Any]:
        """Give the holder as the host's directory of professionals takes it."""
        facts = {name: getattr(self.who, name) for name in _ENTRY}
        places = [
            {"structure": each.structure.id_nat, "name": each.structure.name, "sector": each.sector}
            for each in self.who.activities
        ]
        return {**facts, "places": places}


def describe(who: CastProfessional) -> str:
    """Say in French whose card it is."""
    places = ", ".join(each.structure.name for each in who.activities)
    role = " ".join(filter(None, (who.title, who.specialty)))
    product = "" if who.product == "CPS3" else f" {who.product}"
    code = "" if who.pin == DEFAULT_PIN else f", code {who.pin}"
    holder = f"{who.given_name} {who.family_name}" + (f" ({role})" if role else "")
    return f"{who.card_kind}{product} : {holder}, {places}{code}"


def read(top: Table, name: str) -> Professional:
    """Read the fields; mistakes go to the list of the table."""
    kind = top.choice("kind", CARD_KINDS, "CPS")
    product = top.choice("product", PRODUCTS, "CPS3")
    serial, is_test = top.text("serial", _SERIAL), top.flag("test", True)
    holder = top.table("holder")
    activities = _activities(top, 0 if kind in ("CPS", "CPF") else 1)
    pin, pin_left = _code(top, "pin", _PIN, DEFAULT_PIN, PIN_TRIES)
    puk, puk_left = _code(top, "puk", _PUK, DEFAULT_PUK, PUK_TRIES)
    certificates = top.table("certificates", needed=False)
    style, valid_from, expires, key_ids = _certificates(certificates)
    person = kind in ("CPS", "CPF")
    who = CastProfessional(
        key=f"fichier-{name}",
        id_nat=holder.text("id", _PERSON_ID if person else _EMPLOYEE_ID),
        family_name=holder.text("family_name", words(40)),
        given_name=holder.text("given_name", words(40)),
        title=holder.text("title", words(60), None if person else ""),
        profession=holder.text("profession", _PROFESSION, None if person else ""),
        specialty=holder.text("specialty", _SPECIALTY, ""),
        card_kind=kind,
        is_test=is_test,
        serial=serial,
        activities=activities,
        pin=pin,
        puk=puk,
        key_ids=key_ids,
        product=product,
        style=style,
        valid_from=valid_from,
        expires=expires,
    )
    holder.finish()
    return Professional(who, pin_left, puk_left)


def _code(top: Table, name: str, rule: Rule, default: str, tries: int) -> tuple[str, int | None]:
    table = top.table(name, needed=False)
    code = table.text("code", rule, default)
    left = table.whole("tries_left", 0, tries, tries) if table.has("tries_left") else None
    table.finish()
    return code, left


def _certificates(table: Table) -> tuple[str, str, str, tuple[int, int]]:
    style = table.choice("style", STYLES, STYLES[0])
    valid_from, expires = table.date("valid_from", "20200101"), table.date("expires", "20491231")
    if valid_from and expires and expires <= valid_from:
        table.complain("expires", "la fin précède le début")
    given = table.data["key_ids"] if table.has("key_ids") else [1, 2]
    key_ids = (1, 2)
    if not isinstance(given, list) or len(given) != 2 or given[0] == given[1]:
        table.complain("key_ids", "forme incorrecte", "deux nombres différents, signature puis authentification")
    else:
        key_ids = (table.whole_of("key_ids[1]", given[0], 0, 255), table.whole_of("key_ids[2]", given[1], 0, 255))
    table.finish()
    return style, valid_from, expires, key_ids


def _activities(top: Table, least: int) -> tuple[CastActivity, ...]:
    activities: dict[int, CastActivity] = {}
    for row in top.tables("activities", least, 16):
        number = row.whole("number", 1, 16)
        place = row.table("structure")
        identifier, name = place.text("id", _STRUCTURE), place.text("name", words(60))
        street, code, city, phone = (
            place.text(each, _FREE, "") for each in ("address", "postal_code", "city", "phone")
        )
        structure = CastStructure("", identifier, name, street, code, city, phone)
        if row.data.get("number") == number and number in activities:
            row.complain("number", f"le numéro {number} est déjà pris")
        activities[number] = CastActivity(number, structure, row.text("sector", _SECTOR))
        place.finish()
        row.finish()
    return tuple(activities[number] for number in sorted(activities))
