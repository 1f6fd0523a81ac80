"""What the signer pruned comes from the hub's document store: the same document, never a second one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.documents import FolderDocumentStore
from hub.errors import UnavailableError
from seals.errors import GrantScopeError
from seals.recalled_documents import RecallingService
from seals.signer import Signer
from seals.signer_pruning import PAUSE_SECONDS, SpoolPruner

LONG_AFTER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def documents(tmp_path: Path) -> FolderDocumentStore:
    return FolderDocumentStore(tmp_path / "documents")


@pytest.fixture
async def service(seal_office, tmp_path, documents) -> AsyncIterator[RecallingService]:
    made = RecallingService(Signer(seal_office.parts(tmp_path / "signer")), documents.get)
    yield made
    await made.close()


def prune(folder: Path) -> None:
    """Prune all that was sealed in a folder, which is long ago."""
    pruner = SpoolPruner(folder, timedelta(days=30), lambda: LONG_AFTER)
    while pruner.step() == PAUSE_SECONDS:
        pass
    pruner.close()


async def test_it_seals_as_the_signer_does(seal_office, service, shared_content) -> None:
    order = seal_office.order("need-1", shared_content)
    assert await service.seal(order) == await service.seal(order)
    with pytest.raises(GrantScopeError):
        await service.seal(seal_office.order("need-2", shared_content, unit_code="U002"))


async def test_a_pruned_document_that_the_hub_keeps_is_given_again(
    seal_office, service, documents, tmp_path, shared_content
) -> None:
    order = seal_office.order("need-1", shared_content)
    document = await service.seal(order)
    await documents.put(document.pdf)
    prune(tmp_path / "signer")
    assert await service.seal(order) == document
    async with service.ahead(shared_content) as ahead:
        assert await ahead.seal(order) == document


async def test_one_that_nobody_keeps_is_not_sealed_anew(seal_office, service, tmp_path, shared_content) -> None:
    order = seal_office.order("need-1", shared_content)
    await service.seal(order)
    prune(tmp_path / "signer")
    with pytest.raises(UnavailableError):
        await service.seal(order)
