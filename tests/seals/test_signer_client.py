"""The way to the signer: patient, bounded, and it believes nothing that is no answer."""

from __future__ import annotations

import asyncio
import struct
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from seals.errors import SealingError, SignerClosedError, SignerProtocolError, SignerUnavailableError, WrongSealError
from seals.judge_frames import frame
from seals.signer_client import SignerClient
from seals.signer_messages import HEAD_LIMIT


@pytest.fixture
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="signer-") as folder:
        yield Path(folder) / "s"


class Impostor:
    """Listens at a socket and says what it is given, one saying for each connection; then it hangs up."""

    def __init__(self, *sayings: bytes) -> None:
        self.sayings = list(sayings)
        self.heard = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard += 1
        await reader.read(8)
        writer.write(self.sayings.pop(0) if self.sayings else b"")
        writer.close()


@pytest.fixture
async def impostor(place) -> AsyncIterator[Impostor]:
    said = Impostor()
    server = await asyncio.start_unix_server(said, place)
    yield said
    server.close()
    await server.wait_closed()


def client_of(place: Path) -> SignerClient:
    return SignerClient(place, patience_seconds=0.2)


async def test_where_nobody_listens_the_caller_is_told_after_a_while(place) -> None:
    with pytest.raises(SignerUnavailableError):
        await client_of(place).ping()


async def test_what_was_cut_short_is_asked_again(place, impostor) -> None:
    impostor.sayings = [b"", b"\0", frame(b'{"pid":7}'), frame(b'{"pid":7}') + frame(b"")]
    assert await SignerClient(place).ping() == 7
    assert impostor.heard == 4


async def test_one_that_always_hangs_up_is_given_up_in_the_end(place, impostor) -> None:
    with pytest.raises(SignerUnavailableError):
        await client_of(place).ping()
    assert impostor.heard > 1


@pytest.mark.parametrize("said", [struct.pack(">I", HEAD_LIMIT + 1), frame(b"nonsense"), frame(b"[]")])
async def test_what_is_no_answer_is_an_error_at_once(place, impostor, said: bytes) -> None:
    impostor.sayings = [said + frame(b"")]
    with pytest.raises(SignerProtocolError):
        await client_of(place).ping()
    assert impostor.heard == 1


async def test_an_error_is_raised_as_what_it_is_and_an_unknown_one_as_a_failure(place, impostor) -> None:
    client = client_of(place)
    impostor.sayings = [
        frame(b'{"error":"WrongSealError","details":["the wrong one"]}') + frame(b""),
        frame(b'{"error":"SystemExit","details":["no error of ours"]}') + frame(b""),
        frame(b'{"error":"WrongSealError","details":[]}') + frame(b""),
    ]
    with pytest.raises(WrongSealError, match="the wrong one"):
        await client.suspend("a")
    with pytest.raises(SealingError, match="no error of ours"):
        await client.suspend("a")
    with pytest.raises(SignerProtocolError):
        await client.suspend("a")


async def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(place) -> None:
    hangs = asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hangs.wait()
        writer.close()

    server = await asyncio.start_unix_server(hang, place)
    with pytest.raises(SignerUnavailableError):
        await SignerClient(place, patience_seconds=0.1, answer_seconds=0.05).ping()
    hangs.set()
    server.close()
    await server.wait_closed()


async def test_more_callers_than_connections_are_all_answered(place, impostor) -> None:
    impostor.sayings = [frame(b'{"pid":7}') + frame(b"")] * 300
    client = SignerClient(place)
    assert await asyncio.gather(*(client.ping() for _ in range(300))) == [7] * 300


async def test_closing_waits_for_what_is_under_way_and_takes_no_more(place, impostor) -> None:
    impostor.sayings = [frame(b'{"pid":7}') + frame(b"")]
    client = SignerClient(place)
    begun = asyncio.ensure_future(client.ping())
    await asyncio.sleep(0)
    await client.close()
    assert begun.done()
    assert await begun == 7
    with pytest.raises(SignerClosedError):
        await client.ping()
