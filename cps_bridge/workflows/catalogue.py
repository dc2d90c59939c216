"""Every use case by its name, loaded when first used: the window, the command line and programs share this list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from dossier.failure import Failure


@dataclass(frozen=True)
class UseCase:
    """A name, where its function is, and one line in French for help."""

    name: str
    module: str
    function: str
    help: str

    def load(self) -> Callable[..., Any]:
        """Import the function: only now are the heavy libraries behind it loaded."""
        module = import_module(f"cps_bridge.workflows.{self.module}")
        return cast("Callable[..., Any]", getattr(module, self.function))


_ALL = (
    UseCase("session", "open_session", "open_session", "Ouvrir la session avec la carte CPS"),
    UseCase(
        "structure-session",
        "open_structure_session",
        "open_structure_session",
        "Ouvrir la session par les certificats de l'établissement, sans carte",
    ),
    UseCase("lock", "open_session", "lock", "Verrouiller : fermer la session"),
    UseCase("card", "look_at_card", "look_at_card", "Montrer ce que dit la carte professionnelle"),
    UseCase("change-pin", "change_pin", "change_pin", "Changer le code porteur de la carte"),
    UseCase("unblock-pin", "change_pin", "unblock_pin", "Débloquer la carte avec son code de déblocage"),
    UseCase("patient", "identify_patient", "identify_patient", "Identifier le patient (carte Vitale, INS, saisie...)"),
    UseCase("leave-patient", "identify_patient", "leave_patient", "Quitter le patient affiché"),
    UseCase(
        "dossier", "consult_dossier", "look_up_dossier", "Savoir si le patient a un DMP et si l'accès est autorisé"
    ),
    UseCase("administration", "consult_dossier", "read_administration", "Lire les données de gestion du DMP"),
    UseCase("edit-administration", "manage_dossier", "edit_administration", "Modifier les données de gestion du DMP"),
    UseCase("close", "manage_dossier", "close_dossier", "Fermer le DMP à la demande du patient"),
    UseCase("create", "create_dossier", "create_dossier", "Créer le DMP avec le consentement du patient"),
    UseCase("open-account", "create_dossier", "open_account", "Ouvrir le compte du patient (fin d'une création)"),
    UseCase("reactivate", "create_dossier", "reactivate_dossier", "Réactiver un DMP fermé"),
    UseCase("authorise", "consult_dossier", "authorise", "Déclarer l'accès autorisé par le patient"),
    UseCase("attending", "authorisations", "set_attending", "Se déclarer médecin traitant, ou cesser de l'être"),
    UseCase("withdraw", "authorisations", "withdraw", "Retirer sa propre autorisation de consulter"),
    UseCase("parties", "authorisations", "list_parties", "Lister les professionnels autorisés et bloqués"),
    UseCase("channel", "patient_account", "set_channel", "Ajouter, changer ou retirer un moyen de recevoir les codes"),
    UseCase("renew-secrets", "patient_account", "renew_secrets", "Donner au patient de nouveaux identifiants"),
    UseCase("followed", "follow_dossiers", "list_followed", "Lister mes patients et ce qui est nouveau dans leurs DMP"),
    UseCase("search", "search_people", "search_people", "Chercher un patient sans INS (régulation du centre 15)"),
    UseCase("web-page", "web_pages", "web_page", "Donner l'adresse d'une page du site de l'hôte pour ce patient"),
    UseCase("deposit", "deposit", "deposit_document", "Déposer un document"),
    UseCase("study", "deposit_imaging", "read_study", "Lire un dossier d'images DICOM"),
    UseCase(
        "deposit-imaging", "deposit_imaging", "deposit_imaging", "Déposer un compte rendu et son examen d'imagerie"
    ),
    UseCase("list", "read_documents", "list_documents", "Lister les documents du DMP"),
    UseCase("news", "whats_new", "whats_new", "Lister ce qui est nouveau dans le DMP depuis la dernière fois"),
    UseCase("open", "read_documents", "open_document", "Ouvrir un document"),
    UseCase("regional-list", "regional", "list_regional", "Lister les documents du registre régional"),
    UseCase("regional-open", "regional", "open_regional", "Ouvrir un document du registre régional"),
    UseCase("mask", "mask_document", "mask_document", "Masquer un document aux professionnels, ou le rendre visible"),
    UseCase("archive", "change_document", "archive_document", "Archiver un document, ou le remettre dans la liste"),
    UseCase("delete", "change_document", "delete_document", "Supprimer un document"),
    UseCase("show", "change_document", "show_document", "Rendre un document visible par le patient, définitivement"),
    UseCase("replace", "replace_document", "replace_document", "Remplacer un document par un nouveau"),
    UseCase("secret-access", "minors", "open_secretly", "Ouvrir le DMP d'un mineur en connexion secrète"),
    UseCase("break-glass", "emergency", "break_glass", "Accéder en urgence (bris de glace)"),
    UseCase("regulation", "emergency", "regulate", "Accéder pour la régulation médicale (centre 15)"),
    UseCase("end-access", "emergency", "end_access", "Terminer l'accès en urgence"),
    UseCase("send", "send", "send_due", "Envoyer ce qui attend et lever les incertitudes"),
    UseCase("outbox", "look_back", "list_outbox", "Lister les envois"),
    UseCase("outbox-history", "look_back", "outbox_history", "Montrer l'histoire d'un envoi"),
    UseCase("proof", "prove_deposit", "prove_deposit", "Établir la preuve d'un dépôt accepté"),
    UseCase("journal", "look_back", "list_journal", "Lire le journal du cabinet"),
    UseCase("journal-export", "look_back", "export_journal", "Exporter le journal en lignes JSON"),
)
CATALOGUE = {use_case.name: use_case for use_case in _ALL}


def find(name: str) -> UseCase:
    """Give a use case by its name; raises Failure USE_CASE_UNKNOWN."""
    try:
        return CATALOGUE[name]
    except KeyError as error:
        raise Failure("USE_CASE_UNKNOWN", name=name[:40]) from error
