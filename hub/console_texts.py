"""What a message to a contact says: Chinese first, English second, nothing about a citizen (I4). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from graph_models.catalogue import ProofType, ServiceItem
from graph_models.contacts import ContactPost
from hub.clock import CITY_TIME
from hub.events import EventType

_TASKS = {
    ContactPost.DRAFTER: ("待核查", "核查并填写答复", "To be looked up", "look it up and fill in the answer"),
    ContactPost.REVIEWER: ("待审核", "审核已填写的答复", "To be reviewed", "review the answer that was drafted"),
    ContactPost.SEAL_KEEPER: ("待盖章", "确认盖章", "To be sealed", "confirm the seal"),
}
_URGENCY: Mapping[str, tuple[str, str]] = {
    EventType.REQUEST_HALF_PASSED: ("催办", "Reminder"),
    EventType.REQUEST_NEARLY_DUE: ("即将到期", "Nearly due"),
    EventType.REQUEST_TARGET_PASSED: ("已超时限", "Overdue"),
    EventType.REQUEST_HARD_LIMIT_PASSED: ("已超最后期限", "Past its last limit"),
}

_TEXT = """\
{name}：您好！

办理“{item}”需要贵单位协助核实：{proof}。
请您{task}。
办理时限：{due}（北京时间）

请打开以下链接办理。链接只供您本人使用，请勿转发；{until}（北京时间）前有效：
{link}

本邮件由系统自动发送，不含当事人信息，请勿回复。

----
Dear colleague,

"{item}" needs a proof that your unit verifies: {proof_en}.
Please {task_en}.
Due: {due_iso}

Open this link. It is yours alone, do not pass it on; it opens the request until {until_iso}:
{link}

This message was sent by a machine; please do not answer it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What somebody is asked to do."""

    name: str
    """Of the contact."""
    post: ContactPost
    event_type: str
    """Why the message is sent now."""
    item: ServiceItem | None
    proof_type: ProofType | None
    due_at: datetime
    until: datetime
    """Until when the link opens the request."""
    link: str


def subject_line(task: Task) -> str:
    """Return the subject: what is to be done, and how urgently; one line without a name."""
    short, _, short_en, _ = _TASKS[task.post]
    urgency, urgency_en = _URGENCY.get(task.event_type, ("", ""))
    proof = task.proof_type.name if task.proof_type else "协助核实请求"
    head = f"【{urgency}·{short}】" if urgency else f"【{short}】"
    tail = f"{urgency_en}: {short_en.lower()}" if urgency_en else short_en
    return " ".join(f"{head}{proof} {tail}".split())


def message_text(task: Task) -> str:
    """Return the text."""
    _, what, _, what_en = _TASKS[task.post]
    proof = task.proof_type
    return _TEXT.format(
        name=task.name,
        item=task.item.name if task.item else "有关事项",
        proof=proof.name if proof else "有关证明",
        proof_en=(proof.name_en or proof.name) if proof else "a proof",
        task=what,
        task_en=what_en,
        due=_city(task.due_at),
        until=_city(task.until),
        due_iso=_iso(task.due_at),
        until_iso=_iso(task.until),
        link=task.link,
    )


def _city(moment: datetime) -> str:
    local = moment.astimezone(CITY_TIME)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(CITY_TIME).isoformat(sep=" ", timespec="minutes")
