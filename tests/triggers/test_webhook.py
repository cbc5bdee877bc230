import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext, Customer
from twilio_connector.connector.errors import WebhookRejected
from twilio_connector.connector.payload import FlowEnd, WebhookRequest

ACCOUNT, SUB = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6", "AC" + "5" * 32
FIELDS = {"accountSid": ACCOUNT, "apiKey": "SK" + "b" * 32, "apiSecret": "secret", "authToken": "the-auth-token"}
CONNECTION = {"key": "apiKeySecret", "fields": FIELDS}
TRIGGER = load("twilio_connector").triggers["webhook"]
URL = "https://hooks.example.com/trigger/abc"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
TEXT = {
    "MessageSid": "SM" + "1" * 32,
    "SmsStatus": "received",
    "From": "+15551234567",
    "Body": "Hi & bye",
    "AccountSid": ACCOUNT,
}


def signed(request, connection=CONNECTION):
    return TRIGGER.sign(request, TRIGGER.component.connect(connection))


def form(params, url=URL, headers=()):
    return WebhookRequest(url=url, headers=(FORM, *headers), body=urlencode(params, doseq=True).encode())


def receive(request, connection=CONNECTION, context=None):
    return TRIGGER.receive(context or ActionContext(), request, {"twilioConnection": connection} if connection else {})


def test_a_text_becomes_the_platforms_envelope():
    context = ActionContext(
        webhook_urls={"Flow 1": URL},
        webhook_api_keys={"Flow 1": ["abc-123"]},
        customer=Customer(external_id="customer-7", name="Acme"),
    )
    request = signed(form(TEXT, headers=[("X-Odd-Case", "kept"), ("host", "hooks.example.com")]))
    payload = receive(request, context=context).payload.to_json()
    assert payload["body"] == {"data": TEXT, "contentType": FORM[1]}
    assert payload["rawBody"]["data"] == {"type": "Buffer", "data": list(request.body)}
    assert payload["queryParameters"] is None
    assert payload["headers"]["X-Odd-Case"] == "kept"
    assert payload["headers"]["host"] == "hooks.example.com"
    assert payload["webhookUrls"] == {"Flow 1": URL}
    assert payload["webhookApiKeys"] == {"Flow 1": ["abc-123"]}
    assert payload["customer"] == {"id": "", "externalId": "customer-7", "name": "Acme"}
    json.dumps(payload)


def test_repeated_and_empty_parameters_are_kept():
    request = signed(form([("A", "2"), ("A", "1"), ("A", "2"), ("Empty", ""), ("É", "ü 👍")]))
    assert receive(request).payload.body == {"A": ["2", "1", "2"], "Empty": "", "É": "ü 👍"}


def test_the_query_is_there_beside_the_form():
    request = signed(form(TEXT, url=URL + "?a=1&a=2&b="))
    payload = receive(request).payload
    assert (payload.query_parameters, payload.body) == ({"a": ["1", "2"], "b": ""}, TEXT)


def test_json_is_verified_by_its_hash_and_parsed():
    events = [{"specversion": "1.0", "id": "e1", "type": "com.twilio.messaging.message.sent", "data": {}}]
    body = json.dumps(events).encode()
    request = signed(WebhookRequest(url=URL, headers=(("Content-Type", "application/json"),), body=body))
    result = receive(request)
    assert result.payload.body == events
    assert result.response is None
    assert "bodySHA256" in result.payload.query_parameters


def test_json_that_is_none_is_kept_as_text():
    request = signed(WebhookRequest(url=URL, headers=(("Content-Type", "application/json"),), body=b"{oops"))
    assert receive(request).payload.body == "{oops"


def test_a_get_says_the_same_as_a_post():
    request = signed(WebhookRequest(method="GET", url=f"{URL}?{urlencode(TEXT)}"))
    payload = receive(request).payload
    assert payload.body == payload.query_parameters == TEXT
    assert payload.raw_body == b""


def test_the_answer_to_a_call_or_text_is_an_empty_twiml():
    response = receive(signed(form(TEXT))).response
    assert (response.status_code, response.content_type, response.body) == (
        200,
        "text/xml; charset=utf-8",
        "<Response/>",
    )


def test_a_form_whose_type_was_lost_on_the_way_is_read_as_what_was_signed():
    request = signed(form(TEXT))
    lost = replace(request, headers=tuple(header for header in request.headers if header != FORM))
    assert receive(lost).payload.body == receive(request).payload.body


# Refusals: each error is the one error, and nothing is parsed before the signature holds


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: replace(r, headers=(FORM,)),
        lambda r: replace(r, headers=(FORM, ("X-Twilio-Signature", ""))),
        lambda r: replace(r, headers=(FORM, ("X-Twilio-Signature", "wrong"))),
        lambda r: replace(r, headers=(*r.headers, r.headers[-1])),
        lambda r: replace(r, body=r.body + b"&x=1"),
        lambda r: replace(r, body=r.body.replace(b"Hi", b"Ho")),
        lambda r: replace(r, url=r.url + "?x=1"),
        lambda r: replace(r, url="https://other.example.com/trigger/abc"),
        lambda r: replace(r, method="GET"),
        lambda r: replace(r, headers=(("Content-Type", "application/json"), r.headers[-1])),
    ],
)
def test_a_request_that_is_not_as_twilio_made_it_is_refused(spoil):
    with pytest.raises(WebhookRejected):
        receive(spoil(signed(form(TEXT))))


def test_without_a_connection_every_request_is_refused():
    with pytest.raises(WebhookRejected) as raised:
        receive(signed(form(TEXT)), connection=None)
    assert raised.value.field == "twilioConnection"


def test_an_api_key_alone_verifies_nothing_and_the_error_says_what_to_add():
    with pytest.raises(WebhookRejected, match="does not hold an auth token") as raised:
        receive(signed(form(TEXT)), {"key": "apiKeySecret", "fields": FIELDS | {"authToken": ""}})
    assert raised.value.field == "authToken"


@pytest.mark.parametrize("account", [SUB, "", "AC"])
def test_a_request_about_another_account_is_refused(account):
    with pytest.raises(WebhookRejected, match="another account"):
        receive(signed(form(TEXT | {"AccountSid": account})))


def test_two_accounts_are_no_account():
    with pytest.raises(WebhookRejected):
        receive(signed(form(TEXT | {"AccountSid": [ACCOUNT, SUB]})))


def test_a_subaccounts_requests_are_the_connections_that_names_it():
    connection = {"key": "apiKeySecret", "fields": FIELDS | {"subaccountSid": SUB}}
    assert receive(signed(form(TEXT | {"AccountSid": SUB})), connection).payload.body["AccountSid"] == SUB


def test_old_and_new_token_are_accepted_while_they_rotate():
    request = signed(form(TEXT), {"key": "basic", "fields": {"username": ACCOUNT, "password": "new"}})
    rotating = {"key": "basic", "fields": {"username": ACCOUNT, "password": "old", "secondaryAuthToken": "new"}}
    assert receive(request, rotating)


def test_a_shared_key_verifies_without_an_auth_token():
    fields = FIELDS | {"authToken": "", "sharedKeyName": "webhooks_sharedkey_1", "sharedKeySecret": "shared"}
    connection = {"key": "apiKeySecret", "fields": fields}
    assert receive(signed(form(TEXT), connection), connection)


# Repetitions


def identities(params, headers=(), url=URL):
    return receive(signed(form(params, url, headers))).dedupe


TOKEN = ("I-Twilio-Idempotency-Token", "t-1")
OTHER = ("I-Twilio-Idempotency-Token", "t-2")
CALL = {"CallSid": "CA1", "CallStatus": "ringing"}


@pytest.mark.parametrize(
    ("params", "first"),
    [
        (TEXT, f"MessageSid:{TEXT['MessageSid']}:received"),
        ({"MessageSid": "SM1", "MessageStatus": "sent", "SmsStatus": "sent"}, "MessageSid:SM1:sent"),
        (
            CALL | {"SequenceNumber": "0", "CallbackSource": "call-progress-events"},
            "CallSid:CA1:call-progress-events:0",
        ),
        ({"ConferenceSid": "CF1", "CallSid": "CA1", "SequenceNumber": "0"}, "ConferenceSid:CF1:0"),
        (CALL | {"RecordingSid": "RE1", "RecordingStatus": "completed"}, "RecordingSid:RE1:completed"),
        (
            {"TranscriptionSid": "TR1", "TranscriptionStatus": "completed", "RecordingSid": "RE1"},
            "TranscriptionSid:TR1:completed",
        ),
    ],
)
def test_an_event_is_known_by_what_was_signed_first_and_by_twilios_token(params, first):
    found = identities(params, [TOKEN])
    assert (found[0], found[-1]) == (first, "token:t-1")


def test_a_replay_with_another_token_or_in_another_order_is_the_same_event():
    again = dict(reversed(list(TEXT.items())))
    assert identities(TEXT, [TOKEN])[0] == identities(again, [OTHER])[0]


@pytest.mark.parametrize(
    "body",
    [
        f"AccountSid={ACCOUNT}&Body=Hi&From=%2B1555MessageSidSM1",
        f"AccountSid={ACCOUNT}&Body=HiFrom%2B1555&MessageSid=SM1&MessageSid=SM1",
    ],
)
def test_a_replay_whose_parameters_are_cut_at_other_places_is_the_same_event(body):
    request = signed(form({"AccountSid": ACCOUNT, "Body": "Hi", "From": "+1555", "MessageSid": "SM1"}))
    again = receive(replace(request, body=body.encode()))
    assert set(receive(request).dedupe) & set(again.dedupe)


def test_a_replay_of_what_has_no_name_in_another_order_is_the_same_event():
    request = signed(form({"AccountSid": ACCOUNT, "Level": "ERROR", "Sid": "NO1"}))
    again = replace(request, body="&".join(reversed(request.body.decode().split("&"))).encode())
    assert set(receive(request).dedupe) & set(receive(again).dedupe)


def test_what_becomes_of_a_message_in_a_conversation_is_not_taken_for_its_beginning():
    added = {"EventType": "onMessageAdded", "MessageSid": "IM1", "Body": "Hi"}
    delivered = {"EventType": "onDeliveryUpdated", "MessageSid": "IM1", "Status": "delivered"}
    events = [added, added | {"EventType": "onMessageUpdated"}, delivered | {"Status": "sent"}, delivered]
    known = [name for each in events for name in identities(each)]
    assert len(known) == len(set(known))


def test_a_redirect_that_asks_by_get_is_another_question_about_the_same_message():
    asked = urlencode(TEXT)
    by_get = [f"{URL}?{asked}", f"{URL}?step=2&{asked}"]
    first, second = (receive(signed(WebhookRequest(method="GET", url=url))).dedupe for url in by_get)
    assert not set(first) & set(second)
    assert not set(identities(TEXT)) & set(second)


def by_get(said):
    return WebhookRequest(method="GET", url=f"{URL}?{urlencode(said)}")


@pytest.mark.parametrize("asked", [form, by_get])
def test_a_fallback_to_the_same_address_tells_of_the_same_message(asked):
    failed = TEXT | {"ErrorCode": "11200", "ErrorUrl": URL}
    first, second = (receive(signed(asked(said))).dedupe for said in (TEXT, failed))
    assert set(first) & set(second)


def test_a_caller_who_is_heard_a_second_time_is_not_taken_for_the_first():
    """Each Gather counts what it hears from 0."""
    heard = CALL | {"SequenceNumber": "0", "StableSpeechResult": "yes"}
    again = heard | {"StableSpeechResult": "no"}
    assert not set(identities(heard, [TOKEN])) & set(identities(again, [OTHER]))


def test_another_status_is_another_event():
    status = {"MessageSid": "SM1", "MessageStatus": "sent"}
    assert not set(identities(status)) & set(identities(status | {"MessageStatus": "delivered"}))


def test_what_has_no_name_is_known_by_all_that_was_signed():
    assert identities({"a": "1"}) == identities({"a": "1"})
    assert not set(identities({"a": "1"})) & set(identities({"a": "2"}))
    assert not set(identities({"a": "1"})) & set(identities({"a": "1"}, url=URL + "?x=1"))


def test_a_call_that_asks_the_same_again_is_answered_again_unless_twilio_retries():
    assert identities(CALL) == ()
    assert identities(CALL, [TOKEN]) == identities(CALL, [TOKEN])
    assert not set(identities(CALL, [TOKEN])) & set(identities(CALL, [OTHER]))


def test_a_redirect_within_a_message_is_another_event():
    assert not set(identities(TEXT, url=URL + "?step=1")) & set(identities(TEXT, url=URL + "?step=2"))


def events(*ids):
    body = json.dumps([{"specversion": "1.0", "id": each} for each in ids]).encode()
    return receive(signed(WebhookRequest(url=URL, headers=(("Content-Type", "application/json"),), body=body))).dedupe


def test_a_batch_of_events_repeats_only_the_same_batch():
    assert events("a")[0] == "event:a"
    assert events("a", "b")[0] == events("b", "a")[0]
    assert not set(events("a", "b")) & set(events("a", "b", "c"))


def test_a_flow_that_gives_back_what_a_stranger_wrote_does_not_let_them_give_orders():
    order = "<Response><Message to='+15550009999'>bought by a stranger</Message></Response>"
    result = receive(signed(form(TEXT | {"Body": f" {order}"})))
    answer = result.answer(FlowEnd(data=order))
    assert "&lt;Message to=" in answer.body
    assert receive(signed(form(TEXT | {"Body": "<b>bold</b>"}))).answer is None
