"""An enveloped signature with a list of prefixes, which the signing library of the tests does not write here."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

DS = "http://www.w3.org/2000/09/xmldsig#"
_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"


def _form(element: Any, prefixes: str) -> bytes:
    names = prefixes.replace("#default", "").split()
    return etree.tostring(element, method="c14n", exclusive=True, inclusive_ns_prefixes=names)


def sign(text: str, key: Any, der: bytes, prefixes: str) -> str:
    """Sign an assertion, SHA-256; the prefixes are listed in the transform and in the method of SignedInfo."""
    tree = etree.fromstring(text)
    digest = base64.b64encode(hashlib.sha256(_form(tree, prefixes)).digest()).decode()
    listed = f'<ec:InclusiveNamespaces xmlns:ec="{_C14N}" PrefixList="{prefixes}"/>'
    signature = etree.fromstring(
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{_C14N}">{listed}'
        "</ds:CanonicalizationMethod>"
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>'
        f'<ds:Reference URI="#{tree.get("ID")}"><ds:Transforms>'
        f'<ds:Transform Algorithm="{DS}enveloped-signature"/><ds:Transform Algorithm="{_C14N}">{listed}</ds:Transform>'
        '</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue/>"
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{base64.b64encode(der).decode()}</ds:X509Certificate>"
        "</ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
    tree.insert(1, signature)
    value = key.sign(_form(signature[0], prefixes), padding.PKCS1v15(), hashes.SHA256())
    signature[1].text = base64.b64encode(value).decode()
    return etree.tostring(tree).decode()
