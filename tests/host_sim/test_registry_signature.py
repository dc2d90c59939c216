"""The signature of a lot, spoilt in every way a lot can be: none is taken."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from registry_lots import DS, Lot, Paper, Place, contexts, errors, ins_of

from card_sim.authority import Authority
from host_sim.canonical import Canonicalizer, XmlError, canonical

JEAN = ins_of("jean")


@pytest.fixture
def place(tmp_path: Path, authority_dir: Path) -> Place:
    return Place(tmp_path, Authority.open(authority_dir))


def _refusal(place: Place, lot: Lot, **facts: object) -> str:
    reply = place.deposit_raw(lot, etree.fromstring(lot.request()), lot.sender, **facts)
    assert errors(reply)
    return contexts(reply)


def _swap(old: str, new: str):
    return lambda data: data.replace(old.encode(), new.encode(), 1)


SPOILT = {
    "SignatureValue does not match": _swap("<ds:SignatureValue>", "<ds:SignatureValue>AA"),
    "digest of #IHEManifest": _swap('URI="urn:oid:', 'URI="urn:oid:1'),
    "digest of #S0-SignedProperties": _swap("2026-11-20T10", "2026-11-20T11"),
    "canonicalisation not accepted": _swap("REC-xml-c14n-20010315#WithComments", "REC-xml-c14n-20010315#Other"),
    "signature method not accepted": _swap("xmldsig-more#rsa-sha256", "xmldsig-more#rsa-md5"),
    "an Id occurs twice": _swap('Id="purposeOfSignature"', 'Id="IHEManifest"'),
    "the purpose of the signature": _swap("1.2.840.10065.1.12.1.14</", "1.2.840.10065.1.12.1.1</"),
    "do not target this signature": _swap('#" Target="signature-1"', '#" Target="signature-2"'),
    "not a ds:Signature": lambda data: b"<a/>",
    "the signature is not XML": lambda data: b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + data,
    "KeyInfo has no certificate": lambda data: re.sub(rb"<ds:KeyInfo>.*</ds:KeyInfo>", b"", data),
    "the certificate cannot be read": lambda data: re.sub(rb"(X509Certificate>)M.{7}", rb"\1AAAAAAAA", data, count=1),
    "a base64 value is damaged": lambda data: re.sub(rb"<ds:X509Certificate>", b"<ds:X509Certificate>?", data),
}  # fmt: skip


@pytest.mark.parametrize("words", SPOILT)
def test_a_spoilt_signature_is_refused(place: Place, words: str) -> None:
    lot = Lot(JEAN, (Paper(JEAN),), spoil_signature=SPOILT[words])
    refusal = _refusal(place, lot)
    if "not XML" in words:
        assert "not well-formed XML: DOCTYPE" in refusal
    else:
        assert words in refusal


def test_a_document_changed_after_signing_is_refused(place: Place) -> None:
    lot = Lot(JEAN, (Paper(JEAN),))
    lot.parts(place.authority)
    lot.papers[0].body = "JVBERi0xLjUK"
    assert "digest of document" in _refusal(place, lot)


def test_the_same_document_written_with_other_bytes_keeps_its_signature(place: Place) -> None:
    lot = Lot(JEAN, (Paper(JEAN),))
    lot.parts(place.authority)
    lot.papers[0].cda = lambda data: b'<?xml version="1.0"?>\n' + data.replace(b"></realmCode>", b" />")
    assert place.deposit(lot) == []


def test_a_document_more_or_less_than_the_manifest_is_refused(place: Place) -> None:
    two = Lot(JEAN, (Paper(JEAN), Paper(JEAN, entry_id="Document02")))
    one = Lot(JEAN, two.papers[:1], set_id=two.set_id)
    one._signature = two.parts(place.authority)["Signature01"]
    assert "does not name exactly" in _refusal(place, one)


def test_the_submission_set_is_signed_by_the_zero_digest(place: Place) -> None:
    lot = Lot(JEAN, (Paper(JEAN),))
    other = Lot(JEAN, lot.papers)
    lot._signature = other.parts(place.authority)["Signature01"]
    assert "does not name exactly" in _refusal(place, lot)


def test_somebody_elses_signature_is_refused(place: Place) -> None:
    assert "the signer is not the user" in _refusal(place, Lot(JEAN, (Paper(JEAN),), signer="pharmacien"))


def test_an_authority_that_is_not_trusted_is_refused(place: Place, tmp_path: Path) -> None:
    place.house.ca_file = None
    assert "does not chain to a trusted authority" in _refusal(place, Lot(JEAN, (Paper(JEAN),)))


def test_the_authentication_key_may_not_sign(place: Place) -> None:
    class Swapped:
        def card_material(self, name: str):
            signing, login, signing_certificate, login_certificate = place.authority.card_material(name)
            return login, signing, login_certificate, signing_certificate

    lot = Lot(JEAN, (Paper(JEAN),))
    lot._signature = lot.parts(Swapped())["Signature01"]
    assert "not a valid signature certificate" in _refusal(place, lot)


def test_a_certificate_is_judged_at_the_date_of_the_host(place: Place) -> None:
    lot = Lot(JEAN, (Paper(JEAN),))
    later = place.house.clock.now().replace(year=2300)
    assert "not valid now" in _refusal(place, lot, now=later)


def test_a_lot_without_signature_is_taken_only_when_the_host_allows_it(place: Place) -> None:
    lot = Lot(JEAN, (Paper(JEAN),), signed=False)
    assert "has not its one signature entry" in _refusal(place, lot)
    place.house.parameters.set("lot_signature_required", False)
    assert place.deposit(lot) == []


_NAMES = st.sampled_from(["a", "b", "p:a", "p:b", "q:c"])
_TEXTS = st.text(alphabet="aé<&>\"'\t\n ]€", max_size=6)


@st.composite
def _elements(draw, depth: int = 0) -> str:
    from xml.sax.saxutils import escape, quoteattr

    name = draw(_NAMES)
    attributes = {
        key: draw(_TEXTS) for key in draw(st.lists(st.sampled_from(["x", "y", "p:x", "q:x", "xml:lang"]), max_size=3))
    }
    spaces = draw(st.dictionaries(st.sampled_from(["xmlns", "xmlns:p", "xmlns:q"]), st.sampled_from(["u:1", "u:2"])))
    if draw(st.booleans()) and depth:
        spaces["xmlns"] = ""
    if depth == 0:
        spaces = {"xmlns:p": "u:1", "xmlns:q": "u:3", **spaces}
    head = "".join(f" {key}={quoteattr(value)}" for key, value in {**spaces, **attributes}.items())
    inner = ""
    if depth < 3:
        for _ in range(draw(st.integers(0, 3))):
            kind = draw(st.integers(0, 4))
            inner += [
                lambda: draw(_elements(depth + 1)),
                lambda: escape(draw(_TEXTS)),
                lambda: f"<!--{draw(_TEXTS).replace('-', '')}-->",
                lambda: "<?pi  some data ?>",
                lambda: "<![CDATA[<&]]>",
            ][kind]()
    return f"<{name}{head}>{inner}</{name}>" if inner else f"<{name}{head}/>"


@settings(max_examples=200, deadline=None)
@given(_elements(), st.booleans(), st.integers(1, 9))
def test_the_canonical_form_is_the_one_of_libxml2(text: str, comments: bool, step: int) -> None:
    data = f"<?xml version='1.0'?><!--before--><?pi?>{text}<!-- after -->\n".encode()
    try:
        tree = etree.parse(io.BytesIO(data))
    except etree.XMLSyntaxError:
        with pytest.raises(XmlError):
            canonical(data)
        return
    expected = io.BytesIO()
    tree.write_c14n(expected, with_comments=comments)
    assert canonical(data, comments=comments) == expected.getvalue()
    pieces: list[bytes] = []
    writer = Canonicalizer(pieces.append, comments=comments)
    for start in range(0, len(data), step):
        writer.feed(data[start : start + step])
    writer.close()
    assert b"".join(pieces) == expected.getvalue()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_bytes_that_are_not_xml_are_named_so(data: bytes) -> None:
    try:
        canonical(data)
    except XmlError:
        return
    etree.fromstring(data)


def test_a_subtree_keeps_the_namespaces_of_its_tree() -> None:
    root = etree.fromstring(f'<Signature xmlns="{DS}"><SignedInfo><Reference><x/></Reference></SignedInfo></Signature>')
    alone = canonical(etree.tostring(root[0]))
    assert alone == f'<SignedInfo xmlns="{DS}"><Reference><x></x></Reference></SignedInfo>'.encode()
