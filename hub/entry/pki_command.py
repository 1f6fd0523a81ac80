"""``proofhub pki …``: the seal authority's own keys. None of it asks a hub; no hub has these keys (Art. 15)."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509

from graph_models.seals import SealKind
from hub.clock import SystemClock
from hub.entry.authority import Service, open_authority, requested_subject
from hub.entry.command_line import OUT, failing
from hub.entry.settings import Settings
from hub.seal_keys import KeyAlgorithm
from pki.authority import Subject
from seals.kinds import SealKind as Kind

app = typer.Typer(
    no_args_is_help=True,
    help="The seal authority's keys: root, issuing authority, grants. Their folder is PROOFHUB_AUTHORITY__FOLDER.",
)
_REASONS = StrEnum("_REASONS", {flag.name: flag.value for flag in x509.ReasonFlags})  # type: ignore[misc]  # names as the library has them
OutFile = Annotated[Path | None, typer.Option("--out", help="Where to write it; printed where not said.")]


@app.command("init")
def init_command(
    organisation: Annotated[str, typer.Option(help="Who runs the authority.")],
    algorithm: Annotated[KeyAlgorithm, typer.Option(help="Of the keys that are made now.")] = KeyAlgorithm.P_256,
) -> None:
    """Make root, issuing authority and the key for grants where they are missing. 建立签发机构"""
    with failing():
        root = open_authority(Settings()).set_up(organisation, algorithm)
        OUT.print(f"trust root: {root}", markup=False, highlight=False, soft_wrap=True)


@app.command("issue")
def issue_command(
    request: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Certificate request, PEM.")],
    kind: Annotated[SealKind, typer.Option(help="Which of the two dedicated seals it is for.")],
    out: OutFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether the names are right.")] = False,
) -> None:
    """Issue the certificate of a seal for the request that its key signed. 签发印章证书"""
    with failing():
        pem = request.read_text("utf-8", "replace")
        named = requested_subject(pem)
        said = f"{named.organisation}  {named.organisation_identifier}  {named.common_name}  {kind.value}"
        if not yes:
            typer.confirm(f"{said}: certify?", abort=True)
        _give(open_authority(Settings()).certify(pem, Kind(kind.value)), out)


@app.command("csr")
def csr_command(
    service: Annotated[Service, typer.Argument(help="Which key.")],
    organisation: Annotated[str, typer.Option(help="Who holds it.")],
    common_name: Annotated[str, typer.Option(help="What it is called.")],
    out: OutFile = None,
) -> None:
    """Write the request with which an outside authority certifies one of the authority's keys. 证书请求"""
    with failing():
        subject = Subject(organisation=organisation, common_name=common_name)
        _give(open_authority(Settings()).request(service, subject), out)


@app.command("accept")
def accept_command(
    service: Annotated[Service, typer.Argument(help="Which key.")],
    certificate: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Its certificate and those above.")],
) -> None:
    """Keep the certificate that an outside authority issued, after checking key, profile and trust. 装入证书"""
    with failing():
        open_authority(Settings()).accept(service, certificate.read_bytes())
        OUT.print(f"the key {service.value} has its certificate", highlight=False)


@app.command("revoke")
def revoke_command(
    certificate: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The seal's certificate, PEM.")],
    reason: Annotated[_REASONS, typer.Option(help="Why (RFC 5280, 5.3.1).")],
) -> None:
    """Put a seal's certificate on the list of the revoked and publish the lists anew. 吊销证书"""
    with failing():
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        open_authority(Settings()).revoke(found, x509.ReasonFlags(reason.value))
        OUT.print(f"{found.serial_number:x} is revoked since {SystemClock().now().isoformat()}", highlight=False)


@app.command("crl")
def crl_command() -> None:
    """Publish the revocation lists anew; they are good for a week. 发布吊销列表"""
    with failing():
        desk = open_authority(Settings())
        desk.set_up(desk.organisation())
        OUT.print(f"revocation lists: {desk.public}", markup=False, highlight=False, soft_wrap=True)


def _give(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text)
