"""A picture that the seal authority supplies: kept, on record, shown by the signer, the same after each rotation."""

from __future__ import annotations

import hashlib
from pathlib import Path

import orjson
import pytest
from PIL import Image

from graph_models.journal_records import load_audit
from graph_models.seals import Seal
from hub.audit import seal_stream
from hub.documents import FolderDocumentStore
from hub.errors import IdempotencyConflictError, InvalidInputError, UnavailableError
from hub.seal_pictures import SealPictures
from seals.picture_files import read_picture
from seals.seal_pictures import SealPicture
from seals.signer_desk import SigningDesk
from tests.hub.seal_authority import FIRST, SECOND, DeskSigner, SealServices, call
from tests.seals.pictures import round_picture, saved
from tests.seals.signer_logs import entries_of

PICTURE = round_picture(400)
DIGEST = hashlib.sha256(PICTURE).hexdigest()


async def pictured(services: SealServices) -> Seal:
    """Return a certified seal that shows the picture."""
    approved = await services.approved()
    made = await services.register.make(FIRST, call(approved), picture=PICTURE)
    return await services.register.install(SECOND, call(made), services.certificate(made))


def shown_by(signer: DeskSigner, seal: Seal) -> SealPicture | None:
    """Return what the signer has on record, as a process that starts now reads it."""
    found = {record.id: record for record in SigningDesk(signer.parts).records.all()}
    return found[seal.id].picture


@pytest.mark.requirement("R15.1", "I3")
async def test_a_supplied_picture_is_on_record_and_the_signer_shows_it_after_a_restart(services: SealServices) -> None:
    seal, signer = await pictured(services), services.authority.signer
    assert seal.picture is not None
    assert seal.picture.sha256 == DIGEST
    assert await services.register.pictures.documents.get(DIGEST) == PICTURE
    entries = await services.register.store.read(lambda tx: load_audit(tx, seal_stream(seal.id), 0, 100))
    assert [orjson.loads(each.detail_json).get("picture") for each in entries] == [None, None, DIGEST, DIGEST]
    assert shown_by(signer, seal) == read_picture(PICTURE)
    logged = entries_of(signer.parts.folder / "log")
    assert [entry["picture"] for entry in logged if "picture" in entry] == [seal.picture.shown_sha256]


async def test_the_picture_is_the_same_after_a_rotation(services: SealServices) -> None:
    seal = await services.register.activate(FIRST, call(await pictured(services)))
    rotated = await services.register.rotate(SECOND, call(seal))
    done = await services.register.install(FIRST, call(seal), services.certificate(rotated))
    assert (done.picture, done.key != seal.key) == (seal.picture, True)
    assert shown_by(services.authority.signer, seal) == read_picture(PICTURE)


async def test_a_seal_without_a_picture_is_drawn(services: SealServices) -> None:
    seal = await services.certified()
    assert seal.picture is None
    assert shown_by(services.authority.signer, seal) is None


@pytest.mark.parametrize("file", [b"", b"%PDF-1.7", PICTURE[:-1], saved(Image.new("RGB", (400, 400)), "JPEG")])
async def test_what_is_no_picture_of_a_seal_makes_no_seal(services: SealServices, file: bytes) -> None:
    approved = await services.approved()
    with pytest.raises(InvalidInputError) as refused:
        await services.register.make(FIRST, call(approved), picture=file)
    assert refused.value.field == "picture"
    assert await services.register.read(FIRST, approved.id) == approved
    labels = services.authority.signer.parts.open_keys().labels()
    assert not [label for label in labels if label.startswith(approved.id.lower())]


@pytest.mark.requirement("I2")
async def test_the_same_key_with_another_picture_is_a_conflict(services: SealServices) -> None:
    approved = await services.approved()
    making = call(approved)
    made = await services.register.make(FIRST, making, picture=PICTURE)
    assert await services.register.make(FIRST, making, picture=PICTURE) == made
    for other in (None, round_picture(401)):
        with pytest.raises(IdempotencyConflictError):
            await services.register.make(FIRST, making, picture=other)


async def test_a_kept_picture_that_is_lost_or_changed_is_not_shown(tmp_path: Path) -> None:
    pictures = SealPictures(FolderDocumentStore(tmp_path))
    kept = await pictures.keep(PICTURE)
    assert await pictures.shown(kept) == read_picture(PICTURE)
    assert await pictures.shown(None) is None
    file = tmp_path / kept.shown_sha256[:2] / f"{kept.shown_sha256[2:]}.pdf"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(UnavailableError):
        await pictures.shown(kept)
    file.unlink()
    with pytest.raises(UnavailableError):
        await pictures.shown(kept)
