"""French words for the facts of a failure that the program or a library names in another language.

Facts stay as they are in logs, in the outbox and in the diagnosis; only the French sentence is translated.
"""

from __future__ import annotations

import re

_TRANSLATED = frozenset({"reason", "expected", "cause"})
_WORDS = {
    "bool": "oui (true) ou non (false)",
    "int": "un nombre entier",
    "float": "un nombre",
    "str": "un texte",
    "tuple": "une liste",
    "> 0": "un nombre plus grand que zéro",
    "sha1, sha256": "sha1 ou sha256",
    "fr, en": "fr ou en",
    "apdu, pkcs11": "apdu ou pkcs11",
    "auto, dialog, pinpad": "auto, dialog ou pinpad",
    "{study}, {series}": "une adresse qui contient {study} et {series}",
    "given names": "prénoms",
    "birth name": "nom de naissance",
    "usage name": "nom d'usage",
    "sex": "sexe",
    "birth date": "date de naissance",
    "birth place": "lieu de naissance (code INSEE)",
    "unknown block": "bloc inconnu",
    "FileNotFoundError": "introuvable",
    "PermissionError": "accès refusé",
    "IsADirectoryError": "c'est un dossier",
    "NotADirectoryError": "ce n'est pas un dossier",
    "FileExistsError": "existe déjà",
    "TimeoutError": "délai dépassé",
    "ConnectionRefusedError": "connexion refusée",
    "ConnectionError": "service arrêté",
    "OSError": "erreur de lecture ou d'écriture",
    "MemoryError": "trop volumineux",
    "InvalidDicomError": "ce n'est pas un fichier DICOM",
    "EOFError": "fin inattendue",
    "not a folder": "ce n'est pas un dossier",
    "pyscard": "pyscard n'est pas installé",
    "key usage": "son certificat ne le permet pas",
    "key size": "elle est trop courte",
    "not a library": "ce fichier n'est pas une bibliothèque pour ce poste",
    "not a module": "cette bibliothèque n'est pas un module PKCS#11",
    "no element": "aucun élément",
    "not a ClinicalDocument": "ce n'est pas un ClinicalDocument",
    "no body": "aucun corps",
    "two bodies": "deux corps",
    "text": "texte trop long",
    "token": "mot trop long",
    "depth": "trop de niveaux",
    "elements": "trop d'éléments",
    "size": "taille",
    "resources": "ressources",
    "attachment": "pièce jointe",
    "body": "corps",
    "status": "état",
    "header": "en-tête",
    "encoding": "codage",
    "boundary": "frontière",
    "root": "racine",
    "handshake cut": "connexion coupée",
    "answer without length": "réponse sans longueur",
    "unreadable answer": "réponse illisible",
    "another patient": "réponse pour un autre patient",
    "not exactly one signature": "il n'y a pas exactement une signature",
    "the reference is not to the element itself": "la référence n'est pas celle de l'élément",
    "unexpected transforms": "transformations inattendues",
    "digest": "empreinte",
    "canonicalisation method": "méthode de canonisation",
    "not an RSA key": "ce n'est pas une clé RSA",
    "signature value": "valeur de la signature",
    "no certificate": "aucun certificat",
    "unknown algorithm": "algorithme inconnu",
    "certificate has expired": "il a expiré",
    "certificate is not yet valid": "il n'est pas encore valable",
    "certificate revoked": "il a été révoqué",
    "self-signed certificate": "il est signé par lui-même",
    "self signed certificate": "il est signé par lui-même",
    "self-signed certificate in certificate chain": "son autorité n'est pas connue",
    "self signed certificate in certificate chain": "son autorité n'est pas connue",
    "unable to get local issuer certificate": "son autorité n'est pas connue",
    "unable to get issuer certificate": "son autorité n'est pas connue",
}
_STARTS = (
    ("Hostname mismatch", "il n'est pas au nom de ce serveur"),
    ("IP address mismatch", "il n'est pas à l'adresse de ce serveur"),
)
_EXCEPTION = re.compile(r"[A-Z]\w*(Error|Exception|Warning|Exit|Interrupt)")


def in_french(facts: dict[str, object]) -> dict[str, object]:
    """Give the facts as a French sentence says them; a library's unknown error is an unexpected content."""
    return {name: _word(value) if name in _TRANSLATED else value for name, value in facts.items()}


def _word(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value in _WORDS:
        return _WORDS[value]
    for start, word in _STARTS:
        if value.startswith(start):
            return word
    return "contenu inattendu" if _EXCEPTION.fullmatch(value) else value
