"""What every typed trigger does before it reads anything, and what it keeps whatever Twilio sends."""

import json
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.errors import InvalidInput, WebhookRejected

from .conftest import ACCOUNT, CONNECTION, DELIVERED, FORMS, OTHER, SUB, TRIGGERS, URL, document, form, query, raw_form
from .conftest import receive as receive_with

EVENTS = "eventStream"
REQUESTS = {key: form(params) for key, (params, _) in FORMS.items()} | {EVENTS: document([DELIVERED])}
REQUIRED = [(key, name) for key, (_, names) in FORMS.items() for name in names]
ANSWERED = ["inboundMessage", "inboundCall"]

each = pytest.mark.parametrize("key", REQUESTS)
each_form = pytest.mark.parametrize("key", FORMS)


def receive(key, request, connection=CONNECTION):
    return receive_with(key, request, connection)


def without(request, *names):
    return replace(request, headers=tuple(header for header in request.headers if header[0] not in names))


def test_all_typed_triggers_are_here():
    assert set(REQUESTS) == {key for key, unit in TRIGGERS.items() if "sign" in unit.flags} - {"webhook"}


@each
def test_what_the_official_sdk_signed_is_accepted_and_its_envelope_is_json(key):
    result = receive(key, REQUESTS[key])
    payload = json.loads(json.dumps(result.payload.to_json()))
    assert bytes(payload["rawBody"]["data"]["data"]) == REQUESTS[key].body
    assert payload["headers"]["X-Twilio-Signature"]
    assert result.dedupe or key == "inboundCall"


@each
@pytest.mark.parametrize(
    "spoil",
    [
        lambda request: without(request, "X-Twilio-Signature"),
        lambda request: replace(without(request, "X-Twilio-Signature"), headers=(("X-Twilio-Signature", ""),)),
        lambda request: replace(request, body=request.body.replace(b"1", b"7")),
        lambda request: replace(request, url=request.url.replace("abc", "abd")),
        lambda request: replace(request, method="GET"),
    ],
    ids=["unsigned", "blank", "changed", "elsewhere", "GET"],
)
def test_what_is_not_as_twilio_made_it_is_refused(key, spoil):
    with pytest.raises(WebhookRejected):
        receive(key, spoil(REQUESTS[key]))


@each
def test_what_another_token_signed_is_refused(key):
    request = document([DELIVERED], token="wrong") if key == EVENTS else form(FORMS[key][0], token="wrong")
    with pytest.raises(WebhookRejected):
        receive(key, request)


@each
def test_without_a_connection_it_cannot_even_be_deployed(key):
    for missing in ({}, {"twilioConnection": None}, {"twilioConnection": ""}):
        with pytest.raises(InvalidInput) as raised:
            TRIGGERS[key].prepare(missing)
        assert raised.value.field == "twilioConnection"


@each
def test_an_api_key_without_a_token_accepts_nothing(key):
    fields = {"accountSid": ACCOUNT, "apiKey": "SK" + "b" * 32, "apiSecret": "secret"}
    with pytest.raises(WebhookRejected) as raised:
        receive(key, REQUESTS[key], {"key": "apiKeySecret", "fields": fields})
    assert raised.value.field == "authToken"


@each
def test_another_account_is_refused_though_our_token_signed(key):
    foreign = {"data": {"accountSid": OTHER}}
    request = (
        document([DELIVERED, DELIVERED | foreign]) if key == EVENTS else form(FORMS[key][0] | {"AccountSid": OTHER})
    )
    with pytest.raises(WebhookRejected, match="another account"):
        receive(key, request)


@each_form
def test_a_subaccounts_webhook_is_signed_with_its_own_token(key):
    fields = {"username": ACCOUNT, "password": "main", "subaccountSid": SUB, "secondaryAuthToken": "the-subaccounts"}
    request = form(FORMS[key][0] | {"AccountSid": SUB}, token="the-subaccounts")
    assert receive(key, request, {"key": "basic", "fields": fields})


@pytest.mark.parametrize(("key", "name"), REQUIRED)
def test_what_the_event_must_have_is_asked_for_by_name(key, name):
    params = {k: v for k, v in FORMS[key][0].items() if k != name}
    with pytest.raises(WebhookRejected, match=name) as raised:
        receive(key, form(params))
    assert raised.value.field == name


@pytest.mark.parametrize(("key", "name"), REQUIRED)
def test_what_the_event_must_have_is_there_only_once(key, name):
    params = [*FORMS[key][0].items(), (name, "another")]
    with pytest.raises(WebhookRejected, match="more than once"):
        receive(key, form(params))


@each_form
def test_parameters_cut_at_other_places_are_refused_where_their_names_are_lost(key):
    """The signature holds: only the names of what must be there tell that this is not what Twilio sent."""
    params = sorted(FORMS[key][0].items())
    (name, value), *rest = params
    joined = value + "".join(k + v for k, v in rest)
    request = replace(REQUESTS[key], body=urlencode({name: joined}).encode())
    with pytest.raises(WebhookRejected, match="is missing"):
        receive(key, request)


@each_form
def test_a_get_says_the_same_as_a_post(key):
    assert receive(key, query(FORMS[key][0])).payload.body == receive(key, REQUESTS[key]).payload.body


@each_form
def test_json_is_none_of_its_events(key):
    with pytest.raises(WebhookRejected, match="is no form"):
        receive(key, document(FORMS[key][0]))


@each_form
def test_whatever_twilio_sends_is_kept_as_it_is(key):
    added = [("NewIn2027", "a"), ("NewIn2027", ""), ("É", "ü 👍 & =+%"), ("Blank", "")]
    params = [*FORMS[key][0].items(), *added]
    kept = receive(key, form(params)).payload.body["parameters"]
    assert kept == FORMS[key][0] | {"NewIn2027": ["a", ""], "É": "ü 👍 & =+%", "Blank": ""}


@each_form
def test_a_form_is_split_before_it_is_decoded(key):
    request = form(FORMS[key][0] | {"Note": "a & b = c + d"})
    assert receive(key, request).payload.body["parameters"]["Note"] == "a & b = c + d"


@each
def test_a_retry_and_a_replay_with_another_token_are_the_same_event(key):
    def again(token):
        return replace(REQUESTS[key], headers=(*REQUESTS[key].headers, ("I-Twilio-Idempotency-Token", token)))

    first, retry, replay = (set(receive(key, again(token)).dedupe) for token in ("t-1", "t-1", "t-2"))
    assert first & retry
    assert first & replay or key == "inboundCall"  # which asks the same again, and is answered again


@pytest.mark.parametrize("key", [key for key in REQUESTS if key not in ANSWERED])
def test_what_only_tells_is_answered_with_nothing_at_once(key):
    result = receive(key, REQUESTS[key])
    assert result.wait is False
    assert result.answer is None
    assert (result.response.status_code, result.response.body) == (200, "" if key == EVENTS else "<Response/>")


def test_the_url_is_the_one_that_the_host_was_reached_by_with_or_without_its_port():
    port = URL.replace(".com/", ".com:443/")
    for key, (params, _) in FORMS.items():
        assert receive(key, replace(form(params, port), url=URL))
        assert receive(key, replace(form(params), url=port))
        with pytest.raises(WebhookRejected, match="https://hooks"):  # and says which public URL would have been right
            receive(key, replace(form(params), url=URL.replace("https", "http")))


NAMES = sorted(
    {name for params, _ in FORMS.values() for name in params}
    | {"NumMedia", "MediaUrl0", "Latitude", "InteractiveData", "Forwarded", "OptOutType", "ErrorCode", "RawDlrDoneDate"}
    | {"SequenceNumber", "CallbackSource", "Timestamp", "CallDuration", "RecordingStartTime", "Confidence", "Duration"}
)
ODD = st.sampled_from(
    ["", " ", "١٢", "1e999", "NaN", "-1", "9" * 30, "[" * 5000, '{"a": 1e999}', "null", "0001-01-01", "\0", "whatsapp:"]
)


@given(st.data())
def test_no_value_of_a_parameter_that_it_can_do_without_is_a_reason_to_refuse(data):
    key = data.draw(st.sampled_from(sorted(FORMS)))
    params, required = FORMS[key]
    odd = data.draw(st.dictionaries(st.sampled_from(NAMES), ODD | st.text(max_size=40), max_size=6))
    said = params | {
        name: value for name, value in odd.items() if name not in required or (value and name != "AccountSid")
    }
    raw = urlencode(said, errors="surrogatepass").encode()
    result = receive(key, raw_form(raw))
    json.dumps(result.payload.body, allow_nan=False)
    assert result.payload.body["parameters"] == dict(parse_qsl(raw.decode(), keep_blank_values=True))
