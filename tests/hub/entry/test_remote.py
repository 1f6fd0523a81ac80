"""What the command makes of a server that is no hub, or a hub that refuses."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from hub.entry.remote import RemoteError, import_catalogue, publish_catalogue
from scripts.demonstration.processes import free_port
from tests.simulators.running_app import running


def served(answer: Response) -> Starlette:
    async def say(_: Request) -> Response:
        return answer

    return Starlette(routes=[Route("/{path:path}", say, methods=["POST"])])


def publish_at(answer: Response) -> str:
    """Publish at a server that answers so, and return what the command shows."""
    text = io.StringIO()
    with running(served(answer)) as port:
        publish_catalogue(Console(file=text, width=200), f"http://127.0.0.1:{port}", "t", None)
    return text.getvalue()


def test_a_published_version_is_shown_as_it_is_called() -> None:
    payload = {"version": {"number": 3, "title": "[red]试行[/]", "publishedAt": ""}, "errors": []}
    assert publish_at(JSONResponse({"data": {"publishCatalogue": payload}})) == "published version 3: [red]试行[/]\n"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (HTMLResponse("<h1>no</h1>"), "does not answer as a hub does"),
        (JSONResponse({"errors": [{"message": "internal error"}]}), "internal error"),
        (JSONResponse({"message": "no", "mend": "ask"}, 403), r"no \(ask\)"),
        (JSONResponse({}, 502), "502"),
        (
            JSONResponse({"data": {"publishCatalogue": {"version": None, "errors": [{"message": "no", "mend": "x"}]}}}),
            r"no \(x\)",
        ),
        (JSONResponse(["a", "list"]), "does not answer as a hub does"),
        (JSONResponse({"data": None}), "does not answer as a hub does"),
    ],
)
def test_what_is_refused_or_is_no_hub_is_said_in_one_line(answer: Response, said: str) -> None:
    with pytest.raises(RemoteError, match=said) as refused:
        publish_at(answer)
    assert len(refused.value.lines) == 1


def test_where_nobody_listens_the_address_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x")
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(RemoteError, match=f"no hub answers at {url}"):
        import_catalogue(Console(file=io.StringIO()), url, "t", file, "x")


def test_an_address_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x")
    for url in ("nonsense", "http://", "http://[::1"):
        with pytest.raises(RemoteError):
            import_catalogue(Console(file=io.StringIO()), url, "t", file, "x")
