"""An issuing unit's worker: answers from the unit's own database what a machine can answer, and leaves the rest.

proofhub worker --handler issuing_unit:answer --unit 330203-GA --token-file drafter.token
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing

from hub.client.handling import Found
from hub.client.issuing import Answer, NoSuchRecord
from hub.client.records import VerificationRequest

DATABASE = os.environ.get("RECORDS", "records.sqlite")
"""people(id_number, name, convictions)"""


async def answer(request: VerificationRequest) -> Found:
    """Answer a request for 无犯罪记录证明; None leaves a request to a person."""
    if request.proof_type_code != "GA-WFZ" or request.subject is None:
        return None
    number = request.subject.key("id_number")
    row = await asyncio.to_thread(look_up, number)  # the worker goes on with other requests meanwhile
    if row is None:
        return NoSuchRecord("人口信息库，按公民身份号码查询")  # an answer like any other: reviewed and sealed
    name, convictions = row
    if convictions:
        return None  # somebody has to look
    return Answer(
        {"name": name, "id_number": number, "result": "经查询，未发现有犯罪记录", "period": "出生之日起至查询之日"}
    )


def look_up(number: str) -> tuple[str, int] | None:
    """Return the name and how many convictions there are, or None where nobody has the number."""
    with closing(sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True)) as database:
        found = database.execute("SELECT name, convictions FROM people WHERE id_number = ?", (number,)).fetchone()
    return None if found is None else (str(found[0]), int(found[1]))
