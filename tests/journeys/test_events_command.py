"""`proofhub events` at a running hub: what lies dead, and a run of events that goes through again."""

from __future__ import annotations

from typer.testing import CliRunner

from hub.actors import Post
from hub.entry.command import app
from scripts.demonstration.story import ITEM, UNIT
from scripts.demonstration.window import OPEN_CASE
from tests.journeys.stage import Stage, eventually, matter


def events(stage: Stage, *arguments: str, post: Post = Post.SUPERVISOR) -> tuple[int, str, str]:
    """Run the command; return its exit status, what it prints and what it complains of."""
    where = {"PROOFHUB_URL": stage.city.url, "PROOFHUB_TOKEN": stage.city.token("s-1", "NB-GGB", post)}
    done = CliRunner().invoke(app, ("events", *arguments), env={"COLUMNS": "160", **where})
    return done.exit_code, done.stdout.strip(), done.stderr


def test_nothing_lies_dead_and_there_is_nothing_to_replay(stage: Stage) -> None:
    assert events(stage, "dead") == (0, "0 dead letter(s)", "")
    nothing = "0 event(s) sent again, 0 dead letter(s) settled, 0 left"
    assert events(stage, "replay", "--all") == (0, nothing, "")
    assert events(stage, "replay", "NB-GA.1", "statistics/NB-GA.2") == (0, nothing, "")
    assert events(stage, "discard", "NB-GA.1", "statistics/NB-GA.2") == (0, "0 dead letter(s) discarded", "")


def test_a_run_of_a_units_events_goes_through_again(stage: Stage) -> None:
    stage.desk("operator-1").do(OPEN_CASE, **matter(ITEM))
    said = "1 event(s) sent again, 0 dead letter(s) settled, 0 left"

    def replayed() -> bool | None:
        return True if events(stage, "replay", "--unit", UNIT, "--last", "1") == (0, said, "") else None

    assert eventually(replayed, 10)


def test_figures_are_counted_again(stage: Stage) -> None:
    stage.desk("operator-1").do(OPEN_CASE, **matter(ITEM))
    said = f"the figures of {UNIT} are counted again from event 1 on"
    assert eventually(lambda: True if events(stage, "recount", UNIT) == (0, said, "") else None, 10)
    status, _, problem = events(stage, "recount", "NB-NOBODY")
    assert (status, "nothing was ever counted" in problem) == (1, True)


def test_what_the_hub_refuses_is_said_in_a_line(stage: Stage) -> None:
    for arguments in (("replay",), ("replay", "--all", "--unit", UNIT, "--last", "2")):
        status, _, said = events(stage, *arguments)
        assert (status, "say either ids" in said) == (1, True)
    status, _, said = events(stage, "replay", "--unit", UNIT, "--first", "3", "--last", "2")
    assert (status, "run of at most" in said) == (1, True)
    status, _, said = events(stage, "dead", post=Post.OPERATOR)
    assert (status, "SUPERVISOR" in said) == (1, True)
