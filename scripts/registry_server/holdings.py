"""Who has a record of a type: the unmarried have no marriage registration, children no driving licence."""

from __future__ import annotations

from datetime import date

from scripts.registry_server.database import Subject
from scripts.registry_server.definitions import RecordType
from scripts.registry_server.population import POOLS
from scripts.registry_server.population_records import DIVORCED, MARRIED, Enterprise, Person
from scripts.sample_data import Choices

_USUAL_PERCENT = 85
_ADULT = 18
_OF_ADULTS = {"certificate_number", "employer", "licence_class", "plate_number", "vehicle_type", "amount", "months"}


def holds(kind: RecordType, subject: Subject, choices: Choices, today: date) -> bool:
    """Tell whether the subject has a record of the type; always the same for the same seed (ages apart)."""
    rule: dict[str, int] = POOLS["rules"].get(kind.proof_type, {})
    if subject.enterprise is not None:
        return _enterprise_may(kind, subject.enterprise) and _chosen(kind, subject, choices, rule)
    if subject.person is None or not _person_may(kind, subject, subject.person, _age(subject.person, today)):
        return False
    in_age = rule.get("from_age", 0) <= _age(subject.person, today) <= rule.get("to_age", 200)
    return in_age and _chosen(kind, subject, choices, rule)


def _chosen(kind: RecordType, subject: Subject, choices: Choices, rule: dict[str, int]) -> bool:
    who = subject.enterprise or subject.person
    if {"died_on", "spouse_name", "marital_status"} & kind.kinds.keys() or subject.key.startswith("浙"):
        return True
    if who is not None and who.well_known and "percent" not in rule:
        return True
    return choices.number(100, "holds", kind.proof_type, subject.key) < rule.get("percent", _USUAL_PERCENT)


def _person_may(kind: RecordType, subject: Subject, person: Person, age: int) -> bool:
    facts = kind.kinds.keys()
    may = ["credit_code" not in kind.subject_keys, age >= _ADULT or not _OF_ADULTS & facts]
    if "spouse_id_number" in facts:
        may.append(person.marital_status == MARRIED)
    elif "spouse_name" in facts:
        may.append(person.marital_status == DIVORCED)
    if person.died_on or "died_on" in facts:
        may.append(bool(person.died_on) and "died_on" in facts)
    if {"property_number", "area"} & facts:
        may.append(subject.property is not None)
    if "employer" in facts:
        may.append(subject.employer is not None)
    return all(may)


def _enterprise_may(kind: RecordType, enterprise: Enterprise) -> bool:
    facts, code = kind.kinds.keys(), enterprise.credit_code
    if enterprise.cancelled_on or "event_on" in facts:
        return bool(enterprise.cancelled_on) and "event_on" in facts
    if kind.source == "civil-affairs":
        return code[0] == "5"
    if kind.source == "enterprise" and code[0] != "9":
        return False
    if "name" in facts:
        return code.startswith("92")
    return kind.about_enterprise


def _age(person: Person, today: date) -> int:
    born = date.fromisoformat(person.birth_date)
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
