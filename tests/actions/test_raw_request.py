import json
from urllib.parse import parse_qs

import pytest
import requests
import responses
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import ConnectionFailed, InvalidInput, OutcomeUnknown, Refused, TryLater

ACCOUNT = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
PATH = "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json"


def ask(harness, **inputs):
    return harness.perform("rawRequest", {"url": PATH, "method": "GET"} | inputs)["data"]


def body(twilio):
    found = twilio.calls[-1].request.body
    return found.decode() if isinstance(found, bytes) else found


def content_type(twilio):
    return twilio.calls[-1].request.headers["Content-Type"]


def test_a_path_is_below_the_2010_api_and_may_name_the_account(harness, twilio):
    twilio.get(URL, json={"messages": []})
    assert ask(harness) == {"messages": []}
    assert twilio.calls[0].request.headers["Authorization"].startswith("Basic ")


def test_any_product_of_twilio_is_reached(harness, twilio):
    twilio.get("https://messaging.twilio.com/v1/Services", json={})
    ask(harness, url="https://messaging.twilio.com/v1/Services")


@pytest.mark.parametrize(
    "url", ["https://api.twilio.com@evil.example/", "https://evil.example/", "//evil.example/", "/../x", ""]
)
def test_no_other_host_is_called(harness, url):
    with pytest.raises(InvalidInput) as raised:
        ask(harness, url=url)
    assert raised.value.field == "url"


def test_query_parameters_are_added_to_those_of_the_url_also_for_get_and_may_repeat(harness, twilio):
    twilio.get(URL, json={})
    pairs = [
        {"key": "To", "value": "+1 5"},
        {"key": "To", "value": "b&c"},
        {"key": "Sid", "value": "$TWILIO_ACCOUNT_SID"},
    ]
    ask(harness, url=PATH + "?PageSize=5", queryParams=pairs)
    query = parse_qs(twilio.calls[0].request.url.partition("?")[2])
    assert query == {"PageSize": ["5"], "To": ["+1 5", "b&c"], "Sid": [ACCOUNT]}


# What is sent


def test_text_is_sent_as_the_form_that_it_is(harness, twilio):
    twilio.post(URL, json={}, status=201)
    ask(harness, method="POST", data="To=%2B1&Body=a%20b&Account=$TWILIO_ACCOUNT_SID")
    assert (body(twilio), content_type(twilio)) == (
        f"To=%2B1&Body=a%20b&Account={ACCOUNT}",
        "application/x-www-form-urlencoded",
    )


def test_json_in_text_is_sent_as_json(harness, twilio):
    twilio.post(URL, json={}, status=201)
    ask(harness, method="POST", data='{"a": "$TWILIO_ACCOUNT_SID"}')
    assert (json.loads(body(twilio)), content_type(twilio)) == ({"a": ACCOUNT}, "application/json")


def test_an_object_of_an_earlier_step_is_sent_as_a_form_and_a_deep_one_as_json(harness, twilio):
    twilio.post(URL, json={}, status=201)
    ask(harness, method="POST", data={"To": "+1", "MediaUrl": ["a", "b"], "Flag": True, "Of": "$TWILIO_ACCOUNT_SID"})
    assert parse_qs(body(twilio)) == {"To": ["+1"], "MediaUrl": ["a", "b"], "Flag": ["true"], "Of": [ACCOUNT]}
    ask(harness, method="POST", data={"deep": {"a": 1}})
    assert (json.loads(body(twilio)), content_type(twilio)) == ({"deep": {"a": 1}}, "application/json")


def test_a_content_type_of_ones_own_decides(harness, twilio):
    twilio.post(URL, json={}, status=201)
    ask(harness, method="POST", data={"a": 1}, headers=[{"key": "content-type", "value": "application/json"}])
    assert (json.loads(body(twilio)), content_type(twilio)) == ({"a": 1}, "application/json")
    ask(harness, method="POST", data="[1]", headers={"Content-Type": "text/plain"})
    assert (body(twilio), content_type(twilio)) == ("[1]", "text/plain")


def test_binary_data_is_sent_as_it_is(harness, twilio):
    twilio.post(URL, json={}, status=201)
    ask(harness, method="POST", data={"type": "Buffer", "data": [0, 255, 36]})
    assert twilio.calls[0].request.body == b"\x00\xff\x24"


def test_files_and_fields_are_sent_as_multipart(harness, twilio):
    twilio.post(URL, json={}, status=201)
    ask(
        harness,
        method="POST",
        formData={"Account": "$TWILIO_ACCOUNT_SID"},
        fileData=[{"key": "a", "value": {"type": "Buffer", "data": [0, 1]}}, {"key": "b", "value": "text"}],
        fileDataFileNames={"a": 'sp"ecial\r\n.bin'},
        headers={"Content-Type": "multipart/form-data"},
    )
    sent = twilio.calls[0].request
    assert "boundary=" in sent.headers["Content-Type"]
    assert ACCOUNT.encode() in sent.body
    assert b"\x00\x01" in sent.body
    assert b'name="b"; filename="b"\r\n\r\ntext' in sent.body
    assert b"\r\n.bin" not in sent.body


def test_data_and_form_data_exclude_each_other(harness):
    with pytest.raises(InvalidInput) as raised:
        ask(harness, method="POST", data="a=1", formData={"b": "2"})
    assert raised.value.field == "data"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "authorization",
        "Host",
        "Connection",
        "Transfer-Encoding",
        "Content-Length",
        "Upgrade",
        "TE",
        "Proxy-Authorization",
        "Keep-Alive",
        "Trailer",
        "Bad Name",
        "",
        "X:Y",
        "X\r\nY",
    ],
)
def test_headers_that_are_the_connections_or_no_headers_are_refused(harness, name):
    with pytest.raises(InvalidInput) as raised:
        ask(harness, headers=[{"key": name, "value": "x"}])
    assert raised.value.field == "headers"


@pytest.mark.parametrize("value", ["a\r\nAuthorization: x", "a\n", "\x00", "snow ☃"])
def test_a_header_is_one_line(harness, value):
    with pytest.raises(InvalidInput):
        ask(harness, headers=[{"key": "X-A", "value": value}])


# What comes back


@pytest.mark.parametrize(
    ("response_type", "content", "expected"),
    [
        ("json", b'{"a": 1}', {"a": 1}),
        ("json", b"", None),
        ("json", b"<xml/>", "<xml/>"),
        ("text", b'{"a": 1}', '{"a": 1}'),
        ("document", b"<xml/>", "<xml/>"),
        ("arraybuffer", b"\x00\xff", {"type": "Buffer", "data": [0, 255]}),
    ],
)
def test_an_answer_comes_as_the_type_that_was_asked_for(harness, twilio, response_type, content, expected):
    twilio.get(URL, body=content)
    assert ask(harness, responseType=response_type) == expected


def test_binary_data_comes_as_bytes_with_its_type(harness, twilio):
    twilio.get(URL, body=b"\x00", content_type="audio/wav")
    action = load("twilio_connector").actions["rawRequest"]
    values = {"twilioConnection": harness.connection, "url": PATH, "method": "GET", "responseType": "arraybuffer"}
    result = action.perform(ActionContext(), values)
    assert (result.data, result.content_type) == (b"\x00", "audio/wav")


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "OPTIONS", "HEAD", "post"])
def test_every_method_goes_and_a_204_is_no_error(harness, twilio, method):
    twilio.add(method.upper(), URL, status=204)
    assert ask(harness, method=method) is None


# Redirects


def test_a_download_is_fetched_from_where_it_is_kept_without_credentials_and_headers(harness, twilio):
    twilio.get(URL, status=302, headers={"Location": "https://cdn.example/media?sig=1"})
    twilio.get("https://cdn.example/media", body=b"\x89PNG")
    ask(harness, responseType="arraybuffer", headers={"X-Mine": "1"}, queryParams={"a": "1"})
    followed = twilio.calls[1].request
    assert "Authorization" not in followed.headers
    assert "X-Mine" not in followed.headers
    assert "a=1" not in followed.url


def test_a_redirect_to_twilio_itself_carries_no_credentials_either(harness, twilio):
    twilio.get(URL, status=307, headers={"Location": "/2010-04-01/Other.json"})
    twilio.get("https://api.twilio.com/2010-04-01/Other.json", json={})
    ask(harness)
    assert "Authorization" not in twilio.calls[1].request.headers


@pytest.mark.parametrize(
    "target",
    [
        "http://cdn.example/x",
        "http://127.0.0.1/x",
        "https://127.0.0.1/x",
        "https://localhost/x",
        "file:///etc/passwd",
        "https://user@cdn.example/",
        "https://cdn.example\\@evil/",
        "ftp://x",
    ],
)
def test_a_redirect_to_nowhere_safe_is_not_followed(harness, twilio, target):
    twilio.get(URL, status=302, headers={"Location": target})
    with pytest.raises(Refused, match="redirect"):
        ask(harness)
    assert len(twilio.calls) == 1


def test_a_redirect_to_no_url_is_an_error_like_others(harness, twilio):
    twilio.get(URL, status=302, headers={"Location": "https://[/"})
    with pytest.raises(Refused, match="redirects to where"):
        ask(harness)


def test_redirects_end(harness, twilio):
    twilio.get(URL, status=302, headers={"Location": "https://cdn.example/x"})
    twilio.get("https://cdn.example/x", status=302, headers={"Location": "https://cdn.example/x"})
    with pytest.raises(Refused, match="redirects more than"):
        ask(harness)


def test_a_post_is_not_redirected(harness, twilio):
    twilio.post(URL, status=307, headers={"Location": "https://cdn.example/x"})
    with pytest.raises(ConnectionFailed, match="redirect"):
        ask(harness, method="POST", data="a=1")


# Trying again


def test_without_max_retries_nothing_is_repeated(harness, twilio, slept):
    twilio.get(URL, status=503)
    with pytest.raises(TryLater):
        ask(harness)
    assert slept.seconds == []


def test_exponential_backoff_backs_off_whatever_the_delay(harness, twilio, slept):
    twilio.get(URL, status=503)
    with pytest.raises(TryLater):
        ask(harness, maxRetries="4", useExponentialBackoff="true", retryDelayMS="0")
    assert all(
        low <= wait <= high for wait, low, high in zip(slept.seconds, (0.25, 0.5, 1, 2), (0.5, 1, 2, 4), strict=True)
    )


def test_a_fixed_delay_is_the_one_that_was_given(harness, twilio, slept):
    twilio.get(URL, status=503)
    with pytest.raises(TryLater):
        ask(harness, maxRetries="3", retryDelayMS="250")
    assert slept.seconds == [0.25, 0.25, 0.25]


def test_retry_after_comes_before_the_delay(harness, twilio, slept):
    twilio.get(URL, status=429, headers={"Retry-After": "9"})
    twilio.get(URL, json={})
    ask(harness, maxRetries="1", retryDelayMS="1")
    assert slept.seconds[0] == pytest.approx(9, abs=0.01)


@pytest.mark.parametrize("failure", [requests.ReadTimeout(), requests.ConnectionError("reset"), 500, 503])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_may_have_been_done_is_never_repeated_even_with_retry_all(harness, twilio, failure, method):
    twilio.add(method, URL, **({"status": failure} if isinstance(failure, int) else {"body": failure}))
    with pytest.raises(OutcomeUnknown):
        ask(harness, method=method, data="a=1", maxRetries="5", retryAllErrors="true")
    assert len(twilio.calls) == 1


def test_retry_all_repeats_a_refusal_too(harness, twilio, slept):
    twilio.get(URL, status=404)
    twilio.get(URL, json={"a": 1})
    assert ask(harness, maxRetries="1", retryAllErrors="true") == {"a": 1}


def test_without_retry_all_a_refusal_is_final(harness, twilio):
    twilio.get(URL, status=404)
    with pytest.raises(Refused):
        ask(harness, maxRetries="3")
    assert len(twilio.calls) == 1


def test_the_timeout_is_in_milliseconds(harness):
    with responses.RequestsMock() as mock:
        seen = []
        mock.add_callback(
            responses.GET, URL, lambda request: seen.append(request.req_kwargs["timeout"]) or (200, {}, "{}")
        )
        ask(harness, timeout="1500")
        ask(harness)
    assert seen == [1.5, 30.0]


def test_nothing_of_the_credentials_is_logged(harness, twilio, caplog):
    caplog.set_level("DEBUG")
    twilio.get(URL, status=503)
    with pytest.raises(TryLater):
        ask(harness, maxRetries="2")
    assert caplog.text
    assert "secret-of-the-key" not in caplog.text
    assert "Basic" not in caplog.text
