import json
from datetime import timedelta
from email.utils import format_datetime
from itertools import islice
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from twilio_connector.connector.errors import ConnectionFailed, OutcomeUnknown, Refused, TryLater
from twilio_connector.connector.twilio.base import Base
from twilio_connector.connector.twilio.client import TwilioClient
from twilio_connector.connector.twilio.resource import Resource
from twilio_connector.connector.twilio.resources.messages import MESSAGES
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ProxyError
from werkzeug import Response

ACCOUNT = "AC" + "a" * 32
URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
ONE = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/SM1.json"
SERVICES = Resource(name="service", path="/v1/Services", items="services", product="messaging")

NEVER_LEFT = [
    requests.ConnectTimeout(),
    requests.ConnectionError(MaxRetryError(None, "/", NewConnectionError(None, "refused"))),
    requests.ConnectionError(MaxRetryError(None, "/", ConnectTimeoutError())),
    requests.exceptions.ProxyError(
        MaxRetryError(None, "/", ProxyError("refused", NewConnectionError(None, "refused")))
    ),
]
AMBIGUOUS = [
    requests.ReadTimeout(),
    requests.ConnectionError("reset"),
    requests.exceptions.ChunkedEncodingError(),
    requests.exceptions.ProxyError(MaxRetryError(None, "/", ProxyError("lost", ConnectionResetError("reset")))),
]


def test_a_request_carries_basic_auth_a_form_and_who_asks(client, twilio):
    twilio.post(URL, json={"sid": "SM1"}, status=201)
    assert client.create(MESSAGES, {"To": "+1", "Body": "é & ü"}) == {"sid": "SM1"}
    request = twilio.calls[0].request
    assert parse_qs(request.body.decode()) == {"To": ["+1"], "Body": ["é & ü"]}
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["User-Agent"].startswith("twilio-connector/")
    assert request.headers["Authorization"].startswith("Basic ")


def test_update_and_fetch_and_delete_reach_the_one(client, twilio):
    twilio.post(ONE, json={"sid": "SM1", "body": ""})
    twilio.get(ONE, json={"sid": "SM1"})
    twilio.delete(ONE, status=204)
    assert client.update(MESSAGES, "SM1", {"Body": ""})["body"] == ""
    assert client.fetch(MESSAGES, "SM1") == {"sid": "SM1"}
    assert client.delete(MESSAGES, "SM1") is None
    assert twilio.calls[0].request.body == b"Body="


# Trying again


def test_429_was_not_processed_so_even_a_post_is_sent_again_after_the_time_twilio_asks_for(client, twilio, slept):
    twilio.post(URL, status=429, headers={"Retry-After": "3"}, json={"code": 20429})
    twilio.post(URL, json={"sid": "SM1"}, status=201)
    assert client.create(MESSAGES, {})["sid"] == "SM1"
    assert slept.seconds == [3.5]


def test_retry_after_may_be_an_http_date(client, twilio, slept):
    when = format_datetime(client.clock() + timedelta(seconds=7), usegmt=True)
    twilio.get(ONE, status=429, headers={"Retry-After": when})
    twilio.get(ONE, json={})
    client.fetch(MESSAGES, "SM1")
    assert slept.seconds == [7.5]


@pytest.mark.parametrize("value", ["soon", "nan", "inf", "-5", ""])
def test_an_odd_retry_after_is_no_reason_to_fail(client, twilio, slept, value):
    twilio.get(ONE, status=429, headers={"Retry-After": value})
    twilio.get(ONE, json={})
    client.fetch(MESSAGES, "SM1")
    assert slept.seconds == [0.5]


def test_backoff_backs_off_and_ends(client, twilio, slept):
    twilio.get(ONE, status=503)
    with pytest.raises(TryLater) as raised:
        client.fetch(MESSAGES, "SM1")
    assert slept.seconds == [0.5, 1.0, 2.0, 4.0]
    assert raised.value.status == 503


def test_a_wait_beyond_the_deadline_is_left_to_the_caller(client, twilio, slept):
    twilio.get(ONE, status=429, headers={"Retry-After": "3600"})
    with pytest.raises(TryLater) as raised:
        client.fetch(MESSAGES, "SM1")
    assert (raised.value.retry_after, slept.seconds) == (3600, [])


def test_a_full_queue_is_not_hammered(client, twilio, slept):
    twilio.post(URL, status=429, json={"code": 21611, "message": "full"})
    with pytest.raises(TryLater):
        client.create(MESSAGES, {})
    assert slept.seconds == []


@pytest.mark.parametrize("failure", [*AMBIGUOUS, 500, 502, 503, 504, 408])
def test_a_post_that_may_have_been_done_is_never_sent_again(client, twilio, failure):
    twilio.add(responses.POST, URL, **({"status": failure} if isinstance(failure, int) else {"body": failure}))
    with pytest.raises(OutcomeUnknown, match="look for it before repeating it"):
        client.create(MESSAGES, {})
    assert len(twilio.calls) == 1


@pytest.mark.parametrize("failure", NEVER_LEFT)
def test_a_post_that_never_left_is_sent_again(client, twilio, failure):
    twilio.post(URL, body=failure)
    twilio.post(URL, json={"sid": "SM1"}, status=201)
    assert client.create(MESSAGES, {})["sid"] == "SM1"


@pytest.mark.parametrize("failure", NEVER_LEFT)
def test_where_nothing_can_be_sent_the_error_says_so(client, twilio, failure):
    twilio.post(URL, body=failure)
    with pytest.raises(TryLater, match="nothing was sent"):
        client.create(MESSAGES, {})


@pytest.mark.parametrize("failure", AMBIGUOUS)
def test_a_get_is_asked_again(client, twilio, failure):
    twilio.get(ONE, body=failure)
    twilio.get(ONE, json={"sid": "SM1"})
    assert client.fetch(MESSAGES, "SM1")["sid"] == "SM1"


def test_a_repeated_delete_that_finds_nothing_has_succeeded(client, twilio):
    twilio.delete(ONE, status=500)
    twilio.delete(ONE, status=404, json={"code": 20404})
    client.delete(MESSAGES, "SM1")


def test_a_first_delete_that_finds_nothing_is_refused(client, twilio):
    twilio.delete(ONE, status=404, json={"code": 20404, "message": "not found"})
    with pytest.raises(Refused):
        client.delete(MESSAGES, "SM1")


def test_a_sent_messages_answer_that_cannot_be_read_is_no_refusal(client, twilio):
    twilio.post(URL, body="<html>", status=201)
    with pytest.raises(OutcomeUnknown, match="probably done"):
        client.create(MESSAGES, {})


@pytest.mark.parametrize("answer", [[], None, "x", 1, {"sid": None, "date_sent": 7, "error_code": "30003"}])
def test_a_sent_messages_odd_answer_is_no_error(client, twilio, answer):
    twilio.post(URL, body=json.dumps(answer), status=201)
    client.create(MESSAGES, {})


def test_what_answers_a_get_without_json_is_not_twilio(client, twilio):
    twilio.get(ONE, body="<html>captive portal</html>")
    with pytest.raises(ConnectionFailed, match="not Twilio"):
        client.fetch(MESSAGES, "SM1")


def test_a_redirect_is_not_followed_with_credentials(client, twilio):
    twilio.get(ONE, status=307, headers={"Location": "https://evil.example/"})
    with pytest.raises(ConnectionFailed, match="redirect"):
        client.fetch(MESSAGES, "SM1")
    assert len(twilio.calls) == 1


def test_an_answer_without_end_is_cut_off(client, twilio, monkeypatch):
    monkeypatch.setattr("twilio_connector.connector.twilio.client.MAX_ANSWER", 10)
    twilio.get(ONE, body=b"x" * 11)
    with pytest.raises(Refused, match="larger than 10 bytes"):
        client.fetch(MESSAGES, "SM1")


# Pages


def page(items, next_page_uri=None):
    return {"messages": [{"sid": item} for item in items], "next_page_uri": next_page_uri}


def test_a_list_asks_for_no_more_than_the_limit_needs(client, twilio):
    twilio.get(URL, json=page(["SM1", "SM2", "SM3"]))
    assert [m["sid"] for m in client.list(MESSAGES, limit=2)] == ["SM1", "SM2"]
    assert "PageSize=2" in twilio.calls[0].request.url


def test_pages_come_as_they_are_taken(client, twilio):
    twilio.get(URL, json=page(["SM1"], "/2010-04-01/Accounts/AC1/Messages.json?Page=1&PageToken=PA1"))
    assert list(islice(client.list(MESSAGES), 1)) == [{"sid": "SM1"}]
    assert len(twilio.calls) == 1


def test_filters_are_sent_once_because_the_next_page_has_them(client, twilio):
    following = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?To=%2B1&PageToken=PA1"
    twilio.get(
        URL,
        json=page(["SM1"], following),
        match=[responses.matchers.query_param_matcher({"To": "+1", "PageSize": "1000"})],
    )
    twilio.get(
        URL, json=page(["SM2"]), match=[responses.matchers.query_param_matcher({"To": "+1", "PageToken": "PA1"})]
    )
    assert len(list(client.list(MESSAGES, {"To": "+1"}))) == 2


def test_newer_apis_page_by_full_urls_and_name_their_items(client, twilio):
    first = {
        "things": [{"sid": "1"}],
        "meta": {"key": "things", "next_page_url": "https://messaging.twilio.com/v1/Services?p=2"},
    }
    twilio.get("https://messaging.twilio.com/v1/Services", json=first)
    twilio.get("https://messaging.twilio.com/v1/Services", json={"things": [{"sid": "2"}], "meta": {"key": "things", "next_page_url": None}})  # fmt: skip  # noqa: E501
    assert [each["sid"] for each in client.list(SERVICES)] == ["1", "2"]


@pytest.mark.parametrize(
    "address", ["https://evil.example/v1", "//evil.example/x", "https://api.twilio.com@evil.example/"]
)
def test_a_next_page_elsewhere_gets_no_credentials(client, twilio, address):
    twilio.get(URL, json=page(["SM1"], address))
    with pytest.raises(ConnectionFailed, match="credentials do not go there"):
        list(client.list(MESSAGES))
    assert len(twilio.calls) == 1


def test_pages_that_go_in_a_circle_end(client, twilio):
    following = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageToken=PA1"
    twilio.get(URL, json=page(["SM1"], following))
    with pytest.raises(ConnectionFailed, match="circle"):
        list(client.list(MESSAGES))


@pytest.mark.parametrize("answer", [[], {}, {"messages": None}, {"meta": {"key": 5}}, None])
def test_a_page_without_its_list_is_not_taken_for_an_empty_one(client, twilio, answer):
    twilio.get(URL, json=answer)
    with pytest.raises(ConnectionFailed):
        list(client.list(MESSAGES))


@given(total=st.integers(0, 60), size=st.integers(1, 20), limit=st.none() | st.integers(1, 70))
def test_paging_gives_each_once_in_order_up_to_the_limit(total, size, limit):
    everything = [f"SM{number}" for number in range(total)]

    def answer(request):
        query = parse_qs(urlsplit(request.url).query)
        start = int(query.get("PageToken", ["0"])[0])
        assert int(query["PageSize"][0]) <= min(size, limit or size)
        step = int(query["PageSize"][0])
        rest = start + step < total
        following = (
            f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize={step}&PageToken={start + step}" if rest else None
        )
        return 200, {}, json.dumps(page(everything[start : start + step], following))

    with responses.RequestsMock() as mock:
        mock.add_callback(responses.GET, URL, answer)
        client = TwilioClient(account_sid=ACCOUNT, username="u", secret=SecretStr("s"))
        found = [m["sid"] for m in client.list(MESSAGES, page_size=size, limit=limit)]
    assert found == everything[:limit]


# Over a real socket


def test_a_server_that_hangs_up_after_taking_a_post_leaves_the_outcome_unknown(client, monkeypatch):
    with HTTPServer() as server:
        taken = []

        def hang_up(request):
            taken.append(request.get_data())
            return Response(b"cut", headers={"Content-Length": "1000"})

        server.expect_request("/api/2010-04-01/Accounts/AC1/Messages.json").respond_with_handler(hang_up)
        local = TwilioClient(
            account_sid="AC1",
            username="u",
            secret=SecretStr("s"),
            base=Base(template=server.url_for("/{product}").replace("%7B", "{").replace("%7D", "}")),
        )
        with pytest.raises(OutcomeUnknown):
            local.create(MESSAGES, {"Body": "x"})
        local.transport.close()
    assert taken == [b"Body=x"]
