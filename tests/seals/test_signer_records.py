"""The signer's records of seals: kept with their pictures, read back by whoever starts next, damaged ones found."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from PIL import Image

from seals.appearance import SealFace
from seals.errors import SealingError, SealPictureError
from seals.kinds import SealKind
from seals.picture_files import read_picture
from seals.seal_pictures import PICTURE_BYTES
from seals.signer_key_desk import _PEM_LIMIT
from seals.signer_locks import NamedLocks
from seals.signer_messages import HEAD_LIMIT
from seals.signer_records import SealRecord, SealRecords, read_record, written_record
from tests.seals.pictures import round_picture, saved

DRAWN = SealRecord("S1", SealKind.INFORMATION_SHARING, "s1-1", SealFace("宁波市公安局", "专用章", "3302000000001"))
PICTURED = replace(DRAWN, picture=read_picture(round_picture(300)))


def opened(folder: Path) -> SealRecords:
    return SealRecords((), folder / "seals.json", NamedLocks(folder / "locks"))


@pytest.mark.parametrize("record", [DRAWN, PICTURED], ids=["drawn", "pictured"])
def test_a_record_is_read_back_by_whoever_starts_next(tmp_path: Path, record: SealRecord) -> None:
    opened(tmp_path).put(record)
    assert opened(tmp_path).all() == (record,)


def test_a_new_key_keeps_the_picture_and_another_record_may_take_it_away(tmp_path: Path) -> None:
    records = opened(tmp_path)
    for record in (PICTURED, replace(PICTURED, key_label="s1-2"), replace(DRAWN, key_label="s1-3")):
        records.put(record)
        assert records.all() == (record,)


def test_a_record_of_before_there_were_pictures_is_drawn() -> None:
    before = {name: value for name, value in written_record(DRAWN).items() if name != "picture"}
    assert read_record(before) == DRAWN


def test_the_longest_picture_and_the_longest_certificates_go_into_one_message() -> None:
    noise = hashlib.shake_256(b"noise").digest(460 * 460 * 3)
    picture = read_picture(saved(Image.frombytes("RGB", (460, 460), noise)))
    assert len(picture.to_bytes()) > 0.9 * PICTURE_BYTES
    head = {"certificates": "\n" * _PEM_LIMIT, "operation": "install_certificate"}
    told = orjson.dumps(head | {"seal": written_record(replace(DRAWN, picture=picture))})
    assert len(told) + (PICTURE_BYTES - len(picture.to_bytes())) * 4 // 3 < HEAD_LIMIT


@pytest.mark.parametrize("shown", ["", "no base64!", "bm9uc2Vuc2U="])
def test_a_record_with_a_damaged_picture_is_refused(tmp_path: Path, shown: str) -> None:
    with pytest.raises((ValueError, SealPictureError)):
        read_record(written_record(DRAWN) | {"picture": shown})
    opened(tmp_path).put(PICTURED)
    file = tmp_path / "seals.json"
    kept = orjson.loads(file.read_bytes())
    kept["seals"][0]["picture"] = shown
    file.write_bytes(orjson.dumps(kept))
    with pytest.raises(SealingError, match="records"):
        opened(tmp_path).all()
