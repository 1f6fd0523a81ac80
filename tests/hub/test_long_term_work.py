"""Work on documents beside the calls: the loop goes on meanwhile, and what is trusted is read each time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from graph_models.casework import ProofLevel
from graph_models.ladybug_store import LadybugStore
from hub.long_term_work import LongTermError, LongTermMeans, LongTermWork, TimeStampUnavailableError
from tests.hub.archive_office import Archive, Stamps, open_archive, own_seals, todays_policy
from tests.hub.office import Office, Seals


@dataclass
class WaitingStamps:
    """A time-stamp authority that answers when it is let to; asked on the loop that waits for it."""

    inner: Stamps
    asked: asyncio.Event
    answers: asyncio.Event

    async def stamp(self, digest: bytes) -> bytes:
        self.asked.set()
        await self.answers.wait()
        return await self.inner.stamp(digest)


@pytest.fixture(scope="module")
async def seals(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Seals]:
    """An authority of this file's own: over the years that pass here its certificates are made anew."""
    async with own_seals(tmp_path_factory.mktemp("seals")) as made:
        yield made


@pytest.fixture
async def archive(hub_store: LadybugStore, seals: Seals, office: Office) -> Archive:
    return await open_archive(hub_store, seals, office)


async def document(archive: Archive) -> bytes:
    return await archive.office.documents.get((await archive.issued()).document_sha256)


async def test_a_document_is_raised_while_the_loop_goes_on(archive: Archive) -> None:
    pdf, stamps = await document(archive), WaitingStamps(archive.stamps, asyncio.Event(), asyncio.Event())
    means = LongTermMeans(stamper=stamps, policy=todays_policy(archive.seals.authority))
    raising = asyncio.create_task(LongTermWork(lambda: means, archive.office.clock).raised(pdf, ProofLevel.B_LT))
    await stamps.asked.wait()
    stamps.answers.set()
    made = await raising
    assert (made.level, made.sha256) == (ProofLevel.B_LT, hashlib.sha256(made.pdf).hexdigest())
    assert made.pdf.startswith(pdf)
    assert made.stands_until == await archive.work().would_stand_until()


async def test_what_has_the_level_stays_as_it_is(archive: Archive) -> None:
    made = await archive.work().raised(await document(archive), ProofLevel.B_LTA)
    assert (await archive.work().raised(made.pdf, ProofLevel.B_LTA)).pdf == made.pdf


async def test_a_service_that_is_down_and_a_document_that_is_no_proof_are_told_apart(archive: Archive) -> None:
    pdf, archive.stamps.down = await document(archive), True
    with pytest.raises(TimeStampUnavailableError):
        await archive.work().raised(pdf, ProofLevel.B_T)
    with pytest.raises(LongTermError):
        await archive.work().renewed(b"rubbish")
    with pytest.raises(TimeStampUnavailableError):
        await archive.work().would_stand_until()


async def test_lists_are_current_until_the_first_runs_out_and_never_where_they_cannot_be_read(archive: Archive) -> None:
    assert await archive.work().lists_are_current()
    archive.office.clock.advance(days=8)
    assert not await archive.work().lists_are_current()

    def unreadable() -> LongTermMeans:
        raise OSError("the folder is gone")

    work = LongTermWork(unreadable, archive.office.clock)
    assert not await work.lists_are_current()
    with pytest.raises(LongTermError, match="whom to trust"):
        await work.raised(b"", ProofLevel.B_T)
