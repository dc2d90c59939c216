"""Who holds a professional card: from its certificates to the nouns of the dossier."""

from __future__ import annotations

import re
from collections.abc import Callable

from cps_bridge.cards.access import KeyPair
from dossier.certificate import Certificate
from dossier.failure import Failure
from dossier.professional import DOCTOR, CardKind, Professional

_PRODUCTS = {0: CardKind.CPS, 1: CardKind.CPF, 2: CardKind.CPE, 3: CardKind.CPA}
"""TRE_G02, type de produit."""

_KIND_IN_NAME = re.compile(r"/(CP[AEFS])")
"""A directory number that the kind of card follows, as in 5000.../CPAT0001."""


def kind_of_holder(certificate: Certificate) -> CardKind:
    """Tell the kind of card: the certificate first, the patterns of its names when it does not say.

    A certificate without surname and given name is the one of an employee (CPE); an employee card may also name its
    holder, then it carries no profession.
    """
    if certificate.product in _PRODUCTS:
        return _PRODUCTS[certificate.product]
    pattern = _KIND_IN_NAME.search(certificate.common_name)
    if pattern:
        return CardKind(pattern[1])
    named = bool(certificate.surname or certificate.given_name)
    return CardKind.CPS if named and certificate.profession else CardKind.CPE


def professional_of(certificate: Certificate, read_specialty: Callable[[], str]) -> Professional:
    """Make the professional of an authentication certificate.

    read_specialty is called for a doctor whose certificate lacks the specialty. A certificate without names gives O as
    family name and CN as given name, as they are written there.
    """
    named = bool(certificate.surname or certificate.given_name)
    specialty = certificate.specialty
    if not specialty and certificate.profession == DOCTOR:
        specialty = read_specialty()
    return Professional(
        id_nat=certificate.common_name,
        family_name=certificate.surname if named else certificate.organisation,
        given_name=certificate.given_name if named else certificate.common_name,
        profession=certificate.profession,
        specialty=specialty,
        card_kind=kind_of_holder(certificate),
        is_test=certificate.is_test,
    )


def authentication_pair(pairs: tuple[KeyPair, ...]) -> KeyPair:
    """Give the pair that opens TLS, chosen by what the certificate says; raises Failure CARD_KEY_MISSING."""
    for pair in pairs:
        if pair.certificate.authenticates and not pair.certificate.signs_documents:
            return pair
    for pair in pairs:
        if not pair.certificate.signs_documents:
            return pair
    raise Failure("CARD_KEY_MISSING")


def signature_pair(pairs: tuple[KeyPair, ...]) -> KeyPair | None:
    """Give the pair that signs documents (KeyUsage nonRepudiation), None when the card has none."""
    return next((pair for pair in pairs if pair.certificate.signs_documents), None)
