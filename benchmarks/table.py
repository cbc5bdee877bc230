"""The whole table: each row of the goals, by the script that measures it, one after another. ``make bench``."""

import subprocess
import sys
from pathlib import Path

from measure import HEAD, tiny

TABLE = (
    ("one verified webhook, in a process", "webhook.py"),
    ("one call to Twilio", "call.py"),
    ("100,000 messages listed", "listing.py"),
    ("10,000 sends at once", "bulk.py"),
    ("a process from its start to its end", "start.py"),
    ("webhooks over HTTP", "accept.py"),
    ("flows end to end, and the host's memory", "flow.py"),
    ("the host from its start to its first page", "start_host.py"),
    ("the executions page with a long history", "history.py"),
)
"""What a row measures, and the script. Each prints its lines below ``HEAD``."""


def main() -> None:
    """Run them; a script that fails fails the table, after the others have run."""
    options = ["--tiny"] if tiny() else []
    print(HEAD, flush=True)
    failed = [script for _, script in TABLE if not _printed(script, options)]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _printed(script: str, options: list[str]) -> bool:
    command = [sys.executable, str(Path(__file__).with_name(script)), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    lines = done.stdout.removeprefix(HEAD).strip()
    if lines:
        print(lines, flush=True)
    return done.returncode == 0 and bool(lines)


if __name__ == "__main__":
    main()
