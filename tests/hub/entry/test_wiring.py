"""The settings choose the key store and the document store."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import obstore
import pytest

from hub.documents import FolderDocumentStore
from hub.entry.document_settings import DocumentSettings
from hub.entry.key_stores import open_keys
from hub.entry.settings import KeyStoreKind, SealSettings, Settings
from hub.entry.wiring import documents_of
from hub.s3_documents import S3DocumentStore
from pki.development import DevelopmentPlan, create_development_authority
from pki.errors import KeyStoreError
from pki.pkcs11 import Pkcs11KeyStore
from pki.pkcs12 import Pkcs12KeyStore
from tests.simulators.buckets import place_at, seen_from_outside
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


def test_documents_are_in_a_folder_unless_a_bucket_is_chosen(tmp_path: Path) -> None:
    assert isinstance(documents_of(DocumentSettings(folder=tmp_path / "documents")), FolderDocumentStore)
    chosen = DocumentSettings.model_validate({"kind": "s3", "bucket": "proofs", "endpoint": "https://s3.example"})
    assert isinstance(documents_of(chosen), S3DocumentStore)


def test_authorities_of_the_document_store_that_are_not_there_are_noticed_at_the_start(tmp_path: Path) -> None:
    chosen = {"kind": "s3", "bucket": "proofs", "ca_file": tmp_path / "none.pem"}
    with pytest.raises(FileNotFoundError):
        documents_of(DocumentSettings.model_validate(chosen))


@pytest.mark.services("s3")
async def test_the_bucket_that_the_environment_names_is_the_one_that_is_used(
    s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = place_at(s3_endpoint)
    chosen = {"KIND": "s3", "BUCKET": own.bucket, "ENDPOINT": s3_endpoint, "PREFIX": "wiring/a"}
    for name, value in {**chosen, "ACCESS_KEY": own.access_key, "SECRET_KEY": own.secret_key}.items():
        monkeypatch.setenv(f"PROOFHUB_DOCUMENTS__{name}", value)
    sha256 = await documents_of(Settings().documents).put(b"a document")
    found = await obstore.get_async(seen_from_outside(s3_endpoint, "wiring/a"), f"{sha256[:2]}/{sha256[2:]}.pdf")
    assert bytes(await found.bytes_async()) == b"a document"
