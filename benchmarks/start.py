"""What it costs to start: whole processes, from nothing to their end. ``python benchmarks/start.py``.

Ours loads the component and names its actions; also checks the inputs of one; also sends a message. Beside it stands a
script with the official SDK's client, which sends the same message over the same TLS, or does not. All is compiled
beforehand: what is not starts four times slower.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable

from loopback import ACCOUNT, TOKEN, Loopback, serving
from measure import Row, row, show, tiny, turns

LISTED = """
from twilio_connector.connector.component import load
actions = load("twilio_connector").actions
assert [action.label for action in actions.values()]
"""
PREPARED = """
connection = {{"key": "basic", "fields": {{"username": "{account}", "password": "{token}", "baseUrl": "{url}"}}}}
values = {{"twilioConnection": connection, "to": "+15551234567", "from": "+15557654321", "message": "Hi"}}
actions["sendSMS"].prepare(values)
"""
RUN = """
from twilio_connector.connector.context import ActionContext
assert actions["sendSMS"].perform(ActionContext(), values).data["sid"]
"""
SDK = """
from twilio.rest import Client
client = Client("{account}", "{token}")
client.api.base_url = "{url}"
messages = client.messages
"""
SDK_RUN = """
assert messages.create(to="+15551234567", from_="+15557654321", body="Hi").sid
"""


def process(code: str, there: Loopback, *, cpu: bool = False) -> Callable[[], float]:
    """Measures a fresh process: its wall time, or its CPU time."""
    text = code.format(account=ACCOUNT, token=TOKEN, url=there.url)

    def measure() -> float:
        before, start = _cpu(), time.perf_counter()
        subprocess.run([sys.executable, "-c", text], check=True)
        return _cpu() - before if cpu else time.perf_counter() - start

    return measure


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def rows(rounds: int = 9) -> list[Row]:
    """Times of a process, in turns."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    codes = (LISTED, LISTED + PREPARED, LISTED + PREPARED + RUN, SDK, SDK + SDK_RUN)
    with serving() as there:
        wall = turns([process(code, there) for code in codes], rounds)
        cpu = turns([process(code, there, cpu=True) for code in codes], rounds)
    works = (
        ("load the component, list its actions, exit", 0, 3, None),
        ("load, prepare one action, exit", 1, 3, 0.5),
        ("load, prepare, run, exit", 2, 4, 0.95),
    )
    beside = {3: "script with the SDK's client", 4: "the same, sends a message"}
    return [
        row(f"{work}: {kind}", beside[theirs], taken[ours], taken[theirs], most=goal, unit="ms")
        for work, ours, theirs, goal in works
        for kind, taken in (("wall", wall), ("CPU", cpu))
    ]


if __name__ == "__main__":
    show(rows(1) if tiny() else rows())
