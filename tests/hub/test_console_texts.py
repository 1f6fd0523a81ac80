"""What messages say: one line of subject, both languages, the time of the city."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from graph_models.contacts import ContactPost
from hub.console_texts import Task, message_text, subject_line
from hub.events import EventType
from tests.hub import small_catalogue as small
from tests.hub.set_clock import NOW

TASK = Task(
    name="张三",
    post=ContactPost.DRAFTER,
    event_type=EventType.REQUEST_RECEIVED,
    item=small.item(),
    proof_type=small.proof_type("T1"),
    due_at=NOW + timedelta(minutes=30),
    until=NOW + timedelta(hours=72),
    link="https://proofs.example/console/x",
)


@pytest.mark.parametrize("post", ContactPost)
def test_each_post_is_told_what_it_is_to_do_in_both_languages(post: ContactPost) -> None:
    task = replace(TASK, post=post)
    text = message_text(task)
    assert text.startswith("张三：您好！\n")
    assert "2026年3月2日 09:30（北京时间）" in text
    assert text.count("https://proofs.example/console/x\n") == 2
    assert subject_line(task) != subject_line(replace(task, event_type=EventType.REQUEST_NEARLY_DUE))
    assert "证明T1" in subject_line(task)
    assert "\n" not in subject_line(task)


def test_a_reminder_begins_with_how_late_it_is() -> None:
    late = replace(TASK, event_type=EventType.REQUEST_TARGET_PASSED)
    assert subject_line(late) == "【已超时限·待核查】证明T1 Overdue: to be looked up"
    assert subject_line(TASK) == "【待核查】证明T1 To be looked up"


def test_a_name_that_breaks_lines_stays_in_one_and_a_code_that_is_gone_has_no_name() -> None:
    broken = replace(small.proof_type("T1"), name="证明\r\nBcc: x@y.example")
    assert "\n" not in subject_line(replace(TASK, proof_type=broken))
    assert "有关证明" in message_text(replace(TASK, item=None, proof_type=None))
    assert subject_line(replace(TASK, proof_type=None)) == "【待核查】协助核实请求 To be looked up"
