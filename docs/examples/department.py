"""A department's system: opens a case, waits until its proofs are there, keeps the sealed PDFs, closes the case.

python department.py BUSINESS-NUMBER FOLDER, with PROOFHUB_URL and PROOFHUB_TOKEN_FILE (a token of an operator)
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path

from hub.client.connection import HubConnection
from hub.client.department import Department
from hub.client.inputs import Applicant, Identity, OpenCase
from hub.client.words import ApplicantKind, Measure

ITEM, REGION = "NB0001", "330203"  # teacher's qualification, in Haishu
APPLICANT = Applicant(kind=ApplicantKind.NATURAL_PERSON, name="章示例", identifier="330211198603318599")
IDENTITY = Identity(  # what the camera at the window signed
    method=Measure.FACE_RECOGNITION,
    provider="camera-1",
    assertion_id="A-1",
    at=datetime.fromisoformat("2026-01-05T09:00:00+08:00"),
)
PATIENCE = 24 * 3600.0
"""Seconds; what must be looked up is answered within half an hour or a day, in principle (Art. 14)."""


async def bring_proofs(department: Department, business_number: str, folder: Path) -> None:
    """Carry out one case. Stopped and begun again with the same number, it goes on with the same case."""
    plan = await department.plan(ITEM, REGION, ApplicantKind.NATURAL_PERSON)
    print(f"全部可得 all ready: {plan.clock_zh} {plan.clock}")
    case = await department.open(
        OpenCase(business_number=business_number, item_code=ITEM, region=REGION, applicant=APPLICANT, identity=IDENTITY)
    )
    print(f"办件 case {case.number}: {len(case.proofs)} of {len(case.needs)} at once")
    case = await department.wait_for(case, PATIENCE)
    for proof in case.proofs:
        (folder / f"{proof.number}.pdf").write_bytes(await department.download(proof))  # its digest was checked
        print(f"{proof.kind} {proof.proof_type_code} from {proof.producing_unit}: {proof.number}.pdf")
    await department.close(case)


async def main() -> None:
    """Speak to the hub with a token that is read anew for each call, so that it may be renewed meanwhile."""
    file = Path(os.environ["PROOFHUB_TOKEN_FILE"])

    async def token() -> str:
        return (await asyncio.to_thread(file.read_text)).strip()

    async with HubConnection(os.environ["PROOFHUB_URL"], token) as connection:
        await bring_proofs(Department(connection), sys.argv[1], Path(sys.argv[2]))


if __name__ == "__main__":
    asyncio.run(main())
