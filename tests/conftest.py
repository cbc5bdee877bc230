"""What a run leaves out it says in one line; REQUIRE_BROWSER=1 and REQUIRE_NGINX=1 make failures of tests left out."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("untimed")

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@pytest.fixture(scope="module")  # no longer: while it is open, asyncio.run is not possible in the same thread
def chromium() -> Iterator[Browser]:
    """The system's Chromium; a test without one is skipped, or failed where REQUIRE_BROWSER=1."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages, `page(viewport=…, color_scheme=…)`; one that logs an error or breaks its CSP fails the test."""
    contexts, errors = [], []

    def open_page(**options: Any) -> Page:
        contexts.append(chromium.new_context(**options))
        opened = contexts[-1].new_page()
        opened.set_default_timeout(10_000)
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        return opened

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def bound_by_modes() -> Iterator[None]:
    """A file's mode holds for root too, in this thread and those that it begins: see capabilities(7)."""
    if os.geteuid() != 0:
        yield
        return
    libc, header = ctypes.CDLL(None, use_errno=True), (ctypes.c_uint32 * 2)(0x20080522, 0)
    before = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0
    without = type(before)(*before)
    without[0] &= ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, of those in effect
    assert libc.capset(header, without) == 0
    yield
    assert libc.capset(header, before) == 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    wanted = [kind for kind in ("browser", "nginx") if item.get_closest_marker(kind) and _is_required(kind)]
    if wanted and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        name = f"REQUIRE_{wanted[0].upper()}=1"
        report.longrepr = f"{name} wants this {wanted[0]} test run, but it was skipped: {_reason(report)}"
    return report


def _is_required(kind: str) -> bool:
    return os.environ.get(f"REQUIRE_{kind.upper()}") == "1"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if reasons:
        told = "; ".join(f"{count} × {reason}" for reason, count in sorted(reasons.items()))
        terminalreporter.write_line(f"Skipped: {told}", yellow=True)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return " ".join(text.removeprefix("Skipped: ").split())
