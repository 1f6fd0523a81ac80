"""Notices by e-mail: SMTP (RFC 5321) over TLS (RFC 8314, RFC 3207). The links in them are keys, so TLS is not optional.

A server that does not offer TLS is refused; the one exception is a relay on this machine, by setting.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from pathlib import Path

import aiosmtplib

from hub.notifier import Notice, NotToldError


class MailSecurity(StrEnum):
    """How the way to the mail server is protected."""

    STARTTLS = "starttls"
    """Begins in the clear and changes to TLS before anything is said (usually port 587)."""
    TLS = "tls"
    """TLS from the first byte (usually port 465)."""
    NONE = "none"
    """None: a relay on this machine alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed over."""

    host: str
    port: int
    sender: str
    security: MailSecurity = MailSecurity.STARTTLS
    user: str = ""
    """Empty: without signing in."""
    password: str = ""
    ca_file: Path | None = None
    """Whom to trust instead of the system's authorities."""
    seconds: float = 15.0
    """Longest wait for one answer of the server."""


class SmtpNotifier:
    """Hands each notice to a mail server, over a connection of its own."""

    tells = True

    def __init__(self, server: MailServer) -> None:
        """Take the server. Raises OSError, ValueError where the authorities' file cannot be used."""
        self._server = server
        self._trust = None
        if server.security is not MailSecurity.NONE:
            self._trust = ssl.create_default_context(cafile=server.ca_file and str(server.ca_file))

    async def tell(self, notice: Notice) -> None:
        """Hand a notice over. Raises NotToldError."""
        server = self._server
        try:
            await aiosmtplib.send(
                _message(server.sender, notice),
                hostname=server.host,
                port=server.port,
                username=server.user or None,
                password=server.password or None,
                use_tls=server.security is MailSecurity.TLS,
                start_tls=server.security is MailSecurity.STARTTLS,
                tls_context=self._trust,
                timeout=server.seconds,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            for_good = all(500 <= each.code < 600 for each in refused.recipients)
            raise NotToldError("the mail server refuses the address", for_good=for_good) from refused
        except (aiosmtplib.SMTPException, OSError) as problem:
            raise NotToldError(type(problem).__name__) from problem


def _message(sender: str, notice: Notice) -> EmailMessage:
    """Return the mail; the library's policy refuses a line break in a header, whatever was admitted before."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address("无证件（证明）办事 · 电子证明", addr_spec=sender)
        message["To"] = Address(addr_spec=notice.address)
        message["Subject"] = notice.subject
    except (ValueError, IndexError) as problem:
        raise NotToldError("the notice cannot be addressed", for_good=True) from problem
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(notice.text)
    return message
