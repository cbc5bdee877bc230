import re
from urllib.parse import quote_plus

import pytest
from starlette.testclient import TestClient
from twilio_connector.connector.context import utc_now
from twilio_connector.host.receiving.inbox import Inbound
from twilio_connector.host.store import portable
from twilio_connector.host.store.executions import end, run_as
from twilio_connector.host.store.steps import StepRow, end_step
from twilio_connector.host.web.app import create_app

NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
SECRET = "5ecret-of-the-account-9f2"
FIELDS = {"accountSid": "AC" + "0" * 32, "secret": SECRET}
PAGES = [
    "/",
    "/connections",
    "/connections/new",
    "/connections/new?type=acme.token",
    "/customers",
    "/instances",
    "/executions",
]
CATALOGUE = ["/components", "/components/acme", "/components/acme/actions/look"]


@pytest.fixture
def execution(web_host, instance):
    """One that ended, every text of it hostile."""
    (endpoint,) = web_host.store.instances.endpoints(instance.id)
    item = Inbound(
        execution_id="01a1fd9e-0000-7000-8000-000000000000",
        endpoint_id=endpoint.id,
        instance_id=instance.id,
        version_id=instance.version_id,
        flow=f"Flow {NASTY}",
        payload=portable.dumps({"body": {"data": {NASTY: NASTY}}, "rawBody": {"data": NASTY.encode()}}),
    )
    web_host.inbox.accept_now(item)
    web_host.store.executions.claim("x", utc_now(), 1)
    error = {"kind": "refused", "message": NASTY, "code": 21211, "moreInfo": "javascript:alert(1)", "requestId": NASTY}
    row = StepRow(
        execution_id=item.execution_id,
        flow_attempt=1,
        path="sendReply",
        attempt=1,
        name=NASTY,
        component=NASTY,
        action=NASTY,
        status="failed",
        inputs=portable.dumps({"to": NASTY}),
        output=portable.dumps([NASTY * 50]),
        error=error,
        started_at=utc_now(),
        ended_at=utc_now(),
    )
    with web_host.store.engine.begin() as database:
        end_step(database, row)
        end(database, item.execution_id, 1, "x", status="failed", now=utc_now(), error=error)
    return item.execution_id


# ── who may come in ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path", [*PAGES, *CATALOGUE, "/executions/x", "/nothing", "//connections", "/connections/../connections"]
)
def test_strangers_see_only_where_to_sign_in(stranger, connection, path):
    answer = stranger.get(path)
    assert answer.status_code == 401
    assert "sign-in link" in answer.text
    assert "Main account" not in answer.text


def test_the_link_signs_in_once_and_leads_to_the_overview(stranger, access):
    link = f"/login?token={access.new_token()}"
    answer = stranger.get(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert re.search(r"HttpOnly.*SameSite=strict", answer.headers["set-cookie"], re.IGNORECASE)
    assert stranger.get("/").status_code == 200
    stranger.cookies.clear()
    used = stranger.get(link)
    assert used.status_code == 401
    assert "used already" in used.text
    assert "start the command again" in used.text


def test_looking_ahead_does_not_use_up_the_link(stranger, access):
    link = f"/login?token={access.new_token()}"
    stranger.head(link)
    stranger.get(link, headers={"sec-purpose": "prefetch;prerender"})
    assert stranger.get(link).status_code == 303


def test_a_link_opened_from_another_site_signs_in_too(stranger, access):
    answer = stranger.get(f"/login?token={access.new_token()}", headers={"sec-fetch-site": "cross-site"})
    assert (answer.status_code, answer.headers["refresh"]) == (200, "0; url=/")


def test_a_used_link_takes_whoever_is_signed_in_to_the_overview(client):
    assert client.get("/login?token=used").headers["location"] == "/"


def test_wrong_tokens_are_answered_ever_more_slowly(web_host, access):
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    with TestClient(create_app(web_host, access, sleep=sleep), base_url="http://127.0.0.1") as visitor:
        for _ in range(7):
            visitor.get("/login?token=guess")
    assert waited == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


def test_a_new_link_can_be_made_by_whoever_is_signed_in(client):
    page = client.post("/login/link").text
    link = re.search(r'value="http://127.0.0.1:8000(/login\?token=[\w-]+)"', page)
    assert link
    client.cookies.clear()
    assert client.get(link[1]).status_code == 303


def test_signing_out_ends_the_session(client, access):
    cookie = client.cookies[access.cookie]
    assert client.post("/logout").status_code == 401
    client.cookies.set(access.cookie, cookie)
    assert client.get("/").status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "hooks.example.com", "127.0.0.1.evil.example:8000"])
def test_pages_answer_on_no_other_name_not_even_the_public_one(client, host):
    answer = client.get("/connections", headers={"host": host})
    assert answer.status_code == 421
    assert "Main account" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "", "origin": "http://evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/customers", "/connections", "/logout", "/login/link", "/instances/x/pause"])
def test_another_sites_form_changes_nothing(client, web_host, headers, path):
    answer = client.post(path, data={"name": "Evil", "externalId": "evil"}, headers=headers)
    assert answer.status_code == 403
    assert web_host.store.customers.all() == []
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", "application/json"])
def test_a_form_of_another_kind_is_refused(client, content_type):
    answer = client.post("/customers", content=b"name=a&externalId=b", headers={"content-type": content_type})
    assert answer.status_code == 415


def test_a_form_too_large_is_refused(client):
    assert client.post("/customers", content=b"name=" + b"x" * (1 << 20)).status_code == 413


def test_changing_needs_the_right_method(client, connection):
    assert client.get(f"/connections/{connection.id}/delete").status_code == 405
    assert client.post("/").status_code == 405


# ── what every answer carries ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/", "/nothing", "/login", "/static/host.css", "/static/none", "/connections/x"])
def test_every_answer_is_strict(client, path):
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert not any("unsafe" in source or "http" in source or "*" in source for source in policy.values())
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")


@pytest.mark.parametrize("path", [*PAGES, *CATALOGUE])
def test_pages_need_nothing_from_elsewhere_and_no_inline_code(client, instance, execution, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<style|<[^<>]*\s(style|on\w+)=|<script(?! src=\"/static/)", answer.text)
    assert not re.search(r"(src|<link[^>]*href)=\"(?!/(static|components)/)", answer.text)


def test_style_and_script_may_be_kept_as_long_as_they_are_the_same(client):
    address = re.search(r'href="(/static/host.css\?v=\w+)"', client.get("/").text)
    assert address
    assert "immutable" in client.get(address[1]).headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd"]
)
def test_static_files_are_those_of_the_folder(client, path):
    assert client.get(path).status_code in {404, 401}


def test_a_fault_shows_no_inside(client, web_host, monkeypatch):
    def broken(_self, **_):
        message = f"inside {SECRET}"
        raise RuntimeError(message)

    monkeypatch.setattr(type(web_host.store.customers), "all", broken)
    answer = client.get("/customers")
    assert answer.status_code == 500
    assert "inside" not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"


# ── what the pages show ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", PAGES[:2] + PAGES[4:])
def test_empty_pages_say_what_to_do(client, path):
    page = client.get(path).text
    assert re.search(r"Three steps|There is no|Nothing", page)


def test_nothing_that_came_from_outside_is_markup(client, web_host, instance, execution):
    web_host.store.customers.ensure(NASTY, NASTY)
    web_host.store.connections.add(
        name=NASTY, component="acme", key="token", seal=lambda i: web_host.vault.seal(i, FIELDS)
    )
    (endpoint,) = web_host.store.instances.endpoints(instance.id)
    with web_host.store.engine.begin() as connection:
        given = {"reason": NASTY, "method": NASTY[:16], "source": NASTY}
        web_host.store.refusals.write(connection, endpoint_id=endpoint.id, **given)
    for path in [*PAGES, f"/instances/{instance.id}", f"/executions/{execution}", "/?done=" + quote_plus(NASTY)]:
        page = client.get(path).text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert 'href="javascript:' not in page, path


def test_secrets_are_on_no_page(client, connection, instance, execution):
    for path in [*PAGES, f"/connections/{connection.id}", f"/instances/{instance.id}", f"/executions/{execution}"]:
        assert SECRET not in client.get(path).text, path


def test_a_connection_is_made_and_tested_in_one_go(client, web_host):
    form = FIELDS | {"_type": "acme.token", "_name": "Main", "tags": "a\r\nb", "headers.key": "X", "headers.value": "1"}
    answer = client.post("/connections", data=form | {"_then": "test"})
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert "It works" in page
    assert "Reaches Acme&#39;s account of the tests." in page
    (record,) = web_host.store.connections.all()
    assert web_host.vault.unseal(record.id, record.secret) == FIELDS | {
        "sandboxed": "false",
        "tags": ["a", "b"],
        "headers": [{"key": "X", "value": "1"}],
    }


def test_a_wrong_form_says_beside_each_field_what_is_wrong(client, web_host):
    form = {"_type": "acme.token", "_name": "", "accountSid": "SK1", "secret": ""}
    answer = client.post("/connections", data=form)
    assert answer.status_code == 400
    assert 'id="accountSid-error">Must be AC…' in answer.text
    assert 'id="secret-error">Is required.' in answer.text
    assert 'value="SK1"' in answer.text
    assert 'aria-describedby="accountSid-help accountSid-error"' in answer.text
    assert '<a href="#accountSid">' in answer.text
    assert web_host.store.connections.all() == []


def test_a_secret_typed_into_a_wrong_form_is_not_sent_back(client):
    form = {"_type": "acme.token", "_name": "x", "accountSid": "SK1", "secret": SECRET}
    assert SECRET not in client.post("/connections", data=form).text


def test_a_name_in_use_is_told_at_the_name(client, connection):
    form = FIELDS | {"_type": "acme.token", "_name": "Main account"}
    assert 'id="_name-error">Another connection is called' in client.post("/connections", data=form).text


def test_a_secret_left_empty_is_kept_and_one_ticked_is_forgotten(client, web_host, connection):
    path = f"/connections/{connection.id}"
    client.post(path, data=FIELDS | {"_name": "Main account", "second": "older-secret"})
    client.post(path, data={"_name": "Renamed", "accountSid": FIELDS["accountSid"]})
    kept = web_host.store.connections.require(connection.id)
    assert kept.name == "Renamed"
    assert web_host.vault.unseal(kept.id, kept.secret)["second"] == "older-secret"
    client.post(path, data={"_name": "Renamed", "accountSid": FIELDS["accountSid"], "second.forget": "true"})
    fields = web_host.vault.unseal(kept.id, web_host.store.connections.require(connection.id).secret)
    assert fields["secret"] == SECRET
    assert "second" not in fields


def test_a_failed_test_says_why(client, web_host):
    bad = web_host.connections.add(
        name="Bad", component="acme", key="token", fields=FIELDS | {"secret": "wrong-secret"}
    )
    client.post(f"/connections/{bad.id}/test")
    page = client.get(f"/connections/{bad.id}").text
    assert "It does not work" in page
    assert "The auth token is not this account&#39;s." in page


def test_a_connection_in_use_cannot_be_deleted(client, connection, instance):
    answer = client.post(f"/connections/{connection.id}/delete")
    assert answer.status_code == 409
    assert "Auto reply" in answer.text
    assert client.get(f"/connections/{connection.id}").status_code == 200


def test_a_connection_that_nobody_uses_can_be_deleted(client, connection):
    answer = client.post(f"/connections/{connection.id}/delete")
    assert answer.headers["location"] == "/connections?done=deleted"
    assert "was deleted" in client.get("/connections?done=deleted").text
    assert client.get(f"/connections/{connection.id}").status_code == 404


def test_customers_are_added_once(client, web_host):
    assert client.post("/customers", data={"name": " Acme ", "externalId": " acme "}).status_code == 303
    assert [(c.name, c.external_id) for c in web_host.store.customers.all()] == [("Acme", "acme")]
    again = client.post("/customers", data={"name": "Other", "externalId": "acme"})
    assert again.status_code == 400
    assert "Another customer has this external id" in again.text
    assert client.post("/customers", data={"name": "", "externalId": "x" * 256}).text.count('class="error"') == 2
    odd = client.post("/customers", data={"name": "a\0b", "externalId": "x\0"})
    assert (odd.status_code, odd.text.count('class="error"')) == (400, 2)


@pytest.fixture
def users(web_host):
    """Of one customer, and of another."""
    acme, other = web_host.store.customers.ensure("acme", "Acme Inc."), web_host.store.customers.ensure("other")
    ada = web_host.users.add(acme.id, external_id="ada", name="Ada")
    return acme, ada, web_host.users.add(other.id, external_id="eve")


def test_a_customers_users_are_listed_added_and_removed(client, web_host, users):
    acme, ada, eve = users
    page = f"/customers/{acme.id}"
    assert page in client.get("/customers").text
    added = client.post(f"{page}/users", data={"externalId": " bob ", "email": "bob@example.com"})
    assert added.headers["location"] == f"{page}?done=added"
    assert [user.external_id for user in web_host.store.users.of(acme.id)] == ["ada", "bob"]
    shown = client.get(page).text
    assert "bob@example.com" in shown
    assert "eve" not in shown
    again = client.post(f"{page}/users", data={"externalId": "bob"})
    assert (again.status_code, "has a user &#39;bob&#39; already" in again.text) == (400, True)
    assert client.post(f"{page}/users", data={"externalId": ""}).text.count('class="error"') == 1
    assert client.post(f"{page}/users/remove", data={"user": eve.id}).status_code == 404
    assert client.post(f"{page}/users/remove", data={"user": ada.id}).status_code == 303
    assert [user.external_id for user in web_host.store.users.of(acme.id)] == ["bob"]
    assert client.get("/customers/nobody").status_code == 404


def test_a_connection_is_reserved_in_its_form(client, web_host, connection, users):
    acme, ada, eve = users
    page, fields = f"/connections/{connection.id}", {"_name": "Main account", "accountSid": FIELDS["accountSid"]}
    assert client.get(page).text.count('name="_reserved"') == 2
    saved = client.post(page, data=fields | {"_reserves": "true", "_reserved": [ada.id, eve.id]})
    assert saved.status_code == 303
    assert set(web_host.store.connections.get(connection.id).reserved_for) == {ada.id, eve.id}
    assert client.get(page).text.count(" checked> ") == 2
    refused = client.post(f"/customers/{acme.id}/users/remove", data={"user": ada.id})
    assert (refused.status_code, "Main account" in refused.text) == (409, True)
    client.post(page, data=fields)  # a form without the choice changes nothing of it
    assert len(web_host.store.connections.get(connection.id).reserved_for) == 2
    wrong = client.post(page, data=fields | {"_reserves": "true", "_reserved": "nobody"})
    assert (wrong.status_code, "there is no user" in wrong.text.lower()) == (400, True)
    client.post(page, data=fields | {"_reserves": "true"})
    assert web_host.store.connections.get(connection.id).reserved_for == []


def test_a_new_connection_is_reserved_from_the_start(client, web_host, users):
    _, ada, _ = users
    values = FIELDS | {"_type": "acme.token", "_name": "Hers", "_reserves": "true", "_reserved": ada.id}
    assert client.post("/connections", data=values).status_code == 303
    assert web_host.store.connections.named("Hers").reserved_for == [ada.id]


def test_an_instance_says_as_whom_a_flow_runs(client, web_host, definition, connection, tmp_path):
    file = tmp_path / "integration.yaml"
    file.write_text(
        definition.replace("    description: Someone", "    runAs: {type: user, value: ada}\n    description: Someone")
    )
    deployed = web_host.instances.deploy(file, customer="acme", config={"Acme account": "Main account"})
    assert "runs as ada" in client.get(f"/instances/{deployed.id}").text


def test_an_execution_says_as_whom_it_runs(client, web_host, execution, users):
    _, ada, _ = users
    for name, told in ((ada.id, "Ada"), ("system", "the system"), ("gone", "a user who was removed")):
        with web_host.store.engine.begin() as database:
            run_as(database, execution, name)
        page = client.get(f"/executions/{execution}").text
        assert "Runs as" in page
        assert told in page


def test_an_instance_shows_address_steps_and_configuration(client, web_host, instance):
    page = client.get(f"/instances/{instance.id}").text
    assert f'value="{web_host.endpoints.addresses(instance.id)["Inbound text"]}"' in page
    for shown in (
        "Text received",
        "Acme: Signed Webhook",
        "Send reply",
        "Acme: Send",
        "Main account",
        "Greeting",
        "Hello",
    ):
        assert shown in page


def test_an_instance_is_paused_and_resumed(client, web_host, instance):
    client.post(f"/instances/{instance.id}/pause")
    assert not web_host.store.instances.require(instance.id).enabled
    client.post(f"/instances/{instance.id}/resume")
    assert web_host.store.instances.require(instance.id).enabled


def test_an_execution_shows_what_went_in_and_out_and_what_to_do(client, execution):
    page = client.get(f"/executions/{execution}").text
    for shown in (
        "Whole payload",
        "Body",
        "Input",
        "Output",
        "Buffer",
        "21211",
        "the same request would be refused again",
    ):
        assert shown in page


def test_executions_are_listed_in_pages_and_by_status(client, web_host, instance):
    (endpoint,) = web_host.store.instances.endpoints(instance.id)
    for number in range(55):
        web_host.inbox.accept_now(
            Inbound(
                execution_id=f"01a1fd9e-0000-7000-8000-{number:012}",
                endpoint_id=endpoint.id,
                instance_id=instance.id,
                version_id=instance.version_id,
                flow=f"Flow {number}",
                payload="{}",
            )
        )
    first = client.get("/executions").text
    assert "Flow 54" in first
    assert "Flow 4<" not in first
    older = re.search(r'href="(\?before=[\w-]+)">Older', first)
    assert older
    assert "Flow 4<" in client.get("/executions" + older[1]).text
    assert "There is none here" in client.get("/executions?status=failed").text
    assert client.get("/executions?instance=none&before=%00").status_code == 200
    wrong = client.get("/executions?status=nonsense&since=yesterday")
    assert wrong.status_code == 400
    assert "Status: choose one of" in wrong.text
    assert "Give a day and a time in UTC" in wrong.text


def test_what_runs_is_kept_up_to_date_and_what_ended_is_left_alone(client, web_host, instance, execution):
    (endpoint,) = web_host.store.instances.endpoints(instance.id)
    running = Inbound(
        execution_id="01a1fd9e-0000-7000-8000-000000000001",
        endpoint_id=endpoint.id,
        instance_id=instance.id,
        version_id=instance.version_id,
        flow="Inbound text",
        payload="{}",
    )
    web_host.inbox.accept_now(running)
    assert 'data-every="1"' in client.get(f"/executions/{running.execution_id}").text
    assert "data-every" not in client.get(f"/executions/{execution}").text


def test_pages_name_no_service_but_the_components_own(client, web_host, connection, instance, execution):
    pages = ["/", f"/instances/{instance.id}", f"/executions/{execution}", "/components/acme/actions/send"]
    texts = [client.get(page).text for page in pages]
    web_host.instances.remove(instance.id)
    client.post(f"/connections/{connection.id}/delete")
    texts += [client.get(page).text for page in ("/", "/connections")]
    for text in texts:
        assert "Twilio" not in text.replace("Twilio connector", "")
    assert "Code 21211." in texts[2]


def test_refused_signatures_are_explained_by_the_address(client, web_host, instance):
    (endpoint,) = web_host.store.instances.endpoints(instance.id)
    with web_host.store.engine.begin() as connection:
        given = {"reason": "X-Twilio-Signature does not match", "method": "POST", "source": ""}
        web_host.store.refusals.write(connection, endpoint_id=endpoint.id, **given)
    assert "letter by letter" in client.get("/").text
    assert "X-Twilio-Signature does not match." in client.get(f"/instances/{instance.id}").text


def test_a_host_without_an_address_is_not_served(web_host, access):
    from dataclasses import replace

    from twilio_connector.connector.errors import InvalidInput

    web_host.settings = replace(web_host.settings, public_url="")
    with pytest.raises(InvalidInput, match="listen first"):
        create_app(web_host, access)


def test_a_customer_is_removed_once_nothing_of_theirs_runs(client, web_host, instance):
    address = f"/customers/{instance.customer_id}"
    assert client.post(f"{address}/remove").status_code == 409
    web_host.instances.remove(instance.id)
    assert "The customer was removed." in client.get(client.post(f"{address}/remove").headers["location"]).text
    assert client.get(address).status_code == 404


# ── deploying ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def file(tmp_path, definition):
    path = tmp_path / "integration.yaml"
    path.write_text(definition)
    return path


def test_a_file_that_cannot_run_says_where_and_why(client, web_host, file):
    web_host.store.customers.ensure("acme", "Acme Inc.")
    file.write_text(file.read_text().replace("key: send}", "key: sned}"))
    answer = client.post("/instances/new", data={"file": str(file), "customer": "acme"})
    assert answer.status_code == 400
    assert "sned" in answer.text
    assert "integration.yaml:" in answer.text


@pytest.mark.parametrize("path", ["", "/nonexistent/x.yaml", "/etc/passwd", "\0", "/dev/null", "/" + "a" * 300])
def test_a_file_that_is_none_is_refused_in_words_and_not_shown(client, web_host, path):
    web_host.store.customers.ensure("acme", "Acme Inc.")
    answer = client.post("/instances/new", data={"file": path, "customer": "acme"})
    assert answer.status_code == 400
    assert "root:" not in answer.text


def test_a_file_that_this_host_may_not_read_is_refused_beside_its_field(bound_by_modes, client, tmp_path):
    (tmp_path / "locked").mkdir()
    (tmp_path / "locked" / "integration.yaml").touch()
    (tmp_path / "locked").chmod(0)
    answer = client.post("/instances/new", data={"file": f"{tmp_path}/locked/integration.yaml", "newCustomer": "acme"})
    assert (answer.status_code, 'id="file-error"' in answer.text) == (400, True)
    assert "cannot be read: Permission denied" in answer.text


def test_a_key_is_shown_once_and_can_be_removed(client, web_host, instance):
    (endpoint,) = web_host.store.instances.endpoints(instance.id)
    made = client.post(f"/instances/{instance.id}/keys", data={"endpoint": endpoint.id})
    key = re.search(r'aria-label="API key of Inbound text"', made.text) and re.search(r'value="([\w-]{43})"', made.text)
    assert key
    page = client.get(f"/instances/{instance.id}").text
    assert key[1] not in page
    assert f"…{key[1][-4:]}" in page
    assert client.post(f"/trigger/{endpoint.id}", headers={"x-word": "sesame"}).status_code == 401
    (stored,) = web_host.store.instances.keys(endpoint.id)
    client.post(f"/instances/{instance.id}/keys/remove", data={"key": stored.id})
    assert web_host.store.instances.keys(endpoint.id) == ()


def test_keys_are_those_of_the_instance(client, web_host, instance, deploy):
    other = deploy("Another")
    (endpoint,) = web_host.store.instances.endpoints(other.id)
    assert client.post(f"/instances/{instance.id}/keys", data={"endpoint": endpoint.id}).status_code == 404
    web_host.endpoints.add_key(endpoint.id)
    (key,) = web_host.store.instances.keys(endpoint.id)
    assert client.post(f"/instances/{instance.id}/keys/remove", data={"key": key.id}).status_code == 404
    assert web_host.store.instances.keys(endpoint.id) == (key,)
