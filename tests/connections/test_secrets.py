"""Known secrets are put into a connection, everything is made to fail, and all that is told is searched for them."""

import json
import logging
import traceback
from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest
import requests
import responses
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import ConnectorError
from twilio_connector.connector.payload import WebhookRequest

ACCOUNT, KEY = "AC" + "1a" * 16, "SK" + "2b" * 16
SECRETS = ["s3cr3t/of+the=key", "t0ken/of+the=account", "sec0ndary/token+x=", "shared/key+secret="]
FIELDS = {
    "accountSid": ACCOUNT,
    "apiKey": KEY,
    "apiSecret": SECRETS[0],
    "authToken": SECRETS[1],
    "secondaryAuthToken": SECRETS[2],
    "sharedKeyName": "webhooks_sharedkey_1",
    "sharedKeySecret": SECRETS[3],
}
CONNECTION = {"key": "apiKeySecret", "fields": FIELDS}
COMPONENT = load("twilio_connector")
URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


def base64(text):
    return b64encode(text.encode()).decode()


def forms(secret):
    plain = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), base64(secret)}
    return plain | {base64(f"{name}:{secret}") for name in (KEY, ACCOUNT)}


FORBIDDEN = set().union(*map(forms, SECRETS))


def assert_silent(*told):
    text = "\n".join(map(str, told))
    assert not [secret for secret in FORBIDDEN if secret in text]


def all_of(error):
    """All that anybody would print of an error, and of those that it was raised from."""
    while error is not None:
        yield from (str(error), repr(error), repr(vars(error)), repr(error.args))
        yield from traceback.format_exception(error)
        if isinstance(error, ConnectorError):
            yield json.dumps(error.to_dict())
        error = error.__cause__ or error.__context__


def echo(status):
    """An answer that quotes the request which it answers, as a debugging proxy might."""

    def answer(request):
        said = f"you sent {request.headers['Authorization']} that is {SECRETS[0]} or {quote(SECRETS[0], safe='')}"
        return (
            status,
            {"Content-Type": "application/json"},
            json.dumps({"code": 20003, "message": said, "status": status}),
        )

    return answer


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503, 302])
@pytest.mark.parametrize("action", ["sendSMS", "listMessages", "rawRequest"])
def test_an_answer_that_quotes_the_credentials_is_not_passed_on(action, status, caplog):
    caplog.set_level(logging.DEBUG)
    inputs = {
        "sendSMS": {"to": "+15551234567", "from": "+15557654321", "message": "x"},
        "listMessages": {},
        "rawRequest": {
            "url": "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json",
            "method": "POST",
            "data": "a=1",
            "maxRetries": "1",
        },
    }
    with responses.RequestsMock() as mock:
        method = responses.GET if action == "listMessages" else responses.POST
        mock.add_callback(method, URL, echo(status))
        with pytest.raises(ConnectorError) as raised:
            COMPONENT.actions[action].perform(
                ActionContext(sleep=lambda _: None, debug=True), {"twilioConnection": CONNECTION} | inputs[action]
            )
    assert_silent(*all_of(raised.value), caplog.text)


@pytest.mark.parametrize(
    "fault",
    [requests.ReadTimeout(SECRETS[0]), requests.ConnectionError(SECRETS[0]), requests.exceptions.SSLError(SECRETS[0])],
)
def test_a_network_fault_that_quotes_the_request_is_not_passed_on(fault, caplog):
    caplog.set_level(logging.DEBUG)
    with responses.RequestsMock() as mock:
        mock.get(URL, body=fault)
        with pytest.raises(ConnectorError) as raised:
            COMPONENT.connections["apiKeySecret"].test(FIELDS, ActionContext(sleep=lambda _: None))
    assert_silent(*all_of(raised.value), caplog.text)


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_a_connection_that_is_refused_shows_no_secret(field):
    odd = FIELDS | {field: FIELDS[field] + " with blanks " + SECRETS[0]}
    for fields in (
        odd,
        FIELDS | {"noSuch": SECRETS[0]},
        FIELDS | {"region": SECRETS[0]},
        FIELDS | {"baseUrl": SECRETS[0]},
    ):
        with pytest.raises(ConnectorError) as raised:
            COMPONENT.connections["apiKeySecret"].build(fields)
        assert_silent(*all_of(raised.value))


def test_a_connection_and_its_client_show_no_secret():
    connection = COMPONENT.connections["apiKeySecret"].build(FIELDS)
    client = connection.client(ActionContext())
    assert_silent(repr(connection), str(connection), connection.model_dump(), connection.model_dump_json())
    assert_silent(repr(client), str(client), connection.tokens, repr(connection.keys))
    assert_silent(repr(connection), str(connection), connection.model_dump(), connection.model_dump_json())


@pytest.mark.parametrize(
    "header", [{}, {"X-Twilio-Signature": SECRETS[1]}, {"X-Twilio-Webhooks-Signature-Settings": "key=x"}]
)
def test_a_webhook_that_is_refused_shows_no_secret(header, caplog):
    caplog.set_level(logging.DEBUG)
    request = WebhookRequest(url="https://hooks.example.com/x", headers=tuple(header.items()), body=b"a=1")
    with pytest.raises(ConnectorError) as raised:
        COMPONENT.triggers["webhook"].receive(ActionContext(), request, {"twilioConnection": CONNECTION})
    assert_silent(*all_of(raised.value), caplog.text)
