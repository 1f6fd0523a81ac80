"""Parts of an answer that other units bring: which hold, what is left to the unit itself, who brought what. Pure.

A part is a request of its own, to another issuing unit, for some facts of the proof type's form. It holds for the unit
that asked for it: where the whole is passed on, the next unit asks for what it needs.
"""

from __future__ import annotations

from collections.abc import Iterable

from graph_models.casework import RequestState, VerificationRequest
from graph_models.catalogue import FactField, ProofType
from graph_models.request_states import Step
from graph_models.snapshot import CatalogueSnapshot
from hub.deadlines import delivered_at
from hub.published import proof_type_of, unit_of
from seals.endorsement import EndorsedPart


def has_asked(request: VerificationRequest) -> bool:
    """Tell whether a unit ever asked another one for a part of this answer."""
    return any(step.step == Step.REQUEST_PART for step in request.steps)


def parts_of(whole: VerificationRequest, requests: Iterable[VerificationRequest]) -> tuple[VerificationRequest, ...]:
    """Return the parts that hold for the answer: asked for by the unit that has it now, not withdrawn; by receipt."""
    found = [
        each
        for each in requests
        if each.part_of == whole.id
        and each.asking_unit == whole.issuing_unit
        and each.state is not RequestState.WITHDRAWN
    ]
    return tuple(sorted(found, key=lambda each: (each.received_at, each.id)))


def is_missing(part: VerificationRequest) -> bool:
    """Tell whether the answer was that there is no such record."""
    return part.state is RequestState.DELIVERED and part.draft is not None and part.draft.negative


def form_of(
    proof_type: ProofType, request: VerificationRequest, parts: Iterable[VerificationRequest]
) -> tuple[FactField, ...]:
    """Return the facts that the unit itself fills in: of a part its fields, of a whole what no part brings."""
    if request.part_of is not None:
        return tuple(field for field in proof_type.facts if field.key in request.part_fields)
    held = {key for part in parts for key in part.part_fields}
    return tuple(field for field in proof_type.facts if field.key not in held)


def brought(parts: Iterable[VerificationRequest]) -> tuple[tuple[str, str], ...]:
    """Return the facts of the parts that were answered, as they were confirmed."""
    answers = [part.draft for part in parts if part.state is RequestState.DELIVERED and part.draft is not None]
    return tuple((key, value) for answer in answers for key, value in answer.facts if value.strip())


def missing_fields(parts: Iterable[VerificationRequest]) -> frozenset[str]:
    """Return the fields of which a unit has no record, unless another unit is asked for them or has brought them."""
    parts = tuple(parts)
    asked = {key for part in parts if not is_missing(part) for key in part.part_fields}
    return frozenset(key for part in parts if is_missing(part) for key in part.part_fields) - asked


def endorsed_parts(snapshot: CatalogueSnapshot, parts: tuple[VerificationRequest, ...]) -> tuple[EndorsedPart, ...]:
    """Return what the endorsement says of the answered parts; of two units that had no record, the last one."""
    said = {key for key, _ in brought(parts)}
    found: list[EndorsedPart] = []
    for part in reversed(parts):
        own = {key for key, _ in brought((part,))}
        fields = tuple(key for key in part.part_fields if (key not in said if is_missing(part) else key in own))
        said.update(fields)
        if fields:
            found.append(_endorsed(snapshot, part, fields))
    return tuple(reversed(found))


def _endorsed(snapshot: CatalogueSnapshot, part: VerificationRequest, fields: tuple[str, ...]) -> EndorsedPart:
    labels = {field.key: field.label for field in proof_type_of(snapshot, part.proof_type_code).facts}
    return EndorsedPart(
        unit_code=part.issuing_unit,
        unit_name=unit_of(snapshot, part.issuing_unit).name,
        fields=fields,
        labels=tuple(labels[key] for key in fields),
        negative=is_missing(part),
        drafted_by=part.drafter or "",
        confirmed_at=delivered_at(part) or part.received_at,
    )
