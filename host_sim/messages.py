"""What leaves the host for a patient: mail by SMTP, SMS as files of a spool; nothing in them is clinical."""

from __future__ import annotations

import json
import logging
import re
import smtplib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import TYPE_CHECKING

from . import dossiers, notices
from .notices import Notice

if TYPE_CHECKING:
    from .house import House

_LOG = logging.getLogger("host_sim")
EMAIL, SMS = "EMAIL", "SMS"
_SENDER = "ne-pas-repondre@dmp.invalid"
_SECONDS = 10
_SUBJECT = "Votre dossier médical partagé"
_TEXTS = {
    notices.CREATION: "Votre dossier médical partagé vient d’être ouvert.",
    notices.FIRST_CONNECTION: "Un professionnel s’est connecté pour la première fois à votre dossier médical partagé.",
    notices.DOCUMENT: "Un document a été ajouté à votre dossier médical partagé.",
    notices.BREAK_GLASS: "Votre dossier médical partagé a été consulté en urgence.",
    notices.REGULATION: "Votre dossier médical partagé a été consulté par un médecin régulateur du centre 15.",
    notices.LIFE: "L’état de votre dossier médical partagé a changé.",
}
_CLOSING = "Connectez-vous à votre espace pour en savoir plus."


class NotSent(Exception):  # noqa: N818 - becomes a sentence of the page
    """The message could not be handed over: no address, or the mail server does not answer."""


@dataclass(frozen=True)
class Carrier:
    """Where messages go: `smtp` is "host:port", or "" to write mails as files too; `spool` holds one file a message.

    spool/sms/*.json: {"to": number, "at": ISO 8601, "text": ...}. spool/mail/*.eml: RFC 5322.
    """

    spool: Path
    smtp: str = ""

    def send(self, kind: str, address: str, text: str, at: datetime) -> None:
        """Send one message, EMAIL or SMS, and return once it is handed over. Raises NotSent."""
        try:
            if kind == SMS:
                facts = {"to": address, "at": at.isoformat(timespec="seconds"), "text": text}
                self._spool("sms", "json", json.dumps(facts, ensure_ascii=False).encode())
            else:
                self._mail(_mail(address, text, at))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            _LOG.warning("a message was not sent: %s", type(error).__name__)
            raise NotSent from error

    def _mail(self, mail: EmailMessage) -> None:
        if not self.smtp:
            self._spool("mail", "eml", mail.as_bytes())
            return
        host, _, port = self.smtp.rpartition(":")
        with smtplib.SMTP(host, int(port), timeout=_SECONDS) as server:
            server.send_message(mail)

    def _spool(self, folder: str, ending: str, data: bytes) -> None:
        directory = self.spool / folder
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Names grow with time; a file appears whole or not at all.
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.{ending}"
        part = directory / f".{name}"
        part.touch(mode=0o600)  # addresses and codes are for nobody else
        part.write_bytes(data)
        part.replace(directory / name)


def channels(house: House, ins: str) -> dict[str, str]:
    """Where a patient is reached, by kind (EMAIL, SMS): the channels of the account, else those of the dossier."""
    row = dossiers.dossier(house.store, ins)
    known = {EMAIL: row.mail, SMS: row.mobile} if row else {}
    with house.store.reading() as cursor:
        rows = cursor.execute("SELECT kind, canal FROM otp_channels WHERE ins = ?", (ins,)).fetchall()
    known |= {each["kind"]: each["canal"] for each in rows}
    return {kind: value for kind, value in known.items() if value}


def hidden(kind: str, address: str) -> str:
    """An address that its owner recognises and that others do not learn: s•••@example.org, 06 •• •• •• 78."""
    if kind == SMS:
        digits = re.sub(r"\D", "", address)
        return f"{digits[:2]} •• •• •• {digits[-2:]}"
    name, _, domain = address.partition("@")
    return f"{name[:1]}•••@{domain}"


def listener(house: House, carrier: Carrier) -> Callable[[Notice], None]:
    """Make the listener of House.subscribe; it runs in the thread of the notices, never in a transaction."""

    def carry(notice: Notice) -> None:
        text = f"{_TEXTS.get(notice.kind, _TEXTS[notices.LIFE])} {_CLOSING}"
        for kind, address in sorted(channels(house, notice.patient).items()):
            try:
                carrier.send(kind, address, text, notice.at)
            except NotSent:
                continue
            break

    return carry


def _mail(address: str, text: str, at: datetime) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = f"Dossier médical partagé <{_SENDER}>"
    mail["To"] = address
    mail["Subject"] = _SUBJECT
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = make_msgid(domain="dmp.invalid")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"Bonjour,\n\n{text}\n\nCe message est automatique : n’y répondez pas.\n")
    return mail
