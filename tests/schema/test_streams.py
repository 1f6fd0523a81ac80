"""What one caller may have on all its connections, whichever way it is connected."""

from __future__ import annotations

from schema.streams import StreamLimits
from schema.view import GraphQLEndpoint
from tests.schema.city import DRAFTER, MANAGER, City
from tests.schema.streaming import Socket, acknowledged, listening
from tests.schema.test_subscriptions import ASSIGNED, heard


async def refused(socket: Socket, name: str) -> None:
    await socket.subscribe(name, ASSIGNED, unit="GA-HS")
    message = await socket.hear()
    assert (message["type"], message["id"]) == ("error", name)
    assert message["payload"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"


async def test_subscriptions_of_an_actor_are_bounded_over_all_its_connections(city: City) -> None:
    app = GraphQLEndpoint(city.services, None, StreamLimits(subscriptions_per_actor=2))
    async with acknowledged(app, DRAFTER) as one, acknowledged(app, DRAFTER) as other:
        for socket in (one, other):
            await socket.subscribe("1", ASSIGNED, unit="GA-HS")
            assert (await heard(socket))["event"] == "subscribed"
        await refused(one, "2")
        async with listening(app, DRAFTER, ASSIGNED, unit="GA-HS") as events:
            _, data = await events.hear()
            assert data["errors"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"
            assert (await events.hear())[0] == "complete"
        async with acknowledged(app, MANAGER) as another:
            await another.subscribe("1", ASSIGNED, unit="GA-HS")
            assert (await heard(another))["event"] == "subscribed"
        await other.say({"type": "complete", "id": "1"})
        await other.say({"type": "ping"})
        assert await other.hear() == {"type": "pong"}
        await one.subscribe("3", ASSIGNED, unit="GA-HS")
        assert (await heard(one))["event"] == "subscribed"


async def test_a_subscription_that_was_refused_counts_no_longer(city: City) -> None:
    app = GraphQLEndpoint(city.services, None, StreamLimits(subscriptions_per_actor=1))
    async with acknowledged(app, DRAFTER) as socket:
        for _ in range(3):
            await socket.subscribe("1", ASSIGNED, unit="JY")
            message = await socket.hear()
            assert message["payload"][0]["extensions"]["code"] == "NOT_PERMITTED"
        await socket.subscribe("1", ASSIGNED, unit="GA-HS")
        assert (await heard(socket))["event"] == "subscribed"
