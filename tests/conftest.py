"""Services and programs that tests need: started once, late, together; what is missing is said loudly."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from scripts.service_downloads import DownloadFailedError, java_classpath, node_modules
from scripts.service_pool import STARTERS, ServicePool
from scripts.service_process import ServiceFailedError
from scripts.service_programs import NEEDS, missing_programs
from tests.simulators.key_places import KeyStoreKind
from tests.simulators.soft_token import SoftTokens, make_tokens
from tests.simulators.token_server import TokenServer, client_module

IN_CI = os.environ.get("CI") == "true"
POOL = pytest.StashKey[ServicePool]()

# Under CI the examples follow from the test alone, so that a failure there is the same here. Otherwise they are new in
# each run, and a failure prints what brings it back.
settings.register_profile("developer", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True)
settings.load_profile("ci" if IN_CI else "developer")


def _needed(item: pytest.Item) -> set[str]:
    names = {name for marker in item.iter_markers("services") for name in marker.args}
    if unknown := names - NEEDS.keys():
        raise pytest.UsageError(f"{item.nodeid}: unknown service {', '.join(unknown)}; known: {', '.join(NEEDS)}")
    return names


def _cannot(reason: str) -> None:
    if IN_CI:
        pytest.fail(f"CI has to run this test, but {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[POOL] = ServicePool()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked so, as far as it uses keys, with either store of keys."""
    if "key_store" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_key_stores"):
        on_token = pytest.param(KeyStoreKind.PKCS11, marks=pytest.mark.services("softhsm"))
        metafunc.parametrize("key_store", [KeyStoreKind.PKCS12, on_token], indirect=True, scope="module")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with tests that need a service come last: what they need starts meanwhile."""
    late = {item.path for item in items if _needed(item) & STARTERS.keys()}
    items.sort(key=lambda item: item.path in late)


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    for name in sorted({name for item in session.items for name in _needed(item)} & STARTERS.keys()):
        if not missing_programs([name]):
            session.config.stash[POOL].launch(name)


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[POOL].close()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if missing := missing_programs(_needed(item)):
        _cannot(f"{', '.join(missing)} not found on PATH")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end, in one place, what did not run and why."""
    tests_by_reason: dict[str, list[str]] = {}
    for report in terminalreporter.getreports("skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        tests_by_reason.setdefault(reason.removeprefix("Skipped: "), []).append(report.nodeid)
    if tests_by_reason:
        terminalreporter.section("NOT RUN", sep="!", yellow=True, bold=True)
    for reason, tests in tests_by_reason.items():
        terminalreporter.write_line(f"{reason}:", yellow=True)
        for test in tests:
            terminalreporter.write_line(f"    {test}")


def _address(config: pytest.Config, name: str) -> str:
    if missing := missing_programs([name]):
        _cannot(f"{', '.join(missing)} not found on PATH")
    try:
        return config.stash[POOL].address(name)
    except (DownloadFailedError, ServiceFailedError) as error:
        _cannot(f"{name} could not be started: {error}")
        raise


def _downloaded(name: str) -> str:
    if missing := missing_programs([name]):
        _cannot(f"{', '.join(missing)} not found on PATH")
    try:
        return str(node_modules()) if name == "node" else java_classpath(name)
    except DownloadFailedError as error:
        _cannot(f"{name} could not be downloaded: {error}")
        raise


@pytest.fixture(scope="session")
def neo4j_uri(pytestconfig: pytest.Config) -> str:
    """Address of a running Neo4j that takes any or no credentials; its data is for this run only."""
    return _address(pytestconfig, "neo4j")


@pytest.fixture(scope="session")
def kafka_bootstrap(pytestconfig: pytest.Config) -> str:
    """host:port of a running Kafka broker; its data is for this run only."""
    return _address(pytestconfig, "kafka")


@pytest.fixture(scope="session")
def s3_endpoint(pytestconfig: pytest.Config) -> str:
    """Address of a running S3 server with the bucket and the keys of scripts/service_s3; its data is for this run."""
    return _address(pytestconfig, "s3")


@pytest.fixture(scope="session")
def soft_tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftTokens]:
    """Tokens of SoftHSM2, for this run only, each called after the tests that use it; two are called "twin"."""
    if missing := missing_programs(["softhsm"]):
        _cannot(f"{', '.join(missing)} not found on PATH")
    users = ("contract", "pkcs11", "sessions", "seals", "authority", "killed", "wiring", "wrong-pin", "twin", "twin")
    tokens = make_tokens(tmp_path_factory.mktemp("softhsm"), users)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOFTHSM2_CONF", str(tokens.configuration))
        yield tokens


@pytest.fixture(scope="module")
def key_store(request: pytest.FixtureRequest) -> KeyStoreKind:
    """Where the keys of the tests are: in files, unless a test is marked ``both_key_stores``."""
    kind: KeyStoreKind = getattr(request, "param", KeyStoreKind.PKCS12)
    return kind


@pytest.fixture(scope="session")
def token_server(soft_tokens: SoftTokens) -> Iterator[TokenServer]:
    """The tokens of this run in a process of their own, that each test starts and kills; its address stays."""
    client = client_module()
    if client is None:
        _cannot("p11-kit-client.so was not found")
        raise AssertionError
    with tempfile.TemporaryDirectory(prefix="token-") as place:
        yield TokenServer(soft_tokens.module, client, Path(place) / "s")


@pytest.fixture(scope="session")
def verapdf_classpath() -> str:
    """Java class path of veraPDF."""
    return _downloaded("verapdf")


@pytest.fixture(scope="session")
def dss_classpath() -> str:
    """Java class path of EU DSS."""
    return _downloaded("dss")


@pytest.fixture(scope="session")
def graphql_http_modules() -> Path:
    """The node_modules folder that holds graphql-http."""
    return Path(_downloaded("node"))
