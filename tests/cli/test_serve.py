import socket


def test_a_port_in_use_is_named_with_its_mend(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("sandbox", "--port", taken.getsockname()[1])
    assert (done.status, done.out) == (2, "")
    assert "choose another port" in done.err
    assert "Traceback" not in done.err
