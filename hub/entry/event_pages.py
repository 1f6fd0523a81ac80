"""Events over HTTP: their published schemas for everybody; dead letters and replay for the supervisor."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pydantic import BaseModel, Field, TypeAdapter, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.entry.callers import caller
from hub.entry.problems import orjson_answer
from hub.entry.uploads import limited_body
from hub.errors import InvalidInputError, NotFoundError
from hub.event_replay import MOST_LETTERS, EventReplay
from hub.event_schemas import schema_files
from hub.statistics import Statistics

SCHEMA_TYPE = "application/schema+json"
LONGEST_BODY = 100_000
"""Longest wish for a replay, in bytes."""


class ReplayWish(BaseModel, extra="forbid"):
    """What to put through again: letters by id or event, a run of a unit's events, or all dead letters."""

    ids: tuple[str, ...] = Field((), max_length=MOST_LETTERS)
    unit: str = Field("", max_length=100)
    first: int = 0
    last: int = 0
    all: bool = False

    @model_validator(mode="after")
    def _check_one(self) -> ReplayWish:
        if [bool(self.ids), bool(self.unit), self.all].count(True) != 1:
            raise ValueError("say either ids, or unit with first and last, or all")
        return self


class DiscardWish(BaseModel, extra="forbid"):
    """Which dead letters are to be taken away, by their id or their event's."""

    ids: tuple[str, ...] = Field(min_length=1, max_length=MOST_LETTERS)


class RecountWish(BaseModel, extra="forbid"):
    """Whose figures are to be counted again."""

    unit: str = Field(min_length=1, max_length=100)


_WISH = TypeAdapter(ReplayWish)
_DISCARD = TypeAdapter(DiscardWish)
_RECOUNT = TypeAdapter(RecountWish)


def event_routes(door: EventDoor) -> list[BaseRoute]:
    """Return the routes of events."""
    return [
        Route("/events/schemas/{name}", door.schema, methods=["GET"]),
        Route("/events/dead", door.dead, methods=["GET"]),
        Route("/events/replay", door.replay, methods=["POST"]),
        Route("/events/discard", door.discard, methods=["POST"]),
        Route("/events/recount", door.recount, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class EventDoor:
    """Answers whoever asks about events."""

    events: EventReplay
    statistics: Statistics

    async def schema(self, request: Request) -> Response:
        """Give the schema of a type's payload; it never changes within a version but for further fields."""
        found = schema_files().get(request.path_params["name"])
        if found is None:
            raise _no_schema()
        return Response(found, media_type=SCHEMA_TYPE, headers={"Cache-Control": "max-age=3600"})

    async def dead(self, request: Request) -> Response:
        """Give the dead letters, the newest first."""
        letters = await self.events.dead(caller(request))
        return orjson_answer({"letters": [asdict(letter) for letter in letters]})

    async def replay(self, request: Request) -> Response:
        """Put events through again and say how many."""
        actor = caller(request)
        wish = _read_wish(await limited_body(request, LONGEST_BODY))
        if wish.unit:
            return orjson_answer(await self.events.replay_range(actor, wish.unit, wish.first, wish.last))
        return orjson_answer(await self.events.replay_letters(actor, None if wish.all else wish.ids))

    async def discard(self, request: Request) -> Response:
        """Take dead letters away and say how many."""
        actor = caller(request)
        try:
            wish = _DISCARD.validate_json(await limited_body(request, LONGEST_BODY))
        except ValidationError as problem:
            raise _malformed(problem, '{"ids": [...]}') from problem
        return orjson_answer({"letters": await self.events.discard(actor, wish.ids)})

    async def recount(self, request: Request) -> Response:
        """Have a unit's figures counted again from its events, and say from which one on."""
        actor = caller(request)
        try:
            wish = _RECOUNT.validate_json(await limited_body(request, LONGEST_BODY))
        except ValidationError as problem:
            raise _malformed(problem, '{"unit": "..."}') from problem
        return orjson_answer({"first": await self.statistics.restate(actor, wish.unit)})


def _read_wish(body: bytes) -> ReplayWish:
    try:
        return _WISH.validate_json(body)
    except ValidationError as problem:
        mend = '{"ids": [...]}, {"unit": "...", "first": 1, "last": 9} or {"all": true}'
        raise _malformed(problem, mend) from problem


def _malformed(problem: ValidationError, wanted: str) -> InvalidInputError:
    return InvalidInputError(
        f"this is no such wish: {problem.errors()[0]['msg']}", message_zh="请求格式有误", mend=f"Send {wanted}."
    )


def _no_schema() -> NotFoundError:
    return NotFoundError(
        "there is no such schema", message_zh="没有该模式", mend="docs/events.md lists the types of events."
    )
