"""`proofhub catalogue` against a running hub, and against none."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.actors import Post
from scripts.demonstration.processes import free_port
from scripts.demonstration.publication import AUTHORITY
from tests.journeys.stage import Stage, command

VERSION = "{ catalogueVersion { ... on CatalogueVersion { number title } } }"


def justice(stage: Stage) -> str:
    return stage.city.token("catalogue-1", AUTHORITY, Post.CATALOGUE_AUTHORITY)


@pytest.mark.requirement("R8.1")
def test_a_catalogue_is_imported_and_published_by_the_command(stage: Stage) -> None:
    where = {"PROOFHUB_URL": stage.city.url, "PROOFHUB_TOKEN": justice(stage)}
    file = stage.city.place.sample / "requirements.csv"
    imported = command("catalogue", "import", str(file), "--title", "示例，再版", **where)
    assert (imported.returncode, imported.stderr) == (0, "")
    assert "1464 items" in imported.stdout
    published = command("catalogue", "publish", **where)
    assert (published.returncode, published.stderr) == (0, "")
    version = stage.desk("operator-1").ask(VERSION)["catalogueVersion"]
    assert published.stdout.strip() == f"published version {version['number']}: 示例，再版"
    again = command("catalogue", "publish", **where)
    assert again.returncode == 1
    assert "published already" in again.stderr


@pytest.mark.requirement("R8.2", "R7.1")
def test_every_fault_of_a_table_is_shown_by_row_and_column_and_nothing_is_written(stage: Stage, tmp_path: Path) -> None:
    before = stage.desk("operator-1").ask(VERSION)
    lines = (stage.city.place.sample / "requirements.csv").read_text(encoding="utf-8-sig").splitlines()[:4]
    lines[2] = lines[2].replace("学历证明", "不存在的证明")
    lines[3] = lines[3].replace("中华人民共和国教师法", "")
    file = tmp_path / "目录.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    refused = command(
        "catalogue", "import", str(file), "--token", justice(stage), "--url", stage.city.url, "--title", "有错"
    )
    assert refused.returncode == 1
    assert "nothing was written" in refused.stderr
    assert "row 3, 证明名称" in refused.stderr
    assert "row 4, 法律依据" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert stage.desk("operator-1").ask(VERSION) == before


@pytest.mark.requirement("R5.1")
def test_who_is_not_the_catalogue_authority_is_told_so(stage: Stage) -> None:
    token = stage.desk("operator-1").token
    file = str(stage.city.place.sample / "facts.csv")
    for arguments in (("import", file, "--title", "x"), ("publish",)):
        refused = command("catalogue", *arguments, PROOFHUB_URL=stage.city.url, PROOFHUB_TOKEN=token)
        assert refused.returncode == 1
        assert len(refused.stderr.strip().splitlines()) == 1
        assert refused.stderr.strip()


@pytest.mark.parametrize("arguments", [("import", __file__), ("publish",)])
def test_where_no_hub_runs_the_command_says_so_in_one_sentence(arguments: tuple[str, ...]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    alone = command("catalogue", *arguments, PROOFHUB_URL=url, PROOFHUB_TOKEN="a.b.c")
    assert alone.returncode == 1
    assert alone.stdout == ""
    assert alone.stderr.startswith(f"no hub answers at {url}")
    assert "Traceback" not in alone.stderr


def test_an_address_that_is_no_hub_is_told_apart(stage: Stage) -> None:
    here = command("catalogue", "publish", PROOFHUB_URL=f"{stage.city.url}/check", PROOFHUB_TOKEN=justice(stage))
    assert here.returncode == 1
    assert "does not answer as a hub does" in here.stderr
