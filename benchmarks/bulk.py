"""Many sends at once, over TLS, to a server that takes 50 ms for each. ``python benchmarks/bulk.py``.

Ours is ``sendBulk`` as a script runs it: every recipient checked, the text's places filled, the message claimed, so that
nobody gets two. The SDK's is ``messages.create`` in a pool of threads of the same width. The wall time is told as a multiple
of what the server's latency alone would take, ``sends × latency / width``; where the CPU is shared, read the CPU column.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from loopback import Loopback, serving
from measure import Row, ratio, show, tiny
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext

LATENCY = 0.05
GOALS = {64: 1.1, 100: 1.2}

People = list[dict[str, str]]


def ours(there: Loopback, people: People, width: int) -> None:
    """``sendBulk``."""
    context = ActionContext()
    values = {"twilioConnection": there.connection, "from": "+15557654321", "body": "Hi {{name}}"}
    sent = (
        load("twilio_connector").actions["sendBulk"].run(context, values | {"recipients": people, "concurrency": width})
    )
    if len({each["sid"] for each in sent} - {None}) != len(people):
        raise SystemExit("ours: not everybody was sent to")
    context.transport.close()


def theirs(there: Loopback, people: People, width: int) -> None:
    """The SDK and a pool of threads."""
    client = there.sdk()

    def send(person: dict[str, str]) -> str:
        made = client.messages.create(to=person["to"], from_="+15557654321", body=f"Hi {person['name']}")
        return str(made.sid)

    with ThreadPoolExecutor(width) as pool:
        if len(set(pool.map(send, people))) != len(people):
            raise SystemExit("the SDK: not everybody was sent to")
    client.http_client.session.close()


def rows(sends: int = 10_000, rounds: int = 5) -> list[Row]:
    """CPU of all sends, and their wall time, at each width."""
    people = [{"to": f"+1555{index:07}", "name": "Ada"} for index in range(sends)]
    with serving(LATENCY) as there:
        return [row for width in GOALS for row in _at(there, people, width, rounds)]


def _at(there: Loopback, people: People, width: int, rounds: int) -> list[Row]:
    taken = [[_measured(who, there, people, width) for who in (ours, theirs)] for _ in range(rounds)]
    (cpu, sdk_cpu), (wall, sdk_wall) = (
        zip(*[[each[at] for each in turn] for turn in taken], strict=True) for at in (0, 1)
    )
    least = len(people) * LATENCY / width
    beside = f"SDK, {width} threads"
    return [
        Row(
            work=f"{len(people):,} sends at 50 ms, {width} at once, TLS: CPU",
            ours=f"{median(cpu):.1f} s",
            beside=beside,
            theirs=f"{median(sdk_cpu):.1f} s",
            ratio=ratio(cpu, sdk_cpu),
            goal=0.5,
        ),
        Row(
            work=f"the same: wall, as a multiple of latency / width ({beside}: {median(sdk_wall) / least:.2f} ×)",
            ours=f"{median(wall):.1f} s",
            beside="sends × latency / width",
            theirs=f"{least:.1f} s",
            ratio=median(wall) / least,
            goal=GOALS[width],
        ),
    ]


def _measured(who: object, there: Loopback, people: People, width: int) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    who(there, people, width)  # type: ignore[operator]
    return time.process_time() - cpu, time.perf_counter() - wall


if __name__ == "__main__":
    show(rows(300, 1) if tiny() else rows())
