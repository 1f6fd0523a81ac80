"""Where the hub may post what a unit asks for: never into networks that only the hub can reach, unless set so.

A name is resolved here, every address of it is checked, and the connection goes to a checked address: a name that says
something else a moment later (DNS rebinding) leads nowhere else. OWASP Server-Side Request Forgery Prevention.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

import httpx

from hub.errors import AddressRefusedError

URL_LIMIT = 2000
"""Longest address, in characters."""
Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host name; raises OSError where there is none."""

_DEFAULT_PORTS = {"https": 443, "http": 80}
_NEVER = tuple(
    ip_network(each)
    for each in ("0.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32", "255.255.255.255/32",
                 "::/128", "fe80::/10", "fec0::/10", "fd00:ec2::254/128")
)  # fmt: skip
"""Of no use to anybody but the machine itself, metadata services of clouds among them: no setting allows these."""
_TRANSLATED = ip_network("64:ff9b::/96")
"""IPv6 addresses by which NAT64 reaches IPv4 (RFC 6052)."""
_COMPATIBLE = ip_network("::/96")
"""IPv4 written as IPv6 as it was done once (RFC 4291, 2.5.5.1)."""


_RESOLVERS = ThreadPoolExecutor(8, thread_name_prefix="resolver")
"""Threads of their own: a name whose servers never answer holds one for a while, and must hold up nothing else."""


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Return the addresses that the machine's resolver says. Raises OSError."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, ask)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRule:
    """What the settings allow beyond public addresses under https."""

    ports: frozenset[int] = frozenset({443})
    """Empty: any."""
    networks: tuple[Network, ...] = ()
    """Networks of units that may be reached although they are not public."""
    loopback: bool = False
    """Whether this machine itself may be reached, without TLS too: for development."""


@dataclass(frozen=True, slots=True)
class OutsideAddress:
    """An address that was checked: connect to one of these, in this order, and to nothing else."""

    url: httpx.URL
    port: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutsideAddresses:
    """Checks where the hub is asked to post to."""

    rule: AddressRule
    resolve: Resolve = resolve_by_system
    seconds: float = 3.0
    """How long a name may take to be resolved."""

    async def checked(self, text: str) -> OutsideAddress:
        """Return where an address leads.

        Raises:
            AddressRefusedError: it is malformed, not https, on another port, has no address, or leads to one that may
                not be reached.
        """
        url = _parsed(text)
        port = url.port or _DEFAULT_PORTS[url.scheme]
        if self.rule.ports and port not in self.rule.ports:
            raise _refused(f"port {port} may not be used", "不允许使用该端口")
        addresses = await self._resolved(url.host, port)
        for address in addresses:
            self._check(address)
        if url.scheme == "http" and not (self.rule.loopback and all(each.is_loopback for each in addresses)):
            raise _refused("the address must begin with https://", "地址必须使用 https")
        return OutsideAddress(url, port, tuple(map(str, addresses)))

    async def _resolved(self, host: str, port: int) -> tuple[Address, ...]:
        try:
            async with asyncio.timeout(self.seconds):
                found = await self.resolve(host, port)
            addresses = tuple(_unwrapped(ip_address(each)) for each in found)
        except (OSError, ValueError, UnicodeError) as problem:
            raise _refused("the host name has no address that can be used", "域名无法解析") from problem
        if not addresses:
            raise _refused("the host name has no address", "域名无法解析")
        return addresses

    def _check(self, address: Address) -> None:
        if not allowed(address, self.rule):
            raise _refused("the address leads into a network that may not be reached", "该地址位于不允许访问的网络")


def allowed(address: Address, rule: AddressRule) -> bool:
    """Tell whether an address may be connected to: what it stands for counts, not how it is written."""
    address = _unwrapped(address)
    if address.is_multicast or any(_within(address, network) for network in _NEVER):
        return False
    if address.is_loopback:
        return rule.loopback
    return address.is_global or any(_within(address, network) for network in rule.networks)


def _within(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address carries, where it carries one."""
    if isinstance(address, IPv4Address):
        return address
    if address.scope_id is not None:
        raise ValueError("an address of one link only")
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if inner is not None:
        return inner
    carries = address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 0xFFFF)
    return IPv4Address(int(address) & 0xFFFF_FFFF) if carries else address


def _parsed(text: str) -> httpx.URL:
    if len(text) > URL_LIMIT or not text.isprintable() or any(each.isspace() for each in text):
        raise _refused(f"the address must be at most {URL_LIMIT} characters without blanks", "地址格式无效")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError, TypeError) as problem:
        raise _refused("that is no address", "地址格式无效") from problem
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        raise _refused("the address must begin with https:// and name a host", "地址必须以 https:// 开头并包含主机名")
    if url.userinfo or url.fragment:
        raise _refused("the address may hold neither a user nor a fragment", "地址不得包含用户信息或片段")
    return url


def _refused(message: str, message_zh: str) -> AddressRefusedError:
    return AddressRefusedError(
        message,
        message_zh=message_zh,
        mend="Give a public https address, or have the operator allow the network: docs/webhooks.md.",
        field="url",
    )
