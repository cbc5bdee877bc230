from __future__ import annotations

from twilio.rest import Client

from .conftest import refused


def test_an_application_is_made_changed_and_deleted(sdk: Client) -> None:
    made = sdk.applications.create(friendly_name="Phone menu", voice_url="https://e.example/voice", voice_method="GET")
    assert (made.voice_method, made.sms_url, made.public_application_connect_enabled) == ("GET", None, False)
    changed = sdk.applications(made.sid).update(sms_url="https://e.example/sms", voice_caller_id_lookup=True)
    assert (changed.sms_url, changed.voice_url, changed.voice_caller_id_lookup) == (
        "https://e.example/sms",
        "https://e.example/voice",
        True,
    )
    assert sdk.applications(made.sid).fetch().friendly_name == "Phone menu"
    assert sdk.applications(made.sid).delete() is True
    with refused(20404):
        sdk.applications(made.sid).fetch()


def test_applications_are_listed_by_name_a_page_at_a_time(sdk: Client) -> None:
    made = [sdk.applications.create(friendly_name=f"App {n % 2}").sid for n in range(6)]
    assert [it.sid for it in sdk.applications.list(page_size=4)] == made[::-1]
    assert [it.sid for it in sdk.applications.list(friendly_name="App 1", page_size=2)] == made[5::-2]


def test_a_bad_field_is_refused(sdk: Client) -> None:
    for fields in ({"voice_url": "nowhere"}, {"sms_method": "PUT"}):
        with refused(20001):
            sdk.applications.create(**fields)
