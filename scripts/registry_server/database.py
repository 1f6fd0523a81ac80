"""The registers' SQLite file: made from the population on the first start, read by key afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TypeVar

from scripts.registry_server.population import PopulationMaker
from scripts.registry_server.population_records import Enterprise, Person, Property

Row = TypeVar("Row", Person, Property, Enterprise)
_TABLES = {Person: "people", Property: "properties", Enterprise: "enterprises"}
_INDEXES = (("people", "id_number"), ("properties", "property_number"), ("enterprises", "credit_code"))


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what a question is about, with what belongs to it."""

    key: str
    person: Person | None
    enterprise: Enterprise | None
    property: Property | None
    employer: Enterprise | None = None


class Registers:
    """Reads the file; a question is one or two reads by primary key, some microseconds each."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.row_factory = sqlite3.Row

    def subject(self, keys: dict[str, str]) -> Subject | None:
        """Return whom the keys name (the first of id_number, credit_code, property_number), or None."""
        if number := keys.get("id_number"):
            return self._person(number)
        if code := keys.get("credit_code"):
            enterprise = self._one(Enterprise, "credit_code", code)
            return Subject(code, None, enterprise, None) if enterprise else None
        number = keys.get("property_number", "")
        home = self._one(Property, "property_number", number)
        return Subject(number, self._one(Person, "id_number", home.owner_id_number), None, home) if home else None

    def well_known(self, kind: type[Row], count: int) -> list[Row]:
        """Return the samples: those that demonstrations rely on first, then others."""
        statement = f"SELECT * FROM {_TABLES[kind]} ORDER BY rowid LIMIT ?"  # noqa: S608  our own names
        return [kind(**dict(row)) for row in self._connection.execute(statement, (count,))]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _person(self, number: str) -> Subject | None:
        person = self._one(Person, "id_number", number)
        if person is None:
            return None
        home = self._one(Property, "owner_id_number", number)
        return Subject(number, person, None, home, self._one(Enterprise, "credit_code", person.employer_code))

    def _one(self, kind: type[Row], column: str, value: str) -> Row | None:
        statement = f"SELECT * FROM {_TABLES[kind]} WHERE {column} = ?"  # noqa: S608  our own names
        row = self._connection.execute(statement, (value,)).fetchone()
        return kind(**dict(row)) if row else None


def open_registers(folder: Path, seed: str, people: int) -> Registers:
    """Return the registers of the folder; the file is made when it is not there, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "registers.sqlite"
    if not file.exists():
        half_done = folder / "registers.sqlite.new"
        half_done.unlink(missing_ok=True)
        _make(half_done, seed, people)
        half_done.rename(file)
    return Registers(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True, check_same_thread=False))


def _make(file: Path, seed: str, people: int) -> None:
    population = PopulationMaker(seed).make(people)
    connection = sqlite3.connect(file)
    with connection:
        _fill(connection, Person, population.people)
        _fill(connection, Property, population.properties)
        _fill(connection, Enterprise, population.enterprises)
        for table, key in _INDEXES:
            connection.execute(f"CREATE UNIQUE INDEX {table}_by_key ON {table}({key})")
        connection.execute("CREATE INDEX properties_by_owner ON properties(owner_id_number)")
    connection.close()


def _fill(connection: sqlite3.Connection, kind: type[Row], rows: Iterable[Row]) -> None:
    names = [field.name for field in fields(kind)]
    connection.execute(f"CREATE TABLE {_TABLES[kind]}({', '.join(name + ' TEXT NOT NULL' for name in names)})")
    places = ", ".join("?" * len(names))
    connection.executemany(f"INSERT INTO {_TABLES[kind]} VALUES ({places})", map(astuple, rows))  # noqa: S608
