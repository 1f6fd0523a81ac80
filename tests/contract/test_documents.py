"""One suite for both document stores: what is kept is there, whole and unchanged, or it says so."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import obstore
import pytest
from obstore.store import LocalStore, ObjectStore

from hub.clock import SystemIds
from hub.documents import DocumentStore, FolderDocumentStore
from hub.errors import UnavailableError
from hub.s3_documents import S3DocumentStore
from scripts.service_process import LOOPBACK, free_ports
from tests.simulators.buckets import place_at, seen_from_outside

DATA = b"%PDF-1.7 a sealed proof"
SHA256 = hashlib.sha256(DATA).hexdigest()
KEY = f"{SHA256[:2]}/{SHA256[2:]}.pdf"


@dataclass
class Kept:
    """A document store, and the way to it past the hub."""

    open: Callable[[], DocumentStore]
    """Opens it as another process would."""
    outside: ObjectStore
    down: Callable[[], DocumentStore]
    """Opens one whose place cannot be reached."""

    def all_keys(self) -> list[str]:
        """Return the keys of all that is there."""
        return [found["path"] for page in obstore.list(self.outside) for found in page]


@pytest.fixture
def folder_kept(tmp_path: Path) -> Kept:
    root = tmp_path / "documents"

    def down() -> DocumentStore:
        store = FolderDocumentStore(root)
        (root / SHA256[:2]).write_bytes(b"a file where the folder should be")
        return store

    return Kept(lambda: FolderDocumentStore(root), LocalStore(root, mkdir=True), down)


@pytest.fixture
def s3_kept(s3_endpoint: str) -> Kept:
    prefix = SystemIds().identifier("contract-")
    place = place_at(s3_endpoint, prefix=prefix)
    nowhere = f"http://{LOOPBACK}:{free_ports(1)[0]}"
    return Kept(
        lambda: S3DocumentStore(place),
        seen_from_outside(s3_endpoint, prefix),
        lambda: S3DocumentStore(place_at(nowhere, seconds=3.0)),
    )


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.services("s3"))])
def kept(request: pytest.FixtureRequest) -> Kept:
    """An empty store; each test runs once on each kind."""
    found: Kept = request.getfixturevalue(f"{request.param}_kept")
    return found


@pytest.mark.requirement("I1")
async def test_a_document_is_kept_under_its_digest_and_read_by_another_process(kept: Kept) -> None:
    assert await kept.open().put(DATA) == SHA256
    assert await kept.open().get(SHA256) == DATA
    assert kept.all_keys() == [KEY]


@pytest.mark.requirement("I2")
async def test_kept_twice_is_once(kept: Kept) -> None:
    store = kept.open()
    assert [await store.put(DATA), await kept.open().put(DATA), await store.put(DATA + b" ")][:2] == [SHA256] * 2
    assert len(kept.all_keys()) == 2


@pytest.mark.requirement("I2")
async def test_kept_by_many_at_once_is_once_and_whole(kept: Kept) -> None:
    stores = [kept.open() for _ in range(4)]
    assert set(await asyncio.gather(*(store.put(DATA) for store in stores * 6))) == {SHA256}
    assert kept.all_keys() == [KEY]
    assert await kept.open().get(SHA256) == DATA


@pytest.mark.parametrize("sha256", [SHA256, "0" * 64])
async def test_what_is_not_there_is_unavailable(kept: Kept, sha256: str) -> None:
    store = kept.open()
    await store.put(b"another")
    with pytest.raises(UnavailableError, match="not in the store"):
        await store.get(sha256)


@pytest.mark.requirement("I3")
@pytest.mark.parametrize("content", [b"", DATA[:-1], DATA + b" ", DATA.replace(b"sealed", b"forged")])
async def test_a_document_that_was_changed_is_not_handed_out(kept: Kept, content: bytes) -> None:
    store = kept.open()
    await store.put(DATA)
    obstore.put(kept.outside, KEY, content)
    with pytest.raises(UnavailableError, match="does not have its digest"):
        await store.get(SHA256)


async def test_a_place_that_cannot_be_reached_is_unavailable_before_long(kept: Kept) -> None:
    down = kept.down()
    async with asyncio.timeout(20):
        with pytest.raises(UnavailableError, match="cannot be kept") as refused:
            await down.put(DATA)
        with pytest.raises(UnavailableError):
            await down.get(SHA256)
    assert refused.value.message_zh


async def test_a_large_document_comes_back_whole(kept: Kept) -> None:
    data = bytes(range(256)) * (20_000_000 // 256)
    store = kept.open()
    assert await store.get(await store.put(data)) == data


@pytest.mark.services("s3")
async def test_a_folder_that_was_copied_into_a_bucket_is_found_there(folder_kept: Kept, s3_kept: Kept) -> None:
    await folder_kept.open().put(DATA)
    for key in folder_kept.all_keys():
        obstore.put(s3_kept.outside, key, obstore.get(folder_kept.outside, key).bytes())
    assert await s3_kept.open().get(SHA256) == DATA


async def test_an_empty_document_is_one_too(kept: Kept) -> None:
    store = kept.open()
    assert await store.get(await store.put(b"")) == b""
