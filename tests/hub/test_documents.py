"""The content-addressed folder: what is kept is there, whole and unchanged, or it says so."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from hub.documents import FolderDocumentStore
from hub.errors import UnavailableError

DATA = b"%PDF-1.7 a sealed proof"
SHA256 = hashlib.sha256(DATA).hexdigest()
HALF = """
import asyncio, pathlib, resource, sys
from hub.documents import FolderDocumentStore
from hub.errors import UnavailableError
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
try:
    asyncio.run(FolderDocumentStore(pathlib.Path(sys.argv[1])).put(bytes(20_000)))
except UnavailableError as problem:
    print(problem)
"""
"""A process whose files may have 8 KiB at most."""


@pytest.fixture
def folder(tmp_path: Path) -> FolderDocumentStore:
    return FolderDocumentStore(tmp_path / "documents")


def place(root: Path) -> Path:
    return root / "documents" / SHA256[:2] / f"{SHA256[2:]}.pdf"


@pytest.mark.requirement("I1")
async def test_a_document_is_kept_under_its_digest_and_read_by_another_process(
    folder: FolderDocumentStore, tmp_path: Path
) -> None:
    assert await folder.put(DATA) == SHA256
    assert await FolderDocumentStore(tmp_path / "documents").get(SHA256) == DATA
    assert place(tmp_path).stat().st_size == len(DATA)


@pytest.mark.requirement("I2")
async def test_kept_twice_or_at_once_is_one_file_and_nothing_beside_it(
    folder: FolderDocumentStore, tmp_path: Path
) -> None:
    await asyncio.gather(*(folder.put(bytes(bytearray(DATA))) for _ in range(8)))
    await folder.put(DATA)
    assert [path for path in (tmp_path / "documents").rglob("*") if path.is_file()] == [place(tmp_path)]


@pytest.mark.requirement("I3")
@pytest.mark.parametrize("content", [b"", DATA[:-1], DATA + b" ", DATA.replace(b"sealed", b"forged")])
async def test_a_file_that_was_changed_is_not_handed_out(
    folder: FolderDocumentStore, tmp_path: Path, content: bytes
) -> None:
    await folder.put(DATA)
    place(tmp_path).write_bytes(content)
    with pytest.raises(UnavailableError, match="does not have its digest"):
        await folder.get(SHA256)


async def test_what_is_not_there_is_unavailable(folder: FolderDocumentStore) -> None:
    with pytest.raises(UnavailableError, match="not in the store"):
        await folder.get(SHA256)


async def test_a_disk_that_takes_nothing_is_unavailable(folder: FolderDocumentStore, tmp_path: Path) -> None:
    place(tmp_path).parent.write_bytes(b"a file where the folder should be")
    with pytest.raises(UnavailableError, match="cannot be kept"):
        await folder.put(DATA)


@pytest.mark.requirement("I1")
async def test_half_a_document_that_a_crash_left_beside_its_place_is_in_nobodys_way(
    folder: FolderDocumentStore, tmp_path: Path
) -> None:
    place(tmp_path).parent.mkdir(parents=True)
    place(tmp_path).with_name(f"{place(tmp_path).name}.1.7f").write_bytes(DATA[:5])
    assert await folder.put(DATA) == SHA256
    assert await folder.get(SHA256) == DATA


def test_a_disk_that_takes_half_of_it_keeps_nothing_and_is_not_filled_up(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", HALF, str(tmp_path / "documents")], check=False, capture_output=True)
    assert done.stdout == b"the document cannot be kept\n"
    assert [path for path in (tmp_path / "documents").rglob("*") if path.is_file()] == []


@pytest.mark.requirement("I4")
async def test_nobody_else_on_the_machine_reads_the_folder(folder: FolderDocumentStore, tmp_path: Path) -> None:
    await folder.put(DATA)
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "documents", place(tmp_path).parent)} == {0}
