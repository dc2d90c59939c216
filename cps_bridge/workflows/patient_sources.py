"""The ways to know who the patient is, behind one interface: each gives a context that says where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cps_bridge.workflows.desk import Desk, Session
from cps_bridge.workflows.user import AskDatamatrix, AskTraits, AskVitaleApplication, ChooseBeneficiary, User
from dossier import ins_datamatrix
from dossier.context import PatientContext, Source
from dossier.failure import Failure
from dossier.patient import INS_NIR, INS_NIR_TEST, IdentityStatus, Ins, PatientIdentity, Traits
from dossier.professional import CardKind
from dossier.typed_traits import checked
from soap_clients import insi, patients


@dataclass(frozen=True)
class Asked:
    """What the request already says; "" and None mean that the person is asked."""

    ins: str = field(default="", repr=False)
    oid: str = ""
    datamatrix: str = field(default="", repr=False)
    traits: Traits | None = field(default=None, repr=False)


PatientSource = Callable[[Desk, User, Session, Asked], PatientContext]
"""One way to know the patient; it raises Failure or Cancelled and puts nobody on screen by itself."""


def by_vitale(desk: Desk, user: User, session: Session, asked: Asked) -> PatientContext:
    """Read the Vitale card, let the person be chosen, and have INSi qualify: the NIR of the card is the insured's.

    Raises Failure INSI_NOT_FOUND, PATIENT_CHANGED, and what makes the card unusable.
    """
    epoch = desk.wait_for_card(user, CardKind.VITALE)
    people = desk.cards.read_vitale(epoch)
    beneficiary = people[0] if len(people) == 1 else user.ask(ChooseBeneficiary(people))
    identity = insi.qualify(session.host, beneficiary)
    if not desk.cards.is_current(epoch):
        raise Failure("PATIENT_CHANGED")
    return PatientContext(_named(identity, beneficiary.family_name), Source.VITALE, epoch, beneficiary)


def by_ins(desk: Desk, user: User, session: Session, asked: Asked) -> PatientContext:
    """Take the traits of an INS from the host, and have INSi give this very INS for them.

    Raises Failure INS_SHAPE, INS_KEY, INS_OID, TEST_IDENTITY_REFUSED, PATIENT_UNKNOWN_BY_INS, INS_TRAITS_DIFFER.
    """
    wanted = Ins.parse(asked.ins, asked.oid or (INS_NIR if desk.settings.production else INS_NIR_TEST))
    _refuse_test(desk, wanted)
    traits = patients.existence(session.host, wanted).traits
    if traits is None:
        raise Failure("PATIENT_UNKNOWN_BY_INS")
    # The host's traits alone qualify nothing: the INSi service must give this very INS for them.
    return PatientContext(_named(_the_same(session, wanted, traits), traits.usage_name), Source.INS)


def by_datamatrix(desk: Desk, user: User, session: Session, asked: Asked) -> PatientContext:
    """Read an INS datamatrix, and have INSi give this very INS for its traits.

    Raises Failure as ins_datamatrix.parse does, TEST_IDENTITY_REFUSED, INSI_NOT_FOUND, INS_TRAITS_DIFFER.
    """
    found = ins_datamatrix.parse(asked.datamatrix or user.ask(AskDatamatrix()))
    _refuse_test(desk, found.ins)
    return PatientContext(_the_same(session, found.ins, found.traits), Source.DATAMATRIX)


def by_traits(desk: Desk, user: User, session: Session, asked: Asked) -> PatientContext:
    """Take traits typed by hand: an INS that INSi gives for them is retrieved, never qualified by that alone.

    Raises Failure TRAITS_INVALID, INSI_UNAVAILABLE.
    """
    traits = checked(asked.traits or user.ask(AskTraits()))
    if traits.birth_date > f"{desk.clock().astimezone():%Y%m%d}":
        raise Failure("TRAITS_INVALID", expected="birth date")
    try:
        found = insi.qualify_traits(session.host, traits)
    except Failure as failure:
        if failure.code != "INSI_NOT_FOUND":
            raise
        return PatientContext(PatientIdentity(traits, IdentityStatus.PROVISIONAL), Source.TRAITS)
    return PatientContext(_named(replace(found, status=IdentityStatus.RETRIEVED), traits.usage_name), Source.TRAITS)


def by_application(desk: Desk, user: User, session: Session, asked: Asked) -> PatientContext:
    """Have a provider read the carte Vitale application, and INSi qualify the person as for the card itself.

    Raises Failure APPLICATION_NOT_AVAILABLE without a provider, and what the provider raises.
    """
    application = desk.application
    if application is None:
        raise Failure("APPLICATION_NOT_AVAILABLE")
    scanned = user.ask(AskVitaleApplication(application.by_qr, application.by_nfc))
    beneficiary = application.read(scanned)
    identity = insi.qualify(session.host, beneficiary)
    return PatientContext(_named(identity, beneficiary.family_name), Source.APPLICATION, None, beneficiary)


SOURCES: dict[str, PatientSource] = {
    "vitale": by_vitale,
    "ins": by_ins,
    "datamatrix": by_datamatrix,
    "traits": by_traits,
    "application": by_application,
}


def _refuse_test(desk: Desk, ins: Ins) -> None:
    """Refuse before anything leaves."""
    if desk.settings.production and ins.is_test:
        raise Failure("TEST_IDENTITY_REFUSED")


def _the_same(session: Session, wanted: Ins, traits: Traits) -> PatientIdentity:
    identity = insi.qualify_traits(session.host, traits)
    if identity.ins != wanted:
        raise Failure("INS_TRAITS_DIFFER")
    return identity


def _named(identity: PatientIdentity, name: str) -> PatientIdentity:
    """Keep the name the patient goes by: INSi gives strict traits only, the birth name among them."""
    if not name or name.upper() == identity.traits.birth_name.upper():
        return identity
    return replace(identity, traits=replace(identity.traits, usage_name=name))
