"""What Twilio is answered: always something that it can read, and never what went wrong inside."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.payload import FlowEnd

from .conftest import CALL, TEXT, form, receive

EMPTY = "<Response/>"
FAILED = {"kind": "failed", "message": "KeyError: 'secret-token'", "traceback": "File /srv/flow.py, line 3"}
SORRY = "Sorry & try again."
TWIML = "<Response><Message>Hi</Message></Response>"


def answer_of(end, key="inboundMessage", said=None, **inputs):
    params = {"inboundMessage": TEXT, "inboundCall": CALL}[key] | (said or {})
    return receive(key, form(params), **({"responseMode": "flow"} | inputs)).answer(end)


def reply(data, **given):
    return answer_of(FlowEnd(data=data), **given).body


def root(body):
    return ET.fromstring(body)  # noqa: S314  our own answer


def texts(body):
    return [verb.text for verb in root(body)]


@pytest.mark.parametrize("key", ["inboundMessage", "inboundCall"])
@pytest.mark.parametrize(
    ("inputs", "wait", "answers"),
    [
        ({}, None, True),
        ({"responseMode": ""}, None, True),
        ({"responseMode": "flow"}, True, True),
        ({"responseMode": "empty"}, False, False),
        ({"responseMode": "text", "responseText": "Hi"}, False, False),
        ({"responseMode": "twiml", "responseText": TWIML}, False, False),
    ],
)
def test_the_mode_says_whether_twilio_waits_for_the_flow(key, inputs, wait, answers):
    result = receive(key, form({"inboundMessage": TEXT, "inboundCall": CALL}[key]), **inputs)
    assert (result.wait, result.answer is not None) == (wait, answers)
    assert root(result.response.body).tag == "Response"
    assert result.response.content_type == "text/xml; charset=utf-8"
    assert (result.response.body == EMPTY) == (inputs.get("responseText") is None)


def test_a_chosen_text_is_a_message_or_is_said():
    given = {"responseMode": "text", "responseText": "Tom & <Jerry>"}
    assert receive("inboundMessage", form(TEXT), **given).response.body.endswith(
        "<Response><Message>Tom &amp; &lt;Jerry&gt;</Message></Response>"
    )
    assert texts(receive("inboundCall", form(CALL), **given).response.body) == ["Tom & <Jerry>"]
    assert "<Say>" in receive("inboundCall", form(CALL), **given).response.body


def test_chosen_twiml_goes_out_as_it_is():
    given = {"responseMode": "twiml", "responseText": f"\n  {TWIML}"}
    assert receive("inboundMessage", form(TEXT), **given).response.body == TWIML


@pytest.mark.parametrize(
    ("inputs", "field", "problem"),
    [
        ({"responseMode": "text"}, "responseText", "is required"),
        ({"responseMode": "twiml", "responseText": "   "}, "responseText", "is required"),
        ({"responseMode": "twiml", "responseText": "Hello"}, "responseText", "is no XML"),
        ({"responseMode": "twiml", "responseText": "<Response>"}, "responseText", "is no XML"),
        ({"responseMode": "twiml", "responseText": "<Answer/>"}, "responseText", "<Response>"),
        ({"responseMode": "twiml", "responseText": "<!DOCTYPE a><Response/>"}, "responseText", "DOCTYPE"),
        ({"responseMode": "text", "responseText": "x" * 70_000}, "responseText", "64 KB"),
        ({"errorText": "x" * 70_000}, "errorText", "64 KB"),
        ({"responseMode": "json"}, "responseMode", "'empty', 'text', 'twiml' or 'flow'"),
    ],
)
def test_what_twilio_could_not_read_is_told_when_it_is_configured(inputs, field, problem):
    with pytest.raises(InvalidInput, match=re.escape(problem)) as raised:
        receive("inboundMessage", form(TEXT), **inputs)
    assert raised.value.field == field


# The flow's result


def test_a_text_is_a_message():
    assert texts(reply("Saved your text message with _id: 7")) == ["Saved your text message with _id: 7"]
    assert "<Say>" in reply("Hello", key="inboundCall")
    assert texts(reply(42)) == ["42"]
    assert texts(reply("grüß dich".encode())) == ["grüß dich"]


@pytest.mark.parametrize("nothing", [None, "", "  \n", {}, {"body": "Hi", "sid": "SM1"}, ["Hi"], True, b""])
def test_a_result_that_is_no_text_is_answered_with_nothing_and_never_as_json(nothing):
    assert reply(nothing, errorText=SORRY) == EMPTY


def test_json_text_that_says_it_is_json_is_no_reply():
    assert answer_of(FlowEnd(data='{"a": 1}', content_type="application/json")).body == EMPTY


def test_twiml_goes_out_without_the_blanks_before_it():
    assert reply(f"\n\n  {TWIML}") == TWIML
    declared = '<?xml version="1.0" encoding="UTF-8"?>' + TWIML
    assert answer_of(FlowEnd(data=declared, content_type="text/xml")).body == declared


@pytest.mark.parametrize(
    "bad",
    [
        "<Response><Message>Tom & Jerry</Message></Response>",
        "<Response>" + "<Pause/>" * 9000 + "</Response>",
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "b">]><Response>&a;</Response>',
        '<?xml version="1.0" encoding="nonsense"?><Response/>',
        "<Responses/>",
        "<Response>\ud800</Response>",
    ],
)
def test_twiml_that_twilio_could_not_read_is_the_error_answer(bad):
    assert texts(reply(bad, errorText=SORRY)) == [SORRY]
    assert reply(bad) == EMPTY


@pytest.mark.parametrize("name", ["Body", "ProfileName", "ButtonText"])
def test_a_stranger_who_writes_twiml_gets_it_back_as_text(name):
    """An echo must not become an order to send messages elsewhere."""
    order = ' <Response><Message to="+19005550100">x</Message></Response>'
    assert texts(reply(order, said={name: order})) == [order]
    assert texts(answer_of(FlowEnd(data=order, content_type="text/plain")).body) == [order]


def test_a_flow_that_says_that_it_is_twiml_is_believed():
    end = FlowEnd(data=TWIML, content_type="text/xml")
    assert answer_of(end, said={"Body": TWIML}).body == TWIML


def test_a_flow_may_set_status_and_headers_but_not_what_kind_of_answer_it_is():
    headers = {"X-Mine": "1", "Content-Type": "text/plain", "content-length": "3"}
    found = answer_of(FlowEnd(data="Hi", status_code=201, headers=headers))
    assert (found.status_code, found.headers) == (201, {"X-Mine": "1"})
    assert found.content_type == "text/xml; charset=utf-8"


# Errors


@pytest.mark.parametrize("key", ["inboundMessage", "inboundCall"])
def test_a_flow_that_fails_is_answered_with_the_chosen_text_or_nothing(key):
    end = FlowEnd(error=FAILED, data="half done", status_code=500)
    chosen, blank = answer_of(end, key, errorText=SORRY), answer_of(end, key)
    assert (chosen.status_code, texts(chosen.body)) == (200, [SORRY])
    assert (blank.status_code, blank.body) == (200, EMPTY)
    assert "secret" not in chosen.body + blank.body


# Long texts


def test_a_text_that_is_too_long_for_one_message_becomes_several():
    parts = texts(reply("word " * 1000))
    assert "".join(parts) == "word " * 1000
    assert [len(part) for part in parts] == [1600, 1600, 1600, 200]


def test_a_text_that_no_answer_can_hold_is_the_error_answer():
    assert texts(reply("x" * 70_000, errorText=SORRY)) == [SORRY]


@given(st.text(max_size=5000) | st.text(alphabet="a \n&é", min_size=1500, max_size=5000))
def test_no_character_that_xml_can_hold_is_lost_and_no_message_is_blank_or_too_long(text):
    found = texts(reply(text, said={"Body": "<Response>"}))
    kept = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", kept)
    assert all(part.strip() and len(part) <= 1600 for part in found)
