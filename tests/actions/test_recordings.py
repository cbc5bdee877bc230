import pytest
import responses
from responses import matchers
from twilio_connector.connector.errors import InvalidInput, Refused

RECORDING = "RE1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"
URL = f"https://api.twilio.com/2010-04-01/Accounts/ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6/Recordings/{RECORDING}"
CDN = "https://media.example.net/sound"
SOUND = b"RIFF\x00\xff\r\n"


def download(harness, **inputs):
    return harness.perform("downloadRecording", {"sid": RECORDING} | inputs)["data"]


def queried(value):
    return [matchers.query_param_matcher({"RequestedChannels": value} if value else {})]


def test_the_sound_is_fetched_where_twilio_keeps_it_without_credentials(harness, twilio):
    twilio.get(f"{URL}.wav", status=307, headers={"Location": CDN}, match=queried(""))
    twilio.get(CDN, body=SOUND, content_type="audio/x-wav")
    assert bytes(download(harness)["data"]) == SOUND
    first, second = (call.request for call in twilio.calls)
    assert first.headers["Authorization"].startswith("Basic ")
    assert "Authorization" not in second.headers


@pytest.mark.parametrize("channels", ["1", 2])
def test_format_and_channels_are_asked_for(harness, twilio, channels):
    twilio.get(f"{URL}.mp3", body=SOUND, match=queried(str(channels)))
    assert bytes(download(harness, format="mp3", requestedChannels=channels)["data"]) == SOUND


def test_a_recording_with_one_channel_is_given_as_it_is(harness, twilio):
    body = {"code": 21220, "message": "Requested channels not available", "status": 400}
    twilio.get(f"{URL}.wav", json=body, status=400, match=queried("2"))
    twilio.get(f"{URL}.wav", body=SOUND, match=queried("1"))
    assert bytes(download(harness, requestedChannels="2")["data"]) == SOUND


@pytest.mark.parametrize(("status", "channels"), [(404, "2"), (400, "1"), (400, None)])
def test_other_refusals_stand(harness, twilio, status, channels):
    twilio.get(f"{URL}.wav", json={"code": 20404, "message": "no", "status": status}, status=status)
    with pytest.raises(Refused):
        download(harness, requestedChannels=channels)
    assert len(twilio.calls) == 1


def test_a_file_that_is_larger_than_wanted_is_not_read_to_its_end(harness, twilio):
    twilio.get(f"{URL}.wav", body=b"x" * (1024**2 + 1))
    with pytest.raises(Refused) as raised:
        download(harness, maxMegabytes=1)
    assert "1048576 bytes" in str(raised.value)


@pytest.mark.parametrize(
    ("inputs", "field"),
    [({"format": "ogg"}, "format"), ({"requestedChannels": "3"}, "requestedChannels"), ({"sid": "RE1"}, "sid")],
)
def test_bad_input_is_refused_by_name(harness, inputs, field):
    with responses.RequestsMock(), pytest.raises(InvalidInput) as raised:
        download(harness, **inputs)
    assert raised.value.field == field
