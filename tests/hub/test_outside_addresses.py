"""Where the hub posts to: public addresses under https, and no other, however they are written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import AddressRefusedError, UnavailableError
from hub.outside_addresses import AddressRule, OutsideAddresses, allowed
from tests.hub.webhook_posts import PUBLIC, public_addresses, resolved_as

PRIVATE = [
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "127.255.0.1",
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "169.254.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:a00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "192.0.0.1",
    "192.0.0.192",
    "192.88.99.1",
    "::ffff:0:a00:1",
    "64:ff9b:1::a00:1",
    "64:ff9b:1:a00:0:100::",
    "2001:20::1",
    "2001:4:112::1",
    "100::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
]
EVERYTHING = AddressRule(networks=(ip_network("0.0.0.0/0"), ip_network("::/0")))


async def refusal(text: str, addresses: OutsideAddresses | None = None) -> AddressRefusedError:
    with pytest.raises(AddressRefusedError) as refused:
        await (addresses or public_addresses()).checked(text)
    assert (refused.value.code, refused.value.field) == ("ADDRESS_REFUSED", "url")
    return refused.value


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_into_a_network_that_is_not_public_is_refused(address: str) -> None:
    for answer in ([address], [PUBLIC, address]):
        await refusal("https://unit.example/x", OutsideAddresses(AddressRule(), resolved_as(answer)))


@pytest.mark.parametrize("host", ["10.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "127.1", "0x7f.1", "2130706433", "0177.1"])
async def test_an_address_in_the_place_of_a_name_is_refused_however_it_is_written(host: str) -> None:
    await refusal(f"https://{host}/x", OutsideAddresses(AddressRule()))


@pytest.mark.parametrize(
    "text",
    [
        "http://unit.example/x",
        "ftp://unit.example/x",
        "file:///etc/passwd",
        "unit.example",
        "",
        "https://",
        "https://[::1",
        "https://unit.example:port/",
        "https://user:secret@unit.example/",
        "https://unit.example/#x",
        "https://unit.example:8443/",
        "https://unit.example:99999/",
        "https://unit.example/ x",
        "https://unit.example/\r\nHost: other",
        "https://unit.example/" + "x" * 2000,
    ],
)
async def test_an_address_that_is_malformed_or_not_https_is_refused(text: str) -> None:
    await refusal(text)


async def test_a_public_address_is_checked_and_kept() -> None:
    found = await public_addresses().checked("https://unit.example/events?a=1")
    assert (str(found.url), found.port, found.addresses) == ("https://unit.example/events?a=1", 443, (PUBLIC,))


@pytest.mark.parametrize("answer", [[], ["no address"]])
async def test_a_name_without_an_address_is_refused(answer: list[str]) -> None:
    await refusal("https://unit.example/", OutsideAddresses(AddressRule(), resolved_as(answer)))


async def test_a_resolver_that_fails_is_a_refusal_and_one_that_never_answers_a_failure_in_time() -> None:
    async def fail(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    await refusal("https://unit.example/", OutsideAddresses(AddressRule(), fail))
    with pytest.raises(UnavailableError, match="not resolved in time"):
        await OutsideAddresses(AddressRule(), never, seconds=0.05).checked("https://unit.example/")


async def test_a_name_without_an_address_and_one_that_leads_inside_look_alike() -> None:
    async def fail(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    resolvers = (fail, resolved_as([]), resolved_as(["10.0.0.1"]), resolved_as(["fe80::1%eth0"]))
    refusals = [await refusal("https://a.example/", OutsideAddresses(AddressRule(), one)) for one in resolvers]
    refusals.append(await refusal("https://10.0.0.1/", OutsideAddresses(AddressRule())))
    assert len({(one.message, one.message_zh, one.mend) for one in refusals}) == 1


async def test_plain_http_is_refused_before_its_name_is_looked_up() -> None:
    async def unwanted(host: str, port: int) -> Sequence[str]:
        raise AssertionError("looked up")

    rule = AddressRule(ports=frozenset())
    assert "https" in (await refusal("http://inside.example/", OutsideAddresses(rule, unwanted))).message


async def test_the_name_that_is_looked_up_is_the_one_that_is_connected_to() -> None:
    asked: list[str] = []

    async def noting(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return [PUBLIC]

    found = await OutsideAddresses(AddressRule(), noting).checked("https://straße.example/")
    assert asked == [found.url.raw_host.decode()] == ["xn--strae-oqa.example"]


async def test_a_network_that_the_settings_name_is_reached_and_its_neighbour_is_not() -> None:
    rule = AddressRule(networks=(ip_network("10.20.0.0/16"),), ports=frozenset({443, 8443}))
    found = await OutsideAddresses(rule, resolved_as(["10.20.1.1"])).checked("https://unit.example:8443/")
    assert found.addresses == ("10.20.1.1",)
    await refusal("https://unit.example/", OutsideAddresses(rule, resolved_as(["10.21.1.1"])))
    await refusal("http://unit.example:443/", OutsideAddresses(rule, resolved_as(["10.20.1.1"])))


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "169.254.169.254", "192.0.0.192", "fd00:ec2::254", "64:ff9b:1::1", "224.0.0.1", "127.0.0.1", "::1"],
)
def test_no_network_in_the_settings_opens_metadata_services_or_the_machine_itself(address: str) -> None:
    assert not allowed(ip_address(address), EVERYTHING)


async def test_plain_http_is_for_loopback_alone_and_only_where_it_is_set() -> None:
    rule = AddressRule(loopback=True, ports=frozenset())
    found = await OutsideAddresses(rule).checked("http://127.0.0.1:9000/x")
    assert (found.port, found.addresses) == (9000, ("127.0.0.1",))
    await refusal("http://unit.example/", OutsideAddresses(rule, resolved_as([PUBLIC])))
    await refusal("http://unit.example/", OutsideAddresses(rule, resolved_as(["127.0.0.1", PUBLIC])))


@pytest.mark.parametrize("address", ["8.8.8.8", "192.31.196.1", "2400:cb00::1", "2606:4700::1111", "2620:4f:8000::1"])
def test_a_public_address_is_reached(address: str) -> None:
    assert allowed(ip_address(address), AddressRule())


def test_a_network_of_ipv6_that_is_not_public_is_reached_where_the_settings_name_it() -> None:
    assert allowed(ip_address("fd12::1"), AddressRule(networks=(ip_network("fd12::/16"),)))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_each_way_of_writing_it_in_ipv6(address) -> None:
    number = int(address)
    if number <= 0xFFFF:
        return
    for prefix in ("::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "::"):
        assert allowed(ip_address(int(ip_address(prefix)) + number), AddressRule()) == allowed(address, AddressRule())
