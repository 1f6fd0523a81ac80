"""Notices by e-mail: SMTP (RFC 5321) over TLS (RFC 8314, RFC 3207). The links in them are keys, so TLS is not optional.

A server that does not offer TLS is refused; the one exception is a relay on this machine, by setting.
"""

from __future__ import annotations

import hashlib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from pathlib import Path

import aiosmtplib

from hub.notifier import Notice, NotToldError

_FOR_GOOD = 500
"""Answers from here on say that trying again is of no use (RFC 5321, 4.2.1)."""
_ANSWERS = 12
"""So many answers come before the message at most: greeting, EHLO, TLS, EHLO, signing in, envelope."""


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
    answer_seconds: float = 600.0
    """Longest wait for the answer to a whole message (RFC 5321, 4.5.3.2.6): who waits less sends it twice."""


class SmtpNotifier:
    """Hands each notice to a mail server, over a connection of its own."""

    tells = True

    def __init__(self, server: MailServer) -> None:
        """Take the server. Raises OSError, ValueError where the authorities' file cannot be used."""
        self._server = server
        self.seconds = _ANSWERS * server.seconds + server.answer_seconds
        self._trust = None
        if server.security is not MailSecurity.NONE:
            self._trust = ssl.create_default_context(cafile=server.ca_file and str(server.ca_file))

    async def tell(self, notice: Notice) -> None:
        """Hand a notice over. Raises NotToldError."""
        server = self._server
        message = _message(server.sender, notice).as_bytes()
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.security is MailSecurity.TLS,
            start_tls=server.security is MailSecurity.STARTTLS,
            tls_context=self._trust,
            timeout=server.seconds,
        )
        try:
            await self._address(client, notice)
            await self._hand_over(client, message)
            with suppress(aiosmtplib.SMTPException, OSError):  # it is in other hands already
                await client.quit()
        finally:
            client.close()

    async def _address(self, client: aiosmtplib.SMTP, notice: Notice) -> None:
        """Sign in, and say from whom and to whom."""
        try:
            await client.connect()
            await client.mail(self._server.sender)
            await client.rcpt(notice.address)
        except aiosmtplib.SMTPSenderRefused as refused:
            raise NotToldError("the mail server refuses the sender") from refused
        except aiosmtplib.SMTPRecipientRefused as refused:
            raise NotToldError("the mail server refuses the address", for_good=refused.code >= _FOR_GOOD) from refused
        except (aiosmtplib.SMTPException, OSError) as problem:
            raise NotToldError(type(problem).__name__, server_down=True) from problem

    async def _hand_over(self, client: aiosmtplib.SMTP, message: bytes) -> None:
        try:
            await client.data(message, timeout=self._server.answer_seconds)
        except aiosmtplib.SMTPDataError as refused:
            raise NotToldError("the mail server refuses the notice", for_good=refused.code >= _FOR_GOOD) from refused
        except (aiosmtplib.SMTPException, OSError) as problem:
            raise NotToldError(type(problem).__name__, perhaps_taken=True) from problem


def _message(sender: str, notice: Notice) -> EmailMessage:
    """Return the mail; the library's policy refuses a line break in a header, whatever was admitted before."""
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    try:
        message["From"] = Address("无证件（证明）办事 · 电子证明", addr_spec=sender)
        message["To"] = Address(addr_spec=notice.address)
        message["Subject"] = notice.subject
    except (ValueError, IndexError) as problem:
        raise NotToldError("the notice cannot be addressed", for_good=True) from problem
    message["Date"] = notice.at
    digest = hashlib.sha256(notice.id.encode()).hexdigest()
    message["Message-ID"] = f"<{digest[:40]}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(notice.text)
    return message
