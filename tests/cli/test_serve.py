import socket


def test_a_port_in_use_is_named_with_its_mend(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("sandbox", "--port", taken.getsockname()[1])
    assert (done.status, done.out) == (2, "")
    assert "choose another port" in done.err
    assert "Traceback" not in done.err


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
