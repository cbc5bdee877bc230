"""The host under faults, for as long as one likes, and an audit from the local Twilio's own books.

    python benchmarks/soak [--minutes 60] [--seed N] [--database postgres|sqlite] [--rate 3] [--clock 300] [--keep FOLDER]

Exit status 0 only if every line of the audit is clean. The same seed gives the same plan of faults.
"""

import argparse
import signal
import sys
from collections import Counter
from pathlib import Path
from random import SystemRandom
from tempfile import TemporaryDirectory
from time import monotonic

from audit import audit, table
from conduct import books, come_to_rest, run
from setting import Setting, Soak, set_up


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as Ctrl-C does: nothing that it started is left behind
    given = arguments()
    soak = Soak(given.seed, given.minutes * 60, given.database, given.rate, given.clock)
    print(f"seed {soak.seed}, {given.minutes:g} minutes on {soak.database}, {soak.rate:g} events a second", flush=True)
    with TemporaryDirectory(prefix="soak-books-") as name:
        folder = given.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        sys.exit(0 if is_clean(soak, folder) else 1)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60, help="of traffic and faults (60)")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(1_000_000), help="of the plan (any)")
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--rate", type=float, default=3.0, help="events a second (3)")
    parser.add_argument("--clock", type=float, default=300.0, help="seconds by which clocks are wrong at most (300)")
    parser.add_argument("--keep", type=Path, help="where to keep what the processes said, and the diary")
    return parser.parse_args()


def is_clean(soak: Soak, folder: Path) -> bool:
    began = monotonic()
    with set_up(soak, folder) as setting:
        if not setting.disk.size:
            print("no disk is full in this run: only root may mount one that can be")
        faults = run(setting)
        print(f"{'':7} all is mended, after {monotonic() - began:.0f} s", flush=True)
        troubles = come_to_rest(setting)
        lines = audit(books(setting))
        print(f"\n{what_happened(setting, faults, troubles)}\n\n{table(lines)}", flush=True)
    wrong = [line.what for line in lines if not line.is_clean]
    print(
        f"\n{'NOT CLEAN: ' + '; '.join(wrong) if wrong else 'clean'}  (seed {soak.seed}, {monotonic() - began:.0f} s)"
    )
    return not wrong


def what_happened(setting: Setting, faults: list, troubles: list) -> str:
    kinds = Counter(fault.kind for fault in faults)
    machines = setting.supervisor.machines.values()
    said = {
        "faults": ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())),
        "at Twilio": ", ".join(
            f"{it['kind']} {it['status'] if it['kind'] == 'status' else ''} {it['hits']}" for it in troubles
        ),
        "on the way": ", ".join(f"{trouble} {count}" for trouble, count in sorted(setting.post.seen.items())),
        "starts": ", ".join(f"{machine.name} {machine.starts}" for machine in machines),
        "ended by themselves": ", ".join(f"{it.name} {it.ends}" for it in machines if it.ends) or "none",
    }
    if setting.postgres:
        said["starts"] += f", postgres {setting.postgres.starts}"
    return "\n".join(f"{name}: {text}" for name, text in said.items())


if __name__ == "__main__":
    main()
