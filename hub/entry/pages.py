"""The public pages: what this is, the check page that a proof's QR code leads to, and the verification of files.

No token is asked for here. The check page shows nothing personal; a verdict shows only what the visitor's own file
holds.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from graph_models.casework import Proof
from graph_models.errors import GraphModelsError
from hub.catalogue import SnapshotHolder
from hub.entry.check_page import Standing, public_rows, standing_of
from hub.entry.page_rendering import page, prefers_html
from hub.entry.page_uploads import uploaded_file
from hub.entry.problems import on_hub_error, on_store_error
from hub.errors import HubError, UnavailableError
from hub.proof_reading import ProofReader
from hub.verifying import Verdict, Verifier

JUDGED_AT_ONCE = 16
"""So many files are judged or wait for it; whoever brings one more is asked to come back, not kept in memory."""
_JSON_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept", "X-Content-Type-Options": "nosniff"}
_CHECK_CODE = re.compile(r"[A-Za-z0-9_-]{20,30}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPages:
    """What the public pages need."""

    proofs: ProofReader
    verifier: Verifier
    snapshots: SnapshotHolder
    upload_bytes: int
    """Largest file that is judged, in bytes."""


def page_routes(pages: PublicPages) -> list[BaseRoute]:
    """Return the routes that anybody may call."""
    door = _PublicDoor(pages)
    return [
        Route("/", door.home, methods=["GET"]),
        Route("/verify", door.upload_form, methods=["GET"]),
        Route("/verify", door.verify, methods=["POST"]),
        Route("/check/{code}", door.check, methods=["GET"]),
        Route("/check/{code}", door.compare, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _PublicDoor:
    """Answers whoever comes without a token."""

    pages: PublicPages
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(JUDGED_AT_ONCE))

    async def home(self, _: Request) -> Response:
        """Say what this is and where things are."""
        try:
            snapshot = self.pages.snapshots.current()
        except UnavailableError:
            snapshot = None
        return page("home", snapshot=snapshot)

    async def upload_form(self, _: Request) -> Response:
        """Ask for a file."""
        return page("verify", limit=self.pages.upload_bytes)

    async def verify(self, request: Request) -> Response:
        """Judge a file: JSON for programs, a page for browsers."""
        as_page = prefers_html(request.headers.get("accept"))
        try:
            verdict = await self._judge(request)
        except (HubError, GraphModelsError) as problem:
            if not as_page:
                raise
            return await _problem_page(request, problem)
        if as_page:
            return page("verdict", verdict=verdict, expected=None, same=True)
        return Response(verdict.to_json(), media_type="application/json", headers=_JSON_HEADERS)

    async def check(self, request: Request) -> Response:
        """Show what is on record of the proof with this code, nothing personal; an unknown code gets no hint."""
        try:
            proof = await self._proof(request)
        except GraphModelsError as problem:
            return await _problem_page(request, problem)
        if proof is None:
            return page("unknown", 404)
        standing = standing_of(proof, self.pages.proofs.clock.now())
        rows = public_rows(proof)
        return page("check", rows=rows, standing=standing, Standing=Standing, limit=self.pages.upload_bytes)

    async def compare(self, request: Request) -> Response:
        """Judge a file, and tell whether it is the very proof of this check page."""
        try:
            proof = await self._proof(request)
            if proof is None:
                return page("unknown", 404)
            verdict = await self._judge(request)
        except (HubError, GraphModelsError) as problem:
            return await _problem_page(request, problem)
        found = verdict.endorsement
        same = found is None or found.proof_number == proof.number
        return page("verdict", verdict=verdict, expected=proof.number, same=same)

    async def _proof(self, request: Request) -> Proof | None:
        code = request.path_params["code"]
        return await self.pages.proofs.by_check_code(code) if _CHECK_CODE.fullmatch(code) else None

    async def _judge(self, request: Request) -> Verdict:
        data = await uploaded_file(request, self.pages.upload_bytes)
        if self.places.locked():
            raise UnavailableError(
                "too many files are being judged at the moment",
                message_zh="当前核验的文件较多，请稍后再试",
                mend="Send the file again in a minute.",
            )
        async with self.places:
            return await self.pages.verifier.verify(data)


async def _problem_page(request: Request, problem: Exception) -> Response:
    """Say on a page what the same call says to a program, with the same status."""
    answer = on_hub_error if isinstance(problem, HubError) else on_store_error
    told = await answer(request, problem)
    return page("problem", told.status_code, **orjson.loads(bytes(told.body)))
