"""What the check page says of a recorded proof: taken from its endorsement, nothing about a person (Art. 14, 17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from graph_models.casework import Proof, ProofKind, ProofState
from hub.entry.page_rendering import city_day, city_time
from seals.endorsement import Endorsement
from seals.kinds import SEAL_NAMES

_KINDS = {
    ProofKind.SHARED: ("共享信息", "Shared information"),
    ProofKind.VERIFIED: ("核实信息", "Verified information"),
}


class Standing(StrEnum):
    """Whether a recorded proof can be relied on today."""

    VALID = "VALID"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class PublicRow:
    """One line of the check page; the second value is the first in English, empty where there is none."""

    label_zh: str
    label: str
    value_zh: str
    value: str = ""


def standing_of(proof: Proof, now: datetime) -> Standing:
    """Tell whether the proof can be relied on at ``now`` (aware)."""
    if proof.state is ProofState.WITHDRAWN:
        return Standing.WITHDRAWN
    if proof.valid_until is not None and now > proof.valid_until:
        return Standing.EXPIRED
    return Standing.VALID


def public_rows(proof: Proof) -> tuple[PublicRow, ...]:
    """Return what anybody with the check code may see: no fact, no case, no person, not even the drafter.

    Raises:
        MalformedEndorsementError: the record is not what the hub wrote.
    """
    endorsed = Endorsement.from_json(proof.endorsement_json.encode())
    kind_zh, kind = _KINDS[proof.kind]
    seal = SEAL_NAMES[endorsed.seal_kind]
    return (
        PublicRow("证明编号", "Proof number", endorsed.proof_number),
        PublicRow("证明名称", "Proof", endorsed.proof_type_name),
        PublicRow("办理事项", "Service item", endorsed.item_name),
        PublicRow("提取单位", "Extracted by", endorsed.extraction_unit_name),
        PublicRow("出具单位", "Produced by", endorsed.producing_unit_name),
        *(PublicRow("共同出具单位", "Also produced by", part.unit_name) for part in endorsed.parts),
        PublicRow("提取时间", "Time", f"{city_time(endorsed.extracted_at)}（北京时间）", "China Standard Time"),
        PublicRow("信息类别", "Kind", kind_zh, kind),
        PublicRow("电子印章", "Seal", seal.zh, seal.en),
        _result(endorsed),
        _end(proof.valid_until),
    )


def _result(endorsed: Endorsement) -> PublicRow:
    if endorsed.negative:
        return PublicRow("查询结果", "Answer", "无相应记录", "There is no such record")
    return PublicRow("查询结果", "Answer", "有相应记录", "There is such a record")


def _end(valid_until: datetime | None) -> PublicRow:
    if valid_until is None:
        return PublicRow("有效期至", "Valid until", "长期有效", "No end")
    return PublicRow("有效期至", "Valid until", city_day(valid_until))
