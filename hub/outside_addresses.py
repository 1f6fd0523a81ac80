"""Where the hub may post what a unit asks for: never into networks that only the hub can reach, unless set so.

A name is resolved here, every address of it is checked, and the connection goes to a checked address: a name that says
something else a moment later (DNS rebinding) leads nowhere else. OWASP Server-Side Request Forgery Prevention.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

import httpx

from hub.errors import AddressRefusedError, UnavailableError
from hub.name_lookups import NameHangsError, NameLookups, Resolve, resolve_by_system

URL_LIMIT = 2000
"""Longest address, in characters."""
Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_DEFAULT_PORTS = {"https": 443, "http": 80}
# The tables of the library change with its version, so what is public is said here, after the IANA registries of
# special-purpose addresses (RFC 6890).
_NEVER = tuple(
    ip_network(each)
    for each in ("0.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32",
                 "255.255.255.255/32", "::/128", "64:ff9b:1::/48", "fe80::/10", "fec0::/10", "fd00:ec2::254/128")
)  # fmt: skip
"""Of no use to anybody but the machine itself, metadata services of clouds among them: no setting allows these. Nor
what a NAT64 of the place carries (RFC 8215), which cannot be told."""
_NOT_PUBLIC = tuple(
    ip_network(each)
    for each in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
                 "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
                 "224.0.0.0/4", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16")
)  # fmt: skip
_UNICAST = ip_network("2000::/3")
"""The only part of IPv6 that is given out (RFC 4291, 2.4)."""
_CARRYING = tuple(ip_network(each) for each in ("64:ff9b::/96", "::ffff:0:0:0/96"))
"""IPv6 addresses by which a translator reaches IPv4: NAT64 (RFC 6052), and SIIT (RFC 2765)."""
_COMPATIBLE = ip_network("::/96")
"""IPv4 written as IPv6 as it was done once (RFC 4291, 2.5.5.1)."""


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
    lookups: NameLookups = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make what looks names up."""
        object.__setattr__(self, "lookups", NameLookups(self.resolve, self.seconds))

    async def checked(self, text: str, unit_code: str = "") -> OutsideAddress:
        """Return where an address leads, for a unit ("": for the hub itself).

        Raises:
            UnavailableError: its name was not resolved in time.
            AddressRefusedError: it is malformed, not https, on another port, has no address, or leads to one that may
                not be reached.
        """
        url = _parsed(text)
        port = url.port or _DEFAULT_PORTS[url.scheme]
        if self.rule.ports and port not in self.rule.ports:
            raise _refused(f"port {port} may not be used", "不允许使用该端口")
        if url.scheme == "http" and not self.rule.loopback:
            raise _not_https()
        addresses = await self._resolved(url.raw_host.decode("ascii"), port, unit_code)
        if url.scheme == "http" and not all(each.is_loopback for each in addresses):
            raise _not_https()
        return OutsideAddress(url, port, tuple(map(str, addresses)))

    async def _resolved(self, host: str, port: int, unit_code: str) -> tuple[Address, ...]:
        """Return the addresses of a name; no address and a forbidden one look alike, as names inside are no secret."""
        try:
            found = await self.lookups.addresses(host, port, unit_code)
            addresses = tuple(_unwrapped(ip_address(each)) for each in found)
        except NameHangsError as problem:
            raise _hangs() from problem
        except (OSError, ValueError, UnicodeError) as problem:
            raise _nowhere() from problem
        if not addresses or not all(allowed(each, self.rule) for each in addresses):
            raise _nowhere()
        return addresses


def allowed(address: Address, rule: AddressRule) -> bool:
    """Tell whether an address may be connected to: what it stands for counts, not how it is written."""
    address = _unwrapped(address)
    if address.is_multicast or any(_within(address, network) for network in _NEVER):
        return False
    if address.is_loopback:
        return rule.loopback
    return _is_public(address) or any(_within(address, network) for network in rule.networks)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return not any(_within(address, network) for network in _NOT_PUBLIC)


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
    carries = any(address in network for network in _CARRYING)
    carries = carries or (address in _COMPATIBLE and int(address) > 0xFFFF)
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


_MEND = "Give a public https address, or have the operator allow the network: docs/webhooks.md."


def _nowhere() -> AddressRefusedError:
    return _refused(
        "the host name has no address, or one that may not be reached", "域名无法解析，或者位于不允许访问的网络"
    )


def _not_https() -> AddressRefusedError:
    return _refused("the address must begin with https://", "地址必须使用 https")


def _hangs() -> UnavailableError:
    return UnavailableError(
        "the host name was not resolved in time",
        message_zh="域名解析超时",
        mend="See to it that the name's servers answer, and try again in a minute.",
        field="url",
    )


def _refused(message: str, message_zh: str) -> AddressRefusedError:
    return AddressRefusedError(message, message_zh=message_zh, mend=_MEND, field="url")
