"""`proofhub worker` called wrongly, or where no hub is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.stage import command

HANDLERS = """
async def answer(request):
    return None

def blocking(request):
    return None
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "handlers.py").write_text(HANDLERS)
    (tmp_path / "broken.py").write_text("import no_such_module_anywhere")
    (tmp_path / "token").write_text("a.b.c")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--handler", "handlers:blocking"], "handlers:blocking is no async function"),
        (["--handler", "handlers:absent"], "has no attribute 'absent'"),
        (["--handler", "broken:answer"], "No module named 'no_such_module_anywhere'"),
        (["--handler", ":"], "Empty module name"),
        (["--handler", "handlers:answer", "--name", "a b"], "1 to 64 letters"),
        (["--handler", "handlers:answer", "--url", "http://hub.example"], "must be https"),
        (["--handler", "handlers:answer", "--concurrency", "0"], "--concurrency"),
        (["--handler", "handlers:answer", "--sealer-token-file", "absent"], "--sealer-token-file"),
    ],
)
def test_a_wrong_call_says_which_option_and_ends_with_2(folder: Path, options: list[str], said: str) -> None:
    refused = command("worker", "--token-file", "token", *options, cwd=folder)
    assert refused.returncode == 2
    assert said in " ".join(refused.stderr.replace("│", " ").split())


def test_what_must_be_given_is_asked_for(folder: Path) -> None:
    for options in (["--handler", "handlers:answer"], ["--token-file", "token"]):
        assert command("worker", *options, cwd=folder).returncode == 2
