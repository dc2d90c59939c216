"""What the command ``card`` says of a professional card, as JSON values and as French lines."""

from __future__ import annotations

from typing import Any

_USES = {"authentication": "d'authentification", "signature": "de signature"}
_CHAINS = {
    "complete": "autorités reconnues",
    "incomplete": "autorité inconnue",
    "broken": "signature de l'autorité fausse",
    "outdated": "autorité périmée",
}


def card_values(report: Any) -> dict[str, Any]:
    """Give a CardReport without the bytes of its certificates; practice situations are null before the PIN."""
    card = report.card
    return {
        "professional": card.professional,
        "model": card.model,
        "serial": card.serial,
        "is_test": card.professional.is_test,
        "pin": card.pin,
        "has_pin_pad": card.has_pin_pad,
        "certificates": report.certificates,
        "activities": report.activities,
    }


def card_text(report: Any) -> str:
    """Say whose card it is, what it is, until when, and how many tries are left."""
    card, holder = report.card, report.card.professional
    lines = [
        f"{f'{holder.given_name} {holder.family_name}'.strip()} ({holder.id_nat})",
        f"Carte {holder.card_kind.value} {card.model} n° {card.serial}"
        + (", carte de test" if holder.is_test else ", carte réelle"),
        f"Code porteur : {_tries(card.pin.tries_left)}",
        *(_certificate(each) for each in report.certificates),
    ]
    if report.activities is None:
        lines.append("Situations d'exercice : lues après le code porteur (--with-activities)")
    else:
        lines += [
            f"Situation {number} : {each.structure.name} ({each.sector})"
            for number, each in enumerate(report.activities, 1)
        ]
    return "\n".join(lines)


def tries_text(card: Any) -> str:
    """Say how the code of a card stands after it was changed."""
    return f"Code porteur enregistré. {_tries(card.pin.tries_left).capitalize()}."


def _tries(left: int | None) -> str:
    if left is None:
        return "la carte ne dit pas combien d'essais restent"
    return "bloqué" if left == 0 else f"essais restants : {left}"


def _certificate(each: Any) -> str:
    chain = f", {_CHAINS[each.chain.value]}" if each.chain else ""
    when = {
        "VALID": f"valable jusqu'au {each.not_after:%d/%m/%Y}",
        "EXPIRED": f"expiré depuis le {each.not_after:%d/%m/%Y}",
        "NOT_YET": f"valable à partir du {each.not_before:%d/%m/%Y}",
    }[each.validity.name]
    return f"Certificat {_USES[each.use]} : {when}{chain}"
