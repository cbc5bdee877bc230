"""The benchmarks run, in a form so small that its numbers mean nothing."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
LINE = re.compile(r"\| .+ \| .+ \| .+ \| .+ \| (\d+\.\d\d \| (≤ \d\.\d\d \| (yes|no)| \| )|– \| ≤ \d\.\d\d \| ) \|")


@pytest.mark.parametrize(
    "script", ["webhook.py", "call.py", "bulk.py", "accept.py", "flow.py", "history.py", "start_host.py"]
)
def test_prints_lines_of_the_table(script):
    command = [sys.executable, str(BENCHMARKS / script), "--tiny"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    head, rule, *lines = done.stdout.splitlines()
    assert head.startswith("| work |")
    assert set(rule) == {"|", "-"}
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert lines


def test_every_script_of_the_table_is_there_and_explained():
    table = (BENCHMARKS / "table.py").read_text()
    explained = (BENCHMARKS / "README.md").read_text()
    scripts = re.findall(r'"(\w+\.py)"', table)
    assert scripts
    assert [script for script in scripts if not (BENCHMARKS / script).is_file() or script not in explained] == []
