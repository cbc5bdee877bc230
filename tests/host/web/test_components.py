"""The catalogue, and actions tried from their forms."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from twilio_connector.host.execution import trials
from twilio_connector.host.operating.changes import Wanted

from .conftest import FIELDS, SECRET

SEND, LOOK = "/components/acme/actions/send", "/components/acme/actions/look"
NUMBER = "+15550001111"


@pytest.fixture
def sent(web_host):
    """What the component sent."""
    log = web_host.registry["acme"].actions["send"].target.__globals__["SENT"]
    log.clear()
    return log


def key_of(page):
    found = re.search(r'name="_form" value="([^"]+)"', page)
    assert found
    return found[1]


def submit(client, path, **values):
    """Open the form, fill it in and send it; the answer before any redirect."""
    key = values.pop("_form", None) or key_of(client.get(path).text)
    return client.post(path, data={"_form": key, "_then": "run"} | values)


def shown(client, answer):
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["location"]).text


def test_the_catalogue_lists_what_is_installed_with_its_icon(client):
    page = client.get("/components").text
    assert 'href="/components/acme"' in page
    assert 'href="/components/twilio"' in page
    icon = client.get("/components/acme/icon")
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")
    assert client.get("/components/branch/icon").status_code == 404


def test_units_are_found_by_their_words_in_any_order_and_case(client):
    page = client.get("/components?q=SMS+send").text
    assert "/components/twilio/actions/sendSMS" in page
    assert "/components/acme/actions/look" not in page
    assert "/components/acme/actions/look" in client.get("/components?q=about+number").text
    assert "0 units" in client.get("/components?q=%3Cb%3Enone").text
    assert "<b>none" not in client.get("/components?q=%3Cb%3Enone").text


def test_a_component_shows_its_units_and_who_has_a_connection(client, connection):
    page = client.get("/components/acme").text
    for path in (SEND, LOOK, "/components/acme/triggers/signed", "/components/acme/dataSources/numbers"):
        assert f'href="{path}"' in page
    assert f'href="/connections/{connection.id}"' in page


@pytest.mark.parametrize("path", ["/components/none", "/components/acme/actions/none", "/components/acme/other/send"])
def test_what_is_not_installed_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_every_unit_of_every_component_has_a_page(client, web_host):
    for component in web_host.registry.values():
        for kind, units in (
            ("actions", component.actions),
            ("triggers", component.triggers),
            ("dataSources", component.data_sources),
        ):
            for key in units:
                assert client.get(f"/components/{component.key}/{kind}/{key}").status_code == 200, key


def test_what_sends_asks_first_and_sends_nothing_until_then(client, connection, sent):
    answer = submit(client, SEND, acmeConnection=connection.id, to=NUMBER)
    assert answer.status_code == 400
    assert "Tick this first" in answer.text
    assert f'value="{NUMBER}"' in answer.text
    assert sent == []


def test_a_form_sends_once_however_often_it_is_submitted(client, web_host, connection, sent):
    values = {
        "_form": key_of(client.get(SEND).text),
        "acmeConnection": connection.id,
        "to": NUMBER,
        "_confirmed": "true",
    }
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _: submit(client, SEND, **values), range(4)))
    assert {answer.headers["location"] for answer in answers} == {f"{SEND}?trial={values['_form']}"}
    for _ in range(2):  # a reload
        assert NUMBER in web_text(shown(client, answers[0]))
    assert sent == [NUMBER]
    assert [change.summary for change in web_host.changes.find(Wanted())[0] if change.what == "action.try"] == [
        "Main account: succeeded"
    ]


def test_a_form_of_before_the_restart_sends_nothing_and_keeps_what_was_entered(client, connection, sent):
    answer = submit(client, SEND, _form="unknown", acmeConnection=connection.id, to=NUMBER, _confirmed="true")
    assert answer.status_code == 400
    assert "send it again" in answer.text
    assert f'value="{NUMBER}"' in answer.text
    assert sent == []


def test_the_oldest_of_too_many_open_forms_sends_nothing(client, web_host, connection, sent):
    key = key_of(client.get(SEND).text)
    for _ in range(trials.KEPT):
        web_host.trials.form()
    assert (
        submit(client, SEND, _form=key, acmeConnection=connection.id, to=NUMBER, _confirmed="true").status_code == 400
    )
    assert sent == []


def test_every_form_type_reaches_the_action_and_no_secret_the_page(client, connection):
    values = {
        "acmeConnection": connection.id,
        "number": NUMBER,
        "deep": "true",
        "how": "slow",
        "pin": "pin-of-the-account",
        "tags": "a\r\nb",
        "labels.key": ["x", ""],
        "labels.value": ["1", ""],
        "script": "one\r\ntwo",
        "note": "text",
        "when": '[["and", 1]]',
    }
    page = shown(client, submit(client, LOOK, **values))
    result = web_text(page)
    for part in ('"deep": true', '"how": "slow"', '"note": "text"', '"script": "one\\ntwo"', '"x"', '"b"', '"and"'):
        assert part in result, part
    assert '"echo": "[secret]"' in result
    assert '"pin": "[secret]"' in result
    assert SECRET not in page
    assert "pin-of-the-account" not in page
    assert f'value="{NUMBER}"' in page  # to be tried again


def web_text(page):
    """The drawn results, as a reader sees them."""
    drawn = "".join(re.findall(r'<pre class="json"[^>]*>(.*?)</pre>', page, re.DOTALL))
    return re.sub(r"<[^>]+>", "", drawn).replace("&#34;", '"')


def test_json_that_is_none_is_refused_at_its_field(client, connection):
    answer = submit(client, LOOK, acmeConnection=connection.id, number=NUMBER, when="[")
    assert answer.status_code == 400
    assert 'id="when-error"' in answer.text


def test_an_input_that_is_wrong_is_told_at_its_field(client, connection):
    page = shown(client, submit(client, LOOK, acmeConnection=connection.id, number="5"))
    assert "Nothing was sent" in page
    assert 'id="number-error"' in page
    assert 'value="5"' in page


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("Refused", "The service refused it"),
        ("TryLater", "Not now"),
        ("OutcomeUnknown", "It may have been done"),
        ("ConnectionFailed", "Not with this connection"),
        ("bug", "It failed"),
    ],
)
def test_an_error_is_shown_with_its_kind_code_and_link_and_without_the_secret(client, connection, kind, said):
    page = shown(client, submit(client, LOOK, acmeConnection=connection.id, number=kind))
    assert said in page
    assert SECRET not in page
    assert "[secret]" in page
    if kind != "bug":
        assert "Acme's code 21211" in page
        assert 'href="https://example.com/21211"' in page
        assert "RQ1" in page


def test_choices_are_loaded_into_the_form_without_running_it(client, connection):
    page = submit(client, LOOK, acmeConnection=connection.id, number="+19", deep="true", _then="choices").text
    assert '<option value="+15550001111">Reception</option>' in page
    assert '<option value="+19" selected>+19 (as entered)</option>' in page
    assert re.search(r'name="deep" value="true" checked', page)
    assert 'id="outcome"' not in page
    typed = submit(client, LOOK, acmeConnection=connection.id, number="+19", _then="typed").text
    assert re.search(r'<input id="number" name="number" value="\+19"', typed)


def test_choices_that_cannot_be_loaded_leave_the_field_to_be_typed(client, web_host):
    wrong = web_host.connections.add(
        name="Wrong", component="acme", key="token", fields={"accountSid": "AC" + "0" * 32, "secret": "wrong-secret"}
    )
    page = submit(client, LOOK, acmeConnection=wrong.id, number="+19", _then="choices").text
    assert "No choices: The auth token is not this account&#39;s." in page
    assert re.search(r'<input id="number"', page)


def test_bytes_are_counted_and_downloaded_never_shown(client):
    path = "/components/acme/actions/fetch"
    answer = submit(client, path)
    page = shown(client, answer)
    assert "100 bytes" in page
    assert "image/png" in page
    link = re.search(r'href="([^"]+result\?trial=[^"]+)"', page)
    assert link
    download = client.get(link[1])
    assert download.content == b"\x89PNG" + bytes(96)
    assert download.headers["content-disposition"] == 'attachment; filename="fetch.png"'
    assert download.headers["content-type"] == "application/octet-stream"


def test_a_result_belongs_to_its_unit(client, connection):
    answer = submit(client, LOOK, acmeConnection=connection.id, number=NUMBER)
    key = answer.headers["location"].partition("=")[2]
    assert 'id="outcome"' not in client.get(f"{SEND}?trial={key}").text
    assert client.get(f"{LOOK}/result?trial={key}").status_code == 404


def test_a_connection_of_another_component_is_refused(client, web_host):
    fields = {"username": "AC" + "0" * 32, "password": "0" * 32}
    other = web_host.connections.add(name="Twilio", component="twilio", key="basic", fields=fields)
    page = shown(client, submit(client, LOOK, acmeConnection=other.id, number=NUMBER))
    assert "choose another" in page


def test_a_connection_that_is_reserved_for_users_is_not_tried_on(client, web_host):
    customer = web_host.store.customers.ensure("acme", "Acme Inc.")
    user = web_host.users.add(customer.id, external_id="ada", name="Ada")
    reserved = web_host.connections.add(
        name="Ada's", component="acme", key="token", fields=FIELDS, reserved_for=[user.id]
    )
    page = shown(client, submit(client, LOOK, acmeConnection=reserved.id, number=NUMBER))
    assert "is reserved for users" in page


def test_a_trigger_has_no_form(client):
    page = client.get("/components/acme/triggers/signed").text
    assert "What it takes" in page
    assert 'method="post" action="/components' not in page
    assert client.post("/components/acme/triggers/signed", data={"_then": "run"}).status_code == 404


def test_a_data_source_can_be_tried(client, connection):
    page = shown(client, submit(client, "/components/acme/dataSources/numbers", connection=connection.id))
    assert "Reception" in page
