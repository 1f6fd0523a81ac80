"""Shows a verdict on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hub.clock import CITY_TIME
from seals.check_results import CheckStatus
from seals.verdict import Verdict, VerdictOutcome

_OUTCOME = {
    VerdictOutcome.GOOD: ("有效 GOOD", "bold green"),
    VerdictOutcome.NOT_GOOD: ("无效 NOT GOOD", "bold red"),
    VerdictOutcome.UNDECIDED: ("无法判定 UNDECIDED", "bold yellow"),
}
_STATUS = {
    CheckStatus.PASSED: ("✓", "green"),
    CheckStatus.FAILED: ("✗", "red"),
    CheckStatus.NOT_ASKED: ("–", "dim"),
    CheckStatus.INDETERMINATE: ("?", "yellow"),
}


def show_verdict(out: Console, name: str, verdict: Verdict) -> None:
    """Print the outcome, whose proof it is, and each check with its reason."""
    words, style = _OUTCOME[verdict.outcome]
    out.print(_plain(f"{name}: "), end="")
    out.print(words, style=style)
    out.print(_plain(f"{verdict.summary_zh}  {verdict.summary}"))
    if verdict.endorsement is not None:
        out.print(_endorsement(verdict))
    if verdict.proven_at is not None:
        proven = verdict.proven_at.astimezone(CITY_TIME).strftime("%Y-%m-%d %H:%M:%S %z")
        out.print(_plain(f"时间戳证明不晚于 Time stamp proves: not later than {proven}"))
    out.print(_checks(verdict))


def _endorsement(verdict: Verdict) -> Table:
    found = verdict.endorsement
    table = Table(show_header=False, box=None, padding=(0, 1))
    if found is not None:
        at = found.extracted_at.astimezone(CITY_TIME).strftime("%Y-%m-%d %H:%M:%S %z")
        table.add_row("证明 Proof", _plain(f"{found.proof_type_name}  {found.proof_number}"))
        table.add_row("事项 Item", _plain(f"{found.item_name}  {found.case_number}"))
        table.add_row("提取单位 Extracted by", _plain(found.extraction_unit_name))
        table.add_row("出具单位 Produced by", _plain(found.producing_unit_name))
        for part in found.parts:
            what = "、".join(part.labels) + ("（无此记录 no such record）" if part.negative else "")
            table.add_row("共同出具 Also produced by", _plain(f"{part.unit_name}: {what}"))
        table.add_row("时间 Time", at)
    return table


def _checks(verdict: Verdict) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="bold")
    for head in ("", "检查 Check", "结论 Finding"):
        table.add_column(head, overflow="fold")
    for check in verdict.checks:
        sign, style = _STATUS[check.status]
        table.add_row(
            Text(sign, style),
            _both(check.question_zh, check.question),
            _both(check.reason_zh, check.reason),
        )
    return table


def _both(zh: str, en: str) -> Text:
    return _plain(zh).append("\n").append_text(_plain(en, "dim"))


def _plain(text: str, style: str = "") -> Text:
    """Return words that may come out of the file: no markup, and nothing that moves the cursor or turns the line."""
    return Text(
        "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text), style
    )
