"""An anchor as a message to the sites: copies that no one person can take back."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from entact.store.anchor import Anchor
from entact.store.error import StoreError

_SECONDS = 30
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def anchor_message(anchor: Anchor, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """The message: what it is, what to do with it, and the line of the anchor, short and in plain text."""
    simulated = " (SIMULATED DATA)" if anchor.environment == "rehearsal" else ""
    message = EmailMessage()
    message["Subject"] = f"Anchor of {anchor.study}, {anchor.environment}{simulated}, {anchor.at}"
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or None)
    line = f"{anchor.line}\n"
    message.set_content(
        f"Keep this message: it says what the record of {anchor.study} was at {anchor.at}{simulated}.\n\n"
        f"{anchor.entries} entries in {anchor.ledgers} ledgers; the study's own ledger ends with entry\n"
        f"{anchor.seq}, {anchor.hash}.\n\n"
        "If entries are changed or removed later, or an older copy of the database takes its place, the\n"
        "line below tells: save the message as a file, and run `entact verify --against FILE`.\n\n"
        f"{line}",
        cte="7bit",
    )
    message.add_attachment(line, filename=f"anchor-{anchor.study}-{anchor.seq}.txt", cte="7bit")
    return message


def send(message: EmailMessage, server: str) -> None:
    """Hands a message to a mail server; over TLS only to one whose certificate is verified.

    Args:
        server: `smtp://host:port`, `smtp+starttls://user:password@host` or `smtps://...`.
    Raises:
        StoreError: when the address is none, the server cannot be reached, or refuses a recipient.
    """
    where = urlsplit(server)
    if where.scheme not in _PORTS or not where.hostname:
        raise StoreError(
            f"{where.scheme}://{where.hostname or ''} is no mail server: {', '.join(_PORTS)}://HOST"
        )
    port = where.port or _PORTS[where.scheme]
    trusted = ssl.create_default_context()
    try:
        with (
            smtplib.SMTP_SSL(where.hostname, port, timeout=_SECONDS, context=trusted)
            if where.scheme == "smtps"
            else smtplib.SMTP(where.hostname, port, timeout=_SECONDS)
        ) as line:
            if where.scheme == "smtp+starttls":
                line.starttls(context=trusted)
            if where.username:
                line.login(unquote(where.username), unquote(where.password or ""))
            refused = line.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise StoreError(
            f"the mail server {where.hostname}:{port} did not take the message: {error}"
        ) from error
    if refused:
        raise StoreError(f"the mail server {where.hostname}:{port} refused {', '.join(refused)}")
