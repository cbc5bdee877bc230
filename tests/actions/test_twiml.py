import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput

ACTIONS = load("twilio_connector").actions
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def made(action, *verbs):
    result = ACTIONS[action].perform(ActionContext(), {"verbs": [{"key": key, "value": value} for key, value in verbs]})
    assert result.content_type == "text/xml"
    return result.data.removeprefix(HEAD)


@pytest.mark.parametrize(
    ("verbs", "expected"),
    [
        ([], "<Response/>"),
        ([("message", "Hi")], "<Response><Message><Body>Hi</Body></Message></Response>"),
        (
            [
                (
                    "message",
                    {"body": "Map:", "media": ["https://a.example/1", "https://a.example/2"], "to": "+15551234567"},
                )
            ],
            (
                '<Response><Message to="+15551234567"><Body>Map:</Body><Media>https://a.example/1</Media>'
                "<Media>https://a.example/2</Media></Message></Response>"
            ),
        ),
        (
            [("media", "https://a.example/?a=1&b=2")],
            "<Response><Message><Media>https://a.example/?a=1&amp;b=2</Media></Message></Response>",
        ),
        (
            [("message", "One"), ("message", "Two"), ("redirect", "https://a.example/next")],
            (
                "<Response><Message><Body>One</Body></Message><Message><Body>Two</Body></Message>"
                "<Redirect>https://a.example/next</Redirect></Response>"
            ),
        ),
        ([("message", 7)], "<Response><Message><Body>7</Body></Message></Response>"),
        ([("message", "{not json")], "<Response><Message><Body>{not json</Body></Message></Response>"),
    ],
)
def test_an_answer_to_a_message(verbs, expected):
    assert made("buildMessagingTwiml", *verbs) == expected


@pytest.mark.parametrize(
    ("verbs", "expected"),
    [
        ([("say", "Hello"), ("pause", 2), ("hangup", "")], '<Say>Hello</Say><Pause length="2"/><Hangup/>'),
        ([("say", {"text": "Hi", "voice": "alice", "loop": 0})], '<Say voice="alice" loop="0">Hi</Say>'),
        ([("play", "https://a.example/s.mp3")], "<Play>https://a.example/s.mp3</Play>"),
        (
            [("gather", {"say": "Press 1", "numDigits": 1, "input": ["dtmf", "speech"], "bargeIn": False})],
            '<Gather numDigits="1" input="dtmf speech" bargeIn="false"><Say>Press 1</Say></Gather>',
        ),
        (
            [("gather", {"say": "Speak", "finishOnKey": "", "action": ""})],
            '<Gather finishOnKey=""><Say>Speak</Say></Gather>',
        ),
        ([("gather", "Say a name")], "<Gather><Say>Say a name</Say></Gather>"),
        ([("dial", "+15551234567")], "<Dial><Number>+15551234567</Number></Dial>"),
        (
            [("dial", {"number": ["+1555", {"text": "+1556", "sendDigits": "w1"}], "client": "ada", "timeout": 20})],
            '<Dial timeout="20"><Number>+1555</Number><Number sendDigits="w1">+1556</Number><Client>ada</Client></Dial>',
        ),
        (
            [("dial", {"conference": {"text": "Team & Co", "muted": True}})],
            '<Dial><Conference muted="true">Team &amp; Co</Conference></Dial>',
        ),
        ([("record", "")], "<Record/>"),
        ([("record", {"maxLength": 30, "playBeep": True})], '<Record maxLength="30" playBeep="true"/>'),
        ([("reject", "busy")], '<Reject reason="busy"/>'),
        ([("enqueue", "support")], "<Enqueue>support</Enqueue>"),
        (
            [("redirect", {"url": "https://a.example", "method": "GET"})],
            '<Redirect method="GET">https://a.example</Redirect>',
        ),
    ],
)
def test_instructions_for_a_call(verbs, expected):
    assert made("buildVoiceTwiml", *verbs) == f"<Response>{expected}</Response>"


@pytest.mark.parametrize(
    ("action", "verb", "value", "told"),
    [
        ("buildMessagingTwiml", "say", "Hi", "say is no verb here"),
        ("buildVoiceTwiml", "sey", "Hi", "did you mean say?"),
        ("buildVoiceTwiml", "message", "Hi", "message is no verb here"),
        ("buildVoiceTwiml", "say", "", "Say needs text"),
        ("buildVoiceTwiml", "say", {"text": "Hi", "voise": "x"}, "voise means nothing to Say; did you mean voice?"),
        ("buildVoiceTwiml", "hangup", "now", "Hangup takes no plain value"),
        ("buildVoiceTwiml", "say", {"text": {"a": 1}}, "holds an object"),
        ("buildVoiceTwiml", "say", "bell \x07", "U+0007"),
        ("buildVoiceTwiml", "say", "x" * 65536, "64 KB"),
        ("buildMessagingTwiml", "message", "", "Message needs body or media"),
        ("buildMessagingTwiml", "message", {"media": []}, "Message needs body or media"),
        ("buildMessagingTwiml", "media", "", "Message needs media"),
        ("buildMessagingTwiml", "message", "x" * 1601, "Body has 1601 characters; it holds at most 1600"),
        ("buildMessagingTwiml", "message", {"media": ""} | {"medium": "x"}, "medium means nothing to Message"),
    ],
)
def test_what_twilio_does_not_know_is_refused(action, verb, value, told):
    with pytest.raises(InvalidInput) as raised:
        made(action, (verb, value))
    assert raised.value.field == "verbs"
    assert str(raised.value).startswith("verbs: ")
    assert told in str(raised.value)


XML_TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff"), min_size=1)


@given(XML_TEXT.filter(str.strip), XML_TEXT)
def test_every_text_is_read_back_from_the_xml_as_it_was(text, voice):
    (say,) = ET.fromstring(made("buildVoiceTwiml", ("say", {"text": text, "voice": voice})))  # noqa: S314  our own
    assert (say.text, say.get("voice")) == (text, voice)


@given(st.text())
def test_any_text_gives_xml_or_is_refused(text):
    try:
        answer = made("buildMessagingTwiml", ("message", text))
    except InvalidInput:
        return
    ET.fromstring(answer)  # noqa: S314  our own


@given(st.dictionaries(st.sampled_from(["body", "media", "to", "action"]), st.text(min_size=1), min_size=1))
def test_a_text_that_looks_like_details_stays_a_text(details):
    text = json.dumps(details)
    (message,) = ET.fromstring(made("buildMessagingTwiml", ("message", text)))  # noqa: S314  our own
    assert not message.attrib
    assert [(child.tag, child.text) for child in message] == [("Body", text)]


def test_verbs_may_come_as_json_text():
    given = {"verbs": '[{"key": "say", "value": {"text": "Hi", "voice": "alice"}}]'}
    answer = ACTIONS["buildVoiceTwiml"].perform(ActionContext(), given).data
    assert answer == f'{HEAD}<Response><Say voice="alice">Hi</Say></Response>'


def test_it_needs_no_connection_and_a_replay_may_make_it_again():
    for name in ("buildMessagingTwiml", "buildVoiceTwiml"):
        assert ACTIONS[name].pure
        assert not ACTIONS[name].connection_inputs


def test_verbs_may_be_written_as_objects_of_one_name():
    verbs = [{"say": "Hi"}, {"dial": "+15551234567"}]
    made = ACTIONS["buildVoiceTwiml"].perform(ActionContext(), {"verbs": verbs}).data
    assert made == f"{HEAD}<Response><Say>Hi</Say><Dial><Number>+15551234567</Number></Dial></Response>"


@pytest.mark.parametrize("verbs", [5, ["say"], [{"say": "Hi", "dial": "x"}], [{"key": "say"}]])
def test_verbs_in_no_form_are_told_the_form(verbs):
    with pytest.raises(InvalidInput, match=r"verbs.*must be .*key.*value"):
        ACTIONS["buildVoiceTwiml"].perform(ActionContext(), {"verbs": verbs})
