"""``send``: to everybody in a file, to nobody twice, also when it is killed."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from twilio_connector.connector.journal import FileJournal

CSV = "Phone;Name\n+15551234567;Ada\n+15005550001;Bob\n"
TEXT = ("--body", "Hi {{Name}}")


@pytest.fixture
def recipients(tmp_path):
    path = tmp_path / "recipients.csv"
    path.write_text(CSV, encoding="utf-8-sig")
    return path


@pytest.fixture
def send(run, twilio, recipients, connection):
    twilio.state.reset()

    def send(*options):
        return run("send", recipients, "--from", twilio.number, *TEXT, "--connection", connection, *options)

    return send


def rows(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_each_gets_a_message_and_a_row_of_the_results_and_errors_are_counted_by_code(send, twilio, recipients):
    done = send()
    results = recipients.with_name("recipients.csv.results.csv")
    assert done.status == 4
    expected = {"sent": 1, "notSent": 1, "unknown": 0, "errors": {"21211": 1}, "results": str(results)}
    assert done.json["data"] == expected
    assert "1 × error 21211" in done.err
    assert [message.body for message in twilio.state.messages()] == ["Hi Ada"]
    sent, refused = sorted(rows(results), key=lambda row: int(row["line"]))
    assert (sent["line"], sent["sid"][:2], sent["status"]) == ("2", "SM", "queued")
    assert (refused["line"], refused["status"], refused["errorCode"]) == ("3", "notSent", "21211")
    assert refused["link"].startswith("https://www.twilio.com/")


def test_all_sent_is_status_0(send, recipients):
    recipients.write_text("to,Name\n+15551234567,Ada\n")
    assert send().status == 0


def test_a_second_run_needs_to_be_told_to_resume_and_then_sends_nothing_again(send, twilio):
    first = send()
    again = send()
    assert (again.status, "--resume goes on with it" in again.err) == (2, True)
    assert send("--resume").json == first.json
    assert len(twilio.state.messages()) == 1


def test_bad_rows_are_told_by_line_before_anything_is_sent_and_leave_no_file(send, twilio, recipients):
    recipients.write_text("to,Name\n,Ada\n+15551234567,\nfoo;bar,x\n")
    told = send("--body", "{{Name}}")
    assert told.status == 2
    assert "line 2: has no number; line 3: body: is empty; line 4: to: " in told.err
    assert not twilio.state.messages()
    assert sorted(path.name for path in recipients.parent.iterdir()) == ["connection.json", "recipients.csv"]


def test_a_dry_run_counts_segments_and_their_price_without_a_connection(run, recipients):
    shown = run(
        "send", recipients, "--from", "+15557654321", "--body", "Hi {{Name}} 👍", "--dry-run", "--price", "0.01"
    )
    expected = {"recipients": 2, "segments": 2, "encodings": {"UCS-2": 2}, "forceUcs2": {"👍": 2}, "price": 0.02}
    assert (shown.status, shown.json["data"]) == (0, expected)


def test_a_dry_run_takes_the_price_that_the_account_paid_lately(send, twilio, recipients):
    assert send().status == 4
    wait_until_priced(twilio)
    shown = send("--dry-run")
    paid = -float(twilio.state.messages()[0].price)
    data = shown.json["data"]
    assert (data["segmentPrice"], data["price"], data["priceUnit"]) == (paid, round(2 * paid, 6), "USD")
    assert "give --price for another" in shown.err


def test_a_dry_run_without_a_price_says_how_to_give_one(run, recipients):
    shown = run("send", recipients, "--from", "+15557654321", "--body", "Hi", "--dry-run")
    assert (shown.status, shown.json["data"]["price"]) == (0, None)
    assert "give --price" in shown.err


def wait_until_priced(twilio):
    for _ in range(200):
        if all(message.price for message in twilio.state.messages()):
            return
        time.sleep(0.05)


def test_two_at_once_are_refused(send, recipients):
    journal = recipients.with_name("recipients.csv.results.csv.journal")
    script = f"import fcntl,time; f=open({str(journal)!r},'a'); fcntl.flock(f,2); print(1,flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        refused = send("--resume")
        other.kill()
    assert (refused.status, "another process is sending" in refused.err) == (2, True)


@pytest.mark.parametrize("content", [b"\xff\xfe", b""])
def test_what_is_no_csv_is_bad_input(send, recipients, content):
    recipients.write_bytes(content)
    assert send().status == 2


def test_results_that_cannot_be_written_are_told_before_anything_is_sent(send, twilio, tmp_path):
    told = send("--results", tmp_path / "nowhere" / "results.csv")
    assert (told.status, "results: " in told.err) == (2, True)
    assert not twilio.state.messages()


def send_and_kill(command, twilio, enough):
    """Start it, and kill it once so many messages were taken; its status if it ended before."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and len(twilio.state.messages()) < enough:
            time.sleep(0.002)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
    return process.returncode


def killed_again_and_again(twilio, connection, folder, *, count, each):
    """Kill it whenever so many more were taken, until it ends by itself; how often."""
    twilio.state.reset()
    twilio.state.faults.add("slow", method="POST", path="*/Messages*", times=None, rate=0.2, seconds=0.1)
    path = folder / "recipients.csv"
    path.write_text("to,Name\n" + "".join(f"+1555{number:07},N{number}\n" for number in range(count)))
    base = [sys.executable, "-m", "twilio_connector.cli", "send", str(path), "--from", twilio.number, *TEXT]
    kills = 0
    while send_and_kill([*base, "--connection", str(connection), "--resume"], twilio, each * (kills + 1)):
        kills += 1
    twilio.state.faults.clear()
    assert Counter(message.body for message in twilio.state.messages()) == {f"Hi N{n}": 1 for n in range(count)}
    assert sorted(int(row["line"]) for row in rows(folder / "recipients.csv.results.csv")) == list(range(2, count + 2))
    sids = {message.sid for message in twilio.state.messages()}
    assert {row["sid"] for row in rows(folder / "recipients.csv.results.csv")} == sids
    return kills


def test_killed_with_9_and_resumed_it_sends_to_nobody_twice(twilio, connection, tmp_path):
    assert killed_again_and_again(twilio, connection, tmp_path, count=60, each=25) >= 2


@pytest.mark.soak
def test_killed_with_9_thirty_times_it_sends_to_nobody_twice(twilio, connection, tmp_path):
    assert killed_again_and_again(twilio, connection, tmp_path, count=1500, each=50) >= 25
    assert len(json.loads(connection.read_text())) == 2
    assert sum(1 for _ in FileJournal(tmp_path / "recipients.csv.results.csv.journal").read()) > 3000
