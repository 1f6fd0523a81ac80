"""The header by which a caller sees its own writes on every hub process and every member of the database.

An answer to a call that wrote holds ``Proofhub-Bookmark``. A caller that sends it back is answered from a state with
its writes; one that has several sends all of them, separated by commas, and is answered with one for all. They are
opaque, and good at every process of the hub. On the embedded store there is one process, and no such header.
"""

from __future__ import annotations

import re

import structlog
from cachetools import LRUCache
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph_models.bookmarks import CallBookmarks, collecting
from graph_models.errors import BehindError, InvalidBookmarkError, StoreError
from graph_models.store import MemberStore
from hub.catalogue import SnapshotHolder
from hub.entry.problems import on_hub_error
from hub.errors import HubError, InvalidInputError, UnavailableError

LOG = structlog.get_logger("proofhub.bookmarks")
HEADER = "Proofhub-Bookmark"
HEADER_CHARACTERS = 4_000
"""Longest header, either way."""
_MANY = 16
"""So many bookmarks of one call are brought together before it is answered."""
_BOOKMARK = re.compile(r"[A-Za-z0-9:+/=_-]{1,200}")
_REMEMBERED = 10_000


class BookmarkHeader:
    """Takes the header of calls that have an actor, and adds it to answers; stands behind ``Authentication``."""

    def __init__(self, app: ASGIApp, store: MemberStore, snapshots: SnapshotHolder, seconds: float) -> None:
        """Take the store and the catalogue, which have to be up to it, and for how long a call waits for that."""
        self._app = app
        self._store = store
        self._snapshots = snapshots
        self._seconds = seconds
        self._reached: LRUCache[str, None] = LRUCache(_REMEMBERED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through once what it has written is there, or say why it is not."""
        if scope["type"] != "http" or scope["state"].get("actor") is None:
            await self._app(scope, receive, send)
            return
        with collecting() as call:
            try:
                await self._reach(given_in(Headers(scope=scope)), call)
            except HubError as problem:
                answer = await on_hub_error(Request(scope), problem)
                await answer(scope, receive, send)
                return

            async def send_on(message: Message) -> None:
                if message["type"] == "http.response.start" and call.held:
                    MutableHeaders(scope=message)[HEADER] = await self._told(call)
                await send(message)

            await self._app(scope, receive, send_on)

    async def _reach(self, given: tuple[str, ...], call: CallBookmarks) -> None:
        """Wait for what is not known to be there; afterwards it is for whatever this process reads."""
        new = [each for each in given if each not in self._reached]
        try:
            if new or len(given) > 1:
                one = await self._store.reach(given, self._seconds)
                self._remember(given)
                if len(given) > 1:
                    call.replace((), (one,))
            if new:
                await self._snapshots.refresh()  # which is held in memory, and may be what the caller wrote
        except InvalidBookmarkError:
            raise _malformed() from None
        except BehindError:
            raise _behind(self._seconds) from None
        except StoreError as problem:
            LOG.warning("bookmarks.waiting", reason=type(problem).__name__)
            raise UnavailableError(
                "the hub cannot do this now", message_zh="系统暂时无法处理，请稍后再试", mend="Try again."
            ) from None

    async def _told(self, call: CallBookmarks) -> str:
        """Return the header of the answer, bounded in any case."""
        held = call.held
        try:
            if len(held) > _MANY:
                held = frozenset((await self._store.reach(held, self._seconds),))
        except StoreError as problem:  # the call itself is done
            LOG.warning("bookmarks.not_brought_together", count=len(held), reason=type(problem).__name__)
            held = frozenset(sorted(held)[:_MANY])
        self._remember(held)
        return ",".join(sorted(held))

    def _remember(self, bookmarks: tuple[str, ...] | frozenset[str]) -> None:
        self._reached.update(dict.fromkeys(bookmarks))


def given_in(headers: Headers) -> tuple[str, ...]:
    """Return the bookmarks of a call. Raises InvalidInputError."""
    said = ",".join(headers.getlist(HEADER))
    given = tuple(each.strip() for each in said.split(",")) if said else ()
    if len(said) > HEADER_CHARACTERS or not all(_BOOKMARK.fullmatch(each) for each in given):
        raise _malformed()
    return given


def _malformed() -> InvalidInputError:
    return InvalidInputError(
        f"the header {HEADER} is not as this hub answered it",
        message_zh=f"请求头 {HEADER} 与本系统返回的不一致",
        mend=f"Send the header as it came, at most {HEADER_CHARACTERS} characters, or none.",
        field=HEADER,
    )


def _behind(seconds: float) -> UnavailableError:
    return UnavailableError(
        f"what the header {HEADER} stands for has not arrived here within {seconds:g} s",
        message_zh=f"请求头 {HEADER} 对应的数据 {seconds:g} 秒内尚未同步",
        mend="Try again; without the header the answer may lack what you wrote last.",
        field=HEADER,
    )
