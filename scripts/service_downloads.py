"""Fetches Java programs from Maven and Node packages from npm into a cache that all clones of one machine share.

A download goes into a temporary folder and is renamed when it is whole, so a killed run leaves nothing half there.
The folder's name holds a digest of what was asked for: another version is another folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

MAVEN_ARTIFACTS: dict[str, tuple[str, ...]] = {
    "neo4j": ("org.neo4j.app:neo4j-server:5.26.12", "org.neo4j:neo4j:5.26.12"),
    "kafka": ("org.apache.kafka:kafka_2.13:4.1.0",),
    "s3": ("org.gaul:s3proxy:2.9.0",),
    "verapdf": ("org.verapdf.apps:greenfield-apps:1.28.2",),
    "dss": tuple(
        f"eu.europa.ec.joinup.sd-dss:{artifact}:6.3"
        for artifact in (
            "dss-pades-pdfbox",
            "dss-validation",
            "dss-service",
            "dss-utils-apache-commons",
            "dss-crl-parser-stream",
            "dss-policy-jaxb",
            "dss-cms-object",
        )
    ),
}
NODE_PACKAGES = {"graphql": "16.15.0", "graphql-http": "1.23.1"}


class DownloadFailedError(Exception):
    """Maven or npm could not bring what a service needs; the text holds what it said."""


def java_classpath(name: str) -> str:
    """The class path (a folder's wildcard) of a program of MAVEN_ARTIFACTS, downloaded if it is not there yet."""
    pom = _pom(MAVEN_ARTIFACTS[name])
    return f"{_cached(name, pom, _fetch_jars)}/*"


def node_modules() -> Path:
    """The node_modules folder that holds NODE_PACKAGES, downloaded if it is not there yet."""
    manifest = json.dumps({"private": True, "dependencies": NODE_PACKAGES}, indent=1)
    return _cached("node", manifest, _fetch_node) / "node_modules"


def _cached(name: str, recipe: str, fetch: Callable[[str, Path], None]) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "proofhub" / "services"
    place = cache / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    if place.exists():
        return place
    cache.mkdir(parents=True, exist_ok=True)
    with _only_one(cache / "lock"):
        if not place.exists():
            _fetch_whole(recipe, fetch, place)
    return place


def _fetch_whole(recipe: str, fetch: Callable[[str, Path], None], place: Path) -> None:
    temporary = Path(tempfile.mkdtemp(prefix="part-", dir=place.parent))
    try:
        fetch(recipe, temporary)
        temporary.rename(place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """One download at a time on this machine: Maven's own repository is not made for two writers."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _pom(artifacts: tuple[str, ...]) -> str:
    dependencies = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>".format(
            *map(escape, artifact.split(":"))
        )
        for artifact in artifacts
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>proofhub.services</groupId><artifactId>classpath</artifactId><version>1</version>"
        f"<packaging>pom</packaging><dependencies>{dependencies}</dependencies></project>\n"
    )


def _fetch_jars(pom: str, folder: Path) -> None:
    pom_file = folder / "pom.xml"
    pom_file.write_text(pom)
    command = ["mvn", "--quiet", "--batch-mode", "--strict-checksums", "--file", str(pom_file)]
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
    _run([*command, *goal], folder)


def _fetch_node(manifest: str, folder: Path) -> None:
    (folder / "package.json").write_text(manifest)
    _run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        raise DownloadFailedError(f"{command[0]} ended with status {done.returncode}:\n{said[-3000:]}")
