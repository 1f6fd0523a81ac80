"""GraphQL documents: parsed, measured against the limits and validated once, then kept by their text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cachetools import LRUCache
from graphql import DocumentNode, GraphQLError, GraphQLSchema, parse, specified_rules, validate
from graphql.validation import MaxIntrospectionDepthRule
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from schema.errors import RequestRefusedError
from schema.limits import GraphQLLimits, OperationFacts, measured

_RULES = (*specified_rules, MaxIntrospectionDepthRule, MaybeNullValidationRule, OneOfInputValidationRule)
_ERRORS = 20
"""Most validation errors that are listed."""


class InvalidDocumentError(Exception):
    """The document cannot be parsed or is not valid; nothing was executed."""

    def __init__(self, code: str, errors: list[GraphQLError]) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document that may be executed."""

    document: DocumentNode
    operations: Mapping[str, OperationFacts]

    def operation(self, name: str | None) -> OperationFacts:
        """Return the operation with the name, or the only one.

        Raises:
            InvalidDocumentError: there is none with the name, or it is not said which of several.
        """
        found = self.operations.get(name) if name else None
        if name is None and len(self.operations) == 1:
            (found,) = self.operations.values()
        if found is None:
            said = f"there is no operation {name!r}" if name else "say by operationName which operation is meant"
            raise InvalidDocumentError("NO_OPERATION", [GraphQLError(said)])
        return found


class Documents:
    """Prepares documents and keeps those that are good."""

    def __init__(self, schema: GraphQLSchema, limits: GraphQLLimits) -> None:
        self._schema = schema
        self._limits = limits
        self._kept: LRUCache[str, PreparedDocument] = LRUCache(limits.documents)

    def prepare(self, text: str) -> PreparedDocument:
        """Return the document of a text.

        Raises:
            RequestRefusedError: it is beyond the limits.
            InvalidDocumentError: it cannot be parsed or is not valid.
        """
        kept = self._kept.get(text)
        if kept is None:
            try:
                kept = self._kept[text] = self._prepare(text)
            except RecursionError as problem:
                raise RequestRefusedError(400, "DEPTH_LIMIT", "the document is nested too deeply") from problem
        return kept

    def _prepare(self, text: str) -> PreparedDocument:
        limits = self._limits
        if len(text) > limits.document_characters:
            said = f"the document has more than {limits.document_characters} characters"
            raise RequestRefusedError(400, "DOCUMENT_TOO_LONG", said)
        try:
            document = parse(text, max_tokens=limits.tokens, max_lexical_tokens=limits.tokens)
        except GraphQLError as problem:
            raise InvalidDocumentError("GRAPHQL_PARSE_FAILED", [problem]) from problem
        operations = measured(self._schema, document, limits)
        if errors := validate(self._schema, document, _RULES, max_errors=_ERRORS):
            raise InvalidDocumentError("GRAPHQL_VALIDATION_FAILED", errors)
        return PreparedDocument(document, operations)
