"""A mail server on loopback that keeps what it is given: SMTP by aiosmtpd, with or without TLS and signing in."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.simulators.certificates import Identity

USER, PASSWORD = "hub", "a mail password"
_LINK = re.compile(r"https://proofs\.example(/console/[A-Za-z0-9_-]+)")


@dataclass
class MailServer:
    """What it takes, and what it got."""

    port: int = 0
    got: list[EmailMessage] = field(default_factory=list)
    refuses: str | None = None
    """What it answers to every recipient, for example ``550 no such user``."""
    refused: dict[str, str] = field(default_factory=dict)
    """What it answers to single recipients."""
    answer: str | None = "250 taken"
    """What it answers to a whole message; None: it hangs up, having taken it."""
    waits: float = 0.0
    """How long it takes for that answer, in seconds."""

    async def handle_RCPT(  # noqa: N802  the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        refusal = self.refused.get(address, self.refuses)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        message = message_from_bytes(content, _class=EmailMessage, policy=default)  # type: ignore[call-overload]
        assert envelope.rcpt_tos == [message["To"].addresses[0].addr_spec]
        self.got.append(message)
        await asyncio.sleep(self.waits)
        if self.answer is None:
            server.transport.abort()
        return self.answer or "421 gone"

    def to(self, address: str) -> list[EmailMessage]:
        """Return what came for an address."""
        return [mail for mail in self.got if mail["To"].addresses[0].addr_spec == address]

    def link(self, address: str) -> str:
        """Return the path of the link in the newest mail to an address."""
        found = _LINK.search(text_of(self.to(address)[-1]))
        assert found is not None
        return found[1]


def text_of(mail: EmailMessage) -> str:
    """Return the text of a mail."""
    content = mail.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


@asynccontextmanager
async def mail_server(
    kept: MailServer | None = None, own: Identity | None = None, *, tls_at_once: bool = False
) -> AsyncIterator[MailServer]:
    """Serve on the port that was served before, or on a free one; with a certificate it offers or begins with TLS."""
    server, trust = kept or MailServer(), None
    if own is not None:
        trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trust.load_cert_chain(own.certificate, own.key)
    starttls = None if tls_at_once else trust
    more = {"authenticator": _checked, "auth_require_tls": False} if own is not None else {}
    listening = await asyncio.get_running_loop().create_server(
        lambda: SMTP(server, hostname="mail.test", tls_context=starttls, require_starttls=starttls is not None, **more),
        "127.0.0.1",
        server.port,
        ssl=trust if tls_at_once else None,
    )
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


def _checked(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: LoginPassword
) -> AuthResult:
    good = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)
