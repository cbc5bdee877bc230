"""Actions over HTTP, for platforms that have no connector of their own."""

import pytest

DRAWER = {"key": "drawer", "fields": {"secret": "5ecret-of-the-drawer"}}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "till.txt"


@pytest.fixture
def run(api, file):
    def call(action="charge", key=None, connection=DRAWER, **inputs):
        headers = {"idempotency-key": key} if key is not None else {}
        body = {"connection": connection, "inputs": {"file": str(file)} | inputs}
        return api.post(f"/api/components/till/actions/{action}", json=body, headers=headers)

    return call


def test_an_action_runs_with_a_connection_that_is_kept_or_given(api, run, host, file):
    assert run().json()["data"]["number"] == "1"
    kept = host.connections.add(
        name="Drawer", component="till", key="drawer", fields={"secret": "5ecret-of-the-drawer"}
    )
    assert run(connection="Drawer").json() == {"data": {"number": "2", "secret": "[secret]"}}
    assert run(connection=kept.id).json()["data"]["number"] == "3"
    assert file.read_text() == "charged\n" * 3


def test_bytes_are_as_the_platform_has_them(run, file):
    file.write_bytes(b"Ex")
    assert run("read").json() == {"data": {"type": "Buffer", "data": [69, 120]}}


def test_a_key_makes_a_repeated_call_give_the_first_result(run, file):
    first, again = run(key="7f1c"), run(key="7f1c")
    assert first.json() == again.json()
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert run(key="7f1c", text="other").status_code == 422
    assert file.read_text() == "charged\n"


@pytest.mark.parametrize("key", ["", " ", "x" * 256])
def test_a_key_that_is_none_is_refused_before_anything_is_done(run, file, key):
    assert run(key=key).status_code == 422
    assert not file.exists()


@pytest.mark.parametrize(
    ("kind", "status"),
    [("input", 422), ("connection", 424), ("refused", 409), ("retry", 503), ("unknown", 502), ("boom", 500)],
)
def test_the_status_says_what_to_do_next(run, file, kind, status):
    file.with_suffix(".fail").write_text(kind)
    answer = run()
    assert (answer.status_code, answer.json()["kind"]) == (status, "failed" if kind == "boom" else kind)
    assert answer.json()["mend"]


@pytest.mark.parametrize(
    ("connection", "status", "field"),
    [(None, 422, "drawer"), ("none", 422, "connection"), ({"key": "odd", "fields": {}}, 424, "key"),
     ({"key": "drawer", "fields": {}}, 424, "secret"), ({"fields": {}}, 422, None), (5, 422, None)],
)  # fmt: skip
def test_a_connection_that_is_wrong_is_told(run, file, connection, status, field):
    answer = run(connection=connection)
    assert answer.status_code == status
    if field:
        assert answer.json()["field"] == field
    assert not file.exists()


def test_a_data_source_offers_its_choices(api, file):
    file.write_text("a\nb\n")
    body = {"connection": DRAWER, "inputs": {"file": str(file)}}
    answer = api.post("/api/components/till/data-sources/lines", json=body)
    assert answer.json() == {"result": [{"label": "a", "key": "a"}, {"label": "b", "key": "b"}]}


@pytest.mark.parametrize(
    "path", ["till/actions/none", "none/actions/charge", "till/data-sources/none", "till/triggers/x"]
)
def test_what_is_not_installed_is_not_found(api, path):
    assert api.post(f"/api/components/{path}", json={}).status_code == 404
