"""The settings choose the key store."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.entry.key_stores import open_keys
from hub.entry.settings import KeyStoreKind, SealSettings, Settings
from pki.development import DevelopmentPlan, create_development_authority
from pki.errors import KeyStoreError
from pki.pkcs11 import Pkcs11KeyStore
from pki.pkcs12 import Pkcs12KeyStore
from tests.simulators.soft_token import PIN, SoftTokens

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def test_without_a_choice_keys_are_in_files(tmp_path: Path) -> None:
    assert isinstance(open_keys(SealSettings(folder=tmp_path / "keys", passphrase="x")), Pkcs12KeyStore)


@pytest.mark.services("softhsm")
def test_a_token_is_chosen_by_the_environment_and_holds_a_whole_authority(
    soft_tokens: SoftTokens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soft_tokens.emptied("wiring")
    chosen = {"KEY_STORE": "pkcs11", "PKCS11_MODULE": soft_tokens.module, "PKCS11_TOKEN": "wiring", "PASSPHRASE": PIN}
    for name, value in chosen.items():
        monkeypatch.setenv(f"PROOFHUB_SEALS__{name}", str(value))
    settings = Settings().seals
    keys = open_keys(settings)
    assert isinstance(keys, Pkcs11KeyStore)
    plan = DevelopmentPlan(organisation="Proofhub Test", seals=())
    made = create_development_authority(tmp_path, keys, plan, NOW, itertools.count(2**100).__next__)
    again = create_development_authority(tmp_path, open_keys(settings), plan, NOW, itertools.count(2**100).__next__)
    assert made.issuing.certificate == again.issuing.certificate
    assert open_keys(settings).open("root").chain == ()


@pytest.mark.parametrize(
    "named", [{}, {"pkcs11_module": Path("/nowhere/module.so")}, {"pkcs11_token": "seals"}], ids=str
)
def test_a_token_that_is_not_named_is_refused_with_what_to_set(named: dict[str, object]) -> None:
    settings = SealSettings(key_store=KeyStoreKind.PKCS11, passphrase="secret-pin", **named)
    with pytest.raises(KeyStoreError, match="PROOFHUB_SEALS__PKCS11_MODULE and PROOFHUB_SEALS__PKCS11_TOKEN") as caught:
        open_keys(settings)
    assert "secret-pin" not in str(caught.value)
