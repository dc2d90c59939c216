"""Names and checks that the tests of the cards room share."""

from __future__ import annotations

import contextlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, utils

from dossier.failure import Failure
from dossier.professional import CardKind

LEFT, RIGHT = "Lecteur simulé 1", "Lecteur simulé 2"
PROFESSIONAL = (CardKind.CPS, CardKind.CPE, CardKind.CPF, CardKind.CPA)
PATIENCE = 20.0
HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


def code_of(call, *arguments, **options) -> str:
    """The code of the Failure that a call raises."""
    with pytest.raises(Failure) as caught:
        call(*arguments, **options)
    return caught.value.code


def verify(certificate: bytes, signature: bytes, hash_name: str, digest: bytes) -> None:
    """Check an RSA PKCS#1 v1.5 signature with an independent library."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    key.verify(signature, digest, padding.PKCS1v15(), utils.Prehashed(HASHES[hash_name]))


class DirectLink:
    """A link with no reader between: every command goes to the card object; change: what may happen to its answers."""

    def __init__(self, card) -> None:
        self.card, self.asked = card, []
        self.change = lambda command, answer: answer

    def transmit(self, command):
        self.asked.append(bytes(command))
        return self.change(bytes(command), self.card.apdu(bytes(command)))

    def transaction(self):
        return contextlib.nullcontext()

    def features(self):
        return {}

    def close(self):
        pass
