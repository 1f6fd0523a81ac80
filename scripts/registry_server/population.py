"""Makes the population from a seed: the same people, homes and enterprises for the same seed, on every machine."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from scripts.registry_server.check_digits import credit_code, identity_number, organisation_code
from scripts.registry_server.population_records import (
    DIVORCED,
    MARRIED,
    SINGLE,
    Enterprise,
    Person,
    Population,
    Property,
)
from scripts.sample_data import Choices

POOLS: dict[str, Any] = json.loads(Path(__file__).with_name("pools.json").read_text(encoding="utf-8"))
REGIONS: dict[str, list[str]] = POOLS["regions"]
_LAST_YEAR = 2025
"""What is generated ends with this year, so that it does not depend on the day on which it is made."""
_ENTERPRISE_KINDS = ("91", "91", "91", "91", "91", "91", "91", "92", "51", "52")


@dataclass(frozen=True, slots=True)
class _Known:
    """A household that demonstrations rely on: names and birth years of its adults, then of its children."""

    why: str
    state: str
    names: tuple[str, ...]
    years: tuple[int, ...]


_KNOWN = (
    _Known(
        "married, a child, owns a home, runs an enterprise", MARRIED, ("章示例", "李样本", "章小例"), (1986, 1988, 2016)
    ),
    _Known("never married, owns no home", SINGLE, ("陈样张",), (1999,)),
    _Known("rare character of CJK extension A", SINGLE, ("王䶮",), (1990,)),
    _Known("rare character of CJK extension E; divorced", DIVORCED, ("赵𬱖",), (1981,)),
    _Known("retired couple", MARRIED, ("周示范", "吴范例"), (1955, 1957)),
)
_KNOWN_ENTERPRISES = (
    ("91", "宁波示例科技有限公司", "软件开发；信息系统集成服务", "a company that holds everything"),
    ("92", "宁波䶮记面馆", "餐饮服务", "an individual business with a rare character"),
    ("51", "宁波市示例行业协会", "会员服务；行业交流", "a social organisation"),
    ("91", "宁波样本贸易有限公司", "日用百货批发", "a company that was cancelled"),
)
"""Kind, name, scope, and what they show."""


class PopulationMaker:
    """Makes one population; used once."""

    def __init__(self, seed: str) -> None:
        self._choices = Choices(seed)
        self._taken: set[str] = set()

    def make(self, count: int) -> Population:
        """Return about that many people (whole households) with their homes, and a tenth as many enterprises."""
        codes = [self._code(index) for index in range(max(len(_KNOWN_ENTERPRISES), count // 10))]
        people: list[Person] = []
        properties: list[Property] = []
        index = 0
        while index < len(_KNOWN) or len(people) < count:
            household = self._household(index)
            people += [self._employed(person, codes) for person in household]
            properties += self._home(index, household[0])
            index += 1
        adults = [person for person in people if _age(person.birth_date) >= 22 and not person.died_on]
        enterprises = tuple(self._enterprise(place, code, adults) for place, code in enumerate(codes))
        return Population(tuple(people), tuple(properties), enterprises)

    def _household(self, index: int) -> list[Person]:
        known = _KNOWN[index] if index < len(_KNOWN) else self._family(index)
        pick = self._choices
        region = pick.one(tuple(REGIONS), "region", index)
        street = pick.one(REGIONS[region][1:], "street", index)
        shared = {
            "region": region,
            "address": f"浙江省宁波市{REGIONS[region][0]}{street}{1 + pick.number(800, 'house', index)}号"
            f"{1 + pick.number(30, 'building', index)}幢{101 + pick.number(1800, 'flat', index)}室",
            "household_number": f"{region}{index:06d}",
            "head_of_household": known.names[0],
            "well_known": known.why if index < len(_KNOWN) else "",
        }
        adults = 2 if known.state == MARRIED else 1
        members = [self._member(index, place, known, shared) for place in range(len(known.names))]
        first, children = members[0], members[adults:]
        if known.state == SINGLE:
            return members
        married_on = self._day(known.years[0] + 24, "married", index)
        if known.state == DIVORCED:
            ended = {"marital_status": DIVORCED, "spouse_name": self._name("former", index, male=False)}
            return [replace(first, married_on=married_on, **ended)]
        second = members[1]
        return [
            replace(first, spouse_id_number=second.id_number, spouse_name=second.name, married_on=married_on),
            replace(second, spouse_id_number=first.id_number, spouse_name=first.name, married_on=married_on),
            *(replace(child, father_name=first.name, mother_name=second.name) for child in children),
        ]

    def _family(self, index: int) -> _Known:
        pick = self._choices
        state = pick.one((MARRIED, MARRIED, MARRIED, SINGLE, SINGLE, DIVORCED), "state", index)
        born = (_LAST_YEAR - 90 if state == MARRIED else _LAST_YEAR - 75) + pick.number(50, "born", index)
        names, years = [self._name("first", index, male=True)], [born]
        if state == MARRIED:
            names.append(self._name("second", index, male=False))
            years.append(born + pick.number(5, "second", index))
            for place in range(pick.number(3, "children", index) if born > _LAST_YEAR - 55 else 0):
                child = self._name("child", index, place, male=place == 0)
                names.append(names[0][0] + child[1:])
                years.append(min(_LAST_YEAR - 1, born + 26 + 3 * place))
        return _Known("", state, tuple(names), tuple(years))

    def _member(self, index: int, place: int, known: _Known, shared: dict[str, str]) -> Person:
        adult = place < (2 if known.state == MARRIED else 1)
        male = place % 2 == 0
        born = self._day(known.years[place], "birthday", index, place)
        died = not known.why and _age(born) > 70 and self._choices.number(10, "died", index, place) == 0
        return Person(
            id_number=self._identity(shared["region"], born, index, male=male),
            name=known.names[place],
            gender="男" if male else "女",
            birth_date=born,
            ethnicity=self._choices.one(POOLS["ethnicities"], "ethnicity", index),
            marital_status=known.state if adult and known.state != DIVORCED else SINGLE,
            died_on=self._day(_LAST_YEAR, "died", index, place) if died else "",
            **shared,
        )

    def _employed(self, person: Person, codes: list[str]) -> Person:
        works = person.well_known or self._choices.number(10, "works", person.id_number) < 8
        if not (works and 22 <= _age(person.birth_date) < 60):
            return person
        return replace(
            person, employer_code=codes[0] if person.well_known else self._choices.one(codes, person.id_number)
        )

    def _home(self, index: int, owner: Person) -> list[Property]:
        pick = self._choices
        owns = pick.number(10, "owns", index) < (7 if owner.marital_status == MARRIED else 3)
        if index == 1 or not (owns or index == 0):
            return []
        since = self._day(2005 + pick.number(20, "home", index), "home", index)
        district = REGIONS[owner.region][0].removesuffix("区").removesuffix("县").removesuffix("市")
        return [
            Property(
                property_number=f"浙（{since[:4]}）宁波市{district}不动产权第{index:07d}号",
                owner_id_number=owner.id_number,
                location=f"{owner.address}（{pick.one(POOLS['communities'], 'community', index)}）",
                area=f"{60 + pick.number(9000, 'area', index) / 100:.2f}",
                land_use="城镇住宅用地／住宅",
                registered_on=since,
            )
        ]

    def _code(self, index: int) -> str:
        kind = _KNOWN_ENTERPRISES[index][0] if index < len(_KNOWN_ENTERPRISES) else _ENTERPRISE_KINDS[index % 10]
        region = self._choices.one(tuple(REGIONS), "seat", index)
        return credit_code(kind + region + organisation_code(f"{30000000 + index * 37:08d}"))

    def _enterprise(self, index: int, code: str, adults: list[Person]) -> Enterprise:
        pick, region = self._choices, code[2:8]
        trade, scope = pick.one(POOLS["trades"], "trade", index)
        known = _KNOWN_ENTERPRISES[index] if index < len(_KNOWN_ENTERPRISES) else None
        tail = {"91": "有限公司", "92": "经营部", "51": "行业协会", "52": "服务中心"}[code[:2]]
        cancelled = index == 3 if known else pick.number(50, "cancelled", index) == 0
        chosen = next(p for p in adults if p.name == "王䶮") if index == 1 else pick.one(adults, "head", index)
        return Enterprise(
            credit_code=code,
            enterprise_name=known[1] if known else f"宁波{self._brand(index)}{trade}{tail}",
            legal_representative=adults[0].name if index == 0 else chosen.name,
            registered_capital=f"{(1 + pick.number(50, 'capital', index)) * 100000}.00",
            established_on=self._day(1995 + pick.number(30, "established", index), "established", index),
            business_scope=known[2] if known else scope,
            domicile=f"浙江省宁波市{''.join(REGIONS[region][:2])}{1 + pick.number(900, 'seat-house', index)}号",
            cancelled_on=self._day(_LAST_YEAR, "cancelled", index) if cancelled else "",
            well_known=known[3] if known else "",
        )

    def _brand(self, index: int) -> str:
        signs = "甬江海宁安和瑞泰丰盛恒达源新华锦"
        return "".join(self._choices.one(signs, "brand", index, place) for place in range(3))

    def _name(self, *key: object, male: bool) -> str:
        given = POOLS["given_male" if male else "given_female"]
        two = self._choices.number(3, "two", *key) > 0
        name = self._choices.one(POOLS["surnames"], "surname", *key) + self._choices.one(given, "given", *key)
        return str(name + self._choices.one(given[:-1], "given2", *key)) if two else str(name)

    def _identity(self, region: str, born: str, index: int, *, male: bool) -> str:
        sequence = self._choices.number(500, "sequence", index, born) * 2 + male
        while (number := identity_number(f"{region}{born.replace('-', '')}{sequence % 1000:03d}")) in self._taken:
            sequence += 2
        self._taken.add(number)
        return number

    def _day(self, year: int, *key: object) -> str:
        return (date(min(year, _LAST_YEAR), 1, 1) + timedelta(days=self._choices.number(365, "day", *key))).isoformat()


def _age(birth_date: str) -> int:
    return _LAST_YEAR - int(birth_date[:4])
