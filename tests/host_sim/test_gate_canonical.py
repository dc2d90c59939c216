"""The host's own exclusive canonical form, beside those of libxml2 and of the xmlsec1 command."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from host_wire import QUERY_ACTION, Stage, envelope, ins_of, query_body
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from host_sim import exclusive
from host_sim.canonical import XmlError

DS = exclusive.DS
_PREFIXES = ["", "a", "b", "ds"]
_URIS = ["urn:one", "urn:two", "urn:three?x=1", DS]
_TEXT = st.text(alphabet="ab &<>\"'\t\n\ré\U0001f600", max_size=8)


@st.composite
def trees(draw: st.DrawFn, depth: int = 0) -> etree._Element:
    nsmap = {}
    for prefix in draw(st.sets(st.sampled_from(_PREFIXES), max_size=3)):
        nsmap[prefix or None] = draw(st.sampled_from(_URIS))
    uri = draw(st.sampled_from(["", *nsmap.values()]))
    element = etree.Element(f"{{{uri}}}e" if uri else "e", nsmap=nsmap)
    element.text = draw(_TEXT)
    for name in draw(st.sets(st.sampled_from(["x", "y", "{urn:one}x", "{urn:two}a", "{urn:three?x=1}z"]), max_size=3)):
        element.set(name, draw(_TEXT))
    if depth < 3:
        for _ in range(draw(st.integers(0, 2))):
            child = draw(trees(depth + 1))
            child.tail = draw(_TEXT)
            element.append(child)
    return element


def written(data: bytes, listed: list[str] | None = None) -> bytes:
    tree = etree.fromstring(data)
    for signature in tree.findall(f"{{{DS}}}Signature"):
        tree.remove(signature)
    return etree.tostring(tree, method="c14n", exclusive=True, inclusive_ns_prefixes=listed)


@settings(max_examples=200, deadline=None)
@given(trees())
def test_any_tree_has_the_form_that_libxml2_writes(tree: etree._Element) -> None:
    data = etree.tostring(tree)
    assert exclusive.read(data).element == written(data)


@settings(max_examples=100, deadline=None)
@given(trees(), st.sets(st.sampled_from(["a", "b", "ds"])))
def test_listed_prefixes_are_declared_as_libxml2_does(tree: etree._Element, listed: set[str]) -> None:
    data = etree.tostring(tree)
    assert exclusive.read(data, sorted(listed)).element == written(data, sorted(listed))


@settings(max_examples=100, deadline=None)
@given(trees())
def test_the_tree_read_is_the_tree_that_was_written(tree: etree._Element) -> None:
    def same(node: exclusive.Node, element: etree._Element) -> bool:
        text = "".join([element.text or "", *(child.tail or "" for child in element)])
        kept = node.tag == element.tag and node.attrib == dict(element.attrib) and node.text == text
        return kept and all(same(*pair) for pair in zip(node.children, element, strict=True))

    data = etree.tostring(tree)
    assert same(exclusive.read(data).root, etree.fromstring(data))


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        exclusive.read(data)
    except XmlError:
        return


@pytest.mark.parametrize("data", [b"<a><?pi x?></a>", b"<!DOCTYPE a><a/>", b"<p:a/>", b"<a" + b"><a" * 300 + b"/>"])
def test_what_may_not_be_signed_is_refused(data: bytes) -> None:
    with pytest.raises(XmlError):
        exclusive.read(data)


def test_an_ampersand_of_a_namespace_is_written_as_the_standard_says() -> None:
    """libxml2 leaves it bare, which is not even well-formed (Canonical XML 1.0 2.3)."""
    assert exclusive.read(b'<a xmlns="urn:a&amp;b"/>').element == b'<a xmlns="urn:a&amp;b"></a>'


def test_only_the_signature_of_the_element_itself_is_taken_out() -> None:
    inner = f'<x><s:Signature xmlns:s="{DS}">kept</s:Signature></x>'
    data = f'<a><s:Signature xmlns:s="{DS}"><s:SignedInfo/></s:Signature>{inner}</a>'.encode()
    reading = exclusive.read(data)
    assert reading.element == f"<a>{inner}</a>".encode()
    assert reading.signed_info == f'<s:SignedInfo xmlns:s="{DS}"></s:SignedInfo>'.encode()


def test_signed_info_declares_what_its_ancestors_declared() -> None:
    data = f'<a xmlns:s="{DS}"><s:Signature><s:SignedInfo><s:B/></s:SignedInfo></s:Signature></a>'.encode()
    signed_info = etree.fromstring(data)[0][0]
    assert exclusive.read(data).signed_info == etree.tostring(signed_info, method="c14n", exclusive=True)


def test_a_memory_full_of_tags_goes_on_writing_the_same() -> None:
    data = [f'<a n="{number}"><b xmlns="urn:{number}"/></a>'.encode() for number in range(1500)]
    first = [exclusive.read(each).element for each in data]
    assert first == [written(each) for each in data]
    assert [exclusive.read(each).element for each in data] == first


@pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="the xmlsec1 command is not installed")
@pytest.mark.parametrize("sha1", [False, True])
@pytest.mark.parametrize("right", [True, False])
def test_the_host_judges_a_signature_as_xmlsec1_does(
    quiet_stage: Stage, tmp_path: Path, sha1: bool, right: bool
) -> None:
    who = quiet_stage.who("generaliste")
    signed = who.signed(who.assertion("jean"), sha1=sha1)
    signed = signed if right else signed.replace(">1</saml2:AttributeValue>", ">2</saml2:AttributeValue>")
    answer = who.post("patients", envelope(signed, QUERY_ACTION, query_body(ins_of("jean"))))
    assert answer.subcode == ("" if right else "soap:DMPInvalidSignature")
    path = tmp_path / "signed.xml"
    path.write_text(signed, encoding="utf-8")
    command = ["xmlsec1", "--verify", "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"]
    # The command reads the first certificate of a file alone.
    authorities = x509.load_pem_x509_certificates(quiet_stage.authority.ca_file.read_bytes())
    for number, each in enumerate(authorities):
        one = tmp_path / f"authority-{number}.pem"
        one.write_bytes(each.public_bytes(serialization.Encoding.PEM))
        command += ["--trusted-pem", str(one)]
    done = subprocess.run([*command, str(path)], capture_output=True, check=False)
    assert (done.returncode == 0) == right, done.stderr
