"""100,000 messages read: pages of 1,000 over TLS, camelCase, ISO dates. ``python benchmarks/listing.py``.

Each turn is a process of its own, so that its memory can be told; what is timed is the CPU of the reading, not of the start.
"""

import json
import resource
import subprocess
import sys
import time
from statistics import median

from loopback import Loopback, serving
from measure import Row, ratio, show, tiny


def read(who: str, there: Loopback, messages: int) -> None:
    """In a process of its own: CPU seconds, records, and the megabytes that came on top of what it had before."""
    if who == "ours":
        from twilio_connector.connector.component import load
        from twilio_connector.connector.context import ActionContext

        values = {"twilioConnection": there.connection, "limit": str(messages)}
        action = load("twilio_connector").actions["listMessages"]
        found = action.run(ActionContext(), values)
        key = "dateCreated"
    else:
        found, key = (vars(each) for each in there.sdk().messages.stream(page_size=1000)), "date_created"
    assert next(found)[key]
    before, start = _memory(), time.process_time()
    count = 1 + sum(1 for each in found if each[key])
    print(json.dumps([time.process_time() - start, count, _memory(), before]))


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rows(messages: int = 100_000, rounds: int = 5) -> list[Row]:
    """CPU a record, and the most memory that the process had."""
    with serving(messages=messages) as there:
        taken = [[_turn(who, there, messages) for who in ("ours", "theirs")] for _ in range(rounds)]
    ours, theirs = ([each[0] / messages for each in column] for column in zip(*taken, strict=True))
    (before, after), (sdk_before, sdk_after) = (
        [median(each[at] for each in column) for at in (3, 2)] for column in zip(*taken, strict=True)
    )
    return [
        Row(
            work=f"list {messages:,} messages, TLS: records a CPU second",
            ours=f"{1 / median(ours):,.0f}/s",
            beside="SDK's `stream()`",
            theirs=f"{1 / median(theirs):,.0f}/s",
            ratio=ratio(ours, theirs),
            goal=1 / 3,
        ),
        Row(
            work="the same: memory after the first page, and at the end",
            ours=f"{before:.0f}, {after:.0f} MB",
            beside="SDK's `stream()`",
            theirs=f"{sdk_before:.0f}, {sdk_after:.0f} MB",
            ratio=after / sdk_after,
        ),
    ]


def _turn(who: str, there: Loopback, messages: int) -> list[float]:
    command = [sys.executable, __file__, "--read", who, there.url, there.bundle, str(messages)]
    told: list[float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    if told[1] != messages:
        raise SystemExit(f"{who}: {told[1]} of {messages} messages were read")
    return told


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--read", who, url, bundle, messages]:
            read(who, Loopback(url, bundle), int(messages))
        case _:
            show(rows(3_000, 1) if tiny() else rows())
