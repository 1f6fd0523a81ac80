"""``proofhub worker``: answers a unit's requests by machine, from the unit's own database.

Exit status: 0 after a stop that was asked for, 1 where the hub refuses the tokens or is none, 2 for a wrong call.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import re
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Annotated, NoReturn, cast

import jwt
import typer

from hub.client.connection import HubConnection, TokenSource
from hub.client.errors import ClientError, UnavailableError, WrongUnitError
from hub.client.handling import Handler, Handling
from hub.client.issuing import IssuingUnit
from hub.client.worker import Worker, WorkerRule
from hub.entry.command_line import DEFAULT_URL, ERR, Url
from hub.entry.serving import configure_logs

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")

HandlerName = Annotated[
    str, typer.Option("--handler", metavar="MODULE:FUNCTION", help="An async function: takes a request, answers it.")
]
TokenFile = Annotated[
    Path,
    typer.Option("--token-file", exists=True, dir_okay=False, help="Token of a drafter; read anew for each call."),
]
ReviewerFile = Annotated[
    Path | None,
    typer.Option(
        "--reviewer-token-file", exists=True, dir_okay=False, help="Token of a reviewer: approves what it drafted."
    ),
]
SealerFile = Annotated[
    Path | None,
    typer.Option(
        "--sealer-token-file", exists=True, dir_okay=False, help="Token of a seal keeper: seals what it drafted."
    ),
]


def worker_command(
    *,
    handler: HandlerName,
    token_file: TokenFile,
    reviewer_token_file: ReviewerFile = None,
    sealer_token_file: SealerFile = None,
    unit: Annotated[str | None, typer.Option(help="Code of the unit; a token of another unit is refused.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="How many are answered at a time.")] = 4,
    tries: Annotated[int, typer.Option(min=1, max=100, help="How often the handler is asked for one request.")] = 3,
    name: Annotated[str, typer.Option(help="Tells apart workers that share a token; a restart keeps it.")] = "worker",
    url: Url = DEFAULT_URL,
) -> None:
    """Answer a unit's requests by machine until SIGTERM; what is under way is then finished. 自动核实"""
    if not _NAME.fullmatch(name):
        _wrong("--name", "1 to 64 letters, digits, dots, hyphens or underscores")
    configure_logs()
    rule = WorkerRule(unit=unit, concurrency=concurrency)
    tokens = (token_file, reviewer_token_file, sealer_token_file)
    try:
        asyncio.run(_work(Handling(_handler(handler), tries), rule, name, url, tokens))
    except ClientError as problem:
        ERR.print(f"proofhub: {problem}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from problem


async def _work(
    handling: Handling, rule: WorkerRule, name: str, url: str, tokens: tuple[Path, Path | None, Path | None]
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await _check_units(rule.unit, [file for file in tokens if file is not None])
    async with AsyncExitStack() as stack:

        async def program(file: Path | None) -> IssuingUnit | None:
            if file is None:
                return None
            return IssuingUnit(await stack.enter_async_context(_connection(url, file)), name)

        drafter, reviewer, sealer = [await program(file) for file in tokens]
        assert drafter is not None
        await Worker(drafter, handling, rule, reviewer, sealer).run(stop)


async def _check_units(unit: str | None, files: Sequence[Path]) -> None:
    """Tell a mistaken token before the first request comes; what a token may do the hub alone decides."""
    for file in files:
        with suppress(jwt.PyJWTError):
            said = jwt.decode(await _token_in(file)(), options={"verify_signature": False}).get("unit")
            unit = unit or said
            if said != unit:
                raise WrongUnitError(
                    f"the token of {file.name} is of unit {said}, and this worker answers for {unit}: "
                    "give it a token of that unit"
                )


def _connection(url: str, file: Path) -> HubConnection:
    try:
        return HubConnection(url, _token_in(file))
    except ValueError as problem:
        _wrong("--url", str(problem))


def _token_in(file: Path) -> TokenSource:
    """Read the token for each call, so that whoever renews it need not tell the worker."""

    async def read() -> str:
        try:
            token = (await asyncio.to_thread(file.read_text, encoding="ascii")).strip()
        except (OSError, ValueError) as problem:
            raise UnavailableError(f"the token file {file} cannot be read: {type(problem).__name__}") from problem
        if not token:
            raise UnavailableError(f"the token file {file} is empty")  # just being written, perhaps
        return token

    return read


def _handler(text: str) -> Handler:
    """Import the handler, from the working folder or from what is installed."""
    module, _, function = text.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError, SyntaxError) as problem:
        _wrong("--handler", f"{text}: {type(problem).__name__}: {problem}")
    if not inspect.iscoroutinefunction(found):
        _wrong("--handler", f"{text} is no async function")
    return cast("Handler", found)


def _wrong(option: str, message: str) -> NoReturn:
    raise typer.BadParameter(message, param_hint=option)
