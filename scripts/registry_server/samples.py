"""Subjects that exist, for demonstrations and tests: of which proof types each has a record, and of which none."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from scripts.registry_server.app import RegistryService
from scripts.registry_server.population_records import Enterprise, Person, Property

_NOT_SHOWN = {"household_number", "employer_code", "mother_name", "father_name"}


def samples(service: RegistryService, count: int) -> dict[str, list[dict[str, Any]]]:
    """Return up to ``count`` people, enterprises and properties, the well-known ones first."""
    registers = service.registers
    return {
        "people": [_sample(service, "id_number", row) for row in registers.well_known(Person, count)],
        "enterprises": [_sample(service, "credit_code", row) for row in registers.well_known(Enterprise, count)],
        "properties": [_sample(service, "property_number", row) for row in registers.well_known(Property, count)],
    }


def _sample(service: RegistryService, key: str, row: Person | Enterprise | Property) -> dict[str, Any]:
    shown = {name: value for name, value in asdict(row).items() if value and name not in _NOT_SHOWN}
    kinds = [kind for kind in service.definitions.values() if kind.subject_keys == (key,)]
    status = {kind.proof_type: service.record(kind, {key: shown[key]})["status"] for kind in kinds}
    has = sorted(code for code, said in status.items() if said == "found")
    return shown | {"has": has, "has_no": sorted(status.keys() - set(has))}
