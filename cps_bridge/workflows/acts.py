"""The acts that a person confirms, in the words that they read."""

from __future__ import annotations

import enum


class Act(enum.Enum):
    """What a person confirms before it is done; the value is what they read."""

    ARCHIVE = "Archiver ce document\u00a0: il quittera la liste courante, et pourra y revenir."
    UNARCHIVE = "Remettre ce document archivé dans la liste courante."
    DELETE = "Supprimer ce document du DMP, pour tout le monde et pour toujours."
    SHOW_TO_PATIENT = "Rendre ce document visible par le patient. Ce choix ne peut pas être défait."
    SHOW_TO_REPRESENTATIVES = (
        "Rendre ce document visible par le patient et par ses représentants légaux. Ce choix ne peut pas être défait."
    )
    CLOSE = "Fermer le DMP à la demande du patient\u00a0: plus personne n'y aura accès. Il peut être réactivé dix ans."
    ATTENDING = "Vous déclarer médecin traitant du patient, avec son accord."
    NOT_ATTENDING = "Ne plus être médecin traitant du patient\u00a0; votre autorisation de consulter demeure."
    WITHDRAW = "Retirer votre propre autorisation de consulter ce DMP."
    RENEW_SECRETS = "Donner au patient de nouveaux identifiants\u00a0: ceux qu'il a ne vaudront plus rien."
    REMOVE_CHANNEL = "Retirer ce moyen de recevoir les codes d'accès du patient."
    SECRET = "Ouvrir une connexion secrète pour ce mineur\u00a0: ses représentants légaux n'en sauront rien."  # noqa: S105 - words
