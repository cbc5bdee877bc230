import sys

import pytest
import requests
import responses
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import ConnectionFailed, OutcomeUnknown, TryLater
from twilio_connector.connector.twilio.resources.messages import MESSAGES

ACCOUNT, KEY, SUB = "AC" + "1a" * 16, "SK" + "2b" * 16, "AC" + "3c" * 16
API_KEY = {"accountSid": ACCOUNT, "apiKey": KEY, "apiSecret": "the-secret"}
BASIC = {"username": ACCOUNT, "password": "the-token"}
PROBE = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=1"

COMPONENT = load("twilio_connector")
API_KEY_SECRET, BASIC_AUTH = COMPONENT.connections["apiKeySecret"], COMPONENT.connections["basic"]


@pytest.fixture
def context():
    return ActionContext(sleep=lambda seconds: None)


def test_pasted_blanks_are_taken_off_also_the_invisible_ones(context):
    fields = {"accountSid": f" {ACCOUNT}\n", "apiKey": f"\u200b{KEY}\u00a0", "apiSecret": "\tthe-secret \ufeff"}
    connection = API_KEY_SECRET.build(fields)
    client = connection.client(context)
    assert (client.account_sid, client.username, client.secret.get_secret_value()) == (ACCOUNT, KEY, "the-secret")


@pytest.mark.parametrize(
    ("fields", "field", "mend"),
    [
        ({"accountSid": KEY}, "accountSid", "must be AC… but starts with 'SK'"),
        ({"apiKey": ACCOUNT}, "apiKey", "must be SK… but starts with 'AC'"),
        ({"accountSid": ACCOUNT[:-1]}, "accountSid", "this has 33"),
        ({"accountSid": "AC" + "g" * 32}, "accountSid", "hexadecimal"),
        ({"accountSid": ""}, "accountSid", "is required"),
        ({"apiSecret": ""}, "apiSecret", "is required"),
        ({"apiSecret": "two words"}, "apiSecret", "copy it again"),
        ({"apiSecret": "sécret"}, "apiSecret", "copy it again"),
        ({"subaccountSid": "SK1"}, "subaccountSid", "must be AC…"),
        ({"region": "Ireland"}, "region", "such as ie1"),
        ({"sharedKeyName": "webhooks_sharedkey_1"}, "sharedKeySecret", "give both or none"),
        ({"sharedKeySecret": "x"}, "sharedKeyName", "give both or none"),
        ({"region": "xx1"}, "edge", "edge: region xx1 needs its edge too"),
        (
            {"region": "ie1", "baseUrl": "https://{product}.example.com"},
            "region",
            "region: leave region and edge blank",
        ),
        ({"timeout": "0"}, "timeout", ""),
        ({"timeout": "nan"}, "timeout", ""),
        ({"baseUrl": "http://example.com"}, "baseUrl", "https"),
        ({"baseUrl": "twilio"}, "baseUrl", "https://{product}.twilio.com"),
        ({"acountSid": "x"}, "acountSid", "did you mean accountSid?"),
    ],
)
def test_a_wrong_field_is_named_with_its_mend(fields, field, mend):
    with pytest.raises(ConnectionFailed) as raised:
        API_KEY_SECRET.build(API_KEY | fields)
    assert raised.value.field == field
    assert mend in str(raised.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"region": "xx1"}, "edge: region xx1 needs its edge too"),
        ({"region": "ie1", "baseUrl": "https://{product}.example.com"}, "leave region and edge blank"),
        ({"sharedKeyName": "webhooks_sharedkey_1"}, "give both or none"),
        ({"sharedKeySecret": "x"}, "give both or none"),
    ],
)
def test_fields_that_need_or_exclude_each_other_are_explained(fields, said):
    with pytest.raises(ConnectionFailed, match=said):
        API_KEY_SECRET.build(API_KEY | fields)


def test_each_kind_calls_with_its_own_credentials(context):
    assert BASIC_AUTH.build(BASIC).client(context).username == ACCOUNT
    assert API_KEY_SECRET.build(API_KEY).client(context).username == KEY
    assert BASIC_AUTH.build(BASIC | {"subaccountSid": SUB}).client(context).account_sid == SUB


def test_the_timeout_is_the_connections(context):
    with responses.RequestsMock() as mock:
        seen = []
        mock.add_callback(
            responses.GET, PROBE, lambda r: seen.append(r.req_kwargs["timeout"]) or (200, {}, '{"messages": []}')
        )
        API_KEY_SECRET.test(API_KEY | {"timeout": "2.5"}, context)
    assert seen == [2.5]


def plain(tokens):
    return [
        {name: secret.get_secret_value() for name, secret in t.items()} if isinstance(t, dict) else t.get_secret_value()
        for t in tokens
    ]


def test_all_that_may_sign_webhooks_is_tried_and_an_api_key_is_not():
    assert plain(API_KEY_SECRET.build(API_KEY).tokens) == []
    assert plain(API_KEY_SECRET.build(API_KEY | {"authToken": "t"}).tokens) == ["t"]
    assert plain(BASIC_AUTH.build(BASIC | {"secondaryAuthToken": "next"}).tokens) == ["the-token", "next"]
    shared = {"sharedKeyName": "webhooks_sharedkey_1", "sharedKeySecret": "s"}
    assert plain(API_KEY_SECRET.build(API_KEY | shared).tokens) == [{"webhooks_sharedkey_1": "s"}]


def test_the_test_says_what_is_reached_and_whether_webhooks_can_be_verified(context):
    with responses.RequestsMock() as mock:
        mock.get(PROBE, json={"messages": []})
        assert API_KEY_SECRET.test(API_KEY, context) == (
            f"Reaches account {ACCOUNT} and refuses webhooks, having no auth token to verify them with."
        )
        assert BASIC_AUTH.test(BASIC, context) == f"Reaches account {ACCOUNT} and verifies webhooks."


def answer(status, code=None, **more):
    body = {"code": code, "message": "no", "status": status} if code else None
    return {"status": status, "json": body, **more}


@pytest.mark.parametrize(
    ("fault", "field", "said"),
    [
        (answer(401, 20003), "apiSecret", "does not accept these credentials"),
        (answer(401), "apiSecret", "does not accept these credentials"),
        (answer(403, 20005), "accountSid", "suspended"),
        (answer(400, 10001), "accountSid", "suspended"),
        (answer(403, 20006), "accountSid", "not of this account"),
        (answer(404, 20404), "accountSid", "not of this account"),
        (answer(403, 20008), "apiSecret", "test credentials"),
        (answer(403, 70051), "apiKey", "restricted"),
        (answer(403, 20403), "apiKey", "restricted"),
        (answer(403), "apiKey", "restricted"),
        (answer(404), "baseUrl", "not to be found"),
        (answer(302, headers={"Location": "https://x.example"}), "baseUrl", "not to be found"),
        ({"body": "<html>"}, "baseUrl", "not Twilio"),
        ({"body": requests.ConnectionError("unreachable")}, "baseUrl", "https://api.twilio.com"),
        ({"body": requests.ConnectTimeout()}, "baseUrl", "https://api.twilio.com"),
        ({"body": requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED")}, "baseUrl", "REQUESTS_CA_BUNDLE"),
        ({"body": FileNotFoundError("ca.pem")}, None, "REQUESTS_CA_BUNDLE"),
    ],
)
def test_the_test_says_what_is_wrong_and_names_the_field_to_mend(context, fault, field, said):
    with responses.RequestsMock() as mock:
        mock.get(PROBE, **fault)
        with pytest.raises(ConnectionFailed, match=said) as raised:
            API_KEY_SECRET.test(API_KEY, context)
    assert raised.value.field == field


def test_keys_of_another_region_are_suspected_where_there_is_a_region(context):
    with responses.RequestsMock() as mock:
        mock.get(PROBE.replace("api.", "api.dublin.ie1."), **answer(401, 20003))
        with pytest.raises(ConnectionFailed, match="in region ie1; they belong to one region"):
            API_KEY_SECRET.test(API_KEY | {"region": "ie1"}, context)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_twilio_is_no_fault_of_the_connection(context, status):
    with responses.RequestsMock() as mock:
        mock.get(PROBE, status=status)
        with pytest.raises(TryLater):
            API_KEY_SECRET.test(API_KEY, context)


def test_a_wrong_subaccount_is_named(context):
    with responses.RequestsMock() as mock:
        mock.get(PROBE.replace(ACCOUNT, SUB), **answer(404, 20404))
        with pytest.raises(ConnectionFailed) as raised:
            API_KEY_SECRET.test(API_KEY | {"subaccountSid": SUB}, context)
    assert raised.value.field == "subaccountSid"


def test_the_test_says_that_a_subaccount_is_reached_in_one_api_only(context):
    with responses.RequestsMock() as mock:
        mock.get(PROBE.replace(ACCOUNT, SUB), json={"messages": []})
        said = BASIC_AUTH.test(BASIC | {"subaccountSid": SUB}, context)
    assert said == f"Reaches account {SUB}, of it only what is at api.twilio.com, and verifies webhooks."


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        (
            API_KEY_SECRET,
            API_KEY,
            "a standard API key cannot act for another account: use the Auth Token, a main key, or",
        ),
        (BASIC_AUTH, BASIC, f"it is no subaccount of account {ACCOUNT}, or the Auth Token is wrong"),
    ],
)
def test_what_may_not_act_for_a_subaccount_is_told_at_the_subaccount_by_test_and_errors(context, kind, fields, said):
    connection = kind.build(fields | {"subaccountSid": SUB})
    with responses.RequestsMock() as mock:
        mock.get(PROBE.replace(ACCOUNT, SUB), **answer(401, 20003))
        with pytest.raises(ConnectionFailed, match=said) as tested:
            connection.test(context)
        with pytest.raises(ConnectionFailed, match=said) as used:
            list(connection.client(context).list(MESSAGES, limit=1))
    assert (tested.value.field, tested.value.code) == ("subaccountSid", 20003)
    assert (used.value.field, used.value.code) == ("subaccountSid", 20003)


# The official SDK


@pytest.mark.parametrize(
    ("fields", "host"),
    [
        ({}, "https://api.twilio.com"),
        ({"region": "ie1"}, "https://api.dublin.ie1.twilio.com"),
        ({"baseUrl": "http://127.0.0.1:4010/{product}"}, "http://127.0.0.1:4010/api"),
    ],
)
def test_the_sdks_client_has_the_same_credentials_account_and_address(fields, host):
    pytest.importorskip("twilio")
    client = API_KEY_SECRET.build(API_KEY | {"subaccountSid": SUB, "timeout": "7"} | fields).sdk()
    with responses.RequestsMock() as mock:
        mock.get(f"{host}/2010-04-01/Accounts/{SUB}/Messages/SM1.json", json={"sid": "SM1"})
        assert client.messages("SM1").fetch().sid == "SM1"
        request = mock.calls[0].request
    assert request.headers["Authorization"] == requests.auth._basic_auth_str(KEY, "the-secret")
    assert request.req_kwargs["timeout"] == 7


def test_without_the_sdk_installed_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "twilio", None)
    monkeypatch.setitem(sys.modules, "twilio.rest", None)
    monkeypatch.setitem(sys.modules, "twilio.http.http_client", None)
    monkeypatch.delitem(sys.modules, "twilio_connector.connections.sdk", raising=False)
    with pytest.raises(ConnectionFailed, match=r"twilio-connector\[sdk\]"):
        API_KEY_SECRET.build(API_KEY).sdk()


def test_an_unknown_outcome_is_not_a_connections_fault():
    assert not issubclass(OutcomeUnknown, ConnectionFailed)
