"""What the command asks of a running hub."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

SECONDS = 120
"""How long an import may take."""
SHOWN = 3
"""How many of the flagged rows are shown."""
_PUBLISH = """
mutation Publish($input: PublishCatalogueInput!) {
  publishCatalogue(input: $input) {
    version { number title publishedAt }
    errors { code message mend }
  }
}
"""


class RemoteError(Exception):
    """The hub refused or cannot be reached; the lines are for people."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


def import_catalogue(out: Console, url: str, token: str, file: Path, title: str) -> None:
    """Send a catalogue file to the hub and show the draft that it became. Raises RemoteError."""
    answer = call(
        "POST",
        f"{url}/catalogue/import",
        token,
        content=file.read_bytes(),
        params={"filename": file.name, "title": title},
    )
    version, counts = answer["version"], answer["counts"]
    out.print(f"draft version {version['number']}: {version['title']}", markup=False, soft_wrap=True)
    out.print(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()), soft_wrap=True)
    if answer["flagged"]:
        out.print(f"{len(answer['flagged'])} row(s) to look at, for example:")
    for row in answer["flagged"][:SHOWN]:
        out.print(f"  {_row(row)}", markup=False, soft_wrap=True)


def publish_catalogue(out: Console, url: str, token: str, number: int | None) -> None:
    """Publish a draft and show the version in force. Raises RemoteError."""
    payload = ask(url, token, _PUBLISH, {"input": {"number": number}})["publishCatalogue"]
    if payload["errors"]:
        raise RemoteError([f"{problem['message']} ({problem['mend']})" for problem in payload["errors"]])
    out.print(
        f"published version {payload['version']['number']}: {payload['version']['title']}", markup=False, soft_wrap=True
    )


def ask(url: str, token: str, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a GraphQL answer, in which no field is null. Raises RemoteError."""
    answer = call("POST", f"{url}/graphql", token, json={"query": document, "variables": dict(variables)})
    if answer.get("errors"):
        raise RemoteError([str(problem["message"]) for problem in answer["errors"]])
    data = answer.get("data")
    if not isinstance(data, dict) or None in data.values():
        raise _no_hub(url)
    return data


def call(method: str, url: str, token: str, **sent: Any) -> dict[str, Any]:
    """Return what an address of the hub answers. Raises RemoteError."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    try:
        answer = httpx.request(method, url, headers=headers, timeout=SECONDS, trust_env=False, **sent)
        content: dict[str, Any] = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise RemoteError(
            [f"no hub answers at {url}: {type(problem).__name__}; start it with ./scripts/run"]
        ) from problem
    except ValueError as problem:
        raise _no_hub(url) from problem
    if not isinstance(content, dict):
        raise _no_hub(url)
    if answer.is_success:
        return content
    rows = [_row(row) for row in content.get("problems", ())]
    raise RemoteError([f"{content.get('message', answer.status_code)} ({content.get('mend', '')})", *rows])


def _no_hub(url: str) -> RemoteError:
    return RemoteError([f"{url} does not answer as a hub does"])


def _row(row: dict[str, Any]) -> str:
    return f"{row['table']} row {row['row']}, {row['column']}: {row['message']} {row['message_zh']}"
