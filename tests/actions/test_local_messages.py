"""Messages, media and delivery against the local Twilio, which checks what it is sent by Twilio's own rules."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer
from twilio_connector.connector.context import utc_now
from twilio_connector.connector.errors import Refused, TryLater
from twilio_connector.connector.testing import Harness

HANDSET = "+15551234567"


@pytest.fixture
def send(local, sandbox):
    def send(**inputs):
        return local.perform("sendMessage", {"to": HANDSET, "from": sandbox.number, "body": "Hi"} | inputs)["data"]

    return send


def test_a_message_is_sent_waited_for_redacted_and_deleted(local, send, sandbox):
    sid = send(body="It’s ready 👍")["sid"]
    waited = local.perform("waitForDelivery", {"sid": sid})["data"]
    assert (waited["status"], waited["delivered"], waited["body"]) == ("delivered", True, "It’s ready 👍")
    assert local.perform("redactMessage", {"sid": sid})["data"]["body"] == ""
    assert local.perform("deleteMessage", {"sid": sid})["data"] == {"sid": sid, "deleted": True}
    assert sandbox.state.messages() == []


@pytest.mark.parametrize("text", ["Hi", "a" * 161, "€" * 153, "ж" * 71, "👍" * 67, "a" * 152 + "€" * 5, "“x”" * 60])
def test_a_dry_run_counts_segments_as_the_local_twilio_does(send, text):
    assert str(send(body=text, dryRun="true")["sms"]["segments"]) == send(body=text)["numSegments"]


def test_why_a_message_did_not_arrive_is_said(local, send, sandbox):
    sandbox.state.break_handset(HANDSET, 30005)
    try:
        found = local.perform("waitForDelivery", {"sid": send()["sid"]})["data"]
    finally:
        sandbox.state.break_handset(HANDSET, None)
    assert (found["status"], found["errorCode"], found["delivered"]) == ("undelivered", 30005, False)
    assert "not in service" in found["errorMeaning"]


def test_a_scheduled_message_is_canceled_and_is_not_final_before(local, send, sandbox):
    at = (utc_now() + timedelta(hours=1)).isoformat()
    scheduled = send(messagingServiceSid=sandbox.messaging_service, sendAt=at)
    assert scheduled["status"] == "scheduled"
    impatient = Harness(
        local.component, connection=local.connection, context=replace(local.context, sleep=lambda seconds: None)
    )
    with pytest.raises(TryLater, match="is scheduled after 5 seconds"):
        impatient.perform("waitForDelivery", {"sid": scheduled["sid"], "timeout": "5"})
    assert local.perform("cancelScheduledMessage", {"sid": scheduled["sid"]})["data"]["status"] == "canceled"
    with pytest.raises(Refused) as raised:
        local.perform("cancelScheduledMessage", {"sid": scheduled["sid"]})
    assert raised.value.code == 30409


def test_media_are_listed_and_downloaded_from_elsewhere_without_credentials(local, send):
    with HTTPServer() as elsewhere:
        elsewhere.expect_request("/a.png").respond_with_data(b"\x89PNG", content_type="image/png")
        sid = send(mediaUrl=[elsewhere.url_for("/a.png")])["sid"]
        (media,) = local.perform("listMessageMedia", {"messageSid": sid})["data"]
        assert (media["contentType"], media["parentSid"]) == ("image/png", sid)
        found = local.perform("downloadMedia", {"messageSid": sid, "sid": media["sid"]})["data"]
        assert found == {"type": "Buffer", "data": list(b"\x89PNG")}
        assert "Authorization" not in elsewhere.log[0][0].headers


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550009"}, 21614),
        ({"from": "+15005550001"}, 21212),
        ({"from": "+15005550007"}, 21606),
        ({"to": "+15005550004"}, 21610),
        ({"from": "", "messagingServiceSid": "MG" + "0" * 32}, 21701),
    ],
)
def test_what_twilio_refuses_has_code_page_and_what_to_do(send, inputs, code):
    with pytest.raises(Refused) as raised:
        send(**inputs)
    assert (raised.value.code, raised.value.exit_status) == (code, 4)
    assert str(code) in raised.value.more_info


def test_the_platforms_own_action_leaves_channels_to_twilio(local, sandbox):
    with pytest.raises(Refused, match="whatsapp: before both") as raised:
        local.perform("sendSMS", {"to": "whatsapp:" + HANDSET, "from": sandbox.number, "message": "Hi"})
    assert (raised.value.code, raised.value.exit_status) == (21910, 4)


@pytest.mark.parametrize(("wrote", "code"), [(True, None), (False, 63016)])
def test_whatsapp_reaches_who_wrote_on_whatsapp(local, sandbox, wrote, code):
    if wrote:
        sandbox.state.receive(f"whatsapp:{HANDSET}", f"whatsapp:{sandbox.number}", "Hello")
    sent = local.perform("sendWhatsApp", {"to": HANDSET, "from": sandbox.number, "body": "Hi"})["data"]
    assert sent["to"] == f"whatsapp:{HANDSET}"
    waited = local.perform("waitForDelivery", {"sid": sent["sid"]})["data"]
    assert (waited["delivered"], waited["errorCode"]) == (wrote, code)


def test_a_whatsapp_sender_of_somebody_else_is_refused(local):
    with pytest.raises(Refused) as raised:
        local.perform("sendWhatsApp", {"to": HANDSET, "from": "+1 555 765 4321", "body": "Hi"})
    assert raised.value.code == 63007


def test_a_template_is_found_read_and_sent_with_its_variables(local, send):
    found = local.perform("listContentTemplates", {"pageSize": "1"})["data"]
    assert len({template["sid"] for template in found}) == len(found) >= 2
    reminder = next(template for template in found if template["friendlyName"] == "appointment_reminder")
    read = local.perform("getContentTemplate", {"sid": reminder["sid"]})["data"]
    assert "{{1}}" in read["types"]["twilio/text"]["body"]
    sent = send(body="", contentSid=read["sid"], contentVariables={"1": "Grace", "2": 10})
    assert sent["body"].startswith("Hello Grace, your appointment is on 10.")


def test_feedback_is_taken(local, send):
    sid = send(provideFeedback="true")["sid"]
    found = local.perform("sendMessageFeedback", {"messageSid": sid, "outcome": "confirmed"})["data"]
    assert (found["messageSid"], found["outcome"]) == (sid, "confirmed")


def test_media_that_is_deleted_is_gone(local, send):
    sid = send(mediaUrl=["https://example.com/a.png", "https://example.com/b.png"])["sid"]
    first, second = (media["sid"] for media in local.perform("listMessageMedia", {"messageSid": sid})["data"])
    local.perform("waitForDelivery", {"sid": sid})
    assert local.perform("deleteMedia", {"messageSid": sid, "sid": first})["data"]["deleted"]
    assert [media["sid"] for media in local.perform("listMessageMedia", {"messageSid": sid})["data"]] == [second]


def test_a_line_that_drops_after_a_message_was_taken_sends_it_once(local, send, sandbox):
    sandbox.state.faults.add("drop-after", method="POST", path="*/Messages*")
    sent = send(body="only once", mediaUrl=["https://example.com/a.png"])
    assert [message.sid for message in sandbox.state.messages()] == [sent["sid"]]


def test_what_another_program_sent_a_while_ago_is_not_taken_for_ours(local, send, sandbox):
    theirs = send(body="Your table is ready.")["sid"]
    sandbox.state.change(theirs, created=utc_now() - timedelta(seconds=20))
    sandbox.state.faults.add("drop-before", method="POST", path="*/Messages*")
    context = replace(local.context, claims=type(local.context.claims)())
    ours = Harness(local.component, connection=local.connection, context=context).perform(
        "sendSMS", {"to": HANDSET, "from": sandbox.number, "message": "Your table is ready."}
    )["data"]["sid"]
    assert {message.sid for message in sandbox.state.messages()} == {theirs, ours}
    assert ours != theirs


def test_a_message_is_updated_to_be_redacted(local, send):
    sid = send(body="Your code is 1234")["sid"]
    local.perform("waitForDelivery", {"sid": sid})
    assert local.perform("updateMessage", {"sid": sid, "redact": "true"})["data"]["body"] == ""
    assert local.perform("getSMS", {"sid": sid})["data"]["body"] == ""


def test_numbers_are_offered_by_their_sid_too(local, sandbox):
    offered = local.choices("selectPhoneNumberSid", {"search": sandbox.number[-4:]})
    found = local.perform("getPhoneNumber", {"sid": offered[0]["key"]})["data"]
    assert found["phoneNumber"] == sandbox.number


def test_what_a_flow_answers_in_twiml_arrives_as_a_text(local, sandbox):
    twiml = local.perform("buildMessagingTwiml", {"verbs": [{"key": "message", "value": "From a flow"}]})["data"]
    with HTTPServer(host="127.0.0.1") as server:
        server.expect_request("/sms").respond_with_data(twiml, content_type="text/xml")
        number = sandbox.state.number(sandbox.number)
        sandbox.state.change_number(number.sid, sms_url=server.url_for("/sms"))
        sandbox.state.receive(sandbox.handset, sandbox.number, "hello")
        sandbox.state.wait_for(lambda: [m for m in sandbox.state.messages() if m.body == "From a flow"])
