"""SECURITY.md: each promise names a test that is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()
ROWS = [line for line in TEXT.partition("\n## Promised")[2].splitlines() if re.match(r"\| [^-]", line)]
PROMISES = [row for row in ROWS if row != "| promise | test |"]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("row", PROMISES, ids=lambda row: row.split("|")[1].strip()[:60])
def test_each_promise_names_a_test_that_is_there(row):
    found = NAMED.findall(row)
    assert found, "a promise without a test is a wish"
    assert [(file, name) for file, name in found if name not in names_in(file)] == []


def test_there_are_promises_in_every_part():
    parts = TEXT.partition("\n## Promised")[2].partition("\n## Not promised")[0].split("\n### ")[1:]
    assert len(parts) >= 5
    assert all(NAMED.search(part) for part in parts)


def test_no_test_is_named_twice_for_two_promises():
    named = NAMED.findall(TEXT)
    assert len(named) == len(set(named))


def test_every_row_stands_in_its_table():
    """A row after an empty line is shown as text with bars in it."""
    blocks = [block.splitlines() for block in TEXT.split("\n\n")]
    assert [block[0] for block in blocks if block[0].startswith("|") and not set(block[1]) <= set("| -")] == []
