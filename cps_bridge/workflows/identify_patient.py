"""Know the patient: from the Vitale card, or from an INS; qualified by INSi, never by the card alone."""

from __future__ import annotations

from dataclasses import replace

from cps_bridge.workflows.desk import Desk, Session
from cps_bridge.workflows.user import CardSeen, CardWanted, ChooseBeneficiary, User
from dossier.context import PatientContext, Source
from dossier.failure import Failure
from dossier.patient import INS_NIR, INS_NIR_TEST, Ins, PatientIdentity
from dossier.professional import CardKind
from soap_clients import insi, patients


def identify_patient(desk: Desk, user: User, *, source: str = "vitale", ins: str = "", oid: str = "") -> PatientContext:
    """Put a patient on screen. source: "vitale" or "ins"; oid: that of the INS, by default the one of the mode.

    Raises Failure INSI_NOT_FOUND, IDENTITY_NOT_QUALIFIED, TEST_IDENTITY_REFUSED, PATIENT_CHANGED.
    """
    session = desk.require_session()
    desk.leave_patient()
    context = _by_ins(desk, session, ins, oid) if source == "ins" else _by_vitale(desk, user, session)
    if desk.settings.production and context.ins.is_test:
        raise Failure("TEST_IDENTITY_REFUSED")
    desk.show_patient(context)
    desk.write("patient", "done", patient=context.ins)
    return context


def _by_vitale(desk: Desk, user: User, session: Session) -> PatientContext:
    user.tell(CardWanted(CardKind.VITALE))
    slot = desk.cards.wait_for(CardKind.VITALE, timeout=desk.card_seconds)
    user.tell(CardSeen(CardKind.VITALE))
    if slot.epoch is None:
        raise Failure("CARD_REMOVED")
    people = desk.cards.read_vitale(slot.epoch)
    beneficiary = people[0] if len(people) == 1 else user.ask(ChooseBeneficiary(people))
    identity = insi.qualify(session.host, beneficiary)
    if not desk.cards.is_current(slot.epoch):
        raise Failure("PATIENT_CHANGED")
    return PatientContext(_named(identity, beneficiary.family_name), Source.VITALE, slot.epoch, beneficiary)


def _by_ins(desk: Desk, session: Session, ins: str, oid: str) -> PatientContext:
    wanted = Ins.parse(ins, oid or (INS_NIR if desk.settings.production else INS_NIR_TEST))
    traits = patients.existence(session.host, wanted).traits
    if traits is None:
        raise Failure("PATIENT_UNKNOWN_BY_INS")
    # The host's traits alone qualify nothing: the INSi service must give this very INS for them.
    identity = insi.qualify_traits(session.host, traits)
    if identity.ins != wanted:
        raise Failure("INS_TRAITS_DIFFER")
    return PatientContext(_named(identity, traits.usage_name), Source.INS)


def _named(identity: PatientIdentity, name: str) -> PatientIdentity:
    """Keep the name the patient goes by: INSi gives strict traits only, the birth name among them."""
    if not name or name.upper() == identity.traits.birth_name.upper():
        return identity
    return replace(identity, traits=replace(identity.traits, usage_name=name))


def leave_patient(desk: Desk, user: User) -> None:
    """Take the patient off the screen."""
    desk.leave_patient()
