"""Holds a document of the client and its records against the SDL: what is selected, what is read, and what may be null.

The walk goes down the selection set and the record types side by side and says of each field where they differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    type_from_ast,
    validate,
)
from pydantic import AwareDatetime, BaseModel

from hub.client.inputs import Given
from hub.client.operations import Operation
from hub.client.records import Problem

SCALARS: dict[str, type] = {
    "String": str,
    "ID": str,
    "Int": int,
    "Boolean": bool,
    "DateTime": AwareDatetime,
}
"""Scalar of the SDL → what a record holds it as."""


def disagreements(schema: GraphQLSchema, operation: Operation[Any]) -> list[str]:
    """Return where a document is not valid, or where records and SDL say different things."""
    document = parse(operation.text)
    faults = [error.message for error in validate(schema, document)]
    return faults or list(_Walk(schema, document).operation(operation))


@dataclass(frozen=True)
class _Walk:
    schema: GraphQLSchema
    document: DocumentNode

    def operation(self, operation: Operation[Any]) -> Iterator[str]:
        (node,) = (each for each in self.document.definitions if isinstance(each, OperationDefinitionNode))
        (root,) = (each for each in node.selection_set.selections if isinstance(each, FieldNode))
        if root.name.value != operation.field:
            yield f"{operation.field}: the document asks for {root.name.value}"
            return
        kind = self.schema.get_root_type(node.operation).fields[operation.field].type.of_type
        if operation.part is None:
            yield from self._union(operation, kind, root)
        else:
            yield from self._payload(operation, kind, root)
            (variable,) = node.variable_definitions
            yield from _given(type_from_ast(self.schema, variable.type), operation.given, operation.field)

    def _union(self, operation: Operation[Any], kind: GraphQLUnionType, root: FieldNode) -> Iterator[str]:
        """One member is the record, every other one a Problem."""
        if operation.record.__name__ not in {member.name for member in kind.types}:
            yield f"{operation.field}: no {operation.record.__name__} in {kind.name}"
        for member in kind.types:
            record = operation.record if member.name == operation.record.__name__ else Problem
            yield from self._object(member, record, root.selection_set, member.name)

    def _payload(self, operation: Operation[Any], kind: GraphQLObjectType, root: FieldNode) -> Iterator[str]:
        for name, (selections, field) in self._fields(kind, root.selection_set).items():
            record = Problem if name == "errors" else operation.record
            if name not in ("errors", operation.part):
                yield f"{kind.name}.{name} is selected and not read"
            named = field.type.of_type.of_type.of_type if name == "errors" else field.type
            if name != "errors" and named.name != operation.record.__name__:
                yield f"{kind.name}.{name} is a {named.name}"
            yield from self._object(named, record, selections, f"{kind.name}.{name}")

    def _object(self, kind: Any, record: type[BaseModel], selections: Any, place: str) -> Iterator[str]:
        fields = self._fields(kind, selections)
        read = {field.alias or name: field.annotation for name, field in record.model_fields.items()}
        yield from (f"{place}.{name} is selected and not read" for name in fields.keys() - read.keys())
        yield from (f"{place}.{name} is read and not selected" for name in read.keys() - fields.keys())
        for name in fields.keys() & read.keys():
            inner, field = fields[name]
            yield from self._value(field.type, read[name], inner, f"{place}.{name}")

    def _value(self, kind: Any, read: Any, selections: Any, place: str) -> Iterator[str]:
        nullable, read = _without_none(read)
        if nullable == isinstance(kind, GraphQLNonNull):
            yield f"{place}: {kind} is read as one that may {'' if nullable else 'not '}be null"
        kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if isinstance(kind, GraphQLList):
            if get_origin(read) is tuple:
                yield from self._value(kind.of_type, get_args(read)[0], selections, f"{place}[]")
            else:
                yield f"{place}: a list is read as {read}"
        elif isinstance(kind, GraphQLObjectType):
            yield from self._object(kind, read, selections, place)
        else:
            yield from _leaf(kind, read, place)

    def _fields(self, kind: GraphQLNamedType, node: SelectionSetNode | None) -> dict[str, tuple[Any, Any]]:
        """Return what is selected of an object, through fragments, by its name in the answer."""
        found: dict[str, tuple[Any, Any]] = {}
        for each in node.selections if node else ():
            match each:
                case FieldNode() if each.name.value != "__typename":
                    name = (each.alias or each.name).value
                    found[name] = (each.selection_set, kind.fields[each.name.value])  # type: ignore[attr-defined]
                case InlineFragmentNode() if self._applies(each.type_condition, kind):
                    found |= self._fields(kind, each.selection_set)
                case FragmentSpreadNode():
                    fragment = self._fragment(each.name.value)
                    if self._applies(fragment.type_condition, kind):
                        found |= self._fields(kind, fragment.selection_set)
        return found

    def _fragment(self, name: str) -> FragmentDefinitionNode:
        fragments = (each for each in self.document.definitions if isinstance(each, FragmentDefinitionNode))
        return next(each for each in fragments if each.name.value == name)

    def _applies(self, condition: Any, kind: GraphQLNamedType) -> bool:
        named = self.schema.get_type(condition.name.value)
        return named is kind or (
            isinstance(named, GraphQLInterfaceType)
            and isinstance(kind, GraphQLObjectType)
            and self.schema.is_sub_type(named, kind)
        )


def _given(kind: Any, given: type[Given] | None, place: str) -> Iterator[str]:
    """Hold what is sent against an input type: nothing unknown, nothing missing, null only where it may be."""
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    assert isinstance(kind, GraphQLInputObjectType)
    assert given is not None
    sent = {field.alias or name: field for name, field in given.model_fields.items()}
    yield from (f"{place}: {kind.name} has no {name}" for name in sent.keys() - kind.fields.keys())
    for name, field in kind.fields.items():
        required = isinstance(field.type, GraphQLNonNull) and field.ast_node.default_value is None  # type: ignore[union-attr]
        if name not in sent:
            yield from [f"{place}: {kind.name}.{name} is not sent"] * required
            continue
        nullable, read = _without_none(sent[name].annotation)
        if nullable and required:
            yield f"{place}: {kind.name}.{name} may not be null"
        yield from _sent(field.type, read, f"{place}.{name}")


def _sent(kind: Any, read: Any, place: str) -> Iterator[str]:
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(kind, GraphQLList):
        yield from _sent(kind.of_type, get_args(read)[0], f"{place}[]")
    elif isinstance(kind, GraphQLInputObjectType):
        yield from _given(kind, read, place)
    else:
        yield from _leaf(kind, read, place)


def _leaf(kind: Any, read: Any, place: str) -> Iterator[str]:
    if isinstance(kind, GraphQLScalarType):
        if read is not SCALARS.get(kind.name):
            yield f"{place}: {kind.name} is read as {read}"
        return
    assert isinstance(kind, GraphQLEnumType)
    words = [each for each in (get_args(read) or (read,)) if isinstance(each, type) and issubclass(each, StrEnum)]
    if [set(each) for each in words] != [set(kind.values)]:
        yield f"{place}: the words of {kind.name} are read as {read}"


def _without_none(read: Any) -> tuple[bool, Any]:
    """Return whether a value may be None, and what it is otherwise; marks beside the type are taken off."""
    while get_origin(read) is Annotated:
        read = get_args(read)[0]
    if get_origin(read) in (Union, UnionType) and NoneType in get_args(read):
        rest = tuple(each for each in get_args(read) if each is not NoneType)
        return True, rest[0] if len(rest) == 1 else Union[rest]  # noqa: UP007  made at run time
    return False, read
