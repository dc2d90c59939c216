"""Sheets handed to people, as PDF bytes: creation acknowledgement, account secrets, proof of deposit.

May import: dossier; reportlab, inside the functions that draw.
Never enters: a file on disk, Qt, a printer.
"""

from __future__ import annotations

from cps_bridge.documents.printing.acknowledgement_sheet import acknowledgement_sheet
from cps_bridge.documents.printing.proof_of_deposit import proof_of_deposit
from cps_bridge.documents.printing.secrets_sheet import secrets_sheet

__all__ = ["acknowledgement_sheet", "proof_of_deposit", "secrets_sheet"]
