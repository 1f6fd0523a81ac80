"""``proofhub archive …``: keeps the proofs of the running hub verifiable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from hub.entry import remote
from hub.entry.command_line import DEFAULT_URL, ERR, OUT, Token, Url, failing

app = typer.Typer(
    no_args_is_help=True, help="The archive of sealed proofs, in the running hub. For the seal authority."
)

_RENEW = """
mutation Renew($input: RenewArchiveInput!) {
  renewArchive(input: $input) {
    progress { takenIn renewed failed left after }
    errors { message mend }
  }
}
"""
_COUNTED = ("takenIn", "renewed", "failed")


@app.callback()
def archive_options() -> None:
    """The archive of sealed proofs."""


@app.command("renew")
def renew_command(
    bearer: Token,
    within: Annotated[int, typer.Option(min=1, max=36500, help="Renew what stands for less than so many days.")] = 365,
    url: Url = DEFAULT_URL,
) -> None:
    """Stamp proofs anew before their time stamps run out; may be stopped and run again. 续加时间戳"""
    done = dict.fromkeys(_COUNTED, 0)
    with failing():
        for progress in renewing(url, bearer, within):
            done = {name: done[name] + progress[name] for name in _COUNTED}
            ERR.print(f"{done['renewed']} renewed, {progress['left']} left", highlight=False)
    said = f"{done['renewed']} renewed, {done['failed']} failed, {done['takenIn']} to be raised beside the calls"
    OUT.print(said, highlight=False)
    raise typer.Exit(1 if done["failed"] else 0)


def renewing(url: str, token: str, within: int) -> Iterator[Mapping[str, Any]]:
    """Renew step by step, and give the progress after each. Raises RemoteError."""
    after: str | None = None
    while True:
        payload = remote.ask(url, token, _RENEW, {"input": {"withinDays": within, "after": after}})["renewArchive"]
        if payload["errors"]:
            raise remote.RemoteError([f"{problem['message']} ({problem['mend']})" for problem in payload["errors"]])
        yield payload["progress"]
        after = payload["progress"]["after"]
        if after is None:
            return
