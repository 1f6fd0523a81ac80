"""What the settings of messages make, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from graph_models.contacts import ContactPost
from hub.actors import Actor, Post
from hub.contacts import NewContact
from hub.entry.settings import NotifierSettings
from hub.entry.telling import notifier_of
from hub.notifier import NoNotifier
from hub.smtp_notifier import SmtpNotifier
from tests.hub.entry.door import KNOWN, open_door, settings_in
from tests.hub.office import until
from tests.simulators import mail_server as mail
from tests.simulators.hostile_source import HostileSource


def test_nobody_is_told_unless_the_settings_say_so() -> None:
    assert isinstance(notifier_of(NotifierSettings()), NoNotifier)


def test_a_mail_server_is_reached_by_tls_unless_it_is_on_this_machine() -> None:
    assert isinstance(notifier_of(NotifierSettings(kind="smtp", sender="hub@proofs.example")), SmtpNotifier)
    relay = NotifierSettings(kind="smtp", sender="hub@proofs.example", security="none", host="127.0.0.1")
    assert isinstance(notifier_of(relay), SmtpNotifier)
    with pytest.raises(ValidationError, match="this machine alone"):
        NotifierSettings(kind="smtp", sender="hub@proofs.example", security="none", host="mail.example")


@pytest.mark.parametrize("sender", ["", "hub", "hub@proofs.example\r\nBcc: x@y.example"])
def test_a_sender_that_is_no_address_is_refused(sender: str) -> None:
    with pytest.raises(ValidationError, match="e-mail address"):
        NotifierSettings(kind="smtp", sender=sender)


def test_a_file_of_authorities_that_is_not_there_is_noticed_at_the_start(tmp_path: Path) -> None:
    settings = NotifierSettings(kind="smtp", sender="hub@proofs.example", ca_file=tmp_path / "none.pem")
    with pytest.raises(FileNotFoundError):
        notifier_of(settings)


@pytest.mark.requirement("R14.4")
async def test_a_hub_that_serves_tells_a_unit_without_a_system_and_shows_it_the_page(tmp_path: Path) -> None:
    who = {"unit_code": "GA-HS", "staff_id": "v-1", "name": "张三", "email": "v1@village.example"}
    looker = NewContact(posts=frozenset({ContactPost.DRAFTER}), **who)
    async with mail.mail_server() as server, HostileSource(KNOWN) as register:
        settings = settings_in(tmp_path, register.url)
        settings.server.public_url = "https://proofs.example/"
        own = {"kind": "smtp", "sender": "hub@proofs.example", "security": "none"}
        settings.notifier = NotifierSettings(port=server.port, **own)
        async with open_door(settings) as door, door.hub.background.running():
            manager = Actor("m-1", "GA-HS", frozenset({Post.UNIT_MANAGER}))
            await door.hub.telling.contacts.register(manager, looker)
            await door.open_case("BG-1")
            await until(lambda: bool(server.got))
            page = await door.client.get(server.link(looker.email))
            assert page.status_code == 200
            assert "无犯罪记录证明" in page.text
            assert 'route="/console"' in (await door.client.get("/metrics")).text
