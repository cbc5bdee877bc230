"""Calls, recordings, numbers, services, Lookup, Verify and the rest against the local Twilio, which shares no code with us."""

import io
import re
import wave

import pytest
from twilio_connector.connector.errors import InvalidInput, OutcomeUnknown, Refused, TryLater

CLOSED = "http://127.0.0.1:9/nobody"


@pytest.fixture
def do(local):
    """Perform an action and give its data."""

    def do(action, **inputs):
        return local.perform(action, inputs)["data"]

    return do


@pytest.fixture
def call(do, sandbox):
    def call(**inputs):
        return do("createCall", **{"to": sandbox.handset, "from": sandbox.number, "say": "Hello & goodbye"} | inputs)

    return call


def ended(sandbox, sid):
    return sandbox.state.wait_for(
        lambda: (call := sandbox.state.calls.get(sid)) and call.status == "completed" and call
    )


def refused(code):
    return pytest.raises(Refused, match=f"error {code}")


def test_a_call_is_made_followed_listed_and_deleted(do, call, sandbox):
    made = call()
    assert (made["status"], made["direction"], made["to"]) == ("queued", "outbound-api", sandbox.handset)
    ended(sandbox, made["sid"])
    read = do("getCall", sid=made["sid"])
    assert (read["status"], read["duration"]) == ("completed", "1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\.000Z", read["startTime"])
    listed = do("listCalls", to=sandbox.handset, status="completed", startTimeAfter="2020-01-01")
    assert [each["sid"] for each in listed] == [made["sid"]]
    assert do("deleteCall", sid=made["sid"]) == {"sid": made["sid"], "deleted": True}
    with refused(20404):
        do("getCall", sid=made["sid"])


def test_calls_are_listed_over_several_pages(do, call):
    sids = [call()["sid"] for _ in range(5)]
    assert [each["sid"] for each in do("listCalls", pageSize="2")] == sids[::-1]
    assert [each["sid"] for each in do("listCalls", pageSize="2", limit="3")] == sids[:1:-1]


LONG = '<Response><Pause length="600"/></Response>'


def test_a_live_call_is_recorded_and_ended(do, call, sandbox):
    sid = call(say="", twiml=LONG)["sid"]
    sandbox.state.wait_for(lambda: sandbox.state.calls.get(sid).status == "in-progress")
    started = do("startRecording", callSid=sid, recordingChannels="dual")
    assert (started["callSid"], started["status"], started["channels"]) == (sid, "in-progress", 2)
    assert do("updateCallRecording", callSid=sid, status="paused", pauseBehavior="skip")["status"] == "paused"
    recording = {"callSid": sid, "sid": started["sid"]}
    assert do("updateCallRecording", **recording, status="in-progress")["status"] == "in-progress"
    assert do("updateCallRecording", **recording, status="stopped")["status"] == "completed"
    with refused(20404):
        do("updateCallRecording", callSid=sid, status="paused")
    do("updateCall", sid=sid, status="completed")
    ended(sandbox, sid)
    (listed,) = sandbox.state.wait_for(lambda: do("listRecordings", callSid=sid))
    assert listed["sid"] == started["sid"]


@pytest.mark.parametrize("kinds", [("dual", "2", 2), ("dual", "1", 1), ("mono", "2", 1)])
def test_a_recording_downloads_as_sound_in_the_channels_that_it_has(do, call, sandbox, kinds):
    channels, asked, got = kinds
    sid = call(record="true", recordingChannels=channels)["sid"]
    ended(sandbox, sid)
    (recording,) = sandbox.state.wait_for(lambda: do("listRecordings", callSid=sid))
    sandbox.state.wait_for(lambda: do("getRecording", sid=recording["sid"])["status"] == "completed")
    sound = bytes(do("downloadRecording", sid=recording["sid"], requestedChannels=asked)["data"])
    with wave.open(io.BytesIO(sound)) as opened:
        assert (opened.getnchannels(), opened.getframerate()) == (got, 8000)
    assert bytes(do("downloadRecording", sid=recording["sid"], format="mp3")["data"])[:1] == b"\xff"
    assert do("deleteRecording", sid=recording["sid"])["deleted"]
    with refused(20404):
        do("getRecording", sid=recording["sid"])


def test_a_transcription_is_listed_by_its_recording_read_and_deleted(do, call, sandbox):
    sid = call(say="", twiml='<Response><Record transcribe="true" maxLength="5"/></Response>')["sid"]
    ended(sandbox, sid)
    (words,) = sandbox.state.wait_for(lambda: do("listTranscriptions"))
    assert [each["sid"] for each in do("listRecordingTranscriptions", recordingSid=words["recordingSid"])] == [
        words["sid"]
    ]
    assert do("getTranscription", sid=words["sid"])["recordingSid"] == words["recordingSid"]
    assert do("deleteTranscription", sid=words["sid"])["deleted"]
    assert do("listTranscriptions") == []


def test_what_went_wrong_is_an_alert_and_a_notification(do, call, sandbox):
    sid = call(say="", url=CLOSED)["sid"]
    (alert,) = sandbox.state.wait_for(lambda: do("listAlerts", logLevel="error"))
    assert alert["resourceSid"] == sid
    assert do("getAlert", sid=alert["sid"])["errorCode"] == alert["errorCode"]
    assert do("listAlerts", logLevel="warning") == []
    (notification,) = do("listNotifications", callSid=sid, log="0")
    assert do("getNotification", sid=notification["sid"])["callSid"] == sid
    assert do("listNotifications", messageDateBefore="2020-01-01") == []


def test_what_a_call_costs_is_usage_and_off_the_balance(do, call, sandbox):
    before = float(do("getBalance")["balance"])
    ended(sandbox, call()["sid"])
    sandbox.state.wait_for(lambda: float(do("getBalance")["balance"]) < before)
    (used,) = do("listUsageRecords", category="calls", subresource="today")
    assert (used["category"], used["count"]) == ("calls", "1")
    assert do("listUsageRecords", category="calls", subresource="yesterday")[0]["count"] == "0"


def test_subaccounts_are_listed_without_their_secrets(do, local, sandbox):
    sub = sandbox.state.add_account("Store", owner_sid=sandbox.account_sid)
    fields = {"username": sandbox.account_sid, "password": sandbox.auth_token, "baseUrl": sandbox.base_url}
    found = do("listSubaccounts", twilioConnection={"key": "basic", "fields": fields})
    assert [(each["sid"], each["friendlyName"]) for each in found] == [(sub.sid, "Store")]
    assert sub.auth_token not in str(found)
    choices = local.choices("selectSubaccount", {"connection": {"key": "basic", "fields": fields}, "search": "store"})
    assert choices == [{"label": "Store", "key": sub.sid}]


def test_a_number_is_found_bought_changed_chosen_and_released(do, local, sandbox):
    found = do("searchAvailableNumbers", countryCode="US", areaCode="206", smsEnabled="true", limit="2")
    assert [each["phoneNumber"] for each in found] == ["+12065550100", "+12065550101"]
    bought = do("buyPhoneNumber", phoneNumber=found[1]["phoneNumber"], friendlyName="Seattle")
    sid = bought["sid"]
    do("updatePhoneNumber", sid=sid, smsUrl="https://example.com/sms", smsMethod="GET")
    read = do("getPhoneNumber", sid=sid)
    assert (read["smsUrl"], read["smsMethod"], read["friendlyName"]) == ("https://example.com/sms", "GET", "Seattle")
    do("updatePhoneNumber", sid=sid, additionalParameters={"SmsUrl": ""})
    assert not do("getPhoneNumber", sid=sid)["smsUrl"]
    assert [each["sid"] for each in do("listPhoneNumbers", friendlyName="Seattle")] == [sid]
    assert local.choices("selectPhoneNumber", {"search": "seattle"}) == [
        {"label": "Seattle (+12065550101)", "key": "+12065550101"}
    ]
    assert do("releasePhoneNumber", sid=sid)["deleted"]
    with refused(20404):
        do("getPhoneNumber", sid=sid)


def test_any_number_of_an_area_is_bought(do):
    assert do("buyPhoneNumber", areaCode="206")["phoneNumber"] == "+12065550100"


def test_a_service_gets_senders_sends_and_goes(do, local, sandbox):
    service = do("createMessagingService", friendlyName="Reminders", stickySender="false")["sid"]
    (number,) = do("listPhoneNumbers", phoneNumber=sandbox.number)
    do("addMessagingServiceSender", serviceSid=service, sender=number["sid"])
    alpha = do("addMessagingServiceSender", serviceSid=service, sender="ACME")
    listed = do("listMessagingServiceSenders", serviceSid=service)
    assert [each["sid"] for each in listed] == [number["sid"], alpha["sid"]]
    assert do("listMessagingServiceSenders", serviceSid=service, senderType="alphaSender") == [alpha]
    do("removeMessagingServiceSender", serviceSid=service, sid=alpha["sid"])
    assert len(do("listMessagingServiceSenders", serviceSid=service)) == 1
    assert do("updateMessagingService", sid=service, usecase="marketing")["usecase"] == "marketing"
    assert do("getMessagingService", sid=service)["friendlyName"] == "Reminders"
    assert service in [each["sid"] for each in do("listMessagingServices", pageSize="1")]
    assert service in [choice["key"] for choice in local.choices("selectMessagingService", {"search": "remind"})]
    sent = do("sendSMS", **{"to": sandbox.handset, "from": service, "message": "Hi"})
    assert sent["messagingServiceSid"] == service
    assert do("deleteMessagingService", sid=service)["deleted"]
    with refused(20404):
        do("getMessagingService", sid=service)


def test_a_number_is_looked_up(do):
    found = do("lookupPhoneNumber", phoneNumber="+1 (415) 555-0123", fields=["line_type_intelligence"])
    assert (found["valid"], found["countryCode"], found["lineTypeIntelligence"]["type"]) == (True, "US", "mobile")
    national = do("lookupPhoneNumber", phoneNumber="07700 900123", countryCode="gb")
    assert national["phoneNumber"] == "+447700900123"
    assert do("lookupPhoneNumber", phoneNumber="+1415")["validationErrors"] == ["TOO_SHORT"]


def test_a_code_is_sent_checked_and_good_once(do, local, sandbox):
    service = {"serviceSid": do("listVerifyServices")[0]["sid"]}
    assert service["serviceSid"] == local.choices("selectVerifyService")[0]["key"]
    started = do("startVerification", **service, to=sandbox.handset)
    assert (started["status"], started["channel"]) == ("pending", "sms")
    code = re.search(r"is: (\w+)$", sandbox.state.messages()[0].body)[1]
    wrong = do("checkVerification", **service, to=sandbox.handset, code="wrong0")
    assert (wrong["status"], wrong["valid"]) == ("pending", False)
    right = do("checkVerification", **service, verificationSid=started["sid"], code=code)
    assert (right["status"], right["valid"]) == ("approved", True)
    with refused(20404):
        do("checkVerification", **service, to=sandbox.handset, code=code)


def test_a_verification_that_is_canceled_approves_nobody(do, sandbox):
    service = {"serviceSid": sandbox.verify_service}
    started = do("startVerification", **service, to=sandbox.handset, channel="call")
    assert do("cancelVerification", **service, sid=started["sid"])["status"] == "canceled"
    with refused(20404):
        do("checkVerification", **service, to=sandbox.handset, code="123456")


def test_made_twiml_is_what_a_call_does(do, call, sandbox):
    verbs = [{"key": "say", "value": "One moment"}, {"key": "record", "value": {"maxLength": 2, "transcribe": True}}]
    sid = call(say="", twiml=do("buildVoiceTwiml", verbs=verbs))["sid"]
    ended(sandbox, sid)
    assert len(sandbox.state.wait_for(lambda: do("listRecordings", callSid=sid))) == 1


def test_templates_and_applications_are_offered(local, sandbox):
    assert {choice["key"][:2] for choice in local.choices("selectContentTemplate")} == {"HX"}
    path = "/Accounts/$TWILIO_ACCOUNT_SID/Applications.json"
    data = {"FriendlyName": "Phone menu"}
    sid = local.perform("rawRequest", {"url": path, "method": "POST", "data": data})["data"]["sid"]
    assert local.choices("selectApplication") == [{"label": "Phone menu", "key": sid}]


@pytest.mark.parametrize(
    ("inputs", "code"),
    [({"from": "+15005550001"}, 21212), ({"to": "+15005550001"}, 21217), ({"to": "client"}, None)],
)
def test_what_twilio_refuses_is_refused_with_its_code_and_page(call, inputs, code):
    with pytest.raises(Refused) as raised:
        call(**inputs)
    assert code is None or raised.value.code == code
    assert raised.value.more_info.endswith(str(raised.value.code))


def test_a_call_over_a_line_that_drops_is_made_once(do, call, sandbox):
    sandbox.state.faults.add("drop-after", method="POST", path="*/Calls.json")
    sid = call()["sid"]
    assert [each["sid"] for each in do("listCalls")] == [sid]


def test_what_cannot_be_looked_for_stays_unknown(do, sandbox):
    sandbox.state.faults.add("drop-after", method="POST", path="*/Services*")
    with pytest.raises(OutcomeUnknown):
        do("createMessagingService", friendlyName="Reminders")
    assert len(do("listMessagingServices")) == 2


def test_a_twilio_that_is_busy_is_to_be_asked_later(do, sandbox):
    sandbox.state.faults.add("status", method="GET", path="*/Balance*", status=429, retry_after=3600, times=None)
    with pytest.raises(TryLater) as raised:
        do("getBalance")
    assert raised.value.retry_after == 3600


def test_bad_input_reaches_nobody(do, sandbox):
    before = len(sandbox.state.exchanges())
    with pytest.raises(InvalidInput):
        do("getCall", sid="CA1")
    assert len(sandbox.state.exchanges()) == before


def test_numbers_of_each_kind_are_found_where_a_country_has_it(do):
    found = do("searchAvailableNumbers", countryCode="GB", numberType="national", limit="1")
    assert [each["phoneNumber"] for each in found] == ["+443069990000"]


@pytest.mark.parametrize(("country", "kind"), [("US", "sharedCost"), ("US", "mobile"), ("ZZ", "local"), ("GB", "voip")])
def test_a_kind_that_a_country_has_not_is_told_at_the_kind(do, country, kind):
    with pytest.raises(Refused, match=f"numbers of the type {kind} are not found in {country}.*countryCode") as raised:
        do("searchAvailableNumbers", countryCode=country, numberType=kind)
    assert (raised.value.field, raised.value.status) == ("numberType", 404)
    assert "SID" not in str(raised.value)
