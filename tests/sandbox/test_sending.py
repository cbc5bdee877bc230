"""What Create Message takes and what it refuses, by Twilio's codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from twilio_connector.sandbox.server import Sandbox

Send = Callable[..., requests.Response]

REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"To": None}, 21604),
    ({"To": "not a number"}, 21211),
    ({"To": "+1"}, 21211),
    ({"From": None}, 21603),
    ({"From": "+19995550000"}, 21606),
    ({"From": "much too long a name"}, 21212),
    ({"From": "ACME.com"}, 21212),
    ({"Body": None}, 21619),
    ({"Body": ""}, 21602),
    ({"Body": "x" * 1601}, 21617),
    ({"To": "+14155550100"}, 21266),
    ({"MediaUrl": ["https://e.example/1.png"] * 11}, 21623),
    ({"MediaUrl": ["ftp://e.example/1.png"]}, 21620),
    ({"StatusCallback": "nowhere"}, 21609),
    ({"MessagingServiceSid": "MG1"}, 21701),
    ({"MessagingServiceSid": "MG" + "0" * 32, "From": None}, 21701),
    ({"ContentSid": "HX1"}, 20001),
    ({"ContentSid": "HX" + "0" * 32}, 21655),
    ({"ContentVariables": "{"}, 21656),
    ({"ContentVariables": "[1]"}, 21656),
    ({"ContentVariables": '{"1": "\\ud800"}'}, 21656),
    ({"To": "whatsapp:+14155550123"}, 21910),
    ({"From": "whatsapp:+19995550000", "To": "whatsapp:+14155550123"}, 63007),
    ({"From": "+15005550001"}, 21212),
    ({"From": "+15005550007"}, 21606),
    ({"From": "+15005550008"}, 21611),
    ({"To": "+15005550001"}, 21211),
    ({"To": "+15005550002"}, 21612),
    ({"To": "+15005550003"}, 21408),
    ({"To": "+15005550004"}, 21610),
    ({"To": "+15005550009"}, 21614),
]


@pytest.mark.parametrize(("parameters", "code"), REFUSED)
def test_refuses_with_twilios_code(send: Send, twilio: Sandbox, parameters: dict[str, Any], code: int) -> None:
    answer = send(**parameters)
    assert answer.json()["code"] == code
    assert answer.json()["status"] == answer.status_code >= 400
    assert twilio.state.messages() == []


@pytest.mark.parametrize(
    ("parameters", "code"),
    [({"SendAt": "2020-01-01T00:00:00Z"}, 35114), ({"SendAt": "2020-01-01T00:00:00Z", "ScheduleType": ""}, 20001)],
)
def test_refuses_a_schedule_out_of_its_window(
    send: Send, twilio: Sandbox, parameters: dict[str, str], code: int
) -> None:
    given = {"MessagingServiceSid": twilio.messaging_service, "ScheduleType": "fixed"} | parameters
    assert send(**given).json()["code"] == code


@pytest.mark.parametrize(
    "parameters",
    [
        {"From": "72975"},
        {"From": "+15005550006"},
        {"From": "ACME Bank"},
        {"From": "A-b+c_d & 1"},
        {"From": "whatsapp:+14155550100", "To": "whatsapp:+14155550123"},
        {"From": "rcs:acme_agent"},
        {"From": "rcs:acme_agent", "To": "rcs:+14155550123"},
        {"Body": None, "MediaUrl": ["https://e.example/1.png"]},
        {"Body": "x" * 1600},
    ],
)
def test_takes_every_form_of_sender_recipient_and_content(send: Send, parameters: dict[str, Any]) -> None:
    assert send(**parameters).status_code == 201


def test_reads_a_national_number_as_one_of_the_us(send: Send) -> None:
    assert send(To="(415) 555-0123").json()["to"] == "+14155550123"


def test_keeps_every_parameter_of_the_request(send: Send, twilio: Sandbox) -> None:
    given = {"MaxPrice": "0.5", "ValidityPeriod": "60", "SmartEncoded": "true", "PersistentAction": ["a", "b"]}
    send(**given)
    kept = twilio.state.messages()[0].parameters
    assert {("MaxPrice", "0.5"), ("PersistentAction", "a"), ("PersistentAction", "b")} <= set(kept)


def test_a_recipient_who_texted_stop_gets_nothing_until_start(send: Send, twilio: Sandbox) -> None:
    twilio.state.receive(twilio.handset, twilio.number, " stop ")
    assert send().json()["code"] == 21610
    twilio.state.receive(twilio.handset, twilio.number, "START")
    assert send().status_code == 201


def on_whatsapp(send: Send, twilio: Sandbox, **parameters: Any) -> tuple[str, int | None]:
    """Send to the handset on WhatsApp; return how it ends."""
    answer = send(**{"From": f"whatsapp:{twilio.number}", "To": f"whatsapp:{twilio.handset}"} | parameters)
    sid = answer.json()["sid"]
    twilio.state.wait_for(lambda: twilio.state.message(sid).status in ("delivered", "undelivered"))
    message = twilio.state.message(sid)
    assert message is not None
    return message.status, message.error_code


@pytest.mark.parametrize(
    ("hours", "end"), [(None, ("undelivered", 63016)), (25, ("undelivered", 63016)), (23, ("delivered", None))]
)
def test_free_text_on_whatsapp_reaches_who_wrote_in_the_last_24_hours(
    send: Send, twilio: Sandbox, hours: int | None, end: tuple[str, int | None]
) -> None:
    if hours:
        twilio.state.hear(f"whatsapp:{twilio.handset}", twilio.number, datetime.now(UTC) - timedelta(hours=hours))
    assert on_whatsapp(send, twilio) == end


def test_who_wrote_on_whatsapp_is_written_to_by_a_messaging_service_there(send: Send, twilio: Sandbox) -> None:
    given = {"From": None, "MessagingServiceSid": twilio.messaging_service}
    assert on_whatsapp(send, twilio, **given) == ("undelivered", 63016)
    sender = twilio.state.messages()[0].from_
    assert sender is not None
    assert sender.startswith("whatsapp:+")
    twilio.state.receive(f"whatsapp:{twilio.handset}", sender, "Hello")
    assert on_whatsapp(send, twilio, **given) == ("delivered", None)


def test_who_only_texted_is_not_written_to_freely_on_whatsapp(send: Send, twilio: Sandbox) -> None:
    twilio.state.receive(twilio.handset, twilio.number, "Hello")
    assert on_whatsapp(send, twilio) == ("undelivered", 63016)


def test_a_template_on_whatsapp_reaches_who_never_wrote(send: Send, twilio: Sandbox) -> None:
    content = twilio.state.contents.newest()[0].sid
    assert on_whatsapp(send, twilio, Body=None, ContentSid=content) == ("delivered", None)


def test_a_broken_handset_leaves_a_message_undelivered(send: Send, twilio: Sandbox) -> None:
    twilio.state.break_handset(twilio.handset, 30003)
    sid = send().json()["sid"]
    twilio.state.wait_for(lambda: twilio.state.message(sid).status == "undelivered")
    message = twilio.state.message(sid)
    assert message is not None
    assert message.error_code == 30003
