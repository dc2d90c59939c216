"""The file of a Vitale card: the people on it, and what the virtual host may be told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from card_sim.cast import NATURES, TEST_INS_OID, VITALE_PRODUCTS, CastBeneficiary, CastDossier, CastPatient, CastVitale
from card_sim.files_fields import Rule, Table, words

_MOST_PEOPLE = 19
_DOSSIERS = ("absent", "open", "closed")
_SERIAL = Rule(r"[0-9]{12}", "douze chiffres")
_BIRTH_DATE = Rule(
    r"(18|19|20)[0-9]{6}", "huit chiffres AAAAMMJJ, comme sur la carte (00 pour un mois ou un jour inconnu)"
)
_BIRTH_PLACE = Rule(r"[0-9][0-9AB][0-9]{3}", "le code INSEE du lieu de naissance, cinq caractères")
_HOLDER = Rule(r"[0-9A-Za-z/-]{1,60}", "un nom de carte professionnelle, ou un identifiant national")


def _key(value: str) -> str:
    number = int(value[:13].replace("2A", "19").replace("2B", "18"))
    key = f"{97 - number % 97:02d}"
    return "" if value[13:] == key else f"la clé (deux derniers chiffres) devrait être {key}"


_NIR = Rule(r"[1-478][0-9]{4}([0-9]{2}|2A|2B)[0-9]{8}", "quinze caractères, clé comprise", _key)


@dataclass(frozen=True)
class Vitale:
    """A Vitale card and the dossiers that its people have at a virtual host that is told of them."""

    card: CastVitale
    authorised: tuple[tuple[str, ...], ...]

    def describe(self) -> str:
        """Say in French whose card it is."""
        return describe(self.card)

    def patients(self) -> tuple[dict[str, Any], ...]:
        """Give the people whose identity the file tells, as the host's admin door takes them."""
        pairs = zip(self.card.beneficiaries, self.authorised, strict=True)
        return tuple(_seed(each, holders) for each, holders in pairs if each.patient.ins)


def describe(card: CastVitale) -> str:
    """Say in French who is on the card."""
    people = ", ".join(f"{each.family_name} {each.given_name}" for each in card.beneficiaries)
    words = ["Vitale"]
    if card.product == "VITALE1":
        words.append("1")
    if card.nature != "R":
        words.append("de démonstration" if card.nature == "D" else "de test")
    return f"{' '.join(words)} : {people or 'contenu illisible'}"


def read(top: Table, name: str) -> Vitale:
    """Read the fields; mistakes go to the list of the table."""
    product = top.choice("product", VITALE_PRODUCTS, VITALE_PRODUCTS[0])
    serial = top.text("serial", _SERIAL, "990000000000")
    nature, valid_from = top.choice("nature", NATURES, "R"), top.date("valid_from", "20240101")
    insured = top.text("insured_nir", _NIR) if top.has("insured_nir") else ""
    people, authorised = [], []
    for rank, row in enumerate(top.tables("beneficiaries", 0 if product == "VITALE1" else 1, _MOST_PEOPLE), start=1):
        each, holders = _beneficiary(row, rank, insured or None, name)
        people.append(each)
        authorised.append(holders)
    card = CastVitale(name, serial, valid_from, tuple(people), product, nature)
    return Vitale(card, tuple(authorised))


def _beneficiary(row: Table, rank: int, insured: str | None, name: str) -> tuple[CastBeneficiary, tuple[str, ...]]:
    family_name, given_name = row.text("family_name", words(60)), row.text("given_name", words(60))
    birth_date = row.text("birth_date", _BIRTH_DATE)
    nir = row.text("insured_nir", _NIR, insured)
    identity = row.table("identity", needed=False)
    patient, holders = _identity(identity, row.has("identity"), (family_name, given_name, birth_date), f"{name}-{rank}")
    row.finish()
    return CastBeneficiary(patient, rank, family_name, given_name, birth_date, nir), holders


def _identity(table: Table, given: bool, traits: tuple[str, str, str], key: str) -> tuple[CastPatient, tuple[str, ...]]:
    family_name, given_name, birth_date = traits
    patient = CastPatient(
        key=key,
        ins=table.text("ins", _NIR, None if given else ""),
        birth_name=table.text("birth_name", words(60), family_name),
        usage_name=table.text("usage_name", words(60), ""),
        given_names=table.texts("given_names", words(60)) or (given_name,),
        birth_date=birth_date,
        sex=table.choice("sex", ("F", "M"), None if given else "F"),
        birth_place=table.text("birth_place", _BIRTH_PLACE, None if given else ""),
        address="",
        dossier=CastDossier(table.choice("dossier", _DOSSIERS, "absent"), {}),
        insi="found" if table.flag("found", True) else "not_found",
    )
    holders = table.texts("authorised", _HOLDER)
    table.finish()
    return patient, holders


def _seed(each: CastBeneficiary, holders: tuple[str, ...]) -> dict[str, Any]:
    patient = each.patient
    return {
        "key": patient.key,
        "ins": patient.ins,
        "oid": TEST_INS_OID,
        "birth_name": patient.birth_name,
        "usage_name": patient.usage_name,
        "given_names": list(patient.given_names),
        "birth_date": patient.birth_date,
        "sex": patient.sex,
        "birth_place": patient.birth_place,
        "insi": patient.insi,
        "state": patient.dossier.state,
        "authorisations": {holder: {"state": "VALIDE"} for holder in holders},
        "vitale": [
            {
                "insured_nir": each.insured_nir,
                "rank": each.rank,
                "family_name": each.family_name,
                "given_name": each.given_name,
                "birth_date": each.birth_date,
            }
        ],
    }
