"""``deploy``: the host made like a folder. ``log``: who changed what."""

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from ..host import declarations
from ..host.declarations import Outcome
from ..host.operating.changes import Wanted
from .opened import opened

_SAID = {
    "made": "made",
    "changed": "changed",
    "removed": "removed",
    "failed": "failed",
    "left": "left as it was",
    "undeclared": "declared no more: --prune removes it",
}


def deploy(folder: Path, name: str, data: Path | None, public_url: str | None, *, prune: bool, dry_run: bool) -> int:
    """Check all, then do all; print what was done. The exit status: that of the first that failed, else 0."""
    with opened(data, public_url) as host:
        checked = declarations.check(declarations.read(folder, host.registry, name), host)
        failed, counts = 0, Counter[str]()
        for outcome in declarations.apply(checked, host, prune=prune, dry_run=dry_run):
            counts[outcome.did] += 1
            print(host.redactor.strike(_line(outcome, would=dry_run)), file=sys.stderr if outcome.error else sys.stdout)
            failed = failed or (outcome.error.exit_status if outcome.error else 0)
    print(_summary(counts, would=dry_run), flush=True)
    return failed


def _line(outcome: Outcome, *, would: bool) -> str:
    said = _SAID[outcome.did]
    if would and outcome.did in {"made", "changed", "removed"}:
        said = f"would be {said}"
    return f"{outcome.kind} {outcome.name}: {said}" + (f": {outcome.error}" if outcome.error else "")


def _summary(counts: Counter[str], *, would: bool) -> str:
    done = [f"{counts[did]} {did}" for did in ("made", "changed", "removed", "failed") if counts[did]]
    if not done:
        return f"Nothing to change: {counts['left']} are as the folder says."
    return f"{'Would be: ' if would else ''}{', '.join(done)}, {counts['left']} left as they were."


def log(data: Path | None, limit: int, wanted: Mapping[str, str]) -> None:
    """The newest first; ``wanted`` as :class:`~..host.operating.changes.Wanted` has it."""
    with opened(data) as host:
        for change in host.changes.find(Wanted(**wanted), limit=limit)[0]:
            print(f"{change.at:%Y-%m-%d %H:%M:%S} UTC  {change.who}  {change.what}  {change.subject}  {change.summary}")
