"""Looks things up in a published catalogue, or says with a typed error that its version does not hold them (R8.3)."""

from __future__ import annotations

from collections.abc import Iterable

from graph_models.catalogue import ProofType, ServiceItem, Unit
from graph_models.snapshot import CatalogueSnapshot
from hub.errors import OutsideCatalogueError


def item_of(snapshot: CatalogueSnapshot, code: str) -> ServiceItem:
    """Return the service item. Raises OutsideCatalogueError."""
    found = snapshot.item(code)
    if found is None:
        raise _outside(snapshot, "service item", "事项", code, "itemCode")
    return found


def proof_type_of(snapshot: CatalogueSnapshot, code: str) -> ProofType:
    """Return the proof type. Raises OutsideCatalogueError."""
    found = snapshot.proof_type(code)
    if found is None:
        raise _outside(snapshot, "proof type", "证明类型", code, "proofTypeCode")
    return found


def unit_of(snapshot: CatalogueSnapshot, code: str) -> Unit:
    """Return the unit. Raises OutsideCatalogueError."""
    found = snapshot.unit(code)
    if found is None:
        raise _outside(snapshot, "unit", "单位", code, "unitCode")
    return found


def supervising_units(snapshot: CatalogueSnapshot, code: str, everywhere: Iterable[str]) -> frozenset[str]:
    """Return who is told when a unit is silent (R16.1): who the catalogue says is above it, and who is everywhere."""
    unit = snapshot.unit(code)
    above = (unit.superior, unit.supervising_authority, unit.guiding_authority) if unit else ()
    return frozenset(everywhere) | {each for each in above if each}


def _outside(snapshot: CatalogueSnapshot, what: str, what_zh: str, code: str, field: str) -> OutsideCatalogueError:
    number = snapshot.version.number
    return OutsideCatalogueError(
        f"version {number} of the catalogue has no {what} {code!r}",
        message_zh=f"第 {number} 版目录中没有该{what_zh}：{code}",
        mend="Use a code of the published catalogue; outside it there is no item and no proof.",
        field=field,
    )
