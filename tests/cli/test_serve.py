import os
import re
import signal
import socket
import subprocess
import sys

import requests


def test_a_port_in_use_is_named_with_its_mend(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("sandbox", "--port", taken.getsockname()[1])
    assert (done.status, done.out) == (2, "")
    assert "choose another port" in done.err
    assert "Traceback" not in done.err


def test_with_a_token_the_host_serves_beyond_loopback_and_lets_only_it_in(run, tmp_path, monkeypatch):
    monkeypatch.setenv("TWILIO_CONNECTOR_DATA", str(tmp_path / "data"))
    token = run("token", "create", "billing").out.strip()
    everywhere = ["--host", "0.0.0.0", "--port", "0", "--metrics-host", "0.0.0.0", "--metrics-port", "0"]  # noqa: S104
    command = [sys.executable, "-m", "twilio_connector.cli", "serve", *everywhere]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            lines = [process.stdout.readline() for _ in range(4)]
            port = re.search(r":(\d+)/login", lines[1])[1]
            metrics = re.search(r"http://\S+/metrics", lines[0])[0]
            url = f"http://127.0.0.1:{port}/api/customers"
            assert requests.get(url, timeout=10).status_code == 401
            bearer = {"authorization": f"Bearer {token}"}
            assert requests.get(url, timeout=10, headers=bearer).json() == {"items": [], "next": None}
            assert requests.get(f"http://127.0.0.1:{port}/", timeout=10, headers=bearer).status_code == 401
            for address in (metrics, f"http://127.0.0.1:{port}/metrics"):
                assert requests.get(address, timeout=10).status_code == 401
                assert "twilio_connector_queue_depth" in requests.get(address, timeout=10, headers=bearer).text
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


def test_a_worker_without_a_public_address_is_refused_with_the_mend(run, tmp_path, monkeypatch):
    monkeypatch.delenv("TWILIO_CONNECTOR_PUBLIC_URL", raising=False)
    done = run("worker", "--data", tmp_path)
    assert done.status == 2
    assert "TWILIO_CONNECTOR_PUBLIC_URL" in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_backup_on_postgres_points_to_its_own_tools(run, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    done = run("backup", tmp_path / "copies")
    assert done.status == 2
    assert "pg_dump" in done.err
