"""Whatever is written in the ebRIM, the host answers or refuses: it never breaks, and never keeps half of a lot."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from registry_lots import FIND_DOCUMENTS, OID, RIM, Lot, Paper, Place, errors, ins_of, slot

from card_sim.authority import Authority
from host_sim import contents, registry
from host_sim.call import HostFault
from host_sim.registry_errors import Findings
from host_sim.transactions import registry as registry_service

JEAN = ins_of("jean")
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_SCRAPS = ["", " ", "^", "^^^&&ISO^", "x" * 5000, "é\u202e", "1.2.3", "urn:uuid:", "20269999", "-1", "'", "%", "\t"]


@pytest.fixture
def place(tmp_path: Path, authority_dir: Path) -> Place:
    made = Place(tmp_path, Authority.open(authority_dir))
    made.house.parameters.set("lot_signature_required", False)
    return made


def _mutate(root, dice: random.Random) -> None:
    """Between one and four wounds: a text, an attribute, an element lost, doubled, moved or renamed."""
    for _ in range(dice.randint(1, 4)):
        nodes = [each for each in root.iter() if isinstance(each.tag, str) and each is not root]
        if not nodes:
            return
        node = dice.choice(nodes)
        wound = dice.randint(0, 6)
        if wound == 0:
            node.text = dice.choice(_SCRAPS)
        elif wound == 1 and node.attrib:
            node.set(dice.choice(sorted(node.attrib)), dice.choice(_SCRAPS))
        elif wound == 2 and node.attrib:
            del node.attrib[dice.choice(sorted(node.attrib))]
        elif wound == 3:
            node.getparent().remove(node)
        elif wound == 4:
            node.addnext(etree.fromstring(etree.tostring(node, with_tail=False)))
        elif wound == 5:
            other = dice.choice(nodes)
            if other not in node.iter():
                other.append(node)
        else:
            node.tag = f"{{{RIM}}}{dice.choice(['Slot', 'Name', 'Classification', 'Association', 'Unknown'])}"


@QUIET
@given(st.integers(0, 2**32))
def test_a_mutated_deposit_is_kept_whole_or_not_at_all(place: Place, seed: int) -> None:
    dice = random.Random(seed)
    lot = Lot(JEAN, (Paper(JEAN), Paper(JEAN, entry_id="Document02")), signed=False)
    body = etree.fromstring(lot.request())
    _mutate(body, dice)
    before = _count(place)
    try:
        refused = errors(place.deposit_raw(lot, body, "generaliste"))
    except HostFault:
        refused = ["fault"]
    assert _count(place) == (before if refused else before + 2)


def _count(place: Place) -> int:
    with place.house.store.transaction() as cursor:
        return len(registry.entries_of(cursor, JEAN))


@QUIET
@given(st.integers(0, 2**32))
def test_a_mutated_question_is_answered(place: Place, seed: int) -> None:
    dice = random.Random(seed)
    slots = slot("$XDSDocumentEntryPatientId", f"'{JEAN}^^^&{OID}&ISO^NH'")
    slots += slot("$XDSDocumentEntryStatus", "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')")
    slots += slot("$XDSDocumentEntryCreationTimeFrom", "'2020'") + slot("$XDSDocumentEntryAuthorPerson", "('%A%')")
    body = etree.fromstring(
        f'<query:AdhocQueryRequest xmlns:query="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns:rim="{RIM}">'
        '<query:ResponseOption returnType="LeafClass"/>'
        f'<rim:AdhocQuery id="urn:uuid:{FIND_DOCUMENTS}">{slots}</rim:AdhocQuery></query:AdhocQueryRequest>'
    )
    _mutate(body, dice)
    call = place.call("generaliste", body, to=("registry", registry_service.STORED_QUERY))
    try:
        reply = registry_service.answer_query(call, place.house)
    except HostFault:
        return
    assert reply.body.get("status")


@QUIET
@given(st.integers(0, 2**32))
def test_a_mutated_update_is_answered(place: Place, seed: int) -> None:
    dice = random.Random(seed)
    entries = place.find("generaliste")
    if not entries:
        assert place.deposit(Lot(JEAN, (Paper(JEAN),), signed=False)) == []
        entries = place.find("generaliste")
    copy = etree.fromstring(etree.tostring(entries[0]))
    _mutate(copy, dice)
    holder = copy.find(f"{{{RIM}}}ExternalIdentifier")
    if holder is None or holder.getparent() is not copy or copy.find(f"{{{RIM}}}VersionInfo") is None:
        return
    try:
        place.change_codes("generaliste", copy, dice.choice([("N",), ("N", "MASQUE_PS")]), version=dice.choice("123"))
    except HostFault:
        return


@QUIET
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_no_document_of_the_host(tmp_path: Path, data: bytes, dicom: bool) -> None:
    from host_sim.ebrim import RegistryObject

    path = tmp_path / "document"
    path.write_bytes((bytes(128) + b"DICM" if dicom else b"") + data)
    found, item = Findings(), RegistryObject("ExtrinsicObject", "Document01")
    contents.check_kos(path, item, found)
    contents.check_cda(path, item, "1", "", found)
    assert found.problems
