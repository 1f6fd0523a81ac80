"""Queries of the published catalogue. They wait for nothing, and their answers do not depend on who asks."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from hub.published import item_of, proof_type_of, unit_of
from schema.arguments import FieldName, ItemCode, ProofTypeCode, Search, UnitCode, checked_search
from schema.catalogue import (
    CatalogueVersion,
    ProofType,
    ProofTypeConnection,
    ServiceItem,
    ServiceItemConnection,
    Unit,
    UnitConnection,
    item_shape,
    items_page,
    proof_type_shape,
    proof_types_page,
    unit_shape,
    units_page,
)
from schema.context import Info
from schema.errors import QueryProblem, found_or_problem
from schema.fields import resolved
from schema.relay import After, First
from schema.shaping import shaped

CatalogueVersionResult: TypeAlias = Annotated[
    CatalogueVersion | QueryProblem,
    strawberry.union("CatalogueVersionResult", description="The published version, or why there is none."),
]
ServiceItemResult: TypeAlias = Annotated[
    ServiceItem | QueryProblem,
    strawberry.union("ServiceItemResult", description="The service item, or why there is none."),
]
ServiceItemsResult: TypeAlias = Annotated[
    ServiceItemConnection | QueryProblem,
    strawberry.union("ServiceItemsResult", description="The page, or why there is none."),
]
ProofTypeResult: TypeAlias = Annotated[
    ProofType | QueryProblem,
    strawberry.union("ProofTypeResult", description="The proof type, or why there is none."),
]
ProofTypesResult: TypeAlias = Annotated[
    ProofTypeConnection | QueryProblem,
    strawberry.union("ProofTypesResult", description="The page, or why there is none."),
]
UnitResult: TypeAlias = Annotated[
    Unit | QueryProblem, strawberry.union("UnitResult", description="The unit, or why there is none.")
]
UnitsResult: TypeAlias = Annotated[
    UnitConnection | QueryProblem, strawberry.union("UnitsResult", description="The page, or why there is none.")
]
OfUnit: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Only items that this unit handles, by its code.")
]


@strawberry.type(description="Queries of the published catalogue.")
class CatalogueQueries:
    """Queries of the published catalogue."""

    @resolved("The version of the catalogue that is in force. Anybody with a token.")
    def catalogue_version(self, info: Info) -> CatalogueVersionResult:
        """Return the version that is in force."""
        return found_or_problem(lambda: shaped(CatalogueVersion, info.context.catalogue.version))

    @resolved("A service item by its code. Anybody with a token.")
    def service_item(self, info: Info, code: ItemCode) -> ServiceItemResult:
        """Return a service item."""

        def find() -> ServiceItem:
            snapshot = info.context.catalogue
            return item_shape(snapshot, item_of(snapshot, code))

        return found_or_problem(find)

    @resolved("Service items by code. Anybody with a token; pages of at most 100.")
    def service_items(  # noqa: PLR0917  arguments of GraphQL are named
        self,
        info: Info,
        field: FieldName = None,
        search: Search = None,
        unit: OfUnit = None,
        first: First = 20,
        after: After = None,
    ) -> ServiceItemsResult:
        """Return a page of service items."""

        def find() -> ServiceItemConnection:
            snapshot = info.context.catalogue
            found = [
                item
                for item in snapshot.search_items(checked_search(search))
                if (field is None or item.field == field) and (unit is None or snapshot.handles(unit, item.code))
            ]
            return items_page(snapshot, "serviceItems", found, first, after)

        return found_or_problem(find)

    @resolved("A proof type by its code. Anybody with a token.")
    def proof_type(self, info: Info, code: ProofTypeCode) -> ProofTypeResult:
        """Return a proof type."""

        def find() -> ProofType:
            snapshot = info.context.catalogue
            return proof_type_shape(snapshot, proof_type_of(snapshot, code))

        return found_or_problem(find)

    @resolved("Proof types by code. Anybody with a token; pages of at most 100.")
    def proof_types(
        self, info: Info, search: Search = None, first: First = 20, after: After = None
    ) -> ProofTypesResult:
        """Return a page of proof types."""

        def find() -> ProofTypeConnection:
            snapshot = info.context.catalogue
            return proof_types_page(snapshot, snapshot.search_proof_types(checked_search(search)), first, after)

        return found_or_problem(find)

    @resolved("A unit by its code. Anybody with a token.")
    def unit(self, info: Info, code: UnitCode) -> UnitResult:
        """Return a unit."""

        def find() -> Unit:
            snapshot = info.context.catalogue
            return unit_shape(snapshot, unit_of(snapshot, code))

        return found_or_problem(find)

    @resolved("Units by code. Anybody with a token; pages of at most 100.")
    def units(  # noqa: PLR0917  arguments of GraphQL are named
        self,
        info: Info,
        field: FieldName = None,
        search: Search = None,
        region: Annotated[str | None, strawberry.argument(description="Only units of exactly this region.")] = None,
        first: First = 20,
        after: After = None,
    ) -> UnitsResult:
        """Return a page of units."""

        def find() -> UnitConnection:
            snapshot = info.context.catalogue
            found = [
                unit
                for unit in snapshot.search_units(checked_search(search))
                if (field is None or unit.field == field) and (region is None or unit.region == region)
            ]
            return units_page(snapshot, "units", found, first, after)

        return found_or_problem(find)
