"""``proofhub seal …``: the seals and their grants in the running hub, and signing grants with the authority's key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from graph_models.seals import SealKind
from hub.clock import CITY_TIME, SystemClock, SystemIds
from hub.entry.authority import open_authority
from hub.entry.command_line import DEFAULT_URL, OUT, Token, Url, failing
from hub.entry.seal_calls import (
    RemoteSeals,
    read_picture_file,
    show_radar,
    show_seal,
    show_seals,
    show_usage,
    show_violations,
)
from hub.entry.settings import Settings
from hub.seal_keys import KeyAlgorithm
from hub.seal_pictures import PICTURE_RULE
from seals.grants import Grant

app = typer.Typer(no_args_is_help=True, help="The seals (电子印章), their grants and use. For the seal authority.")

SealArgument = Annotated[str, typer.Argument(metavar="SEAL", help="Identifier of the seal.")]
Key = Annotated[str, typer.Option("--key", help="Key of this call: the same key again does nothing twice.")]
Remarks = Annotated[str | None, typer.Option("--remarks", help="Remarks for the record.")]
Algorithm = Annotated[KeyAlgorithm, typer.Option("--algorithm", help="What kind of key.")]
RequestFile = Annotated[
    Path | None, typer.Option("--request", help="Where to write the certificate request; printed where not said.")
]
_SIMPLE_STEPS = (
    ("approve", "approveSeal", "Approve an application; not by the person who applied. 批准"),
    ("activate", "activateSeal", "Let a certified seal be used by those who hold a grant. 启用"),
    ("suspend", "suspendSeal", "Suspend a seal at once; one person is enough. 暂停"),
    ("resume", "resumeSeal", "Let a suspended seal be used again; not by the person who suspended it. 恢复"),
    ("destroy", "destroySeal", "Destroy the keys of a revoked seal. 销毁"),
)
Picture = Annotated[
    Path | None,
    typer.Option(
        "--picture", exists=True, dir_okay=False, metavar="FILE.png", help=f"What the seal shows: {PICTURE_RULE}."
    ),
]


@app.command("apply")
def apply_command(
    *,
    kind: Annotated[SealKind, typer.Option(help="Which of the two dedicated seals.")],
    holder: Annotated[str, typer.Option(help="Name on the arc.")],
    holder_identifier: Annotated[str, typer.Option(help="NTRCN- and the holder's unified social credit code.")],
    number: Annotated[str, typer.Option(help="The seal's own number (印章编码).")],
    bearer: Token,
    name: Annotated[str | None, typer.Option(help="What it is called; else as the regulation calls its kind.")] = None,
    remarks: Remarks = None,
    key: Key = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Apply for a seal; another person approves it. 申请"""
    given = {"kind": kind.value, "holder": holder, "holderIdentifier": holder_identifier, "number": number}
    _take(RemoteSeals(url, bearer), "applyForSeal", key, given | {"name": name, "remarks": remarks})


@app.command("make")
def make_command(
    *,
    seal: SealArgument,
    bearer: Token,
    algorithm: Algorithm = KeyAlgorithm.P_256,
    picture: Picture = None,
    request: RequestFile = None,
    key: Key = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Have the seal's key made and take its certificate request. 制作"""
    with failing():
        shown = None if picture is None else read_picture_file(picture)
    given = {"sealId": seal, "algorithm": algorithm.value, "picture": shown}
    _hand_out(request, _take(RemoteSeals(url, bearer), "makeSeal", key, given))


@app.command("rotate")
def rotate_command(
    *,
    seal: SealArgument,
    bearer: Token,
    algorithm: Algorithm = KeyAlgorithm.P_256,
    request: RequestFile = None,
    key: Key = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Have the seal's next key made; it takes over with its certificate. 更换密钥"""
    given = {"sealId": seal, "algorithm": algorithm.value}
    _hand_out(request, _take(RemoteSeals(url, bearer), "rotateSeal", key, given))


@app.command("install")
def install_command(
    *,
    seal: SealArgument,
    certificate: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The certificate, PEM.")],
    bearer: Token,
    remarks: Remarks = None,
    key: Key = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Hand in the certificate that was issued for the key that waits for one. 装入证书"""
    given = {"sealId": seal, "remarks": remarks, "certificate": certificate.read_text("utf-8", "replace")}
    _take(RemoteSeals(url, bearer), "installSealCertificate", key, given)


@app.command("revoke")
def revoke_command(
    seal: SealArgument,
    reason: Annotated[str, typer.Option(help="Why.")],
    bearer: Token,
    key: Key = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Revoke a seal for ever; its certificates are revoked with `proofhub pki revoke`. 吊销"""
    _take(RemoteSeals(url, bearer), "revokeSeal", key, {"sealId": seal, "remarks": reason})


@app.command("list")
def list_command(bearer: Token, url: Url = DEFAULT_URL) -> None:
    """Show all seals. 印章清单"""
    with failing():
        show_seals(OUT, RemoteSeals(url, bearer).all())


@app.command("usage")
def usage_command(
    seal: SealArgument,
    bearer: Token,
    day: Annotated[str | None, typer.Option(help="Day of the city, 2026-03-02; today where not said.")] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Show a day of a seal's usage book. 用印记录"""
    with failing():
        show_usage(OUT, *RemoteSeals(url, bearer).usage(seal, day))


@app.command("violations")
def violations_command(
    bearer: Token,
    seal: Annotated[str | None, typer.Option(help="Of this seal alone.")] = None,
    unit: Annotated[str | None, typer.Option(help="By this unit alone; a unit sees its own.")] = None,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most, the newest first.")] = 100,
    url: Url = DEFAULT_URL,
) -> None:
    """Show uses of seals that were refused because no grant covers them. 违规用印记录"""
    with failing():
        show_violations(OUT, islice(RemoteSeals(url, bearer).violations(seal, unit), most))


@app.command("radar")
def radar_command(bearer: Token, url: Url = DEFAULT_URL) -> None:
    """Show what runs out, what stands on it and what is to be renewed by when. 到期预警"""
    with failing():
        show_radar(OUT, RemoteSeals(url, bearer).radar())


@app.command("grant")
def grant_command(
    file: Annotated[typer.FileText, typer.Argument(help="What sign-grant printed; - for standard input.")],
    bearer: Token,
    key: Key = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Register a signed grant; not by the person who proposed it. 登记授权"""
    _take_grant(RemoteSeals(url, bearer), "registerGrant", key, {"grant": file.read().strip()})


@app.command("revoke-grant")
def revoke_grant_command(
    grant: Annotated[str, typer.Argument(metavar="GRANT", help="Identifier of the grant.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    bearer: Token,
    key: Key = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Revoke a grant at once; one person is enough. 撤销授权"""
    _take_grant(RemoteSeals(url, bearer), "revokeGrant", key, {"grantId": grant, "reason": reason})


@app.command("sign-grant")
def sign_grant_command(
    *,
    seal: Annotated[str, typer.Option(help="Identifier of the seal.")],
    unit: Annotated[str, typer.Option(help="Code of the unit that may use it.")],
    proposed_by: Annotated[str, typer.Option(help="Staff number of whoever proposes it; another registers it.")],
    last_day: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="Last day, 2027-03-02.")],
    first_day: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day; at once where not said.")
    ] = None,
    proof_type: Annotated[
        list[str] | None, typer.Option("--type", help="A proof type; all where none is said.")
    ] = None,
    daily_limit: Annotated[int | None, typer.Option(min=1, help="Most proofs in one day.")] = None,
) -> None:
    """Sign a grant with the authority's key, with no hub; prints it for `proofhub seal grant`. 签发授权"""
    now = SystemClock().now()
    grant = Grant(
        id=SystemIds().identifier("G"),
        seal_id=seal,
        unit_code=unit,
        proof_types=tuple(sorted(set(proof_type or ()))),
        not_before=_begin(first_day) if first_day else now,
        not_after=_begin(last_day) + timedelta(days=1) - timedelta(seconds=1),
        daily_limit=daily_limit,
        proposed_by=proposed_by,
    )
    with failing():
        typer.echo(open_authority(Settings()).sign_grant(grant))


def _simple_step(mutation: str) -> Callable[..., None]:
    def step(seal: SealArgument, bearer: Token, remarks: Remarks = None, key: Key = "", url: Url = DEFAULT_URL) -> None:
        _take(RemoteSeals(url, bearer), mutation, key, {"sealId": seal, "remarks": remarks})

    return step


for _name, _mutation, _help in _SIMPLE_STEPS:
    app.command(_name, help=_help)(_simple_step(_mutation))


def _hand_out(file: Path | None, made: dict[str, Any]) -> None:
    """Write the request of the key that waits for its certificate to a file, or print it."""
    pem = (made["nextKey"] or made["key"])["request"]
    if file is None:
        typer.echo(pem, nl=False)
        return
    with failing():
        file.write_text(pem)


def _take(seals: RemoteSeals, mutation: str, key: str, given: dict[str, Any]) -> dict[str, Any]:
    with failing():
        found = seals.step(mutation, {**given, "key": key or SystemIds().identifier("K")})
        show_seal(OUT, found)
    return found


def _take_grant(seals: RemoteSeals, mutation: str, key: str, given: dict[str, Any]) -> None:
    with failing():
        found = seals.grant(mutation, {**given, "key": key or SystemIds().identifier("K")})
        OUT.print(
            f"{found['id']}  {found['state']}  seal {found['sealId']}  unit {found['unitCode']}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _begin(day: datetime) -> datetime:
    """Return the begin of a day in the city, in UTC."""
    return datetime.combine(day.date(), time(), CITY_TIME).astimezone(UTC)
