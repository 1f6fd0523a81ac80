"""Bounds on what one request may ask: size, tokens, depth, fields, aliases, and the entries of its pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from schema.errors import RequestRefusedError
from schema.relay import FIRST_DEFAULT, FIRST_LIMIT

MEBIBYTE = 1 << 20
LIST_WEIGHT = 5
"""Entries that a list without pages counts for: an item's requirements, a case's needs."""
DOCUMENT_WEIGHT = 50
"""What taking a proof's document counts for."""
_NESTING = 64
"""Deepest nesting of selections, fragments included: far below what the interpreter's stack holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLLimits:
    """Limits of the GraphQL surface; each is a refusal with a code, never an exhausted process."""

    body_bytes: int = 5 * MEBIBYTE
    """Largest body of a request."""
    body_seconds: float = 30.0
    """How long a caller may take to send it."""
    document_characters: int = 32_768
    """Longest GraphQL document."""
    tokens: int = 2_000
    """Most lexical tokens of a document."""
    depth: int = 12
    """Deepest nesting of fields."""
    introspection_depth: int = 20
    """Deepest nesting of fields within introspection."""
    fields: int = 500
    """Most fields and fragments selected by one operation, each spread counted as often as it is used."""
    aliases: int = 30
    """Most aliases of one operation."""
    cost: int = 10_000
    """Most entries that the pages of one operation can hold together."""
    documents: int = 500
    """Parsed and validated documents that are kept."""
    answers: int = 5_000
    """Answers of the catalogue that are kept."""
    answers_bytes: int = 64 * MEBIBYTE
    """Memory for kept answers with their questions."""
    question_bytes: int = 16_384
    """Largest body of a request whose answer is kept."""


@dataclass(frozen=True, slots=True)
class PageCost:
    """A page or a list of an operation, with those within each of its entries."""

    size: int | str
    """Entries, or the name of the variable that says how many."""
    within: tuple[PageCost, ...]

    def entries(self, variables: Mapping[str, object]) -> int:
        """Return the most entries that it can hold with these variables, those within it included."""
        size = self.size
        if isinstance(size, str):
            given = variables.get(size)
            size = given if isinstance(given, int) else FIRST_LIMIT
        return min(max(size, 0), FIRST_LIMIT) * (1 + sum(page.entries(variables) for page in self.within))


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """What an operation asks for."""

    node: OperationDefinitionNode
    root_fields: frozenset[str]
    pages: tuple[PageCost, ...]

    def cost(self, variables: Mapping[str, object]) -> int:
        """Return the most entries that the operation's pages can hold together."""
        return sum(page.entries(variables) for page in self.pages)


def measured(schema: GraphQLSchema, document: DocumentNode, limits: GraphQLLimits) -> dict[str, OperationFacts]:
    """Return what each operation of a parsed document asks for, by its name ("" for the one without).

    It is asked before validation, whose time grows with the square of the fields.

    Raises:
        RequestRefusedError: an operation is beyond the limits.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    facts: dict[str, OperationFacts] = {}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            walk = _Walk(schema, fragments, limits)
            pages = walk.selections(node.selection_set, schema.get_root_type(node.operation), _Place(0, 0))
            facts[node.name.value if node.name else ""] = OperationFacts(node, frozenset(walk.roots), pages)
    return facts


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is: depth of fields, and nesting of all kinds."""

    depth: int
    nesting: int
    introspection: bool = False
    path: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Walk:
    """Walks through one operation once; a spread is followed wherever it stands, until the limits end it."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    limits: GraphQLLimits
    seen: int = 0
    aliases: int = 0
    roots: set[str] = field(default_factory=set)

    def selections(
        self, node: SelectionSetNode | None, parent: GraphQLNamedType | None, place: _Place
    ) -> tuple[PageCost, ...]:
        """Return the pages of a selection set."""
        if node is None:
            return ()
        if place.nesting > _NESTING:
            raise _refused("DEPTH_LIMIT", f"selections are nested deeper than {_NESTING}")
        return tuple(page for each in node.selections for page in self._selection(each, parent, place))

    def _selection(self, node: object, parent: GraphQLNamedType | None, place: _Place) -> Iterable[PageCost]:
        self.seen += 1
        if self.seen > self.limits.fields:
            raise _refused("FIELD_LIMIT", f"the operation selects more than {self.limits.fields} fields")
        deeper = _Place(place.depth, place.nesting + 1, place.introspection, place.path)
        match node:
            case FieldNode():
                return self._field(node, parent, place)
            case InlineFragmentNode():
                return self.selections(node.selection_set, self._narrowed(node.type_condition, parent), deeper)
            case FragmentSpreadNode():
                return self._spread(node.name.value, deeper)
            case _:
                return ()

    def _spread(self, name: str, place: _Place) -> tuple[PageCost, ...]:
        fragment = self.fragments.get(name)
        if fragment is None or name in place.path:
            return ()  # validation says so
        inside = _Place(place.depth, place.nesting, place.introspection, place.path | {name})
        return self.selections(fragment.selection_set, self._narrowed(fragment.type_condition, None), inside)

    def _narrowed(self, condition: object, parent: GraphQLNamedType | None) -> GraphQLNamedType | None:
        name = getattr(getattr(condition, "name", None), "value", None)
        return parent if name is None else self.schema.get_type(name)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, place: _Place) -> Iterable[PageCost]:
        name = node.name.value
        introspection = place.introspection or name in ("__schema", "__type")
        depth = place.depth + 1
        if depth > (self.limits.introspection_depth if introspection else self.limits.depth):
            raise _refused("DEPTH_LIMIT", f"fields are nested deeper than {self.limits.depth}")
        self._count_alias(node)
        if place.depth == 0:
            self.roots.add(name)
        definition = _definition(parent, name)
        named = get_named_type(definition.type) if definition else None
        within = self.selections(node.selection_set, named, _Place(depth, place.nesting + 1, introspection, place.path))
        size = None if introspection or definition is None else _size(node, parent, definition)
        return within if size is None else (PageCost(size, within),)

    def _count_alias(self, node: FieldNode) -> None:
        self.aliases += node.alias is not None
        if self.aliases > self.limits.aliases:
            raise _refused("ALIAS_LIMIT", f"the operation has more than {self.limits.aliases} aliases")


def _definition(parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    return parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None


def _size(node: FieldNode, parent: GraphQLNamedType | None, definition: GraphQLField) -> int | str | None:
    """Return for how many entries a field counts, or None for one that is no list."""
    if "first" in definition.args:
        return _first(node)
    if node.name.value == "document":
        return DOCUMENT_WEIGHT
    of_page = parent is not None and parent.name.endswith("Connection")
    return LIST_WEIGHT if node.selection_set and _is_list(definition.type) and not of_page else None


def _first(node: FieldNode) -> int | str:
    for argument in node.arguments or ():
        if argument.name.value == "first":
            if isinstance(argument.value, IntValueNode):
                return int(argument.value.value[:9])
            if isinstance(argument.value, VariableNode):
                return argument.value.name.value
    return FIRST_DEFAULT


def _is_list(kind: GraphQLOutputType) -> bool:
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)


def _refused(code: str, message: str) -> RequestRefusedError:
    return RequestRefusedError(400, code, message)
