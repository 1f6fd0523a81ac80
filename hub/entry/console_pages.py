"""The console page: what a contact's link opens in a browser, on a telephone too, without a script.

GET shows and changes nothing; POST takes one step and leads back to the page. No page is kept, framed or referred to.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson
from cachetools import TTLCache
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from graph_models.casework import DraftAnswer
from graph_models.errors import GraphModelsError
from hub.actors import Post
from hub.clock import Clock
from hub.console import ConsoleService, ConsoleView, Stage, UnknownLinkError
from hub.entry.page_rendering import PAGE_HEADERS, page
from hub.entry.problems import on_hub_error, on_store_error
from hub.entry.uploads import limited_body
from hub.errors import HubError, InvalidInputError

FORM_BYTES = 256_000
"""Longest form, in bytes."""
WRONG_AT_MOST, WRONG_SECONDS = 10, 60
"""So many wrong links are answered to one address in so many seconds."""
_FORM = "application/x-www-form-urlencoded"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
_FACT = "fact."
_STATUS = {"LINK_ENDED": 410, "STALE_FORM": 409, "SAME_PERSON": 409, "TOO_MANY": 429}
_MEND_ZH = {
    "NOT_FOUND": "请从邮件中完整打开链接；如果仍然无效，请联系本单位管理责任人。",
    "LINK_ENDED": "此链接已无需办理。如有新的事项，您会收到新的邮件；有疑问请联系本单位管理责任人。",
    "STALE_FORM": "请重新打开链接，按当前内容办理。",
    "CONFLICT": "请重新打开链接，按当前内容办理。",
    "WRONG_STATE": "请重新打开链接，按当前内容办理。",
    "SAME_PERSON": "请由本单位另一位有该岗位的人员办理。",
    "TOO_MANY": "请一分钟后再打开邮件中的链接。",
    "UNAVAILABLE": "请几分钟后重试，您的链接仍然有效。",
    "SEAL_NOT_GRANTED": "请联系本单位管理责任人向公安局申请用章授权。",
    "SEAL_SUSPENDED": "印章暂不可用，请稍后再试或者联系公安局。",
}
_MEND_ELSE = "请重新打开链接再试；如果仍有问题，请联系本单位管理责任人。"


class TooManyWrongLinksError(HubError):
    """One address has tried too many links that there are not; those that there are open all the same."""

    code = "TOO_MANY"


class WrongLinks:
    """Counts wrong links by the caller's address, in this process, and forgets them after a while."""

    def __init__(self, clock: Clock) -> None:
        """Take the clock."""
        self._found: TTLCache[str, int] = TTLCache(10_000, ttl=WRONG_SECONDS, timer=lambda: clock.now().timestamp())

    def note(self, request: Request) -> None:
        """Count one wrong link. Raises TooManyWrongLinksError: so many came from this address that none is answered."""
        caller = _caller(request)
        found = self._found.get(caller, 0)
        if found >= WRONG_AT_MOST:
            raise TooManyWrongLinksError(
                "too many wrong links from this address",
                message_zh="无效链接次数过多",
                mend="Wait a minute, then open the link from the message as it is.",
            )
        self._found[caller] = found + 1


@dataclass(frozen=True, slots=True)
class _Form:
    """What a form holds, each name once."""

    values: dict[str, str]

    def get(self, name: str) -> str:
        return self.values.get(name, "").strip()

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What was filled in; an empty field states nothing."""
        named = {key.removeprefix(_FACT): self.get(key) for key in self.values if key.startswith(_FACT)}
        return tuple((key, value) for key, value in named.items() if value)


NOTHING = _Form({})


def console_routes(console: ConsoleService, clock: Clock) -> list[BaseRoute]:
    """Return the routes of the console page."""
    door = _ConsoleDoor(console, WrongLinks(clock))
    return [
        Route("/console/{token}", door.show, methods=["GET"]),
        Route("/console/{token}", door.act, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _ConsoleDoor:
    """Answers whoever comes with a link."""

    console: ConsoleService
    wrong: WrongLinks

    async def show(self, request: Request) -> Response:
        """Show the request."""
        try:
            return _page(await self._view(request), NOTHING)
        except (HubError, GraphModelsError) as problem:
            return await _problem_page(request, problem)

    async def act(self, request: Request) -> Response:
        """Take the step that the form says; what is malformed comes back with what was filled in."""
        form = NOTHING
        try:
            form = await _form_of(request)
            await self._step(request, form)
        except InvalidInputError as problem:
            return await self._again(request, form, problem)
        except (HubError, GraphModelsError) as problem:
            return await _problem_page(request, problem)
        return RedirectResponse(request.url.path, 303, PAGE_HEADERS)

    async def _step(self, request: Request, form: _Form) -> None:
        token, form_token = _token(request), form.get("form")
        step = form.get("step")
        try:
            if step == "draft":
                await self.console.draft(token, form_token, _answer(form))
            elif step in ("approve", "return"):
                remarks = form.get("remarks") or None
                await self.console.review(token, form_token, approve=step == "approve", remarks=remarks)
            elif step == "seal":
                await self.console.seal(token, form_token)
            else:
                raise _wrong("the form names no step", "请选择要办理的操作")
        except UnknownLinkError:
            self.wrong.note(request)
            raise

    async def _again(self, request: Request, form: _Form, problem: InvalidInputError) -> Response:
        try:
            return _page(await self._view(request), form, problem)
        except (HubError, GraphModelsError) as other:
            return await _problem_page(request, other)

    async def _view(self, request: Request) -> ConsoleView:
        try:
            return await self.console.view(_token(request))
        except UnknownLinkError:
            self.wrong.note(request)
            raise


def _token(request: Request) -> str:
    token: str = request.path_params["token"]
    return token if _TOKEN.fullmatch(token) else "-"


def _page(seen: ConsoleView, form: _Form, problem: HubError | None = None) -> Response:
    """Return the page of a request, with what was filled in and what is wrong with it."""
    request, matter = seen.request, seen.matter
    snapshot = matter.snapshot if matter else None
    return page(
        "console",
        400 if problem else 200,
        seen=seen,
        request=request,
        subject=matter.subject if matter else None,
        item=snapshot.item(request.item_code) if snapshot else None,
        kind=snapshot.proof_type(request.proof_type_code) if snapshot else None,
        fields=matter.form if matter else (),
        asker=snapshot.unit(request.asking_unit) if snapshot else None,
        form=form,
        problem=problem,
        act=seen.link.post if seen.stage is Stage.ACT else "",
        Post=Post,
        Stage=Stage,
    )


async def _form_of(request: Request) -> _Form:
    """Return the form. Raises TooLargeError, InvalidInputError."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise _wrong("the body is no form", "请使用页面上的表单提交")
    body = await limited_body(request, FORM_BYTES)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError as problem:
        raise _wrong("the form cannot be read", "无法读取表单") from problem
    if len({name for name, _ in pairs}) != len(pairs):
        raise _wrong("a field is given twice", "表单中有重复的字段")
    return _Form({name: value.replace("\r\n", "\n") for name, value in pairs})


def _answer(form: _Form) -> DraftAnswer:
    if form.get("found") not in ("yes", "no"):
        raise _wrong("say whether there is a record", "请选择有无记录", "found")
    return DraftAnswer(negative=form.get("found") == "no", facts=form.facts, statement=form.get("statement"))


async def _problem_page(request: Request, problem: Exception) -> Response:
    """Say what is wrong and what to do, with the status that a program would get."""
    answer = on_hub_error if isinstance(problem, HubError) else on_store_error
    told = await answer(request, problem)
    said = orjson.loads(bytes(told.body))
    code = said["code"]
    status = _STATUS.get(code, told.status_code)
    again = code in ("STALE_FORM", "CONFLICT", "WRONG_STATE", "UNAVAILABLE")
    shown = page(
        "console_problem",
        status,
        said=said,
        mend_zh=_MEND_ZH.get(code, _MEND_ELSE),
        again=request.url.path if again else "",
    )
    after = str(WRONG_SECONDS) if status == 429 else told.headers.get("retry-after")
    if after:
        shown.headers["retry-after"] = after
    return shown


def _caller(request: Request) -> str:
    """Return the caller's address; of IPv6 the network of one customer (64 bits)."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), 64), strict=False))


def _wrong(message: str, message_zh: str, name: str | None = None) -> InvalidInputError:
    return InvalidInputError(message, message_zh=message_zh, mend="Use the form on the page.", field=name)
