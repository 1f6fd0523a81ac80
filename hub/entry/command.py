"""The ``proofhub`` command.

Exit status of ``verify`` and ``signer check-log``: 0 good, 1 not good, 3 could not be judged; 2 is a wrong call.
Commands that need the store speak to the running hub's API.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvloop
from pydantic import ValidationError
from pydantic_settings import SettingsError

from graph_models.errors import StoreError
from hub.actors import Post
from hub.clock import SystemClock
from hub.entry import (
    archive_command,
    events_command,
    pki_command,
    remote,
    seal_command,
    webhook_command,
    worker_command,
)
from hub.entry.command_line import DEFAULT_URL, ERR, OUT, Token, Url
from hub.entry.development import DevelopmentIssuer, UnsafeSettingError
from hub.entry.log_view import show_log_check
from hub.entry.serving import configure_logs, serve
from hub.entry.settings import Settings
from hub.entry.signer_host import host_signer
from hub.entry.verdict_view import show_verdict
from hub.entry.wiring import trust_in
from pki.errors import PkiError
from seals.errors import SealsError
from seals.judge import judge_once
from seals.signer_log_check import check_log
from seals.verdict import VerdictOutcome

EXIT_STATUS = {VerdictOutcome.GOOD: 0, VerdictOutcome.NOT_GOOD: 1, VerdictOutcome.UNDECIDED: 3}

app = typer.Typer(
    no_args_is_help=True,
    help="Proofhub: a city's units get sealed electronic proofs from one another. 无证件（证明）办事电子证明平台",
    context_settings={"help_option_names": ["-h", "--help"]},
)
catalogue = typer.Typer(no_args_is_help=True, help="The catalogue of items, proofs and issuers, in the running hub.")
app.add_typer(catalogue, name="catalogue")
signer = typer.Typer(invoke_without_command=True, help="The process that holds the seals' keys. 签章进程")
app.add_typer(seal_command.app, name="seal")
app.add_typer(signer, name="signer")
app.add_typer(pki_command.app, name="pki")
app.add_typer(archive_command.app, name="archive")
app.add_typer(events_command.app, name="events")
app.add_typer(webhook_command.app, name="webhook")
app.command("worker")(worker_command.worker_command)


def _show_version(wanted: bool) -> None:
    if wanted:
        OUT.print(f"proofhub {version('proofhub')}")
        raise typer.Exit


@app.callback()
def main_options(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options before the command."""


@app.command("serve")
def serve_command() -> None:
    """Serve until Ctrl-C. Settings come from PROOFHUB_… variables (docs/settings.md)."""
    configure_logs()
    try:
        uvloop.run(serve(_settings()))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except (UnsafeSettingError, StoreError, PkiError, SealsError, OSError, ValueError) as problem:
        _fail(str(problem))


@signer.callback()
def signer_command(context: typer.Context) -> None:
    """Be the process that holds the seals' keys, at PROOFHUB_SEALS__SIGNER_SOCKET, until told to end. 签章进程"""
    if context.invoked_subcommand is not None:
        return
    configure_logs()
    settings = _settings().seals
    if settings.signer_socket is None:
        _fail("PROOFHUB_SEALS__SIGNER_SOCKET has to say where to listen")
    try:
        host_signer(settings, settings.signer_socket, started=lambda: ERR.print("the signer listens"))
    except (PkiError, SealsError, OSError) as problem:
        _fail(str(problem))


@signer.command("check-log")
def check_log_command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The signer's own folder, or one with its log.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """See whether the signer's log is whole: no entry changed, moved or removed. Exits 0, 1 or 3. 核对签章日志"""
    try:
        found = check_log(folder)
    except (SealsError, OSError) as problem:
        _fail(str(problem))
    show_log_check(OUT, found) if not as_json else typer.echo(found.to_json().decode())
    raise typer.Exit(0 if found.whole else 1)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The PDF to judge.")],
    trust: Annotated[
        Path, typer.Option("--trust", exists=True, dir_okay=False, help="Root certificate (PEM) to trust.")
    ] = Path("var/pki/root.pem"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Judge a PDF with no hub running: intact, rightly sealed, trusted. 核验电子证明"""
    try:
        policy = trust_in(trust)
        data = _read_bounded(file, policy.limits.document_bytes)
    except (OSError, ValueError) as problem:
        _fail(f"{trust}: {problem}")
    verdict = judge_once(data, policy, SystemClock().now())
    if as_json:
        typer.echo(verdict.to_json().decode())
    else:
        show_verdict(OUT, file.name, verdict)
    raise typer.Exit(EXIT_STATUS[verdict.outcome])


@app.command()
def token(
    unit: Annotated[str, typer.Option(help="Code of the unit for which the token speaks.")],
    subject: Annotated[str, typer.Option(help="Staff or system identifier, no name.")] = "developer",
    post: Annotated[list[Post] | None, typer.Option(help="A post held; may be given several times.")] = None,
    hours: Annotated[int, typer.Option(min=1, max=168, help="How long it is good.")] = 12,
) -> None:
    """Print a bearer token of the development issuer (loopback only)."""
    settings = _settings()
    if not settings.identity.development:
        _fail("the development issuer is off; PROOFHUB_IDENTITY__DEVELOPMENT=true turns it on, on loopback only")
    try:
        issuer = DevelopmentIssuer.open(settings)
    except (UnsafeSettingError, OSError, ValueError) as problem:
        _fail(f"the development issuer has no key: {problem}")
    now = SystemClock().now().astimezone(UTC)
    typer.echo(issuer.token(subject, unit, post or [], now, timedelta(hours=hours)))


@catalogue.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or XLSX file.")],
    bearer: Token,
    title: Annotated[str, typer.Option(help="What the version is called.")] = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Check a file and write it as the next draft; every fault is shown by row and column. 导入目录"""
    _shown(lambda: remote.import_catalogue(OUT, url, bearer, file, title or file.stem))


@catalogue.command("publish")
def publish_command(
    bearer: Token,
    number: Annotated[int | None, typer.Option(help="Which draft; the newest where none is said.")] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Publish a draft as the catalogue in force. 公布目录"""
    _shown(lambda: remote.publish_catalogue(OUT, url, bearer, number))


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as problem:
        faults = [(f"PROOFHUB_{'__'.join(map(str, fault['loc']))}".upper(), fault["msg"]) for fault in problem.errors()]
        _fail("; ".join(f"{name}: {said}" if name != "PROOFHUB_" else said for name, said in faults))
    except SettingsError as problem:
        _fail(str(problem))


def _shown(call: Callable[[], None]) -> None:
    try:
        call()
    except remote.RemoteError as problem:
        for line in problem.lines:
            ERR.print(line, style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from problem


def _read_bounded(file: Path, limit: int) -> bytes:
    """Read one byte more than the limit at most: the judge then says that it is too large."""
    with file.open("rb") as opened:
        return opened.read(limit + 1)


def _fail(message: str) -> NoReturn:
    ERR.print(f"proofhub: {message}", style="red", markup=False, soft_wrap=True)
    raise typer.Exit(3)


def main() -> None:
    """Run the command."""
    app()
