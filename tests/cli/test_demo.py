import re
import signal
import subprocess
import sys

import pytest
import requests
from twilio_connector.cli import demo
from twilio_connector.cli.demo import DemoFailed, Narrator

COMMAND = [sys.executable, "-m", "twilio_connector.cli"]


def test_one_conversation_is_shown_and_read_back(run):
    done = run("demo", "--once")
    assert (done.status, done.err) == (0, "")
    assert "+14155550123 → +14155550100   When are you open?" in done.out
    assert "+14155550123 ← +14155550100   We are here 9 to 5" in done.out
    assert "Read back from the database: 'When are you open?" in done.out


def test_without_a_reply_it_fails(monkeypatch):
    monkeypatch.setattr(demo, "PATIENCE", 0.5)
    with demo.stage() as stage:
        stage.twilio.state.faults.add("status", method="POST", status=503, times=None)
        with pytest.raises(DemoFailed, match="no reply within"):
            demo.converse(stage, Narrator())


def test_another_text_in_the_database_fails(monkeypatch):
    with demo.stage() as stage:
        narrator = Narrator()
        stage.twilio.state.subscribe(narrator)
        execution = demo.converse(stage, narrator)
        monkeypatch.setattr(demo, "QUESTION", "another")
        with pytest.raises(DemoFailed, match="the database holds"):
            demo.read_back(stage, execution)


@pytest.fixture
def start(tmp_path):
    """Start the command and wait for a line of it; killed at the end if it is still there."""
    started = []

    def start_command(*arguments, until):
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        started.append(process)
        return process, next(found for line in process.stdout if (found := re.search(until, line)))

    yield start_command
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_host_serves_until_it_is_told_to_stop(start, tmp_path, stop):
    process, link = start("serve", "--port", "0", "--data", tmp_path / "data", until=r"http://\S+/login\?token=\S+")
    with requests.Session() as browser:
        page = browser.get(link[0], timeout=10)
        assert page.status_code == 200
        assert "Connections" in page.text
    process.send_signal(stop)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, ""), out


def test_a_used_login_link_opens_nothing(start, tmp_path):
    _, link = start("serve", "--port", "0", "--data", tmp_path / "data", until=r"http://\S+/login\?token=\S+")
    assert requests.get(link[0], timeout=10).status_code == 200
    assert requests.get(link[0], timeout=10).status_code == 401


def test_a_port_in_use_is_an_input_error(run, start):
    _, url = start("sandbox", until=r"http://127\.0\.0\.1:(\d+)/phone")
    done = run("serve", "--port", url[1])
    assert done.status == 2
    assert "choose another port" in done.err


def test_the_demonstration_ends_with_control_c(start):
    process, _ = start("demo", until="Ctrl-C ends it")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
