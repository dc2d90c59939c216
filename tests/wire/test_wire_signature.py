"""XML signatures: canonical forms, signing with a key elsewhere, and verifying only what was signed."""

from __future__ import annotations

import contextlib
import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from wire_stage import xmlsec1

from dossier.failure import Failure
from soap_clients.security.xml_signature import (
    C14N_WITH_COMMENTS,
    DS,
    Reference,
    build_reference,
    build_signed_info,
    canonicalize,
    digest,
    sign_enveloped,
    verify_enveloped,
)


def signed(signature, hash_name="sha256"):
    element = etree.fromstring('<a:A xmlns:a="urn:a" ID="_1"><a:I/> text <a:B x="1">é</a:B></a:A>')
    sign_enveloped(element, signature, position=1, hash_name=hash_name)
    return element


def test_a_child_that_inherits_a_default_namespace_is_canonicalised_without_spurious_declarations():
    root = etree.fromstring('<S xmlns="urn:u"><I><R><D/></R></I></S>')
    assert canonicalize(root[0], exclusive=False) == b'<I xmlns="urn:u"><R><D></D></R></I>'
    assert canonicalize(root[0], exclusive=True) == b'<I xmlns="urn:u"><R><D></D></R></I>'


def test_the_inclusive_form_keeps_namespaces_and_xml_attributes_of_the_ancestors():
    root = etree.fromstring('<a xmlns:p="urn:p" xml:lang="fr"><b>x</b>tail</a>')
    assert canonicalize(root[0], exclusive=False) == b'<b xmlns:p="urn:p" xml:lang="fr">x</b>'
    assert canonicalize(root[0], exclusive=True) == b"<b>x</b>"


def test_comments_stay_only_when_asked_for():
    root = etree.fromstring("<a><!--c--><b/></a>")
    assert canonicalize(root, exclusive=False, with_comments=True) == b"<a><!--c--><b></b></a>"
    assert canonicalize(root, exclusive=False) == b"<a><b></b></a>"


def test_a_signed_info_has_the_order_of_the_standard():
    reference = Reference("#m", digest("sha1", b"x"), kind=f"{DS}Manifest", transforms=(C14N_WITH_COMMENTS,))
    info = build_signed_info([reference], hash_name="sha1", canonical_form=C14N_WITH_COMMENTS)
    assert [etree.QName(each).localname for each in info] == [
        "CanonicalizationMethod",
        "SignatureMethod",
        "Reference",
    ]
    assert info[1].get("Algorithm") == f"{DS}rsa-sha1"
    assert etree.tostring(build_reference(reference, "sha1")) == etree.tostring(info[2])
    assert info[2].get("Type") == f"{DS}Manifest"


@pytest.mark.parametrize("hash_name", ["sha256", "sha1"])
def test_xmlsec1_accepts_an_enveloped_signature(signature, authority, tmp_path, hash_name):
    path = tmp_path / "signed.xml"
    path.write_bytes(etree.tostring(signed(signature, hash_name)))
    done = xmlsec1(path, authority.ca_file, "urn:a:A")
    assert done.returncode == 0, done.stderr
    assert signature.hashes_used == [hash_name]


def test_our_verification_gives_the_signed_tree_without_its_signature(signature):
    found = verify_enveloped(signed(signature))
    assert etree.tostring(found.element) == (b'<a:A xmlns:a="urn:a" ID="_1"><a:I/> text <a:B x="1">&#233;</a:B></a:A>')
    assert found.certificate.der == signature.certificate


def damage_text(element):
    element[2].text = "e"


def damage_tail(element):
    element[0].tail = "other"


def damage_value(element):
    value = element.find(f".//{{{DS}}}SignatureValue")
    value.text = value.text[:-8] + "AAAAAAA="


def damage_reference(element):
    element.set("ID", "_2")


def damage_transform(element):
    element.find(f".//{{{DS}}}Transform").set("Algorithm", "urn:other")


def damage_algorithm(element):
    element.find(f".//{{{DS}}}SignatureMethod").set("Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1")


def damage_certificate(element):
    element.find(f".//{{{DS}}}X509Certificate").text = "AAAA"


def damage_base64(element):
    element.find(f".//{{{DS}}}X509Certificate").text = "?"


def remove_certificate(element):
    info = element.find(f".//{{{DS}}}KeyInfo")
    info.getparent().remove(info)


def double_signature(element):
    element.append(copy.deepcopy(element.find(f"{{{DS}}}Signature")))


def double_reference(element):
    info = element.find(f".//{{{DS}}}SignedInfo")
    info.append(copy.deepcopy(info[2]))


def wrap(element):
    """Move the signed content below and put a forged one above, under the same signature."""
    inner = etree.SubElement(element, "inner")
    inner.append(copy.deepcopy(element[2]))
    element[2].text = "forged"


DAMAGES = [
    damage_text,
    damage_tail,
    damage_value,
    damage_reference,
    damage_transform,
    damage_algorithm,
    damage_certificate,
    damage_base64,
    remove_certificate,
    double_signature,
    double_reference,
    wrap,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda each: each.__name__)
def test_whatever_is_changed_the_signature_is_refused(signature, damage):
    element = signed(signature)
    damage(element)
    with pytest.raises(Failure) as caught:
        verify_enveloped(element)
    assert caught.value.code in ("SIGNATURE_INVALID", "CERTIFICATE_UNREADABLE")


def test_an_element_without_signature_is_refused():
    with pytest.raises(Failure):
        verify_enveloped(etree.fromstring('<a ID="_1"/>'))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_only_failures_leave_the_verification_of_mangled_signatures(signature, data):
    element = signed(signature)
    every = list(element.iter())
    for _ in range(data.draw(st.integers(1, 4))):
        target = data.draw(st.sampled_from(every))
        match data.draw(st.integers(0, 3)):
            case 0:
                target.text = data.draw(st.text("abAZ09+/=é \n", max_size=40))
            case 1:
                target.set(
                    data.draw(st.sampled_from(["Algorithm", "URI", "ID"])), data.draw(st.text("#_1au:", max_size=9))
                )
            case 2 if target.getparent() is not None:
                target.getparent().remove(target)
            case _:
                target.append(copy.deepcopy(data.draw(st.sampled_from(every))))
    with contextlib.suppress(Failure):
        verify_enveloped(element)
