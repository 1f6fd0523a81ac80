"""A page made ahead: sealed as any other when its order comes, thrown away when it does not."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from seals.errors import GrantScopeError, SealingError, UnprintableCharacterError
from seals.findings import read_findings
from seals.hostile_input import DocumentLimits
from seals.signer_client import SignerClient
from tests.seals.signer_host import RunningSigner
from tests.seals.signer_logs import entries_of


@pytest.fixture
async def running(seal_office, tmp_path) -> AsyncIterator[RunningSigner]:
    with tempfile.TemporaryDirectory(prefix="signer-") as place:
        signer = RunningSigner(
            seal_office.folder, seal_office.place, tmp_path / "signer", Path(place) / "s", seal_office.now
        )
        assert await signer.start() == "started"
        yield signer
        await signer.end()


@pytest.fixture
def client(running) -> SignerClient:
    return SignerClient(running.socket)


def sealed_in_log(running: RunningSigner) -> int:
    entries = entries_of(running.folder / "log")
    return [entry["operation"] for entry in entries].count("sealed")


async def test_an_order_takes_the_page_that_was_made_ahead_and_asked_again_gives_the_same(
    running, client, seal_office, shared_content
) -> None:
    order = seal_office.order("need-1", shared_content)
    async with client.ahead(shared_content) as signer:
        document = await signer.seal(order)
        assert await signer.seal(order) == document
    assert await client.seal(order) == document
    assert read_findings(document.pdf, DocumentLimits()).signatures
    assert sealed_in_log(running) == 1


async def test_an_order_of_other_content_gets_a_page_of_its_own(client, seal_office, shared_content) -> None:
    other = replace(shared_content, remarks="另有说明")
    async with client.ahead(other) as signer:
        document = await signer.seal(seal_office.order("need-1", shared_content))
    assert len(document.pdf) < len((await client.seal(seal_office.order("need-2", other))).pdf)


async def test_a_page_without_an_order_is_sealed_by_nobody(running, client, seal_office, shared_content) -> None:
    for _ in range(3):
        async with client.ahead(shared_content):
            pass
    with pytest.raises(GrantScopeError):
        async with client.ahead(shared_content) as signer:
            await signer.seal(seal_office.order("need-1", shared_content, unit_code="U009"))
    assert sealed_in_log(running) == 0
    assert await client.ping()


async def test_a_page_that_cannot_be_made_is_an_error_of_its_order(client, seal_office, shared_content) -> None:
    wrong = replace(shared_content, title="证\U000f0000")
    async with client.ahead(wrong) as signer:
        with pytest.raises(UnprintableCharacterError):
            await signer.seal(seal_office.order("need-1", wrong))


async def test_an_order_is_sealed_though_the_signer_died_with_its_page(
    running, client, seal_office, shared_content
) -> None:
    async with client.ahead(shared_content) as signer:
        assert await client.ping()  # the one worker has made the page by then
        await running.kill()
        assert await running.start() == "started"
        await signer.seal(seal_office.order("need-1", shared_content))
    assert sealed_in_log(running) == 1


async def test_more_pages_ahead_than_a_worker_holds_are_all_sealed(
    running, client, seal_office, shared_content
) -> None:
    contents = [replace(shared_content, remarks=f"第{number}件") for number in range(70)]
    waiting = [client.ahead(content) for content in contents]
    signers = [await each.__aenter__() for each in waiting]
    for number, (signer, content) in enumerate(zip(signers, contents, strict=True)):
        await signer.seal(seal_office.order(f"need-{number}", content))
    for each in waiting:
        await each.__aexit__(None, None, None)
    assert sealed_in_log(running) == len(contents)


async def test_after_closing_nothing_is_made_ahead(client, seal_office, shared_content) -> None:
    await client.close()
    async with client.ahead(shared_content) as signer:
        with pytest.raises(SealingError):
            await signer.seal(seal_office.order("need-1", shared_content))
