"""What the commands have in common: where they write, how they find the hub, and how they fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

from hub.entry import remote
from pki.errors import PkiError
from seals.errors import SealsError

OUT = Console()
ERR = Console(stderr=True)
Url = Annotated[str, typer.Option("--url", envvar="PROOFHUB_URL", help="Address of the running hub.")]
Token = Annotated[str, typer.Option("--token", envvar="PROOFHUB_TOKEN", help="Bearer token with the post needed.")]
DEFAULT_URL = "http://127.0.0.1:8000"


@contextmanager
def failing() -> Iterator[None]:
    """Show what the hub refuses, or what keys and files do not allow, in one line each, and exit with 1."""
    try:
        yield
    except remote.RemoteError as problem:
        lines = problem.lines
    except (PkiError, SealsError, OSError, ValueError) as problem:
        lines = [str(problem)]
    else:
        return
    for line in lines:
        ERR.print(line, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(1)
