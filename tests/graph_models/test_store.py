"""What the engines share of the interface."""

from __future__ import annotations

from graph_models.store import over_rows


def test_what_is_done_with_one_rows_parameters_is_done_for_each_of_several_rows() -> None:
    one = "MATCH (n:Need {id: $id}) SET n.version = $next, n.state = $state RETURN n.id AS id"
    each = "UNWIND $rows AS row MATCH (n:Need {id: row.id}) SET n.version = row.next, n.state = row.state"
    assert over_rows(one) == f"{each} RETURN n.id AS id"


def test_the_row_is_known_to_the_end_of_a_statement_that_begins_anew_with_a_part() -> None:
    one = "MATCH (n:Need {id: $id}) SET n.guard = $version WITH n WHERE n.id STARTS WITH $start RETURN n.id AS id"
    assert over_rows(one).endswith("WITH row, n WHERE n.id STARTS WITH row.start RETURN n.id AS id")
