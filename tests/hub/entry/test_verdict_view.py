"""A verdict on a terminal: what it comes to, why, and nothing that a file could put there."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from hub.entry.verdict_view import show_verdict
from seals.verdict import Verdict
from seals.verification import verify_document
from tests.vectors.authority import JUDGED_AT
from tests.vectors.make_vectors import FOLDER, policy_of


def verdict_on(name: str, revocation: str = "clean") -> Verdict:
    return verify_document((FOLDER / f"{name}.pdf").read_bytes(), policy_of(FOLDER, revocation), at=JUDGED_AT)


def shown(verdict: Verdict, name: str = "a.pdf", *, colours: bool = False) -> str:
    text = io.StringIO()
    show_verdict(Console(file=text, width=200, force_terminal=colours, highlight=False), name, verdict)
    return text.getvalue()


@pytest.mark.parametrize(
    ("vector", "revocation", "words"),
    [
        ("good_information_sharing", "clean", "有效 GOOD"),
        ("changed_text", "clean", "无效 NOT GOOD"),
        ("key_leaked_later", "leaked_later", "无法判定 UNDECIDED"),
    ],
)
def test_the_first_line_is_the_file_and_what_it_comes_to(vector: str, revocation: str, words: str) -> None:
    text = shown(verdict_on(vector, revocation), "证明.pdf")
    assert text.splitlines()[0] == f"证明.pdf: {words}"


@pytest.mark.requirement("R14.2")
def test_a_good_proof_shows_its_endorsement_and_each_check_in_both_languages() -> None:
    verdict = verdict_on("good_information_sharing")
    assert verdict.endorsement is not None
    text = shown(verdict)
    for word in (verdict.endorsement.proof_number, verdict.endorsement.extraction_unit_name, verdict.summary_zh):
        assert word in text
    for check in verdict.checks:
        assert check.question_zh in text
        assert check.question in text
    assert "✗" not in text


def test_what_a_time_stamp_proves_is_shown_and_nothing_where_there_is_none() -> None:
    assert "时间戳证明不晚于" in shown(verdict_on("good_long_term"))
    assert "时间戳证明不晚于" not in shown(verdict_on("good_information_sharing"))


def test_a_file_without_an_endorsement_shows_none() -> None:
    text = shown(verdict_on("garbage"))
    assert "提取单位" not in text
    assert "✗" in text


def test_a_file_puts_neither_markup_nor_control_characters_on_the_terminal() -> None:
    verdict = verdict_on("good_information_sharing")
    assert verdict.endorsement is not None
    hostile = "[/][bold red]x\x1b[2J\x9b\u202e\r\n有效 GOOD"
    endorsement = replace(verdict.endorsement, proof_type_name=hostile, extraction_unit_name=hostile)
    checks = tuple(replace(check, reason=hostile, reason_zh=hostile) for check in verdict.checks)
    text = shown(replace(verdict, endorsement=endorsement, checks=checks, summary=hostile), f"{hostile}.pdf")
    assert "[/][bold red]x" in text
    assert not any(character in text for character in "\x1b\x9b\u202e\r")
    assert text.splitlines()[1] != "有效 GOOD"
    assert "\x1b" in shown(verdict, colours=True)
