"""Items and requirements of the sample catalogue: first those set by hand, then plausible ones up to the real size."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from graph_models.catalogue import ApplicantKind, BasisLevel, Measure
from hub.catalogue_cells import WORDS, Handling
from scripts.sample_data import Choices, Record, article, table
from scripts.sample_units import field_names, issuer_name

_NEED = re.compile(
    r"(?P<code>[A-Z]+-[A-Z]+)(:(?P<law>[^@!#]+))?(@(?P<article>\d+))?(!(?P<out>[WH]))?(#(?P<only>[PL]))?"
)
_KINDS = {"P": ApplicantKind.NATURAL_PERSON, "L": ApplicantKind.LEGAL_PERSON}
_MEASURES = dict(zip("FAPEN", Measure, strict=True))
_OUT = {
    "W": ("市外出具单位", "由本市以外单位出具，且未跨地区共享"),
    "H": ("省级主管部门", "本市仅受理，由上级机关决定"),
}
_ACTIONS = ("申请", "变更", "延续", "补办", "注销", "信息更正")
_DAYS = (1, 3, 5, 7, 10, 15, 20)
_OF_ENTERPRISES = (
    "许可",
    "备案",
    "审批",
    "资质",
    "登记",
    "审核",
    "认定",
    "机构",
    "企业",
    "经营",
    "设置",
    "设立",
    "核准",
)
_OF_PERSONS = (
    "补贴",
    "补助",
    "救助",
    "津贴",
    "居民",
    "人员",
    "个人",
    "证核发",
    "过户",
    "一户多人口",
    "执业",
    "档案",
    "提取",
)


@dataclass(frozen=True, slots=True)
class Need:
    """One proof that an item needs."""

    code: str
    law: str
    article: str = ""
    out: str = ""
    only: str = ""
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the sample."""

    field_code: str
    name: str
    days: int
    kinds: str
    needs: list[Need] = field(default_factory=list)


def all_items(choices: Choices, items: int, requirements: int) -> list[Item]:
    """Return exactly so many items with exactly so many requirements."""
    by_hand = [_by_hand(record) for record in table("items")]
    others = list(_plausible_items(choices, items - len(by_hand)))
    left = requirements - sum(len(item.needs) for item in by_hand)
    for item, size in zip(others, _sizes(choices, len(others), left), strict=True):
        item.needs.extend(_plausible_needs(choices, item, size))
    return by_hand + others


def requirement_rows(items: Sequence[Item]) -> list[Record]:
    """Return one row for each proof that an item needs, the items numbered in their order."""
    units = {record["code"]: record["unit"] for record in table("fields")}
    return [
        {**_item_cells(item, units[item.field_code], f"NB{number:04d}"), **_need_cells(need)}
        for number, item in enumerate(items, start=1)
        for need in item.needs
    ]


def _by_hand(record: Record) -> Item:
    item = Item(record["field"], record["name"], int(record["days"]), record["kinds"])
    for number, alternatives in enumerate(record["needs"].split(), start=1):
        texts = alternatives.split("|")
        group = number if len(texts) > 1 else None
        item.needs.extend(_need(text, record["law"], group) for text in texts)
    return item


def _need(text: str, law: str, group: int | None) -> Need:
    """Read ``TYPE[:law][@article][!reason][#applicant]`` of the hand-set table."""
    found = _NEED.fullmatch(text)
    if found is None:
        raise SystemExit(f"scripts/sample_tables/items.csv: {text!r} is not of its form")
    parts = found.groupdict("")
    return Need(parts["code"], parts["law"] or law, parts["article"], parts["out"], parts["only"], group)


def _plausible_items(choices: Choices, count: int) -> Iterator[Item]:
    """Yield so many items: each field's matters with one kind of handling after another."""
    matters = [(record["code"], matter) for record in table("fields") for matter in record["matters"].split()]
    names = [(code, f"{matter}（{action}）") for action in _ACTIONS for code, matter in matters]
    if len(names) < count:
        raise SystemExit("scripts/sample_tables/fields.csv has too few matters")
    for code, name in names[:count]:
        instant = name.endswith(("（信息更正）", "（补办）", "（注销）")) and choices.number(3, name) > 0
        yield Item(code, name, 0 if instant else choices.one(_DAYS, name), _kind_of(name))


def _kind_of(name: str) -> str:
    if any(word in name for word in _OF_PERSONS):
        return "P"
    return "L" if any(word in name for word in _OF_ENTERPRISES) else "P"


def _sizes(choices: Choices, count: int, total: int) -> list[int]:
    """Return so many sizes from 1 to 5 that add up to the total."""
    sizes = [2 + choices.number(3, "size", place) for place in range(count)]
    missing, place = total - sum(sizes), 0
    while missing:
        step = 1 if missing > 0 else -1
        if 1 <= sizes[place % count] + step <= 5:
            sizes[place % count] += step
            missing -= step
        place += 1
    return sizes


@cache
def _pool(field_code: str, kind: str) -> tuple[str, ...]:
    """Return the types that an item of the field may need: its pool for such applicants, then the field's own."""
    key, column = ("id_number", "pool_p") if kind == "P" else ("credit_code", "pool_l")
    pool = next(record[column] for record in table("fields") if record["code"] == field_code)
    common = next(record["types"].split() for record in table("pools") if record["code"] == pool)
    own = [record["code"] for record in table("proof_types") if record["field"] == field_code]
    fitting = {record["code"] for record in table("proof_types") if record["subject_keys"] == key}
    return tuple(dict.fromkeys(code for code in (*common, *own) if code in fitting))


def _codes(choices: Choices, item: Item, size: int) -> list[str]:
    """Return so many types of the pool; mostly the first of them, by which the applicant is known, is among them."""
    pool = _pool(item.field_code, item.kinds)
    first = pool[:1] if choices.number(3, "first", item.name) else ()
    return [*first, *choices.some(pool[1:], size - len(first), item.name)]


def _plausible_needs(choices: Choices, item: Item, size: int) -> Iterator[Need]:
    laws = next(record["laws"].split() for record in table("fields") if record["code"] == item.field_code)
    codes = _codes(choices, item, size)
    alternatives = size >= 3 and choices.number(4, "alternatives", item.name) == 0
    outside = size >= 2 and choices.number(25, "outside", item.name) == 0
    for place, code in enumerate(codes):
        group = 1 if alternatives and place >= size - 2 else None
        reason = choices.one("WH", item.name) if outside and place == 0 else ""
        yield Need(code, choices.one(laws, item.name, code), out=reason, group=group)


def _item_cells(item: Item, unit: str, code: str) -> Record:
    return {
        "unit": unit,
        "item_code": code,
        "item_name": item.name,
        "field": field_names()[item.field_code],
        "handling": WORDS[Handling.PROMISED if item.days else Handling.INSTANT][0],
        "promised_days": str(item.days or ""),
        "applicant_kinds": "、".join(WORDS[_KINDS[kind]][0] for kind in item.kinds),
    }


@cache
def _type_cells(code: str) -> tuple[str, str, str]:
    kind = next(record for record in table("proof_types") if record["code"] == code)
    return kind["name"], issuer_name(kind), "、".join(WORDS[_MEASURES[letter]][0] for letter in kind["measures"])


def _need_cells(need: Need) -> Record:
    name, issuer, measures = _type_cells(need.code)
    law = next(record for record in table("laws") if record["short"] == need.law)
    outside, reason = _OUT.get(need.out, ("", ""))
    return {
        "proof_type": name,
        "issuer": outside or issuer,
        "measures": measures,
        "act": law["name"],
        "article": article(need.article),
        "basis_level": WORDS[BasisLevel(law["level"])][0],
        "group": str(need.group or ""),
        "only_for": WORDS[_KINDS[need.only]][0] if need.only else "",
        "out_of_scope": reason,
    }


def unused_types(items: Sequence[Item]) -> set[str]:
    """Return the proof types that no item needs."""
    used = Counter(need.code for item in items for need in item.needs)
    return {record["code"] for record in table("proof_types")} - used.keys()
