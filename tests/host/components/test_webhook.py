import pytest
from twilio_connector.connector.context import ActionContext, Customer
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.payload import HttpResponse, WebhookRequest


@pytest.fixture
def receive(own):
    trigger = own["webhook-triggers"].triggers["webhook"]

    def receive(body: bytes = b"", content_type: str = "", url: str = "https://a.example/t", headers=()):
        request = WebhookRequest(url=url, headers=(*headers, ("Content-Type", content_type)), body=body)
        return trigger.receive(ActionContext(customer=Customer(external_id="c1")), request)

    return receive


@pytest.mark.parametrize(
    ("body", "content_type", "data"),
    [
        (b'{"a": [1]}', "application/json; charset=utf-8", {"a": [1]}),
        (b'{"a": 1}', "application/cloudevents+json", {"a": 1}),
        (b"a=1&b=&a=2", "application/x-www-form-urlencoded", {"a": ["1", "2"], "b": ""}),
        (b"", "application/json", None),
        (b"hello", "text/plain", None),
        (b"\x00\xff", "", None),
    ],
)
def test_json_and_forms_are_parsed_and_all_else_stays_raw(receive, body, content_type, data):
    payload = receive(body, content_type).payload
    assert (payload.body, payload.raw_body, payload.content_type) == (data, body, content_type or None)


def part(said, body, more=b""):
    return b"--b\r\nContent-Disposition: form-data; " + said + b"\r\n" + more + b"\r\n" + body + b"\r\n"


FORM = (
    part(b'name="a"', "ü\r\n1".encode())
    + part(b'name="a"', b"")
    + part(b'name="f"; filename="x.png"', b"\x00\r\n\xff", b"Content-Type: image/png\r\n")
    + part(b'name="g"; filename="y"', b"y")
    + b"--b--\r\n"
)


def test_a_form_of_parts_has_texts_and_files(receive):
    assert receive(FORM, 'Multipart/form-data; boundary="b"').payload.body == {
        "a": ["ü\r\n1", ""],
        "f": {"data": b"\x00\r\n\xff", "contentType": "image/png"},
        "g": {"data": b"y", "contentType": "application/octet-stream"},
    }


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (FORM, "multipart/form-data"),
        (FORM[:-5], "multipart/form-data; boundary=b"),
        (FORM[:40], "multipart/form-data; boundary=b"),
        (FORM, "multipart/form-data; boundary=c"),
        (b"", "multipart/form-data; boundary=b"),
        (part(b'name="a"', b"\xff") + b"--b--", "multipart/form-data; boundary=b"),
        (part(b"", b"x") + b"--b--", "multipart/form-data; boundary=b"),
    ],
)
def test_half_a_form_is_refused(receive, body, content_type):
    with pytest.raises(InvalidInput, match="the body is not multipart/form-data; send what the Content-Type says"):
        receive(body, content_type)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"{", "application/json"), (b"\xff", "application/x-www-form-urlencoded"), (b"[" * 100_000, "application/json")],
)
def test_a_body_that_is_not_what_it_says_is_refused(receive, body, content_type):
    with pytest.raises(InvalidInput, match="send what the Content-Type says") as caught:
        receive(body, content_type)
    assert caught.value.field == "body"


def test_query_and_headers_keep_repeated_and_empty_ones(receive):
    payload = receive(url="https://a.example/t?a=1&a=2&b=", headers=[("X-A", "1"), ("X-A", "2")]).payload
    assert payload.query_parameters == {"a": ["1", "2"], "b": ""}
    assert payload.headers["X-A"] == "1, 2"
    assert receive().payload.query_parameters is None


def test_the_payload_knows_the_customer(receive):
    assert receive().payload.to_json()["customer"]["externalId"] == "c1"


def test_the_caller_is_answered_as_configured(own):
    values = {"body": "ok", "statusCode": "202", "contentType": "text/html", "headers": [{"key": "X-A", "value": True}]}
    trigger = own["webhook-triggers"].triggers["webhook"]
    result = trigger.receive(ActionContext(), WebhookRequest(url="https://a.example/t"), values)
    assert result.response == HttpResponse(
        status_code=202, content_type="text/html", body="ok", headers={"X-A": "true"}
    )


def test_the_caller_is_answered_by_the_host_unless_configured(receive):
    assert receive().response is None
