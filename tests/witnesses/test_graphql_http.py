"""The audits of the npm package graphql-http, run in Node against the served endpoint: all pass, SHOULD and MAY too."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from tests.schema.city import OPERATOR, AsActor, open_city

AUDITS = 61
SCRIPT = """
const { auditServer } = require(process.argv[2] + "/graphql-http");
auditServer({ url: process.argv[1] }).then((results) => {
  console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
});
"""


@pytest.mark.services("node")
async def test_every_audit_of_graphql_over_http_passes(graphql_http_modules: Path, tmp_path: Path) -> None:
    async with open_city(tmp_path) as city:
        config = uvicorn.Config(AsActor(city.endpoint, OPERATOR), port=0, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            results = await asyncio.to_thread(_audited, f"http://127.0.0.1:{port}/graphql", graphql_http_modules)
        finally:
            server.should_exit = True
            await serving
    assert list(_failed(results)) == []
    assert len(results) == AUDITS


def _audited(url: str, modules: Path) -> list[dict[str, str]]:
    command = ["node", "-e", SCRIPT, url, str(modules)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    results: list[dict[str, str]] = json.loads(done.stdout)
    return results


def _failed(results: list[dict[str, str]]) -> Iterator[str]:
    for result in results:
        if result["status"] != "ok":
            yield f"{result['id']} {result['name']}: {result.get('reason')}"
