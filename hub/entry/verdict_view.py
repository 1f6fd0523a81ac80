"""Shows a verdict on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

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
    out.print(f"{name}: ", end="", markup=False, highlight=False)
    out.print(words, style=style)
    out.print(f"{verdict.summary_zh}  {verdict.summary}", markup=False, highlight=False)
    if verdict.endorsement is not None:
        out.print(_endorsement(verdict))
    out.print(_checks(verdict))


def _endorsement(verdict: Verdict) -> Table:
    found = verdict.endorsement
    table = Table(show_header=False, box=None, padding=(0, 1))
    if found is not None:
        at = found.extracted_at.astimezone(CITY_TIME).strftime("%Y-%m-%d %H:%M:%S %z")
        table.add_row("证明 Proof", f"{found.proof_type_name}  {found.proof_number}")
        table.add_row("事项 Item", f"{found.item_name}  {found.case_number}")
        table.add_row("提取单位 Extracted by", found.extraction_unit_name)
        table.add_row("出具单位 Produced by", found.producing_unit_name)
        table.add_row("时间 Time", at)
    return table


def _checks(verdict: Verdict) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="bold")
    for head in ("", "检查 Check", "结论 Finding"):
        table.add_column(head, overflow="fold")
    for check in verdict.checks:
        sign, style = _STATUS[check.status]
        table.add_row(
            f"[{style}]{sign}[/]",
            f"{check.question_zh}\n[dim]{check.question}[/]",
            f"{check.reason_zh}\n[dim]{check.reason}[/]",
        )
    return table
