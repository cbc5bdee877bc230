import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.context import ActionContext, Customer
from twilio_connector.connector.payload import (
    Payload,
    WebhookRequest,
    buffer,
    document,
    json_default,
    text_of,
    to_bytes,
)


def test_the_envelope_has_the_platforms_keys_and_the_raw_body_as_a_buffer():
    context = ActionContext(
        customer=Customer(external_id="customer-example-external-id", name="John Doe"),
        webhook_urls={"Flow 1": "https://hooks.example.com/trigger/x"},
        webhook_api_keys={"Flow 1": ("abc-123",)},
    )
    envelope = Payload(context=context, headers={"Host": "hooks.example.com"}, raw_body=b"Example", body={}).to_json()
    assert envelope["rawBody"]["data"] == {"type": "Buffer", "data": [69, 120, 97, 109, 112, 108, 101]}
    assert envelope["body"]["data"] == {}
    assert envelope["queryParameters"] is None
    assert envelope["webhookUrls"] == {"Flow 1": "https://hooks.example.com/trigger/x"}
    assert envelope["webhookApiKeys"] == {"Flow 1": ["abc-123"]}
    assert envelope["customer"] == {"id": "", "externalId": "customer-example-external-id", "name": "John Doe"}
    json.dumps(envelope)


@given(st.binary())
def test_a_buffer_gives_back_its_bytes(data):
    assert to_bytes(json.loads(json.dumps(buffer(data)))) == data


@pytest.mark.parametrize("value", [1, None, {"type": "Buffer"}, ["a"]])
def test_what_holds_no_bytes_is_refused(value):
    with pytest.raises(TypeError, match="Buffer"):
        to_bytes(value)


def test_a_header_is_found_whatever_its_case():
    request = WebhookRequest(url="https://x", headers=(("X-Twilio-Signature", "s"),))
    assert request.header("x-twilio-signature") == "s"
    assert request.header("other") is None


def test_what_json_has_no_form_for_takes_the_platforms():
    given_ = {"when": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "bytes": b"Ex", "lazy": iter([1])}
    assert json.loads(json.dumps(given_, default=json_default)) == {
        "when": "2026-01-02T03:04:05.000Z",
        "bytes": {"type": "Buffer", "data": [69, 120]},
        "lazy": [1],
    }


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"document": {"From": "+15558675309"}, "from": "+15558675309"}, {"From": "+15558675309"}),
        ({"From": "+15558675309"}, {"From": "+15558675309"}),
        ({"document": "a word"}, {"document": "a word"}),
        ([1], [1]),
        (None, {}),
    ],
)
def test_a_handler_is_given_the_document_or_else_the_body(data, said):
    assert document({"body": {"data": data}}) == said


@pytest.mark.parametrize("envelope", [None, {}, {"body": None}, {"body": "text"}, "text"])
def test_where_there_is_no_body_a_handler_is_given_an_empty_object(envelope):
    assert document(envelope) == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (None, ""),
        (True, "true"),
        (5, "5"),
        (5.0, "5"),
        (5.5, "5.5"),
        ({"ä": [None]}, '{"ä":[null]}'),
        ("", ""),
        (1e300, str(int(1e300))),
        ("<é/>".encode(), "<é/>"),
        (b"\xff", "\ufffd"),
        (
            {"raw": b"E", "at": datetime(2026, 3, 15, tzinfo=UTC)},
            '{"raw":{"type":"Buffer","data":[69]},"at":"2026-03-15T00:00:00.000Z"}',
        ),
    ],
)
def test_a_value_inside_text_is_itself_or_json(value, text):
    assert text_of(value) == text
