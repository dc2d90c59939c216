from __future__ import annotations

import hashlib
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cps_bridge.storage.cipher import Vault
from cps_bridge.storage.frozen import NewPart
from cps_bridge.storage.outbox import NewItem, Outbox, State, due
from dossier.context import CardEpoch
from dossier.document import BytesContent, hash_and_size, read_chunks
from dossier.failure import Failure
from dossier.patient import Ins

SOPHIE = Ins("287052901990159", "1.2.250.1.213.1.4.10")
BODY = bytes(range(256)) * 3000


def lot(number: int = 1, body: bytes = BODY) -> NewItem:
    return NewItem(
        kind="document",
        title="Compte rendu",
        patient=SOPHIE,
        author="899900000001",
        structure="1990000001",
        unique_id=f"1.2.3.{number}",
        metadata=b"<metadata/>",
        parts=(
            NewPart("Document01", f"1.2.3.{number}.1", BytesContent(body)),
            NewPart("Signature01", f"1.2.3.{number}.2", BytesContent(b"<s/>"), listed=False),
        ),
        epoch=CardEpoch("Lecteur", 3, "abc"),
    )


@pytest.fixture
def outbox(vault: Vault, tmp_path: Path) -> Outbox:
    return Outbox(vault, tmp_path)


def test_what_is_enqueued_comes_back_byte_for_byte(outbox: Outbox) -> None:
    item = outbox.enqueue(lot())
    document, signature = outbox.parts(item.id)
    assert b"".join(read_chunks(document.content)) == BODY
    assert (document.sha1, document.size) == (hashlib.sha1(BODY).hexdigest(), len(BODY))
    assert hash_and_size(document.content) == (document.sha1, document.size)
    assert (document.listed, signature.listed) == (True, False)
    assert outbox.metadata(item.id) == b"<metadata/>"


def test_an_item_keeps_who_for_whom_and_which_stay_of_the_card(outbox: Outbox) -> None:
    item = outbox.item(outbox.enqueue(lot()).id)
    assert (item.patient, item.author, item.epoch) == (SOPHIE, "899900000001", CardEpoch("Lecteur", 3, "abc"))
    assert (item.state, item.attempts) == (State.QUEUED, 0)


def test_the_same_lot_is_never_kept_twice(outbox: Outbox) -> None:
    outbox.enqueue(lot())
    with pytest.raises(Failure) as caught:
        outbox.enqueue(lot())
    assert caught.value.code == "STORAGE_DUPLICATE"
    assert len(outbox.items()) == 1


def test_each_move_is_kept_in_the_history(outbox: Outbox) -> None:
    number = outbox.enqueue(lot()).id
    outbox.move(number, State.SENDING)
    outbox.move(number, State.UNKNOWN, "OUTCOME_UNKNOWN")
    outbox.move(number, State.DONE, "FOUND_AT_HOST")
    states = [(move.state, move.code) for move in outbox.history(number)]
    assert states == [
        (State.QUEUED, ""),
        (State.SENDING, ""),
        (State.UNKNOWN, "OUTCOME_UNKNOWN"),
        (State.DONE, "FOUND_AT_HOST"),
    ]


def test_a_refusal_keeps_the_facts_of_its_sentence(outbox: Outbox) -> None:
    number = outbox.enqueue(lot()).id
    outbox.move(number, State.SENDING)
    outbox.move(number, State.REFUSED, "XDS_REFUSED", code="XDSRepositoryError")
    for kept in (outbox.item(number), outbox.history(number)[-1]):
        assert kept.failure is not None
        assert "XDSRepositoryError" in kept.failure.sentence("fr")


ALLOWED = {
    (State.HELD, State.QUEUED),
    (State.QUEUED, State.SENDING),
    (State.QUEUED, State.HELD),
    (State.SENDING, State.DONE),
    (State.SENDING, State.REFUSED),
    (State.SENDING, State.UNKNOWN),
    (State.SENDING, State.QUEUED),
    (State.UNKNOWN, State.DONE),
    (State.UNKNOWN, State.QUEUED),
    (State.UNKNOWN, State.REFUSED),
    (State.REFUSED, State.QUEUED),
}
ROADS = {
    State.QUEUED: (),
    State.HELD: (State.HELD,),
    State.SENDING: (State.SENDING,),
    State.UNKNOWN: (State.SENDING, State.UNKNOWN),
    State.DONE: (State.SENDING, State.DONE),
    State.REFUSED: (State.SENDING, State.REFUSED),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(State, State)))
def test_only_the_moves_of_the_table_are_possible(outbox: Outbox, before: State, after: State) -> None:
    number = outbox.enqueue(lot()).id
    for state in ROADS[before]:
        outbox.move(number, state)
    if (before, after) in ALLOWED:
        assert outbox.move(number, after).state is after
    else:
        with pytest.raises(Failure) as caught:
            outbox.move(number, after)
        assert caught.value.code == "OUTBOX_MOVE"
        assert outbox.item(number).state is before


def test_a_lot_found_in_the_middle_of_a_sending_becomes_uncertain(outbox: Outbox, vault: Vault, tmp_path: Path) -> None:
    number = outbox.enqueue(lot()).id
    outbox.move(number, State.SENDING)
    with Outbox(vault, tmp_path).sender():
        assert outbox.item(number).state is State.UNKNOWN


def test_only_one_process_sends_at_a_time(outbox: Outbox, vault: Vault, tmp_path: Path) -> None:
    with outbox.sender(), pytest.raises(Failure) as caught, Outbox(vault, tmp_path).sender():
        pass
    assert caught.value.code == "OUTBOX_BUSY"


def test_a_professional_sends_only_their_own_lots(outbox: Outbox) -> None:
    outbox.enqueue(lot())
    assert due(outbox.items(), "899900000009") == ()
    assert len(due(outbox.items(), "899900000001")) == 1


_WRITER = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}, {here!r}]
from cps_bridge.storage.cipher import Vault
from cps_bridge.storage.outbox import Outbox
from test_outbox import lot
place = Path({place!r})
outbox = Outbox(Vault(place / "vault.db", bytes(range(32))), place)
for number in range(1, 10_000):
    outbox.enqueue(lot(number, b"x" * 5000))
    print(number, flush=True)
"""


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    here = Path(__file__).parent
    acknowledged = 0
    program = _WRITER.format(root=str(here.parents[1]), here=str(here), place=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        for line in itertools.islice(writer.stdout, 15):
            acknowledged = int(line)
        os.kill(writer.pid, signal.SIGKILL)
    vault = Vault(tmp_path / "vault.db", bytes(range(32)))
    kept = Outbox(vault, tmp_path)
    items = kept.items()
    assert len(items) >= acknowledged == 15
    for item in items:
        part = kept.parts(item.id)[0]
        assert hash_and_size(part.content) == (part.sha1, 5000)
    vault.close()
