"""Keep the administrative part of a dossier true (TD1.3b), and close the dossier when the patient asks (TD1.4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cps_bridge.workflows.acts import Act
from cps_bridge.workflows.change_document import is_word
from cps_bridge.workflows.consult_dossier import look_up_dossier, open_dossier
from cps_bridge.workflows.desk import Desk
from cps_bridge.workflows.user import Change, ConfirmChanges, ConfirmTyped, User
from dossier.access import AccessMode, ChannelKind, Contact, Dossier, EmergencyChoices
from dossier.administration import TITLES, Administration
from dossier.failure import Cancelled, Failure
from soap_clients import patients

CLOSING_WORD = "FERMER"


def edit_administration(
    desk: Desk,
    user: User,
    *,
    title: str | None = None,
    usage_name: str | None = None,
    address: tuple[str, ...] | None = None,
    postal_code: str | None = None,
    city: str | None = None,
    country: str | None = None,
    home_phone: str | None = None,
    email: str | None = None,
    mobile: str | None = None,
    break_glass: bool | None = None,
    regulation: bool | None = None,
) -> Administration:
    """Change some of the administrative data (None: unchanged), after the differences were shown and confirmed.

    title: one of TITLES; address: the lines above the postal code; break_glass, regulation: whether emergency access
    is allowed. Everything else is sent back as read a moment before. Raises Failure ATTACHED_TO_ENS, NOTHING_CHANGED,
    TITLE_UNKNOWN, CONTACT_EMAIL_INVALID, CONTACT_MOBILE_INVALID, NOT_IN_EMERGENCY, Cancelled.
    """
    session, context = desk.require_session(), desk.require_patient()
    _may_be_managed(desk, user)
    if title is not None and title.upper() not in ("", *TITLES):
        raise Failure("TITLE_UNKNOWN", known=", ".join(TITLES))
    before = patients.read_administration(session.host, context.ins, desk.access)
    lines: dict[str, Any] = {"lines": address, "postal_code": postal_code, "city": city, "country": country}
    choices: dict[str, Any] = {"allow_break_glass": break_glass, "allow_regulation": regulation}
    traits = before.traits if usage_name is None else replace(before.traits, usage_name=usage_name.strip().upper())
    after = replace(
        before,
        traits=traits,
        title=before.title if title is None else title.upper(),
        address=replace(before.address, **_given(lines)),
        home_phone=before.home_phone if home_phone is None else home_phone.strip(),
        contacts=_contacts(before.contacts, email, mobile),
        choices=replace(before.choices, **_given(choices)),
    )
    changes = differences(before, after)
    if not changes:
        raise Failure("NOTHING_CHANGED")
    if not user.ask(ConfirmChanges(context.identity.traits, changes)):
        raise Cancelled
    desk.still(session, context)
    desk.write("edit-administration", "begun", patient=context.ins)
    patients.modify(session.host, after)
    desk.write("edit-administration", "done", patient=context.ins)
    return patients.read_administration(session.host, context.ins, desk.access)


def close_dossier(desk: Desk, user: User, *, reason: str) -> Dossier:
    """Close the dossier at the patient's request, after its word was typed; reason: the patient's, in a few words.

    Raises Failure ATTACHED_TO_ENS, CLOSING_TEXT_MISSING, NOT_IN_EMERGENCY, Cancelled.
    """
    session, context = desk.require_session(), desk.require_patient()
    _may_be_managed(desk, user)
    if not reason.strip():
        raise Failure("CLOSING_TEXT_MISSING")
    typed = user.ask(ConfirmTyped(Act.CLOSE, context.identity.traits, CLOSING_WORD))
    if not is_word(typed, CLOSING_WORD):
        raise Cancelled
    desk.still(session, context)
    desk.write("close", "begun", patient=context.ins)
    patients.close(session.host, context.identity, reason)
    desk.write("close", "done", patient=context.ins)
    return look_up_dossier(desk, user)


def differences(before: Administration, after: Administration) -> tuple[Change, ...]:
    """Name, in French, what differs between two states of the administrative data."""
    pairs = zip(_shown(before), _shown(after), strict=True)
    return tuple(Change(name, old, new) for (name, old), (_, new) in pairs if old != new)


def check_not_attached(dossier: Dossier) -> None:
    """Raise Failure ATTACHED_TO_ENS for a dossier that the patient manages in Mon espace santé."""
    if dossier.attached_to_ens:
        raise Failure("ATTACHED_TO_ENS")


def _may_be_managed(desk: Desk, user: User) -> None:
    check_not_attached(open_dossier(desk, user))
    if desk.access.mode is not AccessMode.NORMAL:
        raise Failure("NOT_IN_EMERGENCY")


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _contacts(known: tuple[Contact, ...], email: str | None, mobile: str | None) -> tuple[Contact, ...]:
    """Put new channels in the place of those of the same kind; "" takes one away."""
    changed = _given({"EMAIL": email, "SMS": mobile})
    kept = [each for each in known if each.kind.value not in changed]
    return (*kept, *(Contact(ChannelKind(kind), str(value).strip()) for kind, value in changed.items() if value))


def _shown(data: Administration) -> tuple[tuple[str, str], ...]:
    channels = {kind: " ".join(each.value for each in data.contacts if each.kind is kind) for kind in ChannelKind}
    return (
        ("Civilité", data.title),
        ("Nom d'usage", data.traits.usage_name),
        ("Adresse", ", ".join(data.address.lines)),
        ("Code postal", data.address.postal_code),
        ("Ville", data.address.city),
        ("Pays", data.address.country),
        ("Téléphone fixe", data.home_phone),
        ("Adresse électronique", channels[ChannelKind.EMAIL]),
        ("Mobile", channels[ChannelKind.SMS]),
        *_choices(data.choices),
    )


def _choices(choices: EmergencyChoices) -> tuple[tuple[str, str], ...]:
    words = {True: "accepté", False: "refusé"}
    return (
        ("Bris de glace", words[choices.allow_break_glass]),
        ("Accès du centre 15", words[choices.allow_regulation]),
    )
