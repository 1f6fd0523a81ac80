"""What ``proofhub seal`` asks of a running hub, and how it shows the answers."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from hub.clock import CITY_TIME
from hub.entry import remote
from seals.picture_files import FILE_BYTES

_PROBLEMS = "errors { message mend }"
_SEAL = """seal { id kind holder name number state version nextSteps
  key { label algorithm request notAfter } nextKey { label request } }"""
_GRANT = "grant { id sealId unitCode proofTypes notBefore notAfter dailyLimit proposedBy registeredBy state }"
_PAGE = "pageInfo { hasNextPage endCursor }"
_LIST = f"""query L($after: String) {{ seals(first: 100, after: $after) {{ ... on Problem {{ message mend }}
  ... on SealConnection {{ nodes {{ id kind holder name number state key {{ notAfter }} }} {_PAGE} }} }} }}"""
_USAGE = f"""query U($seal: ID!, $day: String, $after: String) {{
  sealUsage(sealId: $seal, day: $day, first: 100, after: $after) {{ ... on Problem {{ message mend }}
  ... on SealUseConnection {{ used nodes {{ proofNumber unitCode proofTypeCode grantId at }} {_PAGE} }} }} }}"""
_VIOLATIONS = f"""query V($seal: ID, $unit: String, $after: String) {{
  sealViolations(sealId: $seal, unitCode: $unit, first: 100, after: $after) {{ ... on Problem {{ message mend }}
  ... on SealViolationConnection {{
    nodes {{ issuingKey sealId unitCode proofTypeCode reason by at }} {_PAGE} }} }} }}"""
_RADAR = """{ sealRadar { ... on Problem { message mend }
  ... on SealRadar { lines { subject name goodUntil livingProofs neededUntil endlessProofs renewBy state } } } }"""
_INPUTS = {
    "applyForSeal": "ApplyForSealInput",
    "makeSeal": "MakeSealInput",
    "rotateSeal": "MakeSealKeyInput",
    "installSealCertificate": "InstallCertificateInput",
    "registerGrant": "RegisterGrantInput",
    "revokeGrant": "RevokeGrantInput",
}
_STYLES = {"GOOD": "green", "DUE": "bold yellow", "ENDED": "bold red"}


@dataclass(frozen=True, slots=True)
class RemoteSeals:
    """The seals of a running hub."""

    url: str
    token: str

    def step(self, mutation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take a step and return the seal after it. Raises RemoteError."""
        return self._changed(mutation, given, _SEAL)["seal"]  # type: ignore[no-any-return]  # JSON

    def grant(self, mutation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Register or revoke a grant and return it. Raises RemoteError."""
        return self._changed(mutation, given, _GRANT)["grant"]  # type: ignore[no-any-return]  # JSON

    def all(self) -> list[dict[str, Any]]:
        """Return all seals. Raises RemoteError."""
        return [node for page in self._pages(_LIST, "seals", {}) for node in page["nodes"]]

    def usage(self, seal: str, day: str | None) -> tuple[list[dict[str, Any]], int]:
        """Return the uses of a seal on a day, and how many they are with those under way. Raises RemoteError."""
        pages = list(self._pages(_USAGE, "sealUsage", {"seal": seal, "day": day}))
        return [node for page in pages for node in page["nodes"]], pages[0]["used"]

    def violations(self, seal: str | None, unit: str | None) -> Iterator[dict[str, Any]]:
        """Yield refused uses, the newest first, as they are asked for page by page. Raises RemoteError."""
        for page in self._pages(_VIOLATIONS, "sealViolations", {"seal": seal, "unit": unit}):
            yield from page["nodes"]

    def radar(self) -> list[dict[str, Any]]:
        """Return the lines of the radar. Raises RemoteError."""
        lines: list[dict[str, Any]] = self._found(_RADAR, "sealRadar", {})["lines"]
        return lines

    def _changed(self, mutation: str, given: Mapping[str, Any], shape: str) -> dict[str, Any]:
        kind = _INPUTS.get(mutation, "SealStepInput")
        document = f"mutation M($input: {kind}!) {{ {mutation}(input: $input) {{ {shape} {_PROBLEMS} }} }}"
        payload: dict[str, Any] = remote.ask(self.url, self.token, document, {"input": dict(given)})[mutation]
        if payload["errors"]:
            raise remote.RemoteError([_problem(each) for each in payload["errors"]])
        return payload

    def _pages(self, document: str, name: str, variables: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        after = None
        while True:
            page = self._found(document, name, {**variables, "after": after})
            yield page
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return

    def _found(self, document: str, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = remote.ask(self.url, self.token, document, variables)[name]
        if "message" in found:
            raise remote.RemoteError([_problem(found)])
        return found


def read_picture_file(file: Path) -> str:
    """Return a picture as the hub takes it, Base64; of a file that is too large, so much that the hub says so."""
    with file.open("rb") as opened:
        return b64encode(opened.read(FILE_BYTES + 1)).decode()


def show_seal(out: Console, seal: Mapping[str, Any]) -> None:
    """Show a seal after a step."""
    out.print(
        f"{seal['id']}  {seal['state']}  {seal['name']}  {seal['holder']}  {seal['number']}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    out.print(f"next: {', '.join(seal['nextSteps']) or 'nothing'}", markup=False, highlight=False)


def show_seals(out: Console, seals: Iterable[Mapping[str, Any]]) -> None:
    """Show all seals as a table."""
    rows = [
        (one["id"], one["state"], one["name"], one["holder"], one["number"], _day((one["key"] or {}).get("notAfter")))
        for one in seals
    ]
    out.print(_table(("id", "state", "name", "holder", "number", "certificate until"), rows))


def show_usage(out: Console, uses: Iterable[Mapping[str, Any]], used: int) -> None:
    """Show a day's page of the usage book."""
    rows = [
        (_time(one["at"]), one["proofNumber"], one["unitCode"], one["proofTypeCode"], one["grantId"]) for one in uses
    ]
    out.print(_table(("time", "proof", "unit", "type", "grant"), rows))
    out.print(f"{len(rows)} sealed; {used} counted with those under way", highlight=False)


def show_violations(out: Console, violations: Iterable[Mapping[str, Any]]) -> None:
    """Show refused uses as a table."""
    rows = [
        (
            _moment(one["at"]),
            one["unitCode"],
            one["proofTypeCode"],
            one["reason"],
            one["sealId"] or "–",
            one["issuingKey"],
            one["by"],
        )
        for one in violations
    ]
    out.print(_table(("time", "unit", "type", "reason", "seal", "issuing", "by"), rows))


def show_radar(out: Console, lines: Iterable[Mapping[str, Any]]) -> None:
    """Show the radar, what must be done in colour."""
    rows = [
        (
            f"[{_STYLES[one['state']]}]{one['state']}[/]",
            one["subject"],
            one["name"],
            _day(one["goodUntil"]),
            str(one["livingProofs"]),
            "no end" if one["endlessProofs"] else _day(one["neededUntil"]),
            _day(one["renewBy"]),
        )
        for one in lines
    ]
    out.print(_table(("", "what", "name", "good until", "living proofs", "needed until", "renew by"), rows))


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _day(text: str | None) -> str:
    return "–" if text is None else datetime.fromisoformat(text).astimezone(CITY_TIME).date().isoformat()


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(CITY_TIME).strftime("%Y-%m-%d %H:%M:%S")


def _time(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(CITY_TIME).strftime("%H:%M:%S")


def _problem(problem: Mapping[str, Any]) -> str:
    return f"{problem['message']} ({problem['mend']})"
