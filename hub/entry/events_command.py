"""``proofhub events …``: dead letters of the exchange, and events that are to go through again, in the running hub."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.entry import remote
from hub.entry.command_line import DEFAULT_URL, OUT, Token, Url, failing

app = typer.Typer(no_args_is_help=True, help="The events of the exchange, in the running hub. For the supervisor.")


@app.callback()
def events_options() -> None:
    """The events of the exchange."""


@app.command("dead")
def dead_command(bearer: Token, url: Url = DEFAULT_URL) -> None:
    """List what consumers put aside, the newest first, with the reason. 死信列表"""
    with failing():
        letters = remote.call("GET", f"{url}/events/dead", bearer)["letters"]
    for letter in letters:
        OUT.print(
            f"{letter['id']}  {letter['event_id'] or '-'}  {letter['at']}  {letter['size']} bytes  {letter['reason']}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    OUT.print(f"{len(letters)} dead letter(s)", highlight=False)


@app.command("replay")
def replay_command(
    *,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Dead letters, by their id or their event's.")
    ] = None,
    bearer: Token,
    unit: Annotated[str, typer.Option(help="Code of a unit whose events go again, with --first and --last.")] = "",
    first: Annotated[int, typer.Option(min=1, help="First sequence.")] = 1,
    last: Annotated[int, typer.Option(min=0, help="Last sequence.")] = 0,
    every: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Put events through the bus again; consumers drop what they have, so it may be repeated. 重放事件"""
    with failing():
        done = remote.call("POST", f"{url}/events/replay", bearer, json=_wish(ids or [], unit, (first, last), every))
    said = f"{done['events']} event(s) sent again, {done['letters']} dead letter(s) settled, {done['left']} left"
    OUT.print(said, highlight=False)


@app.command("discard")
def discard_command(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Dead letters, by their id or their event's.")],
    *,
    bearer: Token,
    url: Url = DEFAULT_URL,
) -> None:
    """Take dead letters away that are of no use any more; who did so is in the audit chain. 丢弃死信"""
    with failing():
        done = remote.call("POST", f"{url}/events/discard", bearer, json={"ids": ids})
    OUT.print(f"{done['letters']} dead letter(s) discarded", highlight=False)


@app.command("recount")
def recount_command(
    unit: Annotated[str, typer.Argument(help="Code of the unit.")], *, bearer: Token, url: Url = DEFAULT_URL
) -> None:
    """Count a unit's figures again from the events that are kept. 重新统计"""
    with failing():
        done = remote.call("POST", f"{url}/events/recount", bearer, json={"unit": unit})
    OUT.print(f"the figures of {unit} are counted again from event {done['first']} on", highlight=False)


def _wish(ids: list[str], unit: str, run: tuple[int, int], every: bool) -> dict[str, Any]:
    wish: dict[str, Any] = {"ids": ids} if ids else {}
    if unit:
        wish |= {"unit": unit, "first": run[0], "last": run[1]}
    return wish | {"all": True} if every else wish
