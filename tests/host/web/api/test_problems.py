"""Every bad form of a request has one shape of answer, which says what to mend."""

import pytest

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"{", JSON, 400, "not JSON at line 1"),
        (b"\xff", JSON, 400, "not JSON"),
        (b"", JSON, 400, "not JSON"),
        (b"[" * 100_000, JSON, 400, "not JSON"),
        (b'{"name": NaN}', JSON, 400, "not JSON"),
        (b'{"name": ' + b"9" * 5000 + b"}", JSON, 400, "not JSON"),
        (b'{"name": "\\ud800"}', JSON, 400, "half a surrogate"),
        (b"[]", JSON, 422, "body: input should be"),
        (b"{}", JSON, 422, "name: field required"),
        (b'{"name": "x", "nmae": "x"}', JSON, 422, ""),
        (b"name=x", {"content-type": "application/x-www-form-urlencoded"}, 415, "application/json"),
        (b"{}", {"content-type": "text/plain"}, 415, "application/json"),
        (b"x" * (1 << 20) + b"x", JSON, 413, "larger than"),
    ],
)
def test_a_body_that_is_wrong_is_told_where(api, body, headers, status, said):
    answer = api.post("/api/connections", content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert {"type", "title", "detail", "kind", "mend"} <= problem.keys()
    assert said in problem["detail"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/executions?limit=0", 422), ("/api/executions?limit=x", 422), ("/api/executions?status=odd", 422),
     ("/api/executions?odd=1", 422), ("/api/customers?odd=1", 422), ("/api/connections/none", 404),
     ("/api/connections/%00", 404), ("/api/instances/none", 404), ("/api/executions/none", 404),
     ("/api/integrations/versions/none", 404), ("/api/components/none", 404), ("/api/none", 404), ("/api//customers", 404),
     ("/api/customers%0A", 404), ("/api/components/%0A", 404)],
)  # fmt: skip
def test_an_address_or_a_query_that_is_wrong_is_told(api, path, status):
    assert api.get(path).status_code == status


def test_a_method_that_is_not_there_says_which_are(api):
    answer = api.delete("/api/connections")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


def test_what_the_hosts_rules_refuse_names_the_field(api, connection):
    again = api.post("/api/connections", json={k: connection[k] for k in ("name", "component", "key", "fields")})
    assert (again.status_code, again.json()["field"]) == (424, "secret")
    odd = {
        "name": "x",
        "component": "acme",
        "key": "token",
        "fields": {"accountSid": "wrong", "secret": "s3cret-s3cret"},
    }
    problem = api.post("/api/connections", json=odd).json()
    assert (problem["status"], problem["kind"], problem["field"]) == (424, "connection", "accountSid")
    assert "s3cret-s3cret" not in str(problem)


BUFFER = {"type": "Buffer", "data": [300]}
CONNECTION = {"name": "x", "component": "acme", "key": "token", "fields": {}}


@pytest.mark.parametrize(
    ("address", "body", "field"),
    [
        ("POST connections", CONNECTION | {"reservedFor": ["nobody"]}, "reservedFor"),
        ("POST connections", {"name": "x", "component": "acme", "key": "token"}, "fields"),
        ("PUT customers", {"externalId": " "}, "externalId"),
        ("PUT customers", {"externalId": "a", "name": "\0"}, "name"),
        ("POST customers/{customer}/users", {"externalId": " "}, "externalId"),
        ("POST customers/{customer}/users", {"externalId": "u", "email": "\0"}, "email"),
        ("POST instances", {"customer": "acme", "versionId": "none"}, "versionId"),
        ("POST instances", {"customer": " ", "versionId": "{version}"}, "customer"),
        ("POST instances", {"customer": "new", "customerName": "\0", "versionId": "{version}"}, "customerName"),
        ("POST instances", {"customer": "new", "name": "\0", "versionId": "{version}"}, "name"),
        ("POST integrations", {"files": {"a": BUFFER}}, "files.a.data.0"),
        ("POST integrations", {"files": {"a": {"type": "Buffer"}}}, "files.a.data"),
        ("POST integrations", {"files": {"a": {"type": "Bufer", "data": []}}}, "files.a.type"),
        ("POST integrations", {"files": {"a": 1}}, "files.a"),
        ("POST integrations", {"files": {"a": "x"}, "fil": "a"}, "fil"),
        ("POST components/acme/actions/send", {"connection": {"key": "token"}}, "connection.fields"),
    ],
)  # fmt: skip
def test_the_field_that_is_told_is_the_one_that_was_sent(api, host, address, body, field):
    customer = host.customers.put("acme").id
    version = host.integrations.publish_upload({"integration.yaml": PLAIN}).id
    sent = {key: version if value == "{version}" else value for key, value in body.items()}
    method, path = address.format(customer=customer).split()
    problem = api.request(method, f"/api/{path}", json=sent).json()
    assert (problem["status"], problem["field"]) == (422, field)
    assert problem["detail"].startswith(f"{field}: ")
    assert host.store.customers.known("new") is None


PLAIN = b"""
definitionVersion: 7
name: Plain
flows:
  - name: Inbound
    steps:
      - name: Trigger
        isTrigger: true
        action: {component: {key: webhook-triggers, isPublic: true, version: LATEST}, key: webhook}
"""


def test_what_nobody_expected_is_told_as_that_alone(api, host, monkeypatch, caplog):
    def broken():
        raise ZeroDivisionError("the inside")

    monkeypatch.setattr(type(host.store.customers), "all", lambda _: broken())
    answer = api.get("/api/customers")
    assert (answer.status_code, answer.json()["kind"]) == (500, "error")
    assert "the inside" not in answer.text
    assert "the inside" in caplog.text
