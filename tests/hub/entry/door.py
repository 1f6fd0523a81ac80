"""A whole hub behind its door, wired as `proofhub serve` wires it: a small catalogue, one register, and tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
from starlette.applications import Starlette

from hub.actors import Actor, Post
from hub.clock import SystemClock, SystemIds
from hub.entry.app import make_app
from hub.entry.development import DevelopmentIssuer
from hub.entry.development_seals import (
    LocalSealCalls,
    prepare_development_authority,
    register_development_seals,
)
from hub.entry.settings import Settings
from hub.entry.wiring import Hub, open_hub
from tests.hub.catalogue_authority import JUSTICE
from tests.hub.catalogue_tables import small_catalogue, workbook_of
from tests.schema.city import PERSON, case_input
from tests.simulators.hostile_source import HostileSource, stated

NAME = "王小明"
OPERATOR = Actor("op-1", "JY", frozenset({Post.OPERATOR}))
PRODUCER = Actor("staff-1", "GA", frozenset({Post.UNIT_MANAGER, Post.DRAFTER}))
STRANGER = Actor("op-2", "GA-HS", frozenset({Post.OPERATOR}))
OPEN = """mutation O($input: OpenCaseInput!) { openCase(input: $input) {
  case { number proofs { number } requests { id } } errors { code message field } } }"""
KNOWN = stated(facts={"name": NAME})


@dataclass
class ShiftedClock:
    """The real time, moved on by so much: the signer is a process of its own and looks at the real clock."""

    shift: timedelta = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.shift

    def advance(self, **by: float) -> None:
        self.shift += timedelta(**by)


@dataclass
class Door:
    """A hub's server, spoken to without a socket."""

    hub: Hub
    settings: Settings
    issuer: DevelopmentIssuer
    clock: ShiftedClock
    app: Starlette
    client: httpx.AsyncClient

    def token(self, actor: Actor) -> str:
        """Return a token that is good for an hour from the hub's present time."""
        return self.issuer.token(actor.subject, actor.unit_code, actor.posts, self.clock.now(), timedelta(hours=1))

    def bearer(self, actor: Actor) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(actor)}"}

    async def open_case(self, number: str, **more: Any) -> dict[str, Any]:
        """Open a case as the operator and return the payload."""
        answer = await self.ask(OPEN, {"input": case_input(number, **more)})
        payload: dict[str, Any] = answer.json()["data"]["openCase"]
        return payload

    async def ask(self, query: str, variables: Mapping[str, Any], actor: Actor = OPERATOR) -> httpx.Response:
        return await self.client.post(
            "/graphql", json={"query": query, "variables": variables}, headers=self.bearer(actor)
        )


def settings_in(folder: Path, source: str = "http://127.0.0.1:9/records") -> Settings:
    """Return settings with everything in one folder, and one register."""
    file = folder / "sources.json"
    file.write_bytes(orjson.dumps([{"code": "population", "url": source, "token": "for-tests"}]))
    return Settings(
        server={"upload_bytes": 300_000},
        store={"folder": folder / "graph"},
        seals={
            "folder": folder / "keys",
            "passphrase": "correct horse",
            "pki_folder": folder / "pki",
            "signer_folder": folder / "signer",
        },
        authority={"folder": folder / "authority", "passphrase": "another horse"},
        documents={"folder": folder / "documents"},
        identity={"jwks_file": folder / "identity" / "jwks.json", "development": True},
        sources={"file": file},
    )


@asynccontextmanager
async def open_door(settings: Settings, *, published: bool = True) -> AsyncIterator[Door]:
    """Open the hub that the settings describe, its seals made where they are missing."""
    clock = ShiftedClock()
    prepare_development_authority(settings, clock.now() - timedelta(days=1), SystemIds())
    issuer = DevelopmentIssuer.open(settings)
    async with open_hub(settings, clock) as hub:
        calls = LocalSealCalls(hub.seals, hub.grants)
        await register_development_seals(settings, calls, ("JY", "GA", "GA-HS"), clock, SystemIds())
        if published:
            await hub.catalogue.import_file(JUSTICE, workbook_of(small_catalogue()), "a.xlsx", "第一版")
            await hub.catalogue.publish(JUSTICE)
        app = make_app(hub, settings)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test", timeout=60) as client:
            yield Door(hub, settings, issuer, clock, app, client)


@asynccontextmanager
async def door_with_register(folder: Path) -> AsyncIterator[Door]:
    """Open a hub whose register knows everybody."""
    async with HostileSource(KNOWN) as register, open_door(settings_in(folder, register.url)) as door:
        yield door


__all__ = ["NAME", "OPEN", "OPERATOR", "PERSON", "PRODUCER", "STRANGER", "Door", "door_with_register", "open_door"]
