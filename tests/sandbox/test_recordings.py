"""Recordings: made with a call, while it is live or by TwiML; downloaded as real sound from elsewhere."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests
from pytest_httpserver import HTTPServer
from twilio.rest import Client
from twilio_connector.sandbox.server import Sandbox

from .conftest import Receiver, refused
from .test_calls import LONG, make, wait

Get = Callable[..., requests.Response]
MEDIA = "/api/2010-04-01/Accounts/{account}/Recordings/"


def record(sdk: Client, twilio: Sandbox, channels: str = "mono") -> str:
    made = make(sdk, twilio, record=True, recording_channels=channels)
    wait(twilio, made.sid, "completed")
    (recording,) = twilio.state.wait_for(lambda: sdk.recordings.list(call_sid=made.sid))
    twilio.state.wait_for(lambda: sdk.recordings(recording.sid).fetch().status == "completed")
    return str(recording.sid)


@pytest.mark.parametrize(("asked", "channels"), [("mono", 1), ("dual", 2)])
def test_a_call_is_recorded_and_its_wav_can_be_played(
    sdk: Client, twilio: Sandbox, get: Get, asked: str, channels: int
) -> None:
    sid = record(sdk, twilio, asked)
    recording = sdk.recordings(sid).fetch()
    assert (recording.channels, recording.source, recording.duration) == (channels, "OutboundAPI", "1")
    answer = get(f"{MEDIA}{sid}.wav", RequestedChannels=channels)
    assert answer.headers["Content-Type"] == "audio/x-wav"
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (channels, 8000, 2)
        assert 0.2 < sound.getnframes() / sound.getframerate() < 1
        assert len(set(sound.readframes(100))) > 2


@pytest.mark.parametrize(("query", "channels"), [({}, 2), ({"RequestedChannels": 1}, 1), ({"RequestedChannels": 2}, 2)])
def test_two_channels_stay_two_unless_one_is_requested(
    sdk: Client, twilio: Sandbox, get: Get, query: dict[str, int], channels: int
) -> None:
    answer = get(f"{MEDIA}{record(sdk, twilio, 'dual')}.wav", **query)
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert sound.getnchannels() == channels


def test_two_channels_of_a_mono_recording_are_refused(sdk: Client, twilio: Sandbox, get: Get) -> None:
    assert get(f"{MEDIA}{record(sdk, twilio)}.wav", RequestedChannels=2).status_code == 400


def test_an_mp3_is_frames_of_layer_three(sdk: Client, twilio: Sandbox, get: Get) -> None:
    answer = get(f"{MEDIA}{record(sdk, twilio)}.mp3")
    assert answer.headers["Content-Type"] == "audio/mpeg"
    assert answer.content[:2] == b"\xff\xf3" == answer.content[36:38]


def test_credentials_that_follow_to_where_the_bytes_are_get_refused(sdk: Client, twilio: Sandbox) -> None:
    url = f"{twilio.url}{MEDIA.replace('{account}', twilio.account_sid)}{record(sdk, twilio)}.wav"
    auth = (twilio.account_sid, twilio.auth_token)
    redirect = requests.get(url, auth=auth, allow_redirects=False, timeout=10)
    there = redirect.headers["Location"]
    assert redirect.status_code == 307
    assert urlsplit(there).hostname != urlsplit(url).hostname
    assert requests.get(there, timeout=10).status_code == 200
    assert requests.get(there, auth=auth, timeout=10).status_code == 400
    assert requests.get(there.replace("signature=", "signature=0"), timeout=10).status_code == 403


def test_a_live_call_is_recorded_paused_and_stopped(sdk: Client, twilio: Sandbox) -> None:
    made = make(sdk, twilio, twiml=LONG)
    wait(twilio, made.sid, "in-progress")
    call = sdk.calls(made.sid)
    recording = call.recordings.create(recording_channels="dual")
    assert (recording.status, recording.channels, recording.source) == ("in-progress", 2, "StartCallRecordingAPI")
    assert call.recordings("Twilio.CURRENT").update(status="paused").status == "paused"
    assert call.recordings(recording.sid).update(status="in-progress").status == "in-progress"
    with refused(20009):
        sdk.recordings(recording.sid).delete()
    assert call.recordings(recording.sid).update(status="stopped").status == "completed"
    assert [it.sid for it in call.recordings.list()] == [recording.sid]
    call.update(status="completed")


def test_only_a_live_call_can_be_recorded(sdk: Client, twilio: Sandbox) -> None:
    made = make(sdk, twilio)
    wait(twilio, made.sid, "completed")
    with refused(21220):
        sdk.calls(made.sid).recordings.create()
    with refused(20404):
        sdk.calls("CA" + "0" * 32).recordings.create()


def test_a_recordings_callback_comes_when_it_is_done(sdk: Client, twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver)
    made = make(sdk, twilio, record=True, recording_status_callback=receiver.url)
    twilio.state.wait_for(lambda: receiver.forms)
    form = receiver.forms[0]
    assert (form["CallSid"], form["RecordingStatus"], form["RecordingChannels"]) == (made.sid, "completed", "1")
    auth = (twilio.account_sid, twilio.auth_token)
    assert requests.get(form["RecordingUrl"], auth=auth, timeout=10).content.startswith(b"RIFF")


def test_the_verb_records_and_has_it_written_down(sdk: Client, twilio: Sandbox) -> None:
    made = make(sdk, twilio, twiml='<Response><Record transcribe="true" maxLength="5"/></Response>')
    wait(twilio, made.sid, "completed")
    (recording,) = sdk.recordings.list(call_sid=made.sid)
    (words,) = sdk.recordings(recording.sid).transcriptions.list()
    assert (recording.source, words.status, words.recording_sid) == ("RecordVerb", "completed", recording.sid)
    assert [it.sid for it in sdk.transcriptions.list()] == [words.sid]
    assert sdk.transcriptions(words.sid).fetch().transcription_text
    assert sdk.recordings(recording.sid).transcriptions(words.sid).fetch().sid == words.sid
    assert sdk.transcriptions(words.sid).delete() is True
    with refused(20404):
        sdk.transcriptions(words.sid).fetch()


@pytest.mark.parametrize(("attribute", "query"), [("action='/hook?done=1'", b"done=1"), ("", b"")])
def test_a_call_goes_on_at_the_action_of_a_recording_which_is_the_document_itself_if_there_is_none(
    sdk: Client, twilio: Sandbox, httpserver: HTTPServer, attribute: str, query: bytes
) -> None:
    unreachable = "<Redirect>/hook?unreachable=1</Redirect>"
    receiver = Receiver(httpserver, f"<Response><Record {attribute}/>{unreachable}</Response>", "<Response/>")
    made = make(sdk, twilio, twiml=None, url=receiver.url)
    wait(twilio, made.sid, "completed")
    (recording,) = sdk.recordings.list(call_sid=made.sid)
    _, form = receiver.forms
    assert receiver.requests[1].query_string == query
    assert (form["RecordingSid"], form["RecordingDuration"]) == (recording.sid, recording.duration)
    assert form["RecordingUrl"].endswith(f"/Recordings/{recording.sid}")


def test_a_deleted_recording_is_gone_with_its_sound(sdk: Client, twilio: Sandbox, get: Get) -> None:
    sid = record(sdk, twilio)
    assert sdk.recordings(sid).delete() is True
    assert get(f"{MEDIA}{sid}.wav").status_code == 404
