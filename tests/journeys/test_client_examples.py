"""The examples of docs/client.md, run as they stand there: a department's system and an issuing unit's worker."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from hub.actors import Post
from hub.clock import SystemIds
from scripts.demonstration.story import UNIT
from tests.journeys.stage import Stage
from tests.journeys.workers import EXAMPLES, MachineRoom, education

DOCUMENTATION = EXAMPLES.parent / "client.md"


async def run(stage: Stage, token: str, *arguments: str) -> tuple[int | None, str]:
    """Run the department's example; return its exit status and what it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLES / "department.py"),
        *arguments,
        env={**os.environ, "PROOFHUB_URL": stage.city.url, "PROOFHUB_TOKEN_FILE": token},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode, said.decode()


@pytest.mark.requirement("R14.4", "R16.1")
async def test_both_examples_carry_out_a_case_together(stage: Stage, tmp_path: Path) -> None:
    room, proofs = MachineRoom(stage, tmp_path), tmp_path / "proofs"
    proofs.mkdir()
    token = room.token("operator-1", UNIT, Post.OPERATOR)
    with room.worker("issuing_unit:answer", *room.drafting(), *room.sealing()):
        status, said = await run(stage, token, SystemIds().identifier("EX-"), str(proofs))
    assert status == 0
    assert "全部可得" in said
    assert "VERIFIED GA-WFZ from 330203-GA" in said
    operator = stage.desk("operator-1")
    files = list(proofs.glob("*.pdf"))
    assert len(files) == 4
    assert {stage.outcome(file.read_bytes(), operator) for file in files} == {("GOOD", "GOOD")}
    async with education(stage) as department:
        number = said.partition("办件 case ")[2].partition(":")[0]
        assert (await department.read(number)).state == "CLOSED"


def test_the_documentation_names_both_examples_and_what_they_use() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    for file in EXAMPLES.glob("*.py"):
        assert f"examples/{file.name}" in text
    assert "--handler issuing_unit:answer" in text
