"""Whether what an endorsement says of several producing units agrees with the facts; signer and verifier ask.

The hub writes the parts; who trusts neither hub nor file must see by itself that each fact is of one unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seals.endorsement import Endorsement
from seals.kinds import SealKind


def fault_of_parts(endorsement: Endorsement, labels: Mapping[str, str]) -> str | None:
    """Return what is wrong with the parts, or None.

    Args:
        endorsement: says which unit produced which facts.
        labels: key of each fact on the page → its label.
    """
    return next(_faults(endorsement, labels), None) if endorsement.parts else None


def _faults(endorsement: Endorsement, labels: Mapping[str, str]) -> Iterator[str]:
    if endorsement.negative or endorsement.seal_kind is not SealKind.INFORMATION_VERIFICATION:
        yield "only verified information that was found has parts of other units"
    named: set[str] = set()
    for part in endorsement.parts:
        if part.unit_code == endorsement.producing_unit_code:
            yield f"unit {part.unit_code} has a part beside the whole"
        if not part.fields or len(part.fields) != len(part.labels):
            yield f"the part of unit {part.unit_code} does not name its facts"
        for field, label in zip(part.fields, part.labels, strict=False):
            if field in named:
                yield f"the fact {field} is of two parts"
            if (field in labels) is part.negative:
                yield f"the fact {field} of unit {part.unit_code} is {'there' if part.negative else 'missing'}"
            if labels.get(field, label) != label:
                yield f"the fact {field} has another label on the page"
            named.add(field)
