"""Errors of this room.

GraphModelsError
├── StoreError                 the store failed
│   ├── StoreLockedError       another process holds the embedded store
│   ├── StoreUnavailableError  the database cannot be reached
│   │   └── BehindError        the member that answers has not what a bookmark stands for
│   └── SchemaTooNewError      the store was written by a newer version of this software
├── InvalidBookmarkError       a bookmark is not one of this kind of database
├── DuplicateKeyError          a record with this key exists
├── StaleVersionError          the record was changed since it was read
├── RecordNotFoundError        there is no such record
└── IllegalStepError           a request's state does not allow the step
"""

from __future__ import annotations


class GraphModelsError(Exception):
    """Anything that goes wrong in this room."""


class StoreError(GraphModelsError):
    """The store failed."""


class StoreLockedError(StoreError):
    """Another process holds the embedded store."""


class StoreUnavailableError(StoreError):
    """The database cannot be reached."""


class BehindError(StoreUnavailableError):
    """The member that answers has not in time what a bookmark stands for."""


class SchemaTooNewError(StoreError):
    """The store was written by a newer version of this software."""


class InvalidBookmarkError(GraphModelsError):
    """A bookmark is not one of this kind of database."""


class DuplicateKeyError(GraphModelsError):
    """A record with this key exists already."""


class StaleVersionError(GraphModelsError):
    """The record was changed since it was read (optimistic versions)."""


class RecordNotFoundError(GraphModelsError):
    """There is no such record."""


class IllegalStepError(GraphModelsError):
    """A request's state does not allow the step."""
