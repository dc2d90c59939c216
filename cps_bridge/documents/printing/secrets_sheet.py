"""The secrets of the patient's account: printed once, given by hand, kept nowhere."""

from __future__ import annotations

from datetime import datetime

from cps_bridge.documents.printing.sheet import Sheet
from cps_bridge.documents.printing.wording import identity_rows, moment, professional_rows, spelled
from dossier.access import AccountSecrets
from dossier.patient import Ins, Traits
from dossier.professional import Activity, Professional


def secrets_sheet(
    traits: Traits,
    ins: Ins,
    secrets: AccountSecrets,
    professional: Professional,
    activity: Activity,
    printed_at: datetime,
) -> bytes:
    """Draw the sheet with identifier and password of the patient's account (A4, PDF bytes, kept by nobody here).

    printed_at: aware datetime.
    """
    sheet = Sheet("Accès à votre dossier médical", "Confidentiel, à remettre en main propre", specimen=ins.is_test)
    sheet.heading("Cette feuille appartient à")
    sheet.rows(identity_rows(traits, ins))
    sheet.heading("Votre compte")
    sheet.secret("Identifiant", secrets.login, spelled(secrets.login))
    sheet.secret("Mot de passe provisoire", secrets.password, spelled(secrets.password))
    sheet.frame(
        "Imprimé une seule fois, à remettre en main propre",
        [
            "Ne photocopiez pas cette feuille et ne l'envoyez jamais par courriel, SMS ou télécopie.",
            "Le logiciel n'en garde aucune trace : si elle est perdue, il faut demander de nouveaux codes.",
        ],
    )
    sheet.heading("Première connexion")
    sheet.steps(
        [
            "Saisissez l'identifiant et le mot de passe ci-dessus sur le site du dossier médical partagé.",
            "Saisissez le code à usage unique reçu à l'adresse ou au numéro de mobile que vous avez donné.",
            "Choisissez votre mot de passe personnel, puis détruisez cette feuille.",
        ]
    )
    sheet.text("Personne ne vous demandera ces codes, ni par téléphone ni par courriel.", bold=True)
    sheet.heading("Remise")
    sheet.rows([("Imprimée le", moment(printed_at)), *professional_rows(professional, activity)])
    return sheet.pdf()
