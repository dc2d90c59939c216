"""A house in memory for the window's tests: real threads, real questions, scripted cards and host."""

from __future__ import annotations

import io
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from types import SimpleNamespace

from cps_bridge.cards.access import PinState
from cps_bridge.cards.slots import ProfessionalCard
from cps_bridge.storage.settings import Settings
from cps_bridge.workflows import user as q
from cps_bridge.workflows.acts import Act
from dossier.access import (
    NORMAL_ACCESS,
    Access,
    AccessMode,
    AuthorisationState,
    Dossier,
    DossierState,
    EmergencyChoices,
)
from dossier.context import CardEpoch, PatientContext, Source
from dossier.failure import Cancelled, Failure
from dossier.following import FollowedDossier
from dossier.metadata import Author, Availability, Code, DocumentEntry, Institution, Person
from dossier.patient import INS_NIR_TEST, Beneficiary, IdentityStatus, Ins, Nir, PatientIdentity, Sex, Traits
from dossier.professional import Activity, CardKind, HealthStructure, Professional
from dossier.timestamp import Timestamp
from soap_clients.security.chain import ChainState

SOPHIE = Traits("LEROY", ("SOPHIE", "Anne"), "19610412", Sex.FEMALE, "45234", "MARCHAND")
AMELIE = Traits(
    "DE LA ROCHEFOUCAULD-MONTBEL", ("AMELIE",), "19550814", Sex.FEMALE, "81168", "CASTELBAJAC-DE-SAINT-AUBIN-LES-FORGES"
)
INS = Ins("255081416802538", INS_NIR_TEST)
PHARMACIST = Professional("899000000001", "MERCIER", "Paul", "21", "A", is_test=True)
DOCTOR = Professional("899000000002", "MARTIN", "Claire", "10", "SM26", is_test=True)
RADIOLOGIST = Professional("899000000003", "BENALI", "Nadia", "10", "SM44", is_test=True)
REGULATOR = Professional("899000000004", "LE GALL", "Yann", "10", "SM26", is_test=True)
PLACES = {
    PHARMACIST.id_nat: (Activity(HealthStructure("1990000001", "Pharmacie des Tilleuls"), "SA33"),),
    DOCTOR.id_nat: (
        Activity(HealthStructure("1990000002", "Cabinet des Lilas"), "SA08"),
        Activity(HealthStructure("1990000003", "Centre de santé Jean-Jaurès"), "SA05"),
    ),
    RADIOLOGIST.id_nat: (Activity(HealthStructure("1990000004", "Centre d'imagerie du Parc"), "SA07"),),
    REGULATOR.id_nat: (Activity(HealthStructure("1990000005", "SAMU - centre 15"), "SA01"),),
}


class State(Enum):
    HELD = "retenu"
    QUEUED = "à envoyer"
    SENDING = "en cours"
    UNKNOWN = "incertain"
    DONE = "envoyé"
    REFUSED = "refusé"


@dataclass
class Slot:
    reader: str
    kind: CardKind | None = None
    epoch: CardEpoch | None = None
    failure: str = ""
    card: object = None
    model: str = ""
    is_test: bool = False


@dataclass(frozen=True)
class Item:
    id: int
    state: State
    title: str
    patient: Ins = INS
    updated: datetime = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
    attempts: int = 1
    code: str = ""

    @property
    def failure(self) -> Failure | None:
        return Failure(self.code, code="XDSRepositoryError", detail="refus d'essai") if self.code else None


@dataclass(frozen=True)
class Move:
    at: datetime
    state: State
    code: str = ""

    @property
    def failure(self) -> Failure | None:
        return Failure(self.code, code="XDSRepositoryError", detail="refus d'essai") if self.code else None


def entry(number: int, title: str, type_code: str, class_code: str, year: int, **changes: object) -> DocumentEntry:
    names = {"10": "Compte rendu", "11": "Synthèse", "31": "Imagerie médicale", "42": "Prescription", "90": "Patient"}
    types = {
        "11488-4": "CR ou fiche de consultation ou de visite",
        "SYNTH": "Synthèse",
        "18748-4": "CR d'imagerie médicale",
        "57833-6": "Prescription de produits de santé",
        "11502-2": "CR d'examens biologiques",
    }
    author = Author(Person("899", "BERNARD", "Hugo"), None, Institution("Cabinet du Port", "199"))
    made = DocumentEntry(
        *(f"urn:uuid:{number}", f"1.2.3.{number}", INS, "text/xml"),
        *(Code(class_code, "c", names[class_code]), Code(type_code, "t", types[type_code]), Code("f", "f")),
        *((Code("N", "n"),), Code("SA08", "s"), Code("AMBULATOIRE", "s"), Timestamp(f"{year}0312101500", "+0000")),
        *(title, (author,)),
        size=184_000,
    )
    return replace(made, **changes)


ENTRIES = (
    entry(1, "Consultation du 12 mars, douleurs lombaires", "11488-4", "10", 2026),
    entry(2, "Volet de synthèse médicale", "SYNTH", "11", 2026),
    entry(3, "Radiographie du thorax de face et de profil, contrôle à six mois", "18748-4", "31", 2025),
    entry(4, "Ordonnance", "57833-6", "42", 2025, confidentiality=(Code("MASQUE_PS", "x"),)),
    entry(5, "Bilan sanguin", "11502-2", "10", 2024),
    entry(6, "Mes allergies", "SYNTH", "90", 2024),
)


_ADDED = datetime(2026, 11, 20, 9, tzinfo=UTC)
FOLLOWED = (
    FollowedDossier(INS, "MARCHAND", "LEROY", "SOPHIE", "MME", "19610412", True, True, _ADDED, _ADDED, _ADDED),
    FollowedDossier(
        Ins("279035121518989", INS_NIR_TEST), AMELIE.usage_name, AMELIE.birth_name, "AMELIE", "MME", AMELIE.birth_date
    ),
    FollowedDossier(Ins("184026911520169", INS_NIR_TEST), "DUVAL", "DUVAL", "JEAN", "M", "19840215", True),
)


def pdf(text: str) -> bytes:
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen import canvas

    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=A4)
    page.setFont("Helvetica-Bold", 22)
    page.drawString(72, 760, text)
    page.setFont("Helvetica", 13)
    for line in range(20):
        page.drawString(72, 710 - 22 * line, f"Ligne {line + 1} du document d'essai, sans aucune personne reelle.")
    page.save()
    return out.getvalue()


@dataclass
class Cards:
    house: ScriptedHouse
    readers: list[Slot] = field(default_factory=lambda: [Slot("Lecteur simulé 1"), Slot("Lecteur simulé 2")])
    _count: int = 0

    def slots(self) -> tuple[Slot, ...]:
        return tuple(replace(each) for each in self.readers)

    def insert(self, slot: int, kind: CardKind, card: object) -> None:
        self._count += 1
        name = self.readers[slot].reader
        model = "Vitale 2" if kind is CardKind.VITALE else "CPS3"
        epoch = CardEpoch(name, self._count, f"{self._count:08x}")
        self.readers[slot] = Slot(name, kind, epoch, "", card, model, self.house.test_cards)
        self.house.tell("slots")

    def remove(self, slot: int) -> None:
        gone = self.readers[slot]
        self.readers[slot] = Slot(gone.reader)
        self.house.card_gone(gone)
        self.house.tell("slots")


@dataclass
class Outbox:
    lots: list[Item] = field(default_factory=list)

    def items(self, *states: State) -> tuple[Item, ...]:
        return tuple(each for each in self.lots if not states or each.state in states)

    def history(self, number: int) -> tuple[Move, ...]:
        item = next(each for each in self.lots if each.id == number)
        start = item.updated - timedelta(minutes=3)
        return (Move(start, State.QUEUED), Move(item.updated, item.state, item.code))


@dataclass
class Simulation:
    house: ScriptedHouse
    deck: dict[str, tuple[CardKind, object]]
    inserted_names: list[str] = field(default_factory=lambda: ["", ""])
    real_pcsc: bool = True
    broken: list[tuple[int, str, dict[str, object]]] = field(default_factory=list)
    asked_on: set[str] = field(default_factory=set)

    def names(self) -> tuple[str, ...]:
        return tuple(self.deck)

    def describe(self, name: str) -> str:
        kind, who = self.deck[name]
        if kind is CardKind.VITALE:
            return "Vitale : " + ", ".join(f"{each.shown_name} {each.first_given_name}" for each in who)
        return f"{kind.value} : {who.given_name} {who.family_name}"

    @property
    def inserted(self) -> tuple[str, ...]:
        self.asked_on.add(threading.current_thread().name)
        return tuple(self.inserted_names)

    def insert(self, slot: int, name: str) -> None:
        if self.inserted_names[slot]:
            self.remove(slot)
        self.inserted_names[slot] = name
        self.house.cards.insert(slot, *self.deck[name])

    def remove(self, slot: int) -> None:
        self.inserted_names[slot] = ""
        self.house.cards.remove(slot)

    def swap(self, slot: int, name: str) -> None:
        self.insert(slot, name)

    def faults(self) -> tuple[tuple[str, str], ...]:
        return (
            ("mute", "Carte muette"),
            ("slow", "Carte lente"),
            ("die_at", "Carte retirée en plein échange"),
            ("swap_at", "Carte échangée en plein échange"),
            ("wrong_sw", "Une erreur 6F00"),
            ("tries", "Compteur d'essais"),
        )

    def break_card(self, slot: int, fault: str, **facts: object) -> None:
        self.broken.append((slot, fault, facts))

    def add_file(self, path: Path) -> str:
        if path.suffix != ".json":
            raise Failure("CARD_NAME_UNKNOWN", name=path.name)
        self.deck[path.stem] = (CardKind.VITALE, (AMELIE,))
        return path.stem


class ScriptedHouse:
    """Satisfies HousePort. ``dossiers``: per birth name; ``refusals``: use case -> Failure to raise."""

    def __init__(self, *, simulated: bool = True) -> None:
        self.settings = Settings()
        self.directory = Path()
        self.test_cards = False
        self.ended_because = ""
        self.touched = 0
        self.pin_minimum, self.pin_maximum = 4, 4
        self.has_pin_pad = False
        self.on_reader = threading.Event()
        self.chain: ChainState | None = None
        self.expires = datetime.now(UTC) + timedelta(days=900)
        self.known_activity: Activity | None = None
        self.cards = Cards(self)
        self.outbox = Outbox()
        self.session = self.patient = self.dossier = None
        self.access: Access = NORMAL_ACCESS
        self.pin, self.tries = b"1234", 3
        self.states: dict[str, Dossier] = {}
        self.refusals: dict[str, Failure] = {}
        self.entries = ENTRIES
        self.news: frozenset[str] = frozenset()
        self.looked_at: datetime | None = None
        self.followed, self.follow_looks = FOLLOWED, 0
        self.answers: list[object] = []
        self.gate = threading.Event()
        self.gate.set()
        self._listeners: list = []
        self._asking: set = set()
        self._pool = ThreadPoolExecutor(4)
        deck = {
            "pharmacien": (CardKind.CPS, PHARMACIST),
            "generaliste": (CardKind.CPS, DOCTOR),
            "radiologue": (CardKind.CPS, RADIOLOGIST),
            "regulateur": (CardKind.CPS, REGULATOR),
            "famille-marchand": (CardKind.VITALE, (SOPHIE, Traits("MARCHAND", ("LEO",), "20190203", Sex.MALE))),
            "amelie": (CardKind.VITALE, (AMELIE,)),
        }
        self.simulation = Simulation(self, deck) if simulated else None

    def dossier_of(self, traits: Traits) -> Dossier:
        return self.states.get(traits.birth_name, Dossier(INS, DossierState.ABSENT, traits=traits))

    def run(self, use_case: str, user: object, /, **request: object) -> Future:
        return self._pool.submit(self._run, use_case, user, request)

    def _run(self, use_case: str, user: object, request: dict[str, object]) -> object:
        self.gate.wait(20)
        self._asking.add(user)
        try:
            if use_case in self.refusals:
                raise self.refusals[use_case]
            return getattr(self, "do_" + use_case.replace("-", "_"))(user, **request)
        finally:
            self._asking.discard(user)

    def ask(self, user: object, question: object) -> object:
        answer = user.ask(question)
        self.answers.append(answer)
        return answer

    def subscribe(self, listener: object) -> object:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, what: str) -> None:
        for each in tuple(self._listeners):
            each(SimpleNamespace(what=what))

    def interrupt(self, error: Exception) -> None:
        for user in tuple(self._asking):
            user.interrupt(error)

    def card_gone(self, slot: Slot) -> None:
        if self.session is not None and self.session.epoch == slot.epoch:
            self._end("card")
            self.interrupt(Failure("CARD_REMOVED"))
        elif self.session is None and slot.kind is CardKind.CPS:
            self.interrupt(Failure("CARD_REMOVED"))

    def lock(self) -> None:
        self._end("lock")

    def touch(self) -> None:
        self.touched += 1

    def user_changed(self) -> None:
        self._end("user")
        self.interrupt(Cancelled())

    def idle(self) -> None:
        self._end("idle")
        self.interrupt(Cancelled())

    def _end(self, because: str) -> None:
        self.ended_because = because
        self.session = self.patient = self.dossier = None
        self.access = NORMAL_ACCESS
        self.tell("session")

    def close(self) -> None:
        self.gate.set()
        self.interrupt(Cancelled())
        self._pool.shutdown(wait=True)

    def _card(self, *kinds: CardKind) -> Slot:
        return next(each for each in self.cards.readers if each.kind in kinds)

    def do_session(self, user: object, choose_activity: bool = False) -> object:
        slot = self._card(CardKind.CPS)
        who: Professional = slot.card
        if self.session is None:
            self._present(user, who)
        places = PLACES[who.id_nat]
        place = places[0]
        if len(places) > 1 and (choose_activity or self.known_activity not in places):
            place = self.known_activity = self.ask(user, q.ChooseActivity(places))
        elif len(places) > 1:
            place = self.known_activity
        card = self.card_of(who)
        self.session = SimpleNamespace(
            professional=who, activity=place, epoch=slot.epoch, opened_at=datetime.now(UTC), card=card
        )
        self.tell("session")
        return self.session

    def _present(self, user: object, who: Professional) -> None:
        holder = f"{who.given_name} {who.family_name}"
        if self.tries == 0:
            raise Failure("PIN_BLOCKED")
        if self.tries == 1:
            self._confirm(user, holder, "pin")
        if self.has_pin_pad:
            user.tell(q.PinOnReader(holder, self.tries))
            self.on_reader.wait(20)
            user.tell(q.PinTyped())
        else:
            self._check(self.ask(user, q.AskPin(holder, self.tries, self.pin_minimum, self.pin_maximum)))
        self.tries = 3

    def _confirm(self, user: object, holder: str, code: str) -> None:
        if self.ask(user, q.ConfirmLastTry(holder, "DERNIER ESSAI", code)).casefold() != "dernier essai":
            raise Cancelled

    def _check(self, pin: bytearray) -> None:
        right = bytes(pin) == self.pin
        pin[:] = bytes(len(pin))
        if not right:
            self.tries -= 1
            raise Failure("PIN_WRONG", tries_left=self.tries) if self.tries else Failure("PIN_BLOCKED")

    def card_of(self, who: Professional) -> ProfessionalCard:
        certificate = SimpleNamespace(not_after=self.expires, not_before=datetime(2025, 1, 1, tzinfo=UTC))
        state = PinState(self.tries, self.pin_minimum, self.pin_maximum, 3)
        return ProfessionalCard("2990000001", who, certificate, certificate, state, "CPS3", self.has_pin_pad)

    def do_card(self, user: object) -> object:
        who: Professional = self._card(CardKind.CPS).card
        reports = tuple(
            SimpleNamespace(
                use=use,
                issuer="TEST AC IGC-SANTE ELEMENTAIRE PERSONNES",
                not_before=datetime(2025, 1, 1, tzinfo=UTC),
                not_after=self.expires,
                chain=self.chain,
            )
            for use in ("authentication", "signature")
        )
        activities = PLACES[who.id_nat] if self.session else None
        return SimpleNamespace(card=self.card_of(who), certificates=reports, activities=activities)

    def do_change_pin(self, user: object) -> object:
        who: Professional = self._card(CardKind.CPS).card
        self._check(self.ask(user, q.AskPin(who.family_name, self.tries, purpose="change")))
        return self._renew(user, who)

    def do_unblock_pin(self, user: object) -> object:
        who: Professional = self._card(CardKind.CPS).card
        code = self.ask(user, q.AskUnblockingCode(who.family_name, 3))
        if bytes(code) != b"87654321":
            raise Failure("PUK_WRONG", tries_left=2)
        return self._renew(user, who)

    def _renew(self, user: object, who: Professional) -> object:
        new = self.ask(user, q.AskNewPin(who.family_name))
        self.pin, self.tries = bytes(new), 3
        new[:] = bytes(len(new))
        return self.card_of(who)

    def do_lock(self, user: object) -> None:
        self._end("lock")

    def do_patient(
        self, user: object, source: str = "vitale", ins: str = "", oid: str = "", datamatrix: str = ""
    ) -> object:
        if source == "datamatrix":
            self.answers.append(datamatrix) if datamatrix else self.ask(user, q.AskDatamatrix())
            self._show(PatientContext(PatientIdentity(SOPHIE, IdentityStatus.QUALIFIED, INS), Source.DATAMATRIX))
            return self.patient
        if source == "traits":
            traits = self.ask(user, q.AskTraits())
            self._show(PatientContext(PatientIdentity(traits, IdentityStatus.PROVISIONAL), Source.TRAITS))
            return self.patient
        if source == "application":
            self.ask(user, q.AskVitaleApplication(by_qr=True, by_nfc=True))
            self._show(PatientContext(PatientIdentity(AMELIE, IdentityStatus.QUALIFIED, INS), Source.APPLICATION))
            return self.patient
        if source == "ins":
            Ins.parse(ins, INS_NIR_TEST)
            self._show(PatientContext(PatientIdentity(SOPHIE, IdentityStatus.QUALIFIED, INS), Source.INS))
            return self.patient
        slot = self._card(CardKind.VITALE)
        people = tuple(
            Beneficiary(
                each.usage_name or each.birth_name, each.first_given_name, each.birth_date, Nir(INS.matricule), rank
            )
            for rank, each in enumerate(slot.card, 1)
        )
        chosen = people[0] if len(people) == 1 else self.ask(user, q.ChooseBeneficiary(people))
        traits = slot.card[chosen.rank - 1]
        self._show(
            PatientContext(PatientIdentity(traits, IdentityStatus.QUALIFIED, INS), Source.VITALE, slot.epoch, chosen)
        )
        return self.patient

    def _show(self, context: PatientContext | None) -> None:
        self.patient, self.dossier, self.access = context, None, NORMAL_ACCESS
        self.tell("patient")

    def do_leave_patient(self, user: object) -> None:
        self._show(None)

    def do_dossier(self, user: object) -> Dossier:
        self.dossier = self.dossier_of(self.patient.identity.traits)
        self.tell("access")
        return self.dossier

    def _opened(self, **changes: object) -> Dossier:
        traits = self.patient.identity.traits
        self.states[traits.birth_name] = Dossier(INS, DossierState.OPEN, **changes)
        return self.do_dossier(None)

    def do_create(self, user: object) -> object:
        traits = self.patient.identity.traits
        self.ask(user, q.ConfirmInformation(traits))
        if self.ask(user, q.AskConsent(traits, "Paul MERCIER")) is None:
            raise Failure("CONSENT_MISSING")
        self.ask(user, q.AskEmergencyChoices(EmergencyChoices()))
        contacts = self.ask(user, q.AskContact())
        self.ask(user, q.ConfirmCreation(traits, contacts))
        for step in ("create", "account", "hand_over"):
            user.tell(q.Step(step))
        dossier = self._opened()
        return SimpleNamespace(dossier=dossier, acknowledgement=pdf("Accuse de creation"), secrets=pdf("Identifiants"))

    def do_open_account(self, user: object) -> object:
        contacts = self.ask(user, q.AskContact())
        for step in ("account", "hand_over"):
            user.tell(q.Step(step))
        dossier = self._opened(account_open=True)
        sheets = {"acknowledgement": pdf("Accuse de creation"), "secrets": pdf("Identifiants")}
        return SimpleNamespace(dossier=dossier, channels_missing=contacts[1:], **sheets)

    def do_reactivate(self, user: object) -> Dossier:
        self.ask(user, q.ConfirmReactivation(self.patient.identity.traits, "Je ne veux plus de DMP"))
        return self._opened()

    def do_authorise(self, user: object) -> Dossier:
        choice = self.ask(user, q.AskAccess(self.patient.identity.traits, self.session.professional.is_doctor))
        if choice is q.AccessChoice.NOT_NOW:
            return self.dossier
        attending = choice is q.AccessChoice.ATTENDING
        return self._opened(authorisation=AuthorisationState.VALID, is_attending_doctor=attending)

    def do_list(self, user: object, archived: bool = False, obsolete: bool = False) -> tuple[DocumentEntry, ...]:
        shown = {Availability.APPROVED, *[Availability.ARCHIVED] * archived, *[Availability.DEPRECATED] * obsolete}
        return tuple(each for each in self.entries if each.status in shown)

    def do_followed(self, user: object, owner: str = "", remember: bool = True) -> tuple[object, ...]:
        self.follow_looks += 1
        return tuple(
            SimpleNamespace(dossier=each, is_new=each.last_added is not None and self.follow_looks == 1)
            for each in self.followed
        )

    def do_news(self, user: object, remember: bool = True) -> object:
        last, self.looked_at = self.looked_at, datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
        return SimpleNamespace(since=last, documents=tuple(e for e in self.entries if e.unique_id in self.news))

    def _change(self, unique_id: str, **changes: object) -> DocumentEntry:
        found = next(each for each in self.entries if each.unique_id == unique_id)
        changed = replace(found, **changes)
        self.entries = tuple(changed if each is found else each for each in self.entries)
        return changed

    def do_archive(self, user: object, unique_id: str, archived: bool = True) -> DocumentEntry:
        act = Act.ARCHIVE if archived else Act.UNARCHIVE
        self.ask(user, q.ConfirmAct(act, self.patient.identity.traits))
        return self._change(unique_id, status=Availability.ARCHIVED if archived else Availability.APPROVED)

    def do_delete(self, user: object, unique_id: str) -> DocumentEntry:
        self.ask(user, q.ConfirmTyped(Act.DELETE, self.patient.identity.traits, "SUPPRIMER"))
        gone = self._change(unique_id, status=Availability.DELETED)
        self.entries = tuple(each for each in self.entries if each is not gone)
        return gone

    def do_show(self, user: object, unique_id: str, representatives: bool = False) -> DocumentEntry:
        act = Act.SHOW_TO_REPRESENTATIVES if representatives else Act.SHOW_TO_PATIENT
        self.ask(user, q.ConfirmAct(act, self.patient.identity.traits))
        return self._change(unique_id, confidentiality=(Code("N", "n"),))

    def do_replace(self, user: object, unique_id: str, path: Path, title: str = "") -> Item:
        self._change(unique_id, status=Availability.DEPRECATED)
        return self.do_deposit(user, title=title, path=path)

    def do_open(self, user: object, unique_id: str) -> object:
        found = next(each for each in self.entries if each.unique_id == unique_id)
        return SimpleNamespace(entry=found, media_type="application/pdf", body=pdf(found.title))

    def do_mask(self, user: object, unique_id: str, masked: bool = True) -> DocumentEntry:
        found = next(each for each in self.entries if each.unique_id == unique_id)
        self.ask(user, q.ConfirmMask(found.title, masked))
        codes = (Code("MASQUE_PS", "x"),) if masked else (Code("N", "n"),)
        changed = replace(found, confidentiality=codes)
        self.entries = tuple(changed if each is found else each for each in self.entries)
        return changed

    def do_deposit(self, user: object, **request: object) -> Item:
        self.ask(user, q.ConfirmDeposit(self.patient.identity.traits, (str(request["title"]),)))
        item = Item(len(self.outbox.lots) + 1, State.DONE, str(request["title"]))
        self.outbox.lots.append(item)
        self.tell("outbox")
        return item

    def do_study(self, user: object, folder: object) -> object:
        series = tuple(
            SimpleNamespace(description=words, modality="CT", instances=(1,) * 40, uid=words, number=1)
            for words in ("Sans injection", "Temps artériel", "Reconstruction coronale")
        )
        study = SimpleNamespace(
            description="Scanner thoracique",
            date="20261120",
            accession="A-20261120-7",
            series=series,
            study_uid="1.2.3",
        )
        return SimpleNamespace(study=study, thumbnails=(picture(40), picture(90), picture(140)))

    def do_deposit_imaging(self, user: object, report: object, folder: object, title: str = "") -> Item:
        self.ask(user, q.ConfirmDeposit(self.patient.identity.traits, (title, "Manifeste de l'examen")))
        item = Item(len(self.outbox.lots) + 1, State.DONE, title)
        self.outbox.lots.append(item)
        self.tell("outbox")
        return item

    def do_break_glass(self, user: object) -> Dossier:
        traits = self.patient.identity.traits
        why = self.ask(user, q.AskBreakGlass(traits))
        if not self.ask(user, q.ConfirmBreakGlass(traits, why)):
            raise Cancelled
        if traits.birth_name == "OPPOSED":
            raise Failure("EMERGENCY_OPPOSED")
        self.access = Access(AccessMode.BREAK_GLASS, why)
        self.dossier = Dossier(INS, DossierState.OPEN)
        self.tell("access")
        return self.dossier

    def do_regulation(self, user: object) -> Dossier:
        self.access = Access(AccessMode.REGULATION)
        self.dossier = Dossier(INS, DossierState.OPEN)
        self.tell("access")
        return self.dossier

    def do_end_access(self, user: object) -> None:
        self.access = NORMAL_ACCESS
        self.tell("access")

    def do_outbox(self, user: object) -> tuple[Item, ...]:
        return self.outbox.items()

    def do_send(self, user: object) -> tuple[Item, ...]:
        due = [each for each in self.outbox.lots if each.state in (State.QUEUED, State.UNKNOWN)]
        self.outbox.lots = [
            replace(each, state=State.DONE, code="") if each in due else each for each in self.outbox.lots
        ]
        self.tell("outbox")
        return tuple(replace(each, state=State.DONE) for each in due)

    def do_journal(self, user: object) -> tuple[object, ...]:
        acts = ("session", "patient", "dossier", "break-glass", "list", "open", "deposit")
        return tuple(
            SimpleNamespace(
                seq=n,
                at=datetime(2026, 11, 23, 9, n, tzinfo=UTC),
                action=act,
                professional="899",
                structure="199",
                patient=INS if n > 1 else None,
                mode="bris_de_glace" if act == "break-glass" else "normal",
                reason="",
                outcome="done",
                subject="",
                hash="",
            )
            for n, act in enumerate(acts, 1)
        )


def picture(grey: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    image = Image.new("L", (128, 128), grey)
    for x in range(128):
        for y in range(128):
            if (x - 64) ** 2 + (y - 64) ** 2 < 2500:
                image.putpixel((x, y), min(255, grey + 60 + (x * y) % 40))
    image.save(out, "PNG")
    return out.getvalue()
