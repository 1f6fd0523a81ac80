"""The network of a fault run: it passes, is cut, is stalled, and passes again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from scripts.service_process import free_ports
from scripts.soak_proxy import Proxy

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """A way to a server that says everything twice."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line + line)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    way = Proxy()
    await way.open()
    way.target = int(server.sockets[0].getsockname()[1])
    yield way
    await way.close()
    server.close()
    await server.wait_closed()


async def connect(proxy: Proxy) -> Ends:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def says(ends: Ends) -> bytes:
    """Return what comes back; b"" where nothing does within a moment."""
    reader, writer = ends
    writer.write(b"word\n")
    try:
        async with asyncio.timeout(0.3):
            return await reader.readexactly(10)
    except TimeoutError:
        return b""


def hang_up(*all_ends: Ends) -> None:
    for _, writer in all_ends:
        writer.transport.abort()


async def test_what_is_said_passes_both_ways(proxy: Proxy) -> None:
    ends = await connect(proxy)
    assert await says(ends) == b"word\nword\n"
    hang_up(ends)


async def test_a_cut_resets_connections_and_new_ones_until_it_is_restored(proxy: Proxy) -> None:
    before = await connect(proxy)
    assert await says(before) == b"word\nword\n"
    await proxy.cut()
    with pytest.raises(ConnectionResetError):
        await says(before)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await says(await connect(proxy))
    proxy.restore()
    after = await connect(proxy)
    assert await says(after) == b"word\nword\n"
    hang_up(before, after)


async def test_what_was_stalled_stays_dead_and_nobody_is_told(proxy: Proxy) -> None:
    before = await connect(proxy)
    assert await says(before) == b"word\nword\n"
    await proxy.stall()
    during = await connect(proxy)
    assert (await says(before), await says(during)) == (b"", b"")
    proxy.restore()
    after = await connect(proxy)
    assert (await says(before), await says(during), await says(after)) == (b"", b"", b"word\nword\n")
    hang_up(before, during, after)


async def test_a_server_that_is_not_there_is_a_reset(proxy: Proxy) -> None:
    proxy.target = free_ports(1)[0]
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await says(await connect(proxy))
