"""Brings the two seals to life through the hub's own interface, as the police bureau would, and grants them to all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from graph_models.seal_states import SealStep
from graph_models.seals import SealState
from hub.actors import Actor
from hub.clock import SystemClock, SystemIds
from hub.entry.development_seals import REST, SealView, register_development_seals
from hub.seal_steps import SealApplication
from scripts.demonstration.city import City
from scripts.demonstration.window import CallError, Desk
from scripts.sample_units import unit_rows

_SEALS = """{ seals(first: 100) { ... on Problem { message mend } ... on SealConnection { nodes {
  id kind holder state steps { by } key { request certificate } nextKey { request certificate }
  grants { unitCode proofTypes state notAfter } } } } }"""
_APPLY = "mutation A($input: ApplyForSealInput!) { applyForSeal(input: $input) { errors { code message mend } } }"
_STEPS = {
    SealStep.APPROVE: ("approveSeal", "SealStepInput"),
    SealStep.MAKE: ("makeSeal", "MakeSealInput"),
    SealStep.INSTALL: ("installSealCertificate", "InstallCertificateInput"),
    SealStep.ACTIVATE: ("activateSeal", "SealStepInput"),
}
_AT_ONCE = 25
"""Grants in one request: a request has at most thirty aliases."""


def register_seals(city: City) -> None:
    """Bring both seals to life and grant them to the sample's units, unless they are there."""
    units = [str(unit["code"]) for unit in unit_rows()]
    with httpx.Client(base_url=city.url, trust_env=False) as client:
        calls = _Calls(city, client)
        asyncio.run(register_development_seals(city.settings, calls, units, SystemClock(), SystemIds()))


@dataclass(frozen=True, slots=True)
class _Calls:
    """Speaks to the running hub; carries out ``SealCalls``."""

    city: City
    client: httpx.Client

    async def all(self, person: Actor) -> list[SealView]:
        found = self._desk(person).ask(_SEALS)["seals"]
        if "message" in found:
            raise CallError(found["message"])
        return [_view(node) for node in found["nodes"]]

    async def apply(self, person: Actor, application: SealApplication) -> None:
        given = {
            "kind": application.kind.value,
            "holder": application.holder,
            "holderIdentifier": application.holder_identifier,
            "number": application.number,
        }
        self._desk(person).do(_APPLY, key=_key(), **given)

    async def step(self, person: Actor, step: SealStep, seal_id: str, certificate: str | None) -> None:
        name, kind = _STEPS[step]
        given = {"certificate": certificate} if certificate else {}
        document = f"mutation S($input: {kind}!) {{ {name}(input: $input) {{ errors {{ code message mend }} }} }}"
        self._desk(person).do(document, key=_key(), sealId=seal_id, **given)

    async def grant(self, person: Actor, signed: Sequence[str]) -> None:
        for begin in range(0, len(signed), _AT_ONCE):
            inputs = {
                f"g{n}": {"key": _key(), "grant": text} for n, text in enumerate(signed[begin : begin + _AT_ONCE])
            }
            heads = ", ".join(f"${name}: RegisterGrantInput!" for name in inputs)
            calls = " ".join(f"{name}: registerGrant(input: ${name}) {{ ...e }}" for name in inputs)
            fragment = "fragment e on GrantPayload { errors { code message mend } }"
            self._desk(person).ask(f"mutation G({heads}) {{ {calls} }} {fragment}", **inputs)

    def _desk(self, person: Actor) -> Desk:
        return Desk(self.client, self.city.token(person.subject, person.unit_code, *person.posts))


def _key() -> str:
    return SystemIds().identifier("K")


def _view(node: dict[str, Any]) -> SealView:
    waiting = node["nextKey"] or node["key"] or {"request": None, "certificate": ""}
    lasting = [
        grant["unitCode"]
        for grant in node["grants"]
        if grant["state"] == "REGISTERED"
        and not grant["proofTypes"]
        and datetime.fromisoformat(grant["notAfter"]) - SystemClock().now() > REST
    ]
    return SealView(
        id=node["id"],
        kind=node["kind"],
        holder=node["holder"],
        state=SealState(node["state"]),
        last_by=node["steps"][-1]["by"],
        waiting=waiting["request"] if waiting["certificate"] is None else None,
        granted=frozenset(lasting),
    )
