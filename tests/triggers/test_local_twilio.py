"""The typed triggers against the local Twilio: what it really sends, and what becomes of the answers."""

import pytest
import requests
from pytest_httpserver import HTTPServer
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.payload import FlowEnd, WebhookRequest
from twilio_connector.sandbox.records import Media
from twilio_connector.sandbox.server import Sandbox
from twilio_connector.sandbox.settings import Delays, Settings
from werkzeug import Response

from .conftest import TRIGGERS

FAST = Delays(queued=0, sending=0, sent=0, ringing=0, second=0.02)
RECORD = """<Record action="{ended}" transcribe="true" transcribeCallback="{transcribed}"
    recordingStatusCallback="{recorded}"/>"""


class Endpoints:
    """A URL for each trigger; what it accepted is kept, and Twilio is answered with the flow's end."""

    def __init__(self, server, sandbox):
        self.server, self.sandbox, self.results, self.refused = server, sandbox, {}, []
        fields = {"username": sandbox.account_sid, "password": sandbox.auth_token}
        self.connection = {"twilioConnection": {"key": "basic", "fields": fields}}

    def url(self, key, end=None, **inputs):
        def answer(request):
            said = WebhookRequest(
                method=request.method,
                url=f"http://{request.host}{request.environ['REQUEST_URI']}",
                headers=tuple(request.headers),
                body=request.get_data(),
            )
            try:
                result = TRIGGERS[key].receive(ActionContext(), said, self.connection | inputs)
            except Exception as error:
                self.refused.append(str(error))
                raise
            self.results.setdefault(key, []).append(result)
            response = result.answer(end) if result.answer and end else result.response
            return Response(response.body, response.status_code, content_type=response.content_type)

        self.server.expect_request(f"/{key}").respond_with_handler(answer)
        return self.server.url_for(f"/{key}")

    def wait(self, key, count=1):
        self.sandbox.state.wait_for(lambda: self.refused or len(self.results.get(key, ())) >= count)
        assert self.refused == []
        return [result.payload.body for result in self.results[key]]


@pytest.fixture(scope="module")
def running():
    with Sandbox(Settings(delays=FAST)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.state.reset()
    return running


@pytest.fixture
def endpoints(httpserver: HTTPServer, sandbox):
    return Endpoints(httpserver, sandbox)


def post(sandbox, path, **form):
    url = f"{sandbox.url}/api/2010-04-01/Accounts/{sandbox.account_sid}/{path}.json"
    answer = requests.post(url, form, auth=(sandbox.account_sid, sandbox.auth_token), timeout=10)
    answer.raise_for_status()
    return answer.json()


def point(sandbox, number=None, **fields):
    found = sandbox.state.number(number or sandbox.number)
    sandbox.state.change_number(found.sid, **fields)
    return found


def replies(sandbox):
    return [it.body for it in reversed(sandbox.state.messages()) if it.direction == "outbound-reply"]


def test_a_text_with_a_picture_is_answered_with_the_flows_result_in_as_many_messages_as_it_takes(endpoints, sandbox):
    long = "word " * 400
    point(sandbox, sms_url=endpoints.url("inboundMessage", FlowEnd(data=long), responseMode="flow"))
    picture = Media("ME" + "0" * 32, "image/png", data=b"\x89PNG")
    sandbox.state.receive(sandbox.handset, sandbox.number, "Hello & bye", (picture,))
    (found,) = endpoints.wait("inboundMessage")
    assert found["document"] == {"From": sandbox.handset, "To": sandbox.number, "Body": "Hello & bye"}
    assert (found["media"][0]["contentType"], found["media"][0]["sid"]) == ("image/png", picture.sid)
    sandbox.state.wait_for(lambda: len(replies(sandbox)) == 2)
    assert " ".join(replies(sandbox)) == long.strip()  # Twilio takes off the blanks around a text
    assert sandbox.state.alerts() == ()


def test_a_flow_that_fails_tells_the_sender_the_chosen_text(endpoints, sandbox):
    end = FlowEnd(error={"message": "secret"})
    point(sandbox, sms_url=endpoints.url("inboundMessage", end, responseMode="flow", errorText="Sorry & <so> on"))
    sandbox.state.receive(sandbox.handset, sandbox.number, "Hello")
    sandbox.state.wait_for(lambda: replies(sandbox))
    assert replies(sandbox) == ["Sorry & <so> on"]


def test_a_button_on_whatsapp(endpoints, sandbox):
    point(sandbox, sms_url=endpoints.url("inboundMessage"))
    said = {
        "from": "whatsapp:" + sandbox.handset,
        "body": "Yes",
        "parameters": {"ButtonText": "Yes", "ButtonPayload": "y"},
    }
    requests.post(f"{sandbox.url}/_sandbox/numbers/{sandbox.number}/inbound", json=said, timeout=10).raise_for_status()
    (found,) = endpoints.wait("inboundMessage")
    assert (found["channel"], found["from"], found["to"]) == ("whatsapp", sandbox.handset, sandbox.number)
    assert found["button"] == {"payload": "y", "text": "Yes", "type": None}
    assert found["profileName"] == "Local handset"


def test_an_undelivered_message_tells_its_life_and_why(endpoints, sandbox):
    sandbox.state.break_handset(sandbox.handset, 30003)
    callback = endpoints.url("messageStatus")
    made = post(sandbox, "Messages", From=sandbox.number, To=sandbox.handset, Body="Hi", StatusCallback=callback)
    life = endpoints.wait("messageStatus", 3)
    assert [it["status"] for it in life] == ["sending", "sent", "undelivered"]
    assert (life[-1]["messageSid"], life[-1]["errorCode"], life[-1]["isFinal"]) == (made["sid"], 30003, True)
    assert life[-1]["rawDlrDoneDate"]
    results = endpoints.results["messageStatus"]
    overtaken = [not set(results[2].supersedes).isdisjoint(result.dedupe) for result in results]
    assert overtaken == [True, True, False]


def test_a_call_is_told_what_to_say_and_tells_its_life_its_recording_and_its_words(endpoints, sandbox):
    urls = {"transcribed": endpoints.url("transcriptionCompleted"), "recorded": endpoints.url("recordingStatus")}
    endpoints.server.expect_request("/ended").respond_with_data("<Response/>", content_type="text/xml")
    twiml = f"<Response>{RECORD.format(**urls, ended=endpoints.server.url_for('/ended'))}</Response>"
    point(sandbox, voice_url=endpoints.url("inboundCall", responseMode="twiml", responseText=twiml),
          status_callback=endpoints.url("callStatus"))  # fmt: skip
    call = sandbox.state.ring(sandbox.handset, sandbox.number)
    asked = endpoints.wait("inboundCall")[0]
    assert (asked["callSid"], asked["direction"], asked["from"]) == (call.sid, "inbound", sandbox.handset)
    status = endpoints.wait("callStatus")[-1]
    assert (status["status"], status["isFinal"], status["callSid"]) == ("completed", True, call.sid)
    assert status["timestamp"].endswith("Z")
    recording = endpoints.wait("recordingStatus")[-1]
    assert (recording["status"], recording["callSid"], recording["source"]) == ("completed", call.sid, "RecordVerb")
    words = endpoints.wait("transcriptionCompleted")[-1]
    assert (words["status"], words["recording"]["sid"]) == ("completed", recording["recordingSid"])
    assert words["text"]


def test_the_statuses_of_a_call_that_was_made_come_numbered_and_overtake_those_before(endpoints, sandbox):
    events = ["initiated", "ringing", "answered", "completed"]
    callback = endpoints.url("callStatus")
    post(sandbox, "Calls", From=sandbox.number, To=sandbox.handset, Twiml="<Response><Say>Hi</Say></Response>",
         StatusCallback=callback, StatusCallbackEvent=events)  # fmt: skip
    life = endpoints.wait("callStatus", 4)
    assert [it["sequenceNumber"] for it in life] == [0, 1, 2, 3]
    assert [it["isFinal"] for it in life] == [False, False, False, True]
    results = endpoints.results["callStatus"]
    assert [not set(results[3].supersedes).isdisjoint(it.dedupe) for it in results] == [True, True, True, False]


@pytest.mark.parametrize("place", [0, 1], ids=["by itself", "in a messaging service"])
def test_opt_outs_with_and_without_a_messaging_service(endpoints, sandbox, place):
    number = list(sandbox.state.numbers.values())[place]
    sandbox.state.change_number(number.sid, sms_url=endpoints.url("optOutChanged"))
    for count, word in enumerate(["Hello", "stop", "HELP", "start"], 1):
        sandbox.state.receive(sandbox.handset, number.phone_number, word)
        endpoints.wait("optOutChanged", count)
    results = endpoints.results["optOutChanged"]
    found = [result.payload.body["optOutType"] for result in results if not result.polled_no_changes]
    assert found == ["STOP", "START"]
    assert bool(results[1].payload.body["messagingServiceSid"]) is bool(place)


def test_a_batch_of_events_that_is_signed_over_its_hash(endpoints, sandbox):
    event = {"specversion": "1.0", "id": "EZ1", "source": "x", "type": "com.twilio.messaging.message.read"}
    order = {"url": endpoints.url("eventStream"), "json": [event | {"data": {"accountSid": sandbox.account_sid}}]}
    answer = requests.post(f"{sandbox.url}/_sandbox/webhooks", json=order, timeout=10).json()
    assert (answer["status"], answer["body"]) == (200, "")
    assert endpoints.wait("eventStream")[0]["types"] == [event["type"]]


def test_an_alert_about_a_webhook_that_is_not_there(endpoints, sandbox):
    account = sandbox.state.accounts[sandbox.account_sid]
    sandbox.state.change_account(account.sid, debugger_url=endpoints.url("debuggerAlert"))
    point(sandbox, sms_url="http://127.0.0.1:9/x#rc=0")
    message = sandbox.state.receive(sandbox.handset, sandbox.number, "Hello")
    (found,) = endpoints.wait("debuggerAlert")
    assert (found["errorCode"], found["resourceSid"], found["level"]) == (11205, message.sid, "error")
    assert found["webhook"]["request"]["url"].startswith("http://127.0.0.1:9/x")
