"""Every default is harmless, every setting is documented, and what is not known is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from hub.entry.settings import BusEngine, SealSettings, Settings, StoreEngine
from scripts.settings_page import page

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("PROOFHUB_")]:
        monkeypatch.delenv(name)


def test_the_defaults_listen_on_loopback_believe_no_development_issuer_and_need_no_service() -> None:
    settings = Settings()
    assert settings.server.host == "127.0.0.1"
    assert settings.identity.development is False
    assert settings.store.engine is StoreEngine.LADYBUG
    assert settings.events.bus is BusEngine.IN_PROCESS
    assert settings.sources.file is None
    assert settings.seals.passphrase.get_secret_value() == ""


def test_secrets_are_not_shown_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROOFHUB_SEALS__PASSPHRASE", "a-secret")
    monkeypatch.setenv("PROOFHUB_STORE__PASSWORD", "a-secret")
    settings = Settings()
    assert settings.seals.passphrase.get_secret_value() == "a-secret"
    assert "a-secret" not in repr(settings)
    assert "a-secret" not in settings.model_dump_json()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROOFHUB_STORE__ENGIN", "neo4j"),
        ("PROOFHUB_STORRE__ENGINE", "neo4j"),
        ("PROOFHUB_STORE__ENGINE", "oracle"),
        ("PROOFHUB_SERVER__PORT", "65536"),
        ("PROOFHUB_SERVER__PORT", "http"),
        ("PROOFHUB_SERVER__BODY_BYTES", "0"),
        ("PROOFHUB_JUDGE__PROCESSES", "0"),
        ("PROOFHUB_IDENTITY__DEVELOPMENT", "perhaps"),
        ("PROOFHUB_CALENDAR__OFFICE_CLOSE", "half past five"),
        ("PROOFHUB_CALENDAR__WORKING", '["2026-02-30"]'),
    ],
)
def test_an_unknown_name_or_a_value_that_cannot_be_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_what_the_command_reads_is_no_setting_of_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PROOFHUB_URL", "PROOFHUB_TOKEN", "PROOFHUB_TEST_NEO4J_URI"):
        monkeypatch.setenv(name, "x")
    assert Settings() == Settings()


def test_lists_are_read_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROOFHUB_CALENDAR__WORKING", '["2027-02-06"]')
    assert [day.isoformat() for day in Settings().calendar.working] == ["2027-02-06"]


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ({}, "B_B"),
        ({"tsa": "embedded"}, "B_LTA"),
        ({"tsa": "urls", "tsa_urls": ["http://tsa.example"]}, "B_LTA"),
        ({"tsa": "embedded", "level": "B_T"}, "B_T"),
        ({"tsa": "embedded", "level": "B_B"}, "B_B"),
    ],
)
def test_proofs_reach_the_highest_level_where_time_stamps_are_set_and_nothing_else_is_said(
    given: dict[str, object], level: str
) -> None:
    assert SealSettings.model_validate(given).wanted_level == level


@pytest.mark.parametrize(
    "given",
    [{"level": "B_T"}, {"tsa": "urls"}, {"tsa_urls": ["http://tsa.example"]}, {"tsa": "embedded", "unraised_hours": 0}],
)
def test_levels_and_time_stamps_that_contradict_one_another_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SealSettings.model_validate(given)


def test_every_setting_is_described_and_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page()
    listed = set(re.findall(r"`(PROOFHUB_[A-Z0-9_]+)`", text))
    known = set()
    for room, field in Settings.model_fields.items():
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, BaseModel)
        for name, setting in field.annotation.model_fields.items():
            assert setting.description
            known.add(f"PROOFHUB_{room}__{name}".upper())
    assert known == listed
