"""The fictional people, places and cards that both simulators share, as data, with their typed loader.

May import: the standard library.
Never enters: a real person. Birth places are real, order numbers (901 and up) exceed what these communes reach.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

TEST_INS_OID = "1.2.250.1.213.1.4.10"
DEFAULT_PIN = "1234"
DEFAULT_PUK = "87654321"
CARD_KINDS = ("CPS", "CPF", "CPE", "CPA")
PRODUCTS = ("CPS3", "CPS4", "CPS3-SANS-CONTACT", "CPS2TER")
STYLES = ("igc-sante", "igc-cps")
VITALE_PRODUCTS = ("VITALE2", "VITALE1")
NATURES = ("R", "D", "T")


@dataclass(frozen=True)
class CastStructure:
    """A place of practice; id_nat is the Struct_IdNat: type digit (TRE_G07) and number.

    staff: professionals (keys) who work there too, in that sector, though their cards do not say so.
    """

    key: str
    id_nat: str
    name: str
    address: str
    postal_code: str
    city: str
    phone: str
    sector: str = ""
    staff: tuple[str, ...] = ()


@dataclass(frozen=True)
class CastActivity:
    """One practice situation; number is the nn of CPS_ACTIVITY_nn_PS (1 to 16), sector is TRE_R02."""

    number: int
    structure: CastStructure
    sector: str


@dataclass(frozen=True)
class CastProfessional:
    """A holder of a professional card.

    id_nat: PS_IdNat; title: wording of the profession in the certificate; profession: TRE_G15 code or "";
    specialty: savoir-faire (SM26), pharmacist section (A) or ""; card_kind: one of CARD_KINDS; serial: 8 digits;
    is_test: whether the certificate's category marks a test product; key_ids: last byte of the identifiers of the
    signature and authentication keys (cards of both kinds exist: 01/02 and 10/20); product: one of PRODUCTS;
    style: one of STYLES, the shape of the certificates; valid_from, expires: yyyymmdd, validity of the certificates;
    updated: start and end (yyyymmddhhmmss) of the last remote update, "" for an end that never came, None without one;
    pin: 4 to 8 digits, the card then demands that length.
    """

    key: str
    id_nat: str
    family_name: str
    given_name: str
    title: str
    profession: str
    specialty: str
    card_kind: str
    is_test: bool
    serial: str
    activities: tuple[CastActivity, ...]
    pin: str = DEFAULT_PIN
    puk: str = DEFAULT_PUK
    key_ids: tuple[int, int] = (1, 2)
    product: str = "CPS3"
    style: str = "igc-sante"
    valid_from: str = "20200101"
    expires: str = "20491231"
    updated: tuple[str, str] | None = None


@dataclass(frozen=True)
class CastAuthorisation:
    """What a professional may do at start: state is VALIDE, EXPIRE or INTERDIT; attending is médecin traitant."""

    state: str
    attending: bool = False


@dataclass(frozen=True)
class CastDossier:
    """The dossier at start: state is "absent", "open" or "closed"; authorisations by professional key."""

    state: str
    authorisations: Mapping[str, CastAuthorisation]
    opposed_break_glass: bool = False
    opposed_regulation: bool = False
    closing_reason: str = ""
    account: bool = False


@dataclass(frozen=True)
class CastPatient:
    """A patient: strict traits as the INS writes them (capitals, no accents), dates yyyymmdd, sex M or F.

    ins: matricule of 15 characters; insi: "found" or "not_found", what the INSi service answers.
    """

    key: str
    ins: str
    birth_name: str
    usage_name: str
    given_names: tuple[str, ...]
    birth_date: str
    sex: str
    birth_place: str
    address: str
    dossier: CastDossier
    insi: str = "found"
    oid: str = TEST_INS_OID

    @property
    def shown_name(self) -> str:
        """The usage name when there is one, or the birth name: what a Vitale card shows."""
        return self.usage_name or self.birth_name


@dataclass(frozen=True)
class CastBeneficiary:
    """One person of a Vitale card, rank from 1; insured_nir belongs to the policy holder."""

    patient: CastPatient
    rank: int
    family_name: str
    given_name: str
    birth_date: str
    insured_nir: str


@dataclass(frozen=True)
class CastVitale:
    """A Vitale card: logical serial of 12 digits, start of validity yyyymmdd.

    product: one of VITALE_PRODUCTS, the content of a VITALE1 cannot be read; nature: R real, D demonstration, T test.
    """

    key: str
    serial: str
    valid_from: str
    beneficiaries: tuple[CastBeneficiary, ...]
    product: str = "VITALE2"
    nature: str = "R"


@functools.cache
def structures() -> dict[str, CastStructure]:
    """Every place of practice, by key."""
    places = _data("structures").items()
    return {key: CastStructure(key, **{**value, "staff": tuple(value.get("staff", ()))}) for key, value in places}


@functools.cache
def professionals() -> dict[str, CastProfessional]:
    """Every professional, by key."""
    return {key: _professional(key, value) for key, value in _data("professionals").items()}


@functools.cache
def patients() -> dict[str, CastPatient]:
    """Every patient, by key."""
    return {key: _patient(key, value) for key, value in _data("patients").items()}


@functools.cache
def vitale_cards() -> dict[str, CastVitale]:
    """Every Vitale card, by key."""
    return {key: _vitale(key, value) for key, value in _data("vitale_cards").items()}


def _data(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(resources.files(__name__).joinpath(f"{name}.json").read_bytes())
    return loaded


def _professional(key: str, value: dict[str, Any]) -> CastProfessional:
    activities = tuple(
        CastActivity(each["number"], structures()[each["structure"]], each["sector"]) for each in value["activities"]
    )
    pairs: dict[str, Any] = {name: tuple(value[name]) for name in ("key_ids", "updated") if name in value}
    return CastProfessional(key=key, **{**value, "activities": activities, **pairs})


def _patient(key: str, value: dict[str, Any]) -> CastPatient:
    seed = value["dossier"]
    authorisations = {ps: CastAuthorisation(**each) for ps, each in seed.get("authorisations", {}).items()}
    dossier = CastDossier(**{**seed, "authorisations": authorisations})
    return CastPatient(key=key, **{**value, "given_names": tuple(value["given_names"]), "dossier": dossier})


def _vitale(key: str, value: dict[str, Any]) -> CastVitale:
    people = (patients()[name] for name in value["people"])
    beneficiaries = tuple(
        CastBeneficiary(
            each, rank, each.shown_name, each.given_names[0], each.birth_date, patients()[value["insured"]].ins
        )
        for rank, each in enumerate(people, start=1)
    )
    own = {name: value[name] for name in ("product", "nature") if name in value}
    return CastVitale(key, value["serial"], value["valid_from"], beneficiaries, **own)
