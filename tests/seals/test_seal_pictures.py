"""The form in which a picture is kept and sent: exactly the pixels that it says, or it is refused."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seals.errors import SealPictureError
from seals.picture_files import read_picture
from seals.seal_pictures import PICTURE_BYTES, PICTURE_SIDE, SealPicture
from tests.seals.pictures import round_picture

RED = zlib.compress(b"\xff\x00\x00" * 4)
OPAQUE = zlib.compress(b"\xff" * 4)


@pytest.mark.parametrize("clear", [True, False])
def test_a_picture_comes_back_as_it_was_kept(clear: bool) -> None:
    picture = read_picture(round_picture(300, clear=clear))
    assert SealPicture.from_bytes(picture.to_bytes()) == picture


@pytest.mark.parametrize(
    ("width", "height", "colours", "opacity"),
    [
        (0, 2, RED, None),
        (2, PICTURE_SIDE + 1, RED, None),
        (2, 2, RED + bytes(PICTURE_BYTES), None),
        (2, 3, RED, None),
        (1, 2, RED, None),
        (2, 2, RED[:-1], None),
        (2, 2, RED + b"x", None),
        (2, 2, b"nonsense", None),
        (2, 2, RED, OPAQUE[:-1]),
        (2, 2, RED, RED),
        (2, 2, zlib.compress(bytes(100_000_000)), None),
    ],
)
def test_a_picture_that_does_not_hold_what_it_says_is_refused(width, height, colours, opacity) -> None:
    with pytest.raises(SealPictureError):
        SealPicture(width, height, colours, opacity)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"{}\n",
        b"[]\n",
        b'{"colours":-1,"height":2,"opacity":null,"width":2}\n',
        b'{"colours":true,"height":2,"opacity":null,"width":2}\n' + RED,
        b'{"colours":1,"height":2,"opacity":null,"width":2}\n' + RED,
        b" " * 300 + SealPicture(2, 2, RED, None).to_bytes(),
        SealPicture(2, 2, RED, None).to_bytes() + b"x",
        SealPicture(2, 2, RED, OPAQUE).to_bytes()[:-1],
    ],
)
def test_bytes_that_are_no_kept_picture_are_refused(data: bytes) -> None:
    with pytest.raises(SealPictureError):
        SealPicture.from_bytes(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_picture_or_refused(data: bytes) -> None:
    with pytest.raises(SealPictureError):
        SealPicture.from_bytes(data)
