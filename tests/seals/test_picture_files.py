"""A supplied picture is read as PNG, within bounds, or refused; only its pixels are looked at."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seals.errors import SealPictureError
from seals.picture_files import FEWEST_PIXELS, FILE_BYTES, MOST_PIXELS, read_picture
from seals.seal_pictures import PICTURE_BYTES, PICTURE_SIDE
from tests.seals.pictures import BLUE, SIGNATURE, chunk, header, round_picture, saved, written

ROUND = round_picture(300)
PIXELS = chunk(b"IDAT", zlib.compress(b"\x00" * (300 * 901)))


def test_a_picture_keeps_its_pixels_and_its_opacity() -> None:
    picture = read_picture(ROUND)
    assert (picture.width, picture.height) == (300, 300)
    assert picture.opacity is not None
    colours, opacity = zlib.decompress(picture.colours), zlib.decompress(picture.opacity)
    middle = 150 * 300 + 150
    assert (tuple(colours[3 * middle : 3 * middle + 3]), opacity[middle], opacity[0]) == (BLUE, 255, 0)


def test_an_opaque_picture_has_no_mask() -> None:
    assert read_picture(round_picture(300, clear=False)).opacity is None


def test_the_same_file_gives_the_same_picture() -> None:
    assert read_picture(ROUND).sha256 == read_picture(ROUND).sha256


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_png_is_read(mode: str) -> None:
    picture = read_picture(saved(Image.new("RGB", (300, 300), "black").convert(mode)))
    assert set(zlib.decompress(picture.colours)) == {0}


def test_a_large_picture_is_made_as_fine_as_a_seal_is_printed() -> None:
    picture = read_picture(round_picture(MOST_PIXELS))
    assert (picture.width, picture.height) == (PICTURE_SIDE, PICTURE_SIDE)


def test_a_picture_of_noise_is_made_coarser_until_it_is_short_enough() -> None:
    noise = hashlib.shake_256(b"noise").digest(500 * 500 * 4)
    png = saved(Image.frombytes("RGBA", (500, 500), noise))
    picture = read_picture(png)
    assert picture.width < 500
    assert len(picture.to_bytes()) < PICTURE_BYTES + 300


def test_what_is_beside_the_pixels_is_not_looked_at() -> None:
    beside = chunk(b"iCCP", b"x\x00\x00" + zlib.compress(b"\x00" * 50_000_000)) + chunk(b"tEXt", b"Comment\x00" * 99)
    animated = chunk(b"acTL", bytes(8)) + chunk(b"fcTL", b"nonsense") + chunk(b"eXIf", b"II*\x00nonsense")
    laden = ROUND[:33] + beside + animated + ROUND[33:]
    assert read_picture(laden) == read_picture(ROUND)


HOSTILE = {
    "nothing": b"",
    "no picture": b"nonsense",
    "jpeg": saved(Image.new("RGB", (300, 300)), "JPEG"),
    "gif": saved(Image.new("RGB", (300, 300)), "GIF"),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "too many bytes": ROUND + bytes(FILE_BYTES),
    "too many pixels": written(header(MOST_PIXELS + 1, MOST_PIXELS + 1), PIXELS),
    "a bomb by its header": written(header(2**31 - 1, 2**31 - 1), PIXELS),
    "too few pixels": saved(Image.new("RGB", (FEWEST_PIXELS - 1, FEWEST_PIXELS - 1))),
    "no pixels": written(header(0, 0), PIXELS),
    "not square": saved(Image.new("RGB", (300, 304))),
    "sixteen bits": saved(Image.new("I;16", (300, 300))),
    "no header": written(PIXELS),
    "two headers": written(header(300, 300), header(300, 300), PIXELS),
    "a short header": written(chunk(b"IHDR", bytes(5)), PIXELS),
    "no content": written(header(300, 300)),
    "too little content": written(header(300, 300), chunk(b"IDAT", zlib.compress(bytes(99)))),
    "content of no kind": written(header(300, 300), chunk(b"IDAT", b"nonsense")),
    "an unknown critical part": written(header(300, 300), chunk(b"QUUX", b""), PIXELS),
    "colours of no kind": written(header(300, 300, 8, 5), PIXELS),
    "a palette that is missing": written(header(300, 300, 8, 3), chunk(b"IDAT", zlib.compress(bytes(300 * 301)))),
    "a wrong check sum": ROUND[:-20] + bytes([ROUND[-20] ^ 1]) + ROUND[-19:],
    "cut short": ROUND[: len(ROUND) // 2],
    "no end": ROUND[:-12],
    "a length beyond the end": SIGNATURE + b"\xff\xff\xff\xffIHDR",
    "something behind the end": ROUND + b"PK\x03\x04",
    "all clear": saved(Image.new("RGBA", (300, 300), (255, 0, 0, 0))),
    "all white": saved(Image.new("RGB", (300, 300), "white")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_picture_is_refused(name: str) -> None:
    with pytest.raises(SealPictureError):
        read_picture(HOSTILE[name])


def test_a_bomb_in_the_content_expands_no_further_than_its_pixels() -> None:
    bomb = written(header(300, 300), chunk(b"IDAT", zlib.compress(bytes(300_000_000), 9)))
    assert read_picture(bomb).width == 300


@given(place=st.integers(0, len(ROUND) - 1), change=st.integers(1, 255))
def test_any_changed_byte_is_found(place: int, change: int) -> None:
    spoiled = bytearray(ROUND)
    spoiled[place] ^= change
    with pytest.raises(SealPictureError):
        read_picture(bytes(spoiled))


@given(content=st.binary(max_size=2000), kind=st.sampled_from([b"IDAT", b"PLTE", b"tRNS"]))
def test_content_of_any_kind_is_read_or_refused(content: bytes, kind: bytes) -> None:
    try:
        read_picture(written(header(300, 300, 8, 3), chunk(kind, content), PIXELS))
    except SealPictureError:
        return


def test_the_process_that_holds_the_keys_reads_no_pictures() -> None:
    code = "import sys, hub.entry.signer_host; print(any(name.split('.')[0] == 'PIL' for name in sys.modules))"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
