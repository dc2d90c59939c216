"""The creation acknowledgement: what was created, with which choices, and the patient's rights."""

from __future__ import annotations

from datetime import datetime

from cps_bridge.documents.printing.sheet import Sheet
from cps_bridge.documents.printing.wording import identity_rows, moment, professional_rows
from dossier.access import Consent, EmergencyChoices
from dossier.patient import PatientIdentity
from dossier.professional import Activity, Professional

_RIGHTS = (
    ("Masquer.", "Vous pouvez masquer un document à vos professionnels de santé ; son auteur le voit toujours."),
    ("Autoriser ou refuser.", "Vous choisissez les professionnels qui consultent votre dossier et pouvez en bloquer."),
    ("Savoir.", "Chaque accès et chaque dépôt est tracé ; vous en voyez la liste à tout moment."),
    (
        "Urgence.",
        "Si vous ne pouvez pas vous exprimer, un professionnel peut ouvrir votre dossier en justifiant son geste "
        "(« bris de glace »), et le médecin régulateur du SAMU peut le consulter, sauf si vous vous y opposez. "
        "Vous pouvez changer d'avis.",
    ),
    (
        "Fermer.",
        "Vous pouvez fermer votre dossier quand vous le voulez, sans donner de raison. Il n'est alors plus accessible, "
        "et vous pourrez demander sa réouverture.",
    ),
)


def acknowledgement_sheet(
    identity: PatientIdentity,
    professional: Professional,
    activity: Activity,
    consent: Consent,
    choices: EmergencyChoices,
    created_at: datetime,
) -> bytes:
    """Draw the sheet given to the patient after a creation (A4, PDF bytes).

    created_at: aware datetime. Raises Failure IDENTITY_NOT_QUALIFIED.
    """
    ins = identity.qualified_ins()
    sheet = Sheet("Dossier médical partagé", "Accusé de création, à conserver par le patient", specimen=ins.is_test)
    sheet.heading("Titulaire du dossier")
    sheet.rows(identity_rows(identity.traits, ins))
    sheet.heading("Création")
    sheet.rows(
        [
            ("Créé le", moment(created_at)),
            *professional_rows(professional, activity),
            ("Consentement", f"{consent.mode.value.capitalize()}, recueilli le {moment(consent.collected_at)}"),
            ("Accès en urgence", _allowed(choices.allow_break_glass)),
            ("Accès du SAMU (centre 15)", _allowed(choices.allow_regulation)),
        ]
    )
    sheet.frame(
        "À faire maintenant : l'autocollant DMP",
        ["Collez l'autocollant « DMP » sur la carte Vitale du patient : il signale que le dossier existe."],
    )
    sheet.heading("Vos droits")
    sheet.bullets(_RIGHTS)
    sheet.signature_places(("Professionnel (cachet et signature)", "Patient ou représentant légal"))
    return sheet.pdf()


def _allowed(yes: bool) -> str:
    return "Autorisé" if yes else "Refusé par le patient"
