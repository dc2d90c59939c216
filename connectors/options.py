"""The options of the command line, made from the catalogue of use cases."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from connectors.extras import EXTRAS
from connectors.usage import Parser, seconds
from cps_bridge.workflows.catalogue import CATALOGUE
from dossier.access import BreakGlassReason

_Option = tuple[tuple[str, ...], dict[str, Any]]
NEEDS_NOTHING = frozenset(
    {"outbox", "outbox-history", "journal", "journal-export", "study", "proof", "card", "change-pin", "unblock-pin"}
)
NEEDS_SESSION = frozenset({"session", "send", "patient", "followed", "search"})
PAGE_NAMES = (
    *("tableau-de-bord", "dossier", "gestion", "documents", "parcours", "historique", "parametrages"),
    *("volontes", "vaccinations"),
)
HIDDEN = frozenset({"lock", "leave-patient", "end-access", "structure-session"})
EPILOG = """codes de sortie :
  0 fait   2 usage   3 refus de l'hôte   4 carte   5 issue inconnue   6 donnée invalide   7 réseau   8 stockage
  130 abandonné"""


def parser() -> argparse.ArgumentParser:
    """Make the parser: one sub-command per use case, the common options on each."""
    common = _common()
    top = Parser(
        prog="cps-bridge",
        description="CPS Bridge : le client libre du dossier médical partagé.",
        epilog=EPILOG,
        allow_abbrev=False,
    )
    commands = top.add_subparsers(title="commandes", dest="command", required=True, metavar="COMMANDE")
    window = commands.add_parser("window", help="Ouvrir la fenêtre", parents=[common], allow_abbrev=False)
    window.add_argument("--exit-after-paint", action="store_true", help=argparse.SUPPRESS)
    helps = {name: each.help for name, each in CATALOGUE.items()} | {name: each.help for name, each in EXTRAS.items()}
    for name, told in helps.items():
        if name not in HIDDEN:
            command = commands.add_parser(name, help=told, parents=[common], allow_abbrev=False)
            for names, how in _OPTIONS.get(name, ()):
                command.add_argument(*names, **how)
    return top


def _common() -> Parser:
    common = Parser(add_help=False, allow_abbrev=False)
    place = common.add_argument_group("lieu")
    place.add_argument("--data", type=Path, metavar="DIR", help="dossier de données du cabinet")
    place.add_argument("--host", metavar="URL", help="adresse de l'hôte (https://hôte[:port])")
    place.add_argument("--host-ca", type=Path, metavar="FICHIER", help="autorités de l'hôte (PEM)")
    place.add_argument("--insi", metavar="URL", help="adresse du téléservice INSi")
    place.add_argument("--simulated", action="store_true", help="cartes virtuelles et hôte virtuel")
    place.add_argument("--cps", metavar="NOM", help="carte virtuelle du professionnel, ou son fichier")
    place.add_argument("--vitale", metavar="NOM", help="carte Vitale virtuelle, ou son fichier")
    place.add_argument("--trace", type=Path, metavar="DIR", help="écrire les échanges (refusé en production)")
    place.add_argument("--record", type=Path, metavar="FICHIER", help="enregistrer les échanges avec les cartes")
    talk = common.add_argument_group("dialogue")
    talk.add_argument("--json", action="store_true", help="un objet JSON par ligne")
    talk.add_argument("--pin-fd", type=int, metavar="N", help="lire le code porteur sur ce descripteur")
    talk.add_argument("--passphrase-fd", type=int, metavar="N", help="lire la phrase de passe du coffre")
    talk.add_argument("--last-try", metavar="MOT", help="mot qui confirme le dernier essai d'un code : DERNIER ESSAI")
    talk.add_argument("--activity", type=int, metavar="N", help="choisir la situation d'exercice, par son numéro")
    talk.add_argument("--beneficiary", type=int, metavar="N", help="bénéficiaire de la carte Vitale")
    talk.add_argument("--wait", type=seconds, default=60.0, metavar="S", help="secondes d'attente d'une carte")
    talk.add_argument("--yes", action="store_true", help="confirmer sans demander")
    _without_card(common)
    who = common.add_argument_group("patient")
    who.add_argument("--ins", metavar="INS", help="patient par son INS, au lieu de la carte Vitale")
    who.add_argument("--datamatrix", metavar="TEXTE", help="par son datamatrix INS ; - : une ligne de l'entrée")
    who.add_argument("--traits", metavar="TRAITS", help="par ses traits : NOM;PRENOMS;JJ/MM/AAAA;M|F[;INSEE], ou -")
    who.add_argument("--application", metavar="TEXTE", help="par son application carte Vitale (texte du QR), ou -")
    who.add_argument("--oid", default="", metavar="OID", help="OID de cet INS")
    return common


def _without_card(common: Parser) -> None:
    logins = ("mot-de-passe", "carte", "telephone")
    place = common.add_argument_group("établissement, sans carte")
    place.add_argument("--structure", metavar="ID|NOM|PRENOM|PROF", help="ses certificats parlent pour cette personne")
    place.add_argument("--structure-mode", choices=("indirecte", "renforcee"), default="indirecte", help="mode d'accès")
    place.add_argument("--login", choices=logins, default=logins[0], help="comment cette personne s'est authentifiée")
    place.add_argument("--key-password-fd", type=int, metavar="N", help="lire le mot de passe des clés (descripteur)")


def _option(*names: str, **how: Any) -> _Option:
    return names, how


_CONSENT = (
    _option("--informed", action="store_true", default=None, help="le patient a reçu l'information"),
    _option("--consent", choices=("oral", "ecrit", "aucun"), help="consentement du patient"),
    _option("--no-break-glass", action="store_true", help="le patient refuse le bris de glace"),
    _option("--no-regulation", action="store_true", help="le patient refuse l'accès du centre 15"),
)
_ACCOUNT = (
    _option("--email", help="adresse électronique du patient"),
    _option("--mobile", help="mobile du patient"),
    _option("--out", type=Path, metavar="DIR", required=True, help="où écrire les deux feuilles (PDF)"),
)
_VISIBILITY = (
    _option("--title", default="", help="titre du document"),
    _option("--masked", action="store_true", help="masqué aux autres professionnels"),
)
_REASONS = ", ".join(each.name for each in BreakGlassReason)
_EMERGENCY = (
    _option("--reason", metavar="MOTIF", help=f"bris de glace : {_REASONS}"),
    _option("--because", metavar="TEXTE", help="justification du bris de glace"),
    _option("--regulation", action="store_true", help="accès du centre 15"),
    _option("--secret", action="store_true", help="connexion secrète d'un mineur"),
)
_KEEP = _option("--peek", dest="remember", action="store_false", help="ne pas compter ce regard comme le dernier")
_WORD = _option("--word", metavar="MOT", help="mot qui confirme ce qui ne peut pas être défait")
_AUTHOR = _option("--author", default="", metavar="ID", help="professionnel pour qui dépose un secrétariat")
_CHANNELS = (
    _option("--email", help="adresse électronique du patient"),
    _option("--mobile", help="mobile du patient"),
)
_FOLDER = _option("folder", type=Path, help="dossier des fichiers DICOM")
_DOCUMENT = _option("unique_id", help="identifiant du document (uniqueId)")
_NEW_PIN = _option("--new-pin-fd", type=int, metavar="N", help="lire le nouveau code porteur sur ce descripteur")
_OPTIONS: dict[str, tuple[_Option, ...]] = {
    "session": (_option("--choose-activity", action="store_true", help="redemander la situation d'exercice"),),
    "card": (_option("--with-activities", action="store_true", help="avec les situations d'exercice (code porteur)"),),
    "change-pin": (_NEW_PIN,),
    "unblock-pin": (
        _option("--puk-fd", type=int, metavar="N", help="lire le code de déblocage sur ce descripteur"),
        _NEW_PIN,
    ),
    "create": (*_CONSENT, *_ACCOUNT),
    "open-account": _ACCOUNT,
    "reactivate": _CONSENT,
    "authorise": (
        _option("--as", dest="access", choices=("autorise", "medecin-traitant", "non"), help="accès déclaré"),
    ),
    "deposit": (
        _option("path", type=Path, help="fichier à déposer"),
        _option("--type", dest="type_code", required=True, help="type de document (code LOINC ou national)"),
        _option("--hidden-from-patient", action="store_true", help="non visible par le patient"),
        _option("--hidden-from-representatives", action="store_true", help="d'un mineur : non visible par ses parents"),
        _option("--secret", action="store_true", help="connexion secrète d'un mineur"),
        *_VISIBILITY,
        _AUTHOR,
    ),
    "deposit-imaging": (_option("report", type=Path, help="compte rendu (PDF)"), _FOLDER, *_VISIBILITY, _AUTHOR),
    "replace": (
        _DOCUMENT,
        _option("path", type=Path, help="nouveau fichier"),
        _option("--title", default="", help="titre, par défaut celui du document remplacé"),
        _option("--type", dest="type_code", default="", help="type, pour qui ne peut pas lire le document remplacé"),
        _AUTHOR,
    ),
    "archive": (_DOCUMENT, _option("--back", action="store_true", help="remettre dans la liste au lieu d'archiver")),
    "delete": (_DOCUMENT, _WORD),
    "show": (
        _DOCUMENT,
        _option("--representatives", action="store_true", help="et par les représentants légaux"),
    ),
    "edit-administration": (
        _option("--title", help="civilité (M, MME ou MLLE)"),
        _option("--usage-name", metavar="NOM", help="nom d'usage"),
        _option("--address", action="append", metavar="LIGNE", help="adresse, une ligne par option"),
        _option("--postal-code", metavar="CODE", help="code postal"),
        _option("--city", metavar="VILLE", help="ville"),
        _option("--country", metavar="PAYS", help="pays"),
        _option("--home-phone", metavar="NUMERO", help="téléphone fixe"),
        *_CHANNELS,
        _option("--break-glass", choices=("oui", "non"), help="bris de glace accepté par le patient"),
        _option("--regulation-access", choices=("oui", "non"), help="accès du centre 15 accepté par le patient"),
    ),
    "close": (_option("--text", required=True, metavar="TEXTE", help="raison donnée par le patient"), _WORD),
    "attending": (_option("--stop", action="store_true", help="ne plus être médecin traitant"),),
    "parties": (
        _option("--which", choices=("active", "blocked", "all"), default="all", help="autorisés, bloqués, ou tous"),
    ),
    "channel": (
        _option("--action", choices=("add", "change", "remove"), default="add", help="ajouter, changer ou retirer"),
        *_CHANNELS,
    ),
    "renew-secrets": (
        _option("--out", type=Path, metavar="FICHIER", required=True, help="où écrire la feuille (PDF)"),
    ),
    "followed": (
        _option("--owner", default="", metavar="ID", help="professionnel de la structure (carte d'établissement)"),
        _KEEP,
    ),
    "news": (_KEEP, *_EMERGENCY),
    "search": (
        _option("--name", required=True, metavar="NOM", help="nom de la personne"),
        _option("--given", default="", metavar="PRENOM", help="prénom"),
        _option("--born", default="", metavar="DATE", help="date de naissance : JJ/MM/AAAA, ou AAAA"),
        _option("--sex", default="", choices=("M", "F"), help="sexe"),
        _option("--city", default="", metavar="VILLE", help="ville"),
        _option("--postal-code", default="", metavar="CODE", help="code postal"),
    ),
    "web-page": (
        _option("--page", choices=PAGE_NAMES, default=PAGE_NAMES[0], help="page demandée"),
        _option("--no-patient", action="store_true", help="sans patient"),
    ),
    "study": (_FOLDER,),
    "open": (_DOCUMENT, _option("--out", type=Path, metavar="FICHIER", help="où écrire le contenu"), *_EMERGENCY),
    "regional-open": (_DOCUMENT, _option("--out", type=Path, metavar="FICHIER", help="où écrire le contenu")),
    "mask": (_DOCUMENT, _option("--show", action="store_true", help="rendre visible au lieu de masquer")),
    "list": (
        _option("--archived", action="store_true", help="avec les documents archivés"),
        _option("--obsolete", action="store_true", help="avec les documents remplacés"),
        _option("--masks", choices=("seuls", "sans"), help="documents masqués : seuls, ou sans eux"),
        _option("--types", action="append", metavar="CODE", help="de ce type (code) ; plusieurs fois si besoin"),
        _option("--classes", action="append", metavar="CODE", help="de cette classe (code)"),
        _option("--by", default="", metavar="NOM", help="dont le nom de l'auteur contient ce texte"),
        _option("--since", default="", metavar="DATE", help="depuis ce jour : JJ/MM/AAAA"),
        _option("--until", default="", metavar="DATE", help="jusqu'à ce jour compris"),
        *_EMERGENCY,
    ),
    "dossier": _EMERGENCY,
    "administration": _EMERGENCY,
    "break-glass": _EMERGENCY,
    "proof": (
        _option("number", type=int, help="numéro de l'envoi"),
        _option("--out", type=Path, metavar="FICHIER", required=True, help="où écrire la preuve (PDF)"),
    ),
    "outbox-history": (_option("number", type=int, help="numéro de l'envoi"),),
    "journal-export": (_option("path", type=Path, help="fichier à écrire"),),
}
