"""The main job: a small city, one whole case over HTTP, and a hub that keeps serving.

python scripts/demonstration [--exit] [--port N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
from rich.console import Console

from hub.actors import Post
from hub.entry import remote
from hub.entry.settings import TimeStampSource
from scripts.demonstration.city import City, Place, prepare, write_sources
from scripts.demonstration.processes import StartError, hub, registry
from scripts.demonstration.publication import publish_once
from scripts.demonstration.story import UNIT, Story
from scripts.demonstration.window import CallError


def main() -> int:
    """Prepare, start, tell the story, serve; return the exit status."""
    arguments = _arguments()
    out = Console(highlight=False)
    try:
        with ExitStack() as stack:
            return _run(arguments, out, stack)
    except (StartError, CallError, remote.RemoteError, httpx.HTTPError) as problem:
        Console(stderr=True).print(f"run: {problem}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        out.print("\n已停止 stopped")
        return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/run", description="Run a small city and one whole case.")
    parser.add_argument("--exit", action="store_true", help="end after the case instead of serving until Ctrl-C")
    parser.add_argument("--port", type=int, default=8000, help="port of the hub on 127.0.0.1 (default: 8000)")
    parser.add_argument("--folder", type=Path, default=Place().folder, help="where the city is kept (default: var)")
    return parser.parse_args()


def _run(arguments: argparse.Namespace, out: Console, stack: ExitStack) -> int:
    with out.status("准备示例目录、密钥与印章 preparing the sample catalogue, keys and seals"):
        city = prepare(Place(arguments.folder), arguments.port, PROOFHUB_SEALS__TSA=TimeStampSource.EMBEDDED)
    with out.status("启动数据源与平台 starting the data sources and the hub"):
        write_sources(city.place, stack.enter_context(registry(city.place)))
        process = stack.enter_context(hub(city))
    publish_once(city, out)
    client = stack.enter_context(httpx.Client(base_url=city.url, timeout=60, trust_env=False))
    good = Story(city, client, out).tell()
    _show_places(city, out)
    if arguments.exit or not good:
        return 0 if good else 1
    out.print("Ctrl-C 停止 stops")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return process.wait()


def _show_places(city: City, out: Console) -> None:
    url, proofs = city.url, city.place.proofs
    out.rule("[bold]去哪里看 where to look")
    out.print(f"  电子证明 sealed PDFs   {proofs.resolve()}")
    out.print(f"  信任根 trust root      {city.root.resolve()}")
    out.print(
        f"  核验 check a proof     {url}/verify   .venv/bin/proofhub verify {proofs}/<number>.pdf",
        soft_wrap=True,
        markup=False,
    )
    out.print(f"  GraphiQL              {url}/graphql")
    out.print(f"  文档 documentation     {url}/schema.graphql   README.md   docs/")
    out.print("  令牌 an operator's token, to paste (12 hours):")
    out.print(city.token("operator-1", UNIT, Post.OPERATOR), soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
