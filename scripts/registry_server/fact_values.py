"""What a record states: from the subject's own rows where they say it, else a plausible value made from the seed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta

from scripts.registry_server.database import Subject
from scripts.registry_server.definitions import RecordType
from scripts.registry_server.population import POOLS, REGIONS
from scripts.registry_server.population_records import MARRIED, SINGLE
from scripts.sample_data import Choices

_LAST_DAY = date(2025, 6, 30)
_MARITAL = {MARRIED: "有结婚登记记录", SINGLE: "无婚姻登记记录"}


@dataclass(frozen=True, slots=True)
class FactMaker:
    """Makes the facts of one record."""

    kind: RecordType
    subject: Subject
    choices: Choices
    today: date

    def facts(self) -> dict[str, str]:
        """Return the facts in the order of the type; each has a value."""
        known = self._known()
        return {key: known.get(key) or self._made(key, form) for key, form in self.kind.kinds.items()}

    def _known(self) -> dict[str, str]:
        """Return what the rows of the subject state, by the keys that proof types use."""
        person, enterprise, home = self.subject.person, self.subject.enterprise, self.subject.property
        known: dict[str, str] = {}
        if enterprise is not None:
            known |= asdict(enterprise)
            known |= {"name": enterprise.legal_representative, "location": enterprise.domicile}
            known["event_on"] = enterprise.cancelled_on
        if person is not None:
            known |= asdict(person)
            known |= {"residence": person.address, "location": person.address, "child_name": person.name}
            known["marital_status"] = _MARITAL.get(person.marital_status, "有离婚登记记录")
            known["registered_on"] = person.married_on if "spouse_name" in self.kind.kinds else ""
        if self.subject.employer is not None:
            known["employer"] = self.subject.employer.enterprise_name
        if home is not None and person is not None:
            known |= asdict(home) | {"owner": person.name}
            known["ownership"] = "共同共有" if person.marital_status == MARRIED else "单独所有"
            if not {"area", "owner"} & self.kind.kinds.keys():
                del known["registered_on"]
        return known

    def _made(self, key: str, form: str) -> str:
        if form == "DATE":
            return self._date(key)
        if form == "AMOUNT":
            return f"{3000 + self._number(27000, key)}.{self._number(100, key, 'cents'):02d}"
        if key in _NUMBERS:
            prefix, digits = _NUMBERS[key]
            of_one = (self.kind.source,) if key == "plate_number" else (self.kind.proof_type,)
            return f"{prefix}{self.choices.number(10**digits, *of_one, self.subject.key, key):0{digits}d}"
        return self._text(key)

    def _text(self, key: str) -> str:
        if key == "period":
            end = self.today.replace(day=1) - timedelta(days=1)
            return f"{self.today.year - 1}年{self.today.month}月至{end.year}年{end.month}月"
        if key == "grade":
            return self._grade()
        if key in ("months", "headcount"):
            return str(12 + self._number(120, key))
        if key in ("mother_name", "father_name", "related_name", "legal_representative"):
            given = POOLS["given_female" if key == "mother_name" else "given_male"]
            return str(self.choices.one(POOLS["surnames"], key, self.subject.key) + self.choices.one(given[:-1], key))
        if key == "school" and "grade" in self.kind.kinds:
            return f"宁波市{self._district()}示例学校"
        pools = POOLS["values"].get(key, {"*": ["已登记"]})
        pool = pools.get(self.kind.proof_type) or pools.get(self.kind.source, pools["*"])
        return str(self.choices.one(pool, key, self.subject.key)).replace("{district}", self._district())

    def _date(self, key: str) -> str:
        born = self._birth_year()
        if key == "graduated_on":
            return date(min(born + 22, _LAST_DAY.year), 6, 30).isoformat()
        earliest = date(max(2010, born + 18), 1, 1)
        if earliest >= _LAST_DAY:
            earliest = date(max(2000, born), 12, 31)
        span = max(1, (_LAST_DAY - earliest).days)
        since = earliest + timedelta(days=self.choices.number(span, self.kind.source, self.subject.key, "since"))
        if key != "valid_until":
            return since.isoformat()
        until = since
        while until <= self.today:
            until = until.replace(year=until.year + 5, day=min(until.day, 28))
        return until.isoformat()

    def _grade(self) -> str:
        stage = min(max(self.today.year - self._birth_year() - 6, 1), 12)
        return ("一二三四五六七八九"[stage - 1] + "年级") if stage <= 9 else f"高{'一二三'[stage - 10]}"

    def _birth_year(self) -> int:
        return int(self.subject.person.birth_date[:4]) if self.subject.person else 1990

    def _district(self) -> str:
        who = self.subject.person
        region = who.region if who else self.subject.key[2:8]
        return REGIONS[region][0]

    def _number(self, below: int, *key: object) -> int:
        return self.choices.number(below, self.kind.proof_type, self.subject.key, *key)


_NUMBERS = {
    "certificate_number": ("330200", 8),
    "household_number": ("3302", 6),
    "account_number": ("57", 8),
    "plate_number": ("浙B", 5),
    "property_number": ("3302", 10),
}
"""Fact key -> what its number begins with, and how many digits follow."""
