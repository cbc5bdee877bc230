"""What it costs to run the host: from the command to the first page, and the memory that it then holds while nothing happens.

``python benchmarks/start_host.py``. Fresh processes on SQLite, medians; the first start, which makes the data
directory, is told apart. The processor's seconds are what a busy machine does not change.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

ROUNDS = 5
IDLE = 3.0
COMMAND = [sys.executable, "-c", "from twilio_connector.cli.main import main; main()"]


def start(data: Path, *arguments: str) -> tuple[float, float, float]:
    """Seconds until it answers a page, or says that it works; the processor's; resident megabytes once it is idle."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serves = arguments[0] == "serve"
    options = ["--port", str(port)] if serves else ["--public-url", "https://host.example"]
    began = time.perf_counter()
    process = subprocess.Popen([*COMMAND, *arguments, *options, "--data", str(data)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        if serves:
            while not answers(f"http://127.0.0.1:{port}/login"):
                time.sleep(0.005)
        else:
            process.stdout.readline()
        seconds, busy = time.perf_counter() - began, processor(process.pid)
        time.sleep(IDLE)
        return seconds, busy, resident(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def answers(url: str) -> bool:
    """A page that asks for a login is a page."""
    try:
        urlopen(url, timeout=5).close()
    except HTTPError:
        return True
    except URLError:
        return False
    return True


def processor(pid: int) -> float:
    """Seconds that it has computed, in user and system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """Megabytes."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Start each in turn, and print."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(f"{'':<24}{'to first page':>16}{'processor':>14}{'idle memory':>14}")
    for arguments in (("serve",), ("serve", "--no-work"), ("worker",)):
        with tempfile.TemporaryDirectory() as folder:
            first, *_ = start(Path(folder), *arguments)
            rounds = [start(Path(folder), *arguments) for _ in range(ROUNDS)]
        seconds, busy, memory = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(
            f"{' '.join(arguments):<24}{seconds:>14.2f} s{busy:>12.2f} s{memory:>11.0f} MB  (new data: {first:.2f} s)"
        )


if __name__ == "__main__":
    main()
