"""French typography and the way names, dates and hours are written on screen."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from dossier.patient import Sex, Traits
from dossier.timestamp import Timestamp

NBSP = "\u00a0"
_BEFORE = re.compile(r" (?=[;:!?»])")
_AFTER = re.compile(r"(?<=«) ")
_BLANKS = re.compile(r"[\x00-\x20\x7f\u2028\u2029]+")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")


def fr(text: str) -> str:
    """Put the non-breaking spaces of French typography: before ; : ! ? and inside « »."""
    return _AFTER.sub(NBSP, _BEFORE.sub(NBSP, text))


def foreign(text: str, limit: int = 200) -> str:
    """Make text of outside safe to show on one line: no direction marks, no line breaks, no endless text."""
    flat = _BLANKS.sub(" ", _BIDI.sub("", text)).strip()
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def day(digits: str) -> str:
    """Write yyyymmdd as JJ/MM/AAAA; shorter digits give MM/AAAA or AAAA; lunar dates are kept as they are."""
    parts = [digits[6:8], digits[4:6], digits[:4]]
    return "/".join(part for part in parts if part)


def day_of(stamp: Timestamp) -> str:
    """Write the day of a timestamp, in the zone of this computer when an hour is known."""
    if len(stamp.digits) < 10:
        return day(stamp.digits)
    return stamp.to_datetime().astimezone().strftime("%d/%m/%Y")


def hour(moment: datetime) -> str:
    """Write an hour: 14 h 05, in the zone of this computer."""
    return moment.astimezone().strftime(f"%H{NBSP}h{NBSP}%M")


def day_and_hour(moment: datetime) -> str:
    """Write a day and an hour: 12/10/2026 à 14 h 05."""
    return f"{moment.astimezone().strftime('%d/%m/%Y')} à {hour(moment)}"


def elapsed(seconds: int) -> str:
    """Write a running time: 03:07, or 1 h 03 min beyond an hour."""
    minutes, rest = divmod(max(0, seconds), 60)
    if minutes < 60:
        return f"{minutes:02d}:{rest:02d}"
    return f"{minutes // 60}{NBSP}h{NBSP}{minutes % 60:02d}{NBSP}min"


def age(birth_date: str, today: date | None = None) -> str:
    """Write the age; months under two years; "" when the date is not a real one (lunar dates)."""
    try:
        born = date(int(birth_date[:4]), int(birth_date[4:6]), int(birth_date[6:8]))
    except ValueError:
        return ""
    now = today or date.today()
    years = now.year - born.year - ((now.month, now.day) < (born.month, born.day))
    if years >= 2:
        return f"{years}{NBSP}ans"
    return f"{max(0, (now - born) // timedelta(days=30))}{NBSP}mois"


def capital_name(family: str, given: str) -> str:
    """Write a name: MARTIN Sophie."""
    return f"{family.upper()} {_given(given)}".strip()


def _given(given: str) -> str:
    return given.title() if given.isupper() else given


def patient_name(traits: Traits) -> str:
    """Write the patient's name as shown: usage name in capitals and first given name."""
    return capital_name(traits.usage_name or traits.birth_name, traits.first_given_name)


def born_name(traits: Traits) -> str:
    """Write « née LEROY » when the birth name is not the one shown; "" otherwise."""
    if not traits.usage_name or traits.usage_name.upper() == traits.birth_name.upper():
        return ""
    word = {Sex.FEMALE: "née", Sex.MALE: "né"}.get(traits.sex, "né(e)")
    return f"{word} {traits.birth_name.upper()}"


def three_traits(traits: Traits) -> str:
    """Write the three traits repeated before each commitment: name, birth date with age, sex."""
    born = born_name(traits)
    shown = f"{patient_name(traits)} {born}".strip()
    old = age(traits.birth_date)
    return f"{shown} · {day(traits.birth_date)}{f' ({old})' if old else ''} · {sex_word(traits.sex)}"


def sex_word(sex: Sex) -> str:
    """Write the sex in one word."""
    return {Sex.FEMALE: "femme", Sex.MALE: "homme"}.get(sex, "sexe non connu")


def count(number: int, singular: str, plural: str = "") -> str:
    """Write a number with its noun: 1 document, 4 documents."""
    noun = singular if number < 2 else plural or f"{singular}s"
    return f"{number}{NBSP}{noun}"


def by_pairs(digits: str) -> str:
    """Write a telephone number by pairs: 06 12 34 56 78."""
    return NBSP.join(digits[place : place + 2] for place in range(0, len(digits), 2))


def size(octets: int) -> str:
    """Write a size in French units: 840 ko, 1,2 Mo."""
    if octets < 1_000_000:
        return f"{max(1, octets // 1000)}{NBSP}ko"
    return f"{octets / 1_000_000:.1f}{NBSP}Mo".replace(".", ",")
