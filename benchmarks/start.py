"""What it costs to start: load the component and prepare one action, beside importing the official SDK.

``python benchmarks/start.py``. Fresh processes in turns; the time of a bare Python is taken off. Read the ratio.
"""

import os
import statistics
import subprocess
import sys
import time

BARE = "pass"
OURS = """
from twilio_connector.connector.component import load
fields = {"accountSid": "AC" + "0" * 32, "apiKey": "SK" + "0" * 32, "apiSecret": "secret"}
values = {"twilioConnection": {"key": "apiKeySecret", "fields": fields}, "to": "+1555", "from": "+1555", "message": "Hi"}
load("twilio_connector").actions["sendSMS"].prepare(values)
"""
LOADED = 'from twilio_connector.connector.component import load; load("twilio_connector")'
SDK = "import twilio.rest"


def milliseconds(code: str) -> float:
    """One fresh process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Take turns, and print the medians."""
    codes = {"bare Python": BARE, "component loaded": LOADED, "action prepared": OURS, "import twilio.rest": SDK}
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is not compiled starts four times slower
    for code in codes.values():
        milliseconds(code)
    rounds = [[milliseconds(code) for code in codes.values()] for _ in range(15)]
    for name, column in zip(codes, zip(*rounds, strict=True), strict=True):
        print(f"{name:20} {statistics.median(column):7.1f} ms")
    ratio = statistics.median((each[3] - each[0]) / (each[2] - each[0]) for each in rounds)
    print(f"SDK / action prepared {ratio:6.2f} x, bare Python taken off")


if __name__ == "__main__":
    main()
