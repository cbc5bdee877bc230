"""What a run leaves out: told in one line, and a failure where a browser was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).parents[1] / "conftest.py"
SUITE = """
import pytest

@pytest.fixture
def page():
    pytest.skip("no Chromium here")

@pytest.mark.browser
@pytest.mark.parametrize("n", range(2))
def test_in_a_browser(page, n): ...

@pytest.mark.skip(reason="no Postgres here")
def test_elsewhere(): ...

@pytest.mark.browser
@pytest.mark.xfail(reason="known", run=False)
def test_known_to_fail(): ...

def test_that_runs(): ...
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makeini("[pytest]\nmarkers = browser: drives a page")
    pytester.makepyfile(SUITE)
    return pytester


def test_skips_are_told_in_one_line(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUIRE_BROWSER", raising=False)
    result = suite.runpytest()
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["Skipped: 2 × no Chromium here; 1 × no Postgres here"])


def test_a_run_that_leaves_nothing_out_says_nothing(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyfile("def test_that_runs(): ...")
    pytester.runpytest().stdout.no_fnmatch_line("Skipped:*")


def test_a_browser_test_left_out_fails_where_a_browser_is_required(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRE_BROWSER", "1")
    result = suite.runpytest()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(errors=2, skipped=1, xfailed=1, passed=1)
    result.stdout.fnmatch_lines(["REQUIRE_BROWSER=1 wants this browser test run*no Chromium here"])
