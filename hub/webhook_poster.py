"""Posts a message to an address outside: to the checked address and no other, once, in bounded time and size."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx

from hub.errors import AddressRefusedError, UnavailableError
from hub.outside_addresses import OutsideAddress, OutsideAddresses
from hub.webhook_delivery import Posted
from hub.webhook_messages import Message

ANSWER_BYTES = 65_536
"""What is read of an answer at most; nobody looks at it, only its status counts."""
ANSWER_SECONDS = 1.0
"""How long the rest of an answer may take after its status."""
CONNECT_SECONDS = 5.0
_TRIED_ADDRESSES = 3


@dataclass(frozen=True, slots=True)
class PostLimits:
    """Bounds of one attempt."""

    seconds: float = 15.0
    """From resolving the name to the answer's status."""
    connections: int = 100


class HttpPoster:
    """Posts over HTTP; each message has a connection of its own, so none leads where an earlier name led."""

    def __init__(self, addresses: OutsideAddresses, limits: PostLimits, ca_file: Path | None = None) -> None:
        """Take what checks addresses, the bounds, and the authorities that may vouch for receivers (None: system's).

        Raises:
            OSError, ssl.SSLError: the file cannot be used.
        """
        tls = ssl.create_default_context(cafile=ca_file)
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._addresses = addresses
        self._limits = limits
        self._client = httpx.AsyncClient(
            verify=tls,
            headers={"User-Agent": "proofhub", "Accept-Encoding": "identity"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none is kept: receivers share this client
            timeout=httpx.Timeout(limits.seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=limits.connections, max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
        )

    async def post(self, url: str, message: Message) -> Posted:
        """Post the message once; what went wrong is in the outcome."""
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await self._post(await self._addresses.checked(url, message.unit_code), message)
        except UnavailableError:
            return Posted(None, "NAME_TIMEOUT")
        except AddressRefusedError:
            return Posted(None, "ADDRESS_REFUSED")
        except (TimeoutError, httpx.TimeoutException):
            return Posted(None, "TIMEOUT")
        except httpx.HTTPError as problem:
            return Posted(None, type(problem).__name__)

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def _post(self, target: OutsideAddress, message: Message) -> Posted:
        """Post to the first address that takes the connection."""
        *others, last = target.addresses[:_TRIED_ADDRESSES]
        for address in others:
            with contextlib.suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._post_to(address, target, message)
        return await self._post_to(last, target, message)

    async def _post_to(self, address: str, target: OutsideAddress, message: Message) -> Posted:
        """Connect to the address, and show and check the name: TLS (SNI, certificate) and Host are those of the URL."""
        url = target.url.copy_with(host=address, port=target.port)
        headers = {**message.headers, "Host": target.url.netloc.decode("ascii")}
        extensions = {"sni_hostname": target.url.raw_host.decode("ascii")}
        async with self._client.stream(
            "POST", url, content=message.body, headers=headers, extensions=extensions
        ) as answer:
            await _read_some(answer)
            return Posted(answer.status_code, None)


async def _read_some(answer: httpx.Response) -> None:
    """Read a short answer to its end, for the receiver's sake; leave the rest of a long or slow one."""
    size = 0
    with contextlib.suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(ANSWER_SECONDS):
            async for chunk in answer.aiter_raw():
                size += len(chunk)
                if size > ANSWER_BYTES:
                    return
