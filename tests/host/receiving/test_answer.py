import json

import pytest
from twilio_connector.host.receiving.answer import accepted, answer, too_late
from twilio_connector.host.receiving.results import Ended


def ended(**result):
    return Ended(execution_id="x1", status="succeeded", result=result)


@pytest.mark.parametrize(
    ("data", "content_type", "body"),
    [
        ("hello", "text/plain; charset=utf-8", "hello"),
        ("<Response><Message>hi</Message></Response>", "text/xml; charset=utf-8", None),
        ('<?xml version="1.0"?><Response/>', "text/xml; charset=utf-8", None),
        ({"a": [1]}, "application/json", '{"a": [1]}'),
        ([], "application/json", "[]"),
        (b"\x00", "application/octet-stream", b"\x00"),
        (None, "text/plain; charset=utf-8", ""),
        ({"raw": b"\x01"}, "application/json", '{"raw": {"type": "Buffer", "data": [1]}}'),
    ],
)
def test_a_result_is_answered_as_what_it_is(data, content_type, body):
    response = answer(ended(data=data))
    assert (response.status_code, response.content_type) == (200, content_type)
    assert response.body == (data if body is None else body)


def test_a_flow_may_choose_status_type_and_headers():
    response = answer(ended(data="<a/>", statusCode=202, contentType="text/html", headers={"X-A": 1}))
    assert (response.status_code, response.content_type, response.headers) == (202, "text/html", {"X-A": "1"})


def test_other_answers_name_the_execution():
    assert json.loads(accepted("x1").body) == {"executionId": "x1"}
    assert too_late("x1").status_code == 504
