"""The command, by a clock that is wrong: the file SOAK_CLOCK holds by how many seconds, and is read again and again.

The machine's own clock stays right. ``python stepped.py serve …`` is ``twilio-connector serve …``.
"""

import os
import sys
import threading
import time
from contextlib import suppress
from datetime import datetime, tzinfo
from pathlib import Path

LOOK = 0.25  # seconds
_time, _time_ns = time.time, time.time_ns
_wrong = 0.0


class Stepped(datetime):
    """Only its ``now`` is another."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.fromtimestamp(time.time(), tz)


def look(file: Path) -> None:
    global _wrong  # noqa: PLW0603 -- a clock is one
    with suppress(OSError, ValueError):
        _wrong = float(file.read_text())


def look_forever(file: Path) -> None:
    while True:
        look(file)
        time.sleep(LOOK)


def main() -> None:
    file = Path(os.environ["SOAK_CLOCK"])
    look(file)
    threading.Thread(target=look_forever, args=(file,), daemon=True).start()
    time.time = lambda: _time() + _wrong
    time.time_ns = lambda: _time_ns() + int(_wrong * 1e9)
    from twilio_connector.connector import context

    context.datetime = Stepped
    from twilio_connector.cli.main import main as command

    command()


if __name__ == "__main__":
    sys.path.pop(0)  # this folder's modules are nobody's
    main()
