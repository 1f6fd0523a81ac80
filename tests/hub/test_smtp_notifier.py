"""The SMTP notifier against a real mail server in this process."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.notifier import Notice, NotToldError
from hub.smtp_notifier import MailSecurity, MailServer, SmtpNotifier
from tests.hub.set_clock import NOW
from tests.simulators import mail_server as mail
from tests.simulators.certificates import Authority

TEXT = "张三：您好！\nDear colleague\n"
NOTICE = Notice("zhang@village.example", "【待核查】无犯罪记录证明 To be looked up", TEXT, "GA.7\x1fK1", NOW)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("mail"), "authority")


def notifier(
    server: mail.MailServer, security: MailSecurity, ca_file: Path | None = None, **more: str | float
) -> SmtpNotifier:
    own = {"user": mail.USER, "password": mail.PASSWORD} | more if security is not MailSecurity.NONE else more
    given = {"host": "127.0.0.1", "sender": "hub@proofs.example", "seconds": 5.0} | own
    return SmtpNotifier(MailServer(port=server.port, security=security, ca_file=ca_file, **given))  # type: ignore[arg-type]


@pytest.mark.parametrize("security", [MailSecurity.STARTTLS, MailSecurity.TLS])
async def test_a_notice_comes_over_tls_by_who_signed_in(authority: Authority, security: MailSecurity) -> None:
    async with mail.mail_server(own=authority.issue("mail"), tls_at_once=security is MailSecurity.TLS) as server:
        await notifier(server, security, authority.file).tell(NOTICE)
    (got,) = server.got
    assert (got["To"], got["Subject"]) == (NOTICE.address, NOTICE.subject)
    assert mail.text_of(got) == NOTICE.text
    assert got["From"].addresses[0].addr_spec == "hub@proofs.example"
    assert got["Auto-Submitted"] == "auto-generated"


async def test_tls_that_is_not_offered_is_no_reason_to_go_on_without(authority: Authority) -> None:
    async with mail.mail_server() as server:
        with pytest.raises(NotToldError):
            await notifier(server, MailSecurity.STARTTLS, authority.file).tell(NOTICE)
    assert server.got == []


async def test_a_server_that_nobody_vouches_for_gets_nothing(authority: Authority, tmp_path: Path) -> None:
    async with mail.mail_server(own=authority.issue("mail")) as server:
        with pytest.raises(NotToldError):
            await notifier(server, MailSecurity.STARTTLS, Authority(tmp_path, "other").file).tell(NOTICE)
    assert server.got == []


async def test_a_wrong_password_is_told_without_it(authority: Authority) -> None:
    async with mail.mail_server(own=authority.issue("mail")) as server:
        with pytest.raises(NotToldError) as refused:
            await notifier(server, MailSecurity.STARTTLS, authority.file, password="wrong horse").tell(NOTICE)
    assert str(refused.value) == "SMTPAuthenticationError"
    assert (refused.value.for_good, refused.value.server_down) == (False, True)


async def test_a_notice_has_its_time_and_the_same_identifier_whenever_it_is_told() -> None:
    async with mail.mail_server() as server:
        for notice in (NOTICE, replace(NOTICE, at=NOW + timedelta(hours=1)), replace(NOTICE, id="GA.8\x1fK1")):
            await notifier(server, MailSecurity.NONE).tell(notice)
    first, again, other = server.got
    assert first["Date"].datetime == NOW.replace(microsecond=0)
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["Message-ID"].endswith("@proofs.example>")


async def test_the_answer_to_a_whole_message_is_waited_for_longer_than_the_others() -> None:
    async with mail.mail_server(mail.MailServer(waits=0.6)) as server:
        await notifier(server, MailSecurity.NONE, seconds=0.3).tell(NOTICE)
        with pytest.raises(NotToldError) as late:
            await notifier(server, MailSecurity.NONE, answer_seconds=0.2).tell(NOTICE)
    assert (late.value.perhaps_taken, late.value.for_good, late.value.server_down) == (True, False, False)


async def test_where_the_connection_ends_before_the_answer_the_message_may_have_been_taken() -> None:
    async with mail.mail_server(mail.MailServer(answer=None)) as server:
        with pytest.raises(NotToldError) as lost:
            await notifier(server, MailSecurity.NONE).tell(NOTICE)
    assert len(server.got) == 1
    assert (lost.value.perhaps_taken, lost.value.for_good) == (True, False)


@pytest.mark.parametrize(("answer", "for_good"), [("552 mailbox full", True), ("451 later", False)])
async def test_a_refused_message_is_refused_for_good_or_for_now(answer: str, for_good: bool) -> None:
    async with mail.mail_server(mail.MailServer(answer=answer)) as server:
        with pytest.raises(NotToldError) as refused:
            await notifier(server, MailSecurity.NONE).tell(NOTICE)
    told = refused.value
    assert (told.for_good, told.perhaps_taken, told.server_down) == (for_good, False, False)


@pytest.mark.parametrize(("answer", "for_good"), [("550 no such user", True), ("450 later", False)])
async def test_a_refused_address_is_refused_for_good_or_for_now(answer: str, for_good: bool) -> None:
    async with mail.mail_server(mail.MailServer(refuses=answer)) as server:
        with pytest.raises(NotToldError) as refused:
            await notifier(server, MailSecurity.NONE).tell(NOTICE)
    assert (refused.value.for_good, refused.value.server_down) == (for_good, False)
    assert NOTICE.address not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("a@b.example\r\nBcc: thief@x.example", "s"),
        ("a@b.example", "s\r\nBcc: thief@x.example"),
        ("a@b.example, thief@x.example", "s"),
        ("", "s"),
    ],
)
async def test_nothing_in_a_notice_becomes_a_header_or_a_second_address(address: str, subject: str) -> None:
    async with mail.mail_server() as server:
        with pytest.raises(NotToldError) as refused:
            await notifier(server, MailSecurity.NONE).tell(replace(NOTICE, address=address, subject=subject))
    assert refused.value.for_good
    assert server.got == []


async def test_a_server_that_is_down_is_said_to_be() -> None:
    async with mail.mail_server() as server:
        pass
    with pytest.raises(NotToldError) as refused:
        await notifier(server, MailSecurity.NONE).tell(NOTICE)
    assert (refused.value.for_good, refused.value.server_down) == (False, True)
