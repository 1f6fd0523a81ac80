"""``proofhub webhook …``: a unit's webhooks in the running hub. For the unit's manager (管理责任人)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from hub.clock import SystemIds
from hub.entry import remote
from hub.entry.command_line import DEFAULT_URL, OUT, Token, Url, failing

app = typer.Typer(no_args_is_help=True, help="Webhooks of a unit: its events posted to an address. For its manager.")

WebhookArgument = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Identifier of the webhook.")]
Key = Annotated[str, typer.Option("--key", help="Key of this call: the same key again does nothing twice.")]
_SHAPE = "webhook { id url state pause cursor failures lastFailure } secret errors { message mend }"
_LIST = """query L($after: String) { webhooks(first: 100, after: $after) { ... on Problem { message mend }
  ... on WebhookConnection { nodes { id url state pause cursor failures lastFailure } } } }"""


@app.command("list")
def list_command(*, bearer: Token, url: Url = DEFAULT_URL) -> None:
    """List the unit's webhooks, and how far each has come."""
    with failing():
        found = remote.ask(url, bearer, _LIST, {"after": None})["webhooks"]
        if "message" in found:
            raise _refused(found)
        _show(found["nodes"])


@app.command("register")
def register_command(
    *,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="https address to which events are posted.")],
    bearer: Token,
    types: Annotated[list[str] | None, typer.Option("--type", help="Type of event wanted; else all.")] = None,
    key: Key = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Have the unit's events posted to an address; shows the secret, which nothing shows again."""
    _do(url, bearer, "registerWebhook", key, {"url": address, "eventTypes": types or []})


@app.command("pause")
def pause_command(*, webhook: WebhookArgument, bearer: Token, key: Key = "", url: Url = DEFAULT_URL) -> None:
    """Post nothing until it is resumed."""
    _do(url, bearer, "changeWebhook", key, {"webhookId": webhook, "active": False})


@app.command("resume")
def resume_command(*, webhook: WebhookArgument, bearer: Token, key: Key = "", url: Url = DEFAULT_URL) -> None:
    """Go on behind the last event that was delivered."""
    _do(url, bearer, "changeWebhook", key, {"webhookId": webhook, "active": True})


@app.command("redeliver")
def redeliver_command(
    *,
    webhook: WebhookArgument,
    bearer: Token,
    after: Annotated[int | None, typer.Option(help="Everything behind this sequence of the unit.")] = None,
    event: Annotated[str | None, typer.Option(help="One event, by its id.")] = None,
    key: Key = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Deliver again everything behind a sequence, or one event."""
    _do(url, bearer, "redeliverWebhook", key, {"webhookId": webhook, "after": after, "eventId": event})


def _do(url: str, token: str, mutation: str, key: str, given: Mapping[str, Any]) -> None:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    document = f"mutation M($input: {kind}!) {{ {mutation}(input: $input) {{ {_SHAPE} }} }}"
    with failing():
        key = key or SystemIds().identifier("cli-")
        payload = remote.ask(url, token, document, {"input": {"key": key, **given}})[mutation]
        for problem in payload["errors"]:
            raise _refused(problem)
        _show([payload["webhook"]])
        if payload["secret"] is not None:
            OUT.print(f"secret: {payload['secret']}", markup=False, soft_wrap=True)


def _show(webhooks: list[dict[str, Any]]) -> None:
    table = Table("webhook", "address", "state", "cursor", "failures", "last failure", box=None)
    for each in webhooks:
        state = f"{each['state']} ({each['pause']})" if each["pause"] else each["state"]
        table.add_row(each["id"], each["url"], state, str(each["cursor"]), str(each["failures"]), each["lastFailure"])
    OUT.print(table, soft_wrap=True)


def _refused(problem: Mapping[str, Any]) -> remote.RemoteError:
    return remote.RemoteError([f"{problem['message']} ({problem['mend']})"])
