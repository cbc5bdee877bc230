"""Numbers: searched for, bought, changed and released."""

from __future__ import annotations

import pytest
from twilio.rest import Client
from twilio_connector.sandbox.server import Sandbox

from .conftest import refused


def test_a_search_finds_the_same_numbers_each_time(sdk: Client) -> None:
    found = sdk.available_phone_numbers("US").local.list(limit=3)
    assert [it.phone_number for it in found] == ["+14155550110", "+14155550111", "+14155550112"]
    first = found[0]
    assert (first.friendly_name, first.locality, first.region) == ("(415) 555-0110", "San Francisco", "CA")
    assert first.capabilities == {"voice": True, "sms": True, "mms": True}


@pytest.mark.parametrize(
    ("filters", "first"),
    [
        ({"area_code": 206}, "+12065550100"),
        ({"in_region": "NY"}, "+12125550100"),
        ({"in_postal_code": "60601"}, "+13125550100"),
        ({"in_locality": "Hilo"}, "+18085550100"),
        ({"in_lata": "674"}, "+12065550100"),
        ({"contains": "415555****", "sms_enabled": True}, "+14155550110"),
        ({"contains": "0155"}, "+14155550155"),
        ({"contains": "KJ0155"}, "+14155550155"),
        ({"contains": "kj0155"}, "+14155550155"),
        ({"contains": "%0155%"}, "+14155550155"),
        ({"contains": "155$"}, "+14155550155"),
        ({"contains": "15555$"}, None),
        ({"contains": "+1206"}, "+12065550100"),
        ({"contains": "+206"}, None),
        ({"contains": "*****206555"}, None),
        ({"contains": "*206555"}, "+12065550100"),
        ({"contains": "0155*"}, None),
        ({"contains": "0155%"}, "+14155550155"),
        ({"sms_enabled": False}, "+18085550100"),
        ({"fax_enabled": True}, None),
        ({"near_lat_long": "47.6,-122.3", "distance": 50}, "+12065550100"),
        ({"near_number": "+13125550100"}, "+13125550100"),
        ({"area_code": 533}, None),
        ({"area_code": 500}, "+15005550006"),
    ],
)
def test_a_search_is_narrowed(sdk: Client, filters: dict[str, object], first: str | None) -> None:
    found = sdk.available_phone_numbers("US").local.list(**filters, limit=1)
    assert [it.phone_number for it in found] == ([first] if first else [])


@pytest.mark.parametrize(
    "contains",
    ["1", "1" * 17, "4-5", "4 5", "*5", "5%", "41*55", "41%55", "*%415", "+*415", "415*$", "41+", "$41", "é1"],
)
def test_a_pattern_that_contains_may_not_have_is_refused(sdk: Client, contains: str) -> None:
    with refused(20001, "Contains"):
        sdk.available_phone_numbers("US").local.list(contains=contains, limit=1)


def test_each_country_has_its_kinds(sdk: Client) -> None:
    countries = {it.country_code: it for it in sdk.available_phone_numbers.list()}
    assert set(countries) == {"US", "GB", "AU"}
    assert set(countries["GB"].subresource_uris) == {"local", "mobile", "national", "toll_free"}
    assert sdk.available_phone_numbers("GB").fetch().country == "United Kingdom"
    assert sdk.available_phone_numbers("GB").mobile.list(limit=1)[0].phone_number == "+447700900200"
    assert sdk.available_phone_numbers("GB").national.list(limit=1)[0].phone_number == "+443069990000"
    assert sdk.available_phone_numbers("US").toll_free.list(limit=1)[0].phone_number == "+18005550100"
    with refused(20404):
        sdk.available_phone_numbers("US").mobile.list()
    with refused(20404):
        sdk.available_phone_numbers("ZZ").local.list()


def test_a_bought_number_is_owned_and_not_found_again(sdk: Client, twilio: Sandbox) -> None:
    wanted = sdk.available_phone_numbers("US").local.list(limit=1)[0].phone_number
    bought = sdk.incoming_phone_numbers.create(
        phone_number=wanted, friendly_name="Support", sms_url="https://e.example/sms", voice_caller_id_lookup=True
    )
    assert (bought.phone_number, bought.friendly_name, bought.voice_caller_id_lookup) == (wanted, "Support", True)
    assert sdk.available_phone_numbers("US").local.list(limit=1)[0].phone_number != wanted
    assert sdk.messages.create(to=twilio.handset, from_=wanted, body="hi").from_ == wanted
    assert [it.sid for it in sdk.incoming_phone_numbers.list(friendly_name="Support")] == [bought.sid]
    assert [it.sid for it in sdk.incoming_phone_numbers.local.list(phone_number="*555011")] == [bought.sid]


def test_a_number_of_an_area_is_bought(sdk: Client) -> None:
    assert sdk.incoming_phone_numbers.create(area_code="206").phone_number == "+12065550100"
    assert sdk.incoming_phone_numbers.create(area_code="206").phone_number == "+12065550101"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, 20001),
        ({"phone_number": "+15005550000"}, 21422),
        ({"phone_number": "+15005550001"}, 21421),
        ({"phone_number": "+14155550100"}, 21422),
        ({"phone_number": "415"}, 21421),
        ({"area_code": "533"}, 21452),
        ({"phone_number": "+14155550177", "sms_url": "nowhere"}, 20001),
        ({"phone_number": "+14155550177", "sms_method": "PUT"}, 20001),
    ],
)
def test_refuses_to_sell_with_twilios_code(sdk: Client, parameters: dict[str, str], code: int) -> None:
    with refused(code):
        sdk.incoming_phone_numbers.create(**parameters)


def test_the_magic_number_can_be_bought(sdk: Client) -> None:
    assert sdk.incoming_phone_numbers.create(phone_number="+15005550006").sid.startswith("PN")


def test_a_released_number_is_gone_and_free_again(sdk: Client, twilio: Sandbox) -> None:
    number = sdk.incoming_phone_numbers.list(phone_number=twilio.number)[0]
    assert number.delete() is True
    with refused(20404):
        sdk.incoming_phone_numbers(number.sid).fetch()
    with refused(21606):
        sdk.messages.create(to=twilio.handset, from_=twilio.number, body="hi")
    assert sdk.incoming_phone_numbers.create(phone_number=twilio.number).phone_number == twilio.number


def test_short_codes_are_apart(sdk: Client) -> None:
    assert {it.phone_number for it in sdk.incoming_phone_numbers.list()} == {"+14155550100", "+447700900123"}
    (code,) = sdk.short_codes.list()
    assert sdk.short_codes(code.sid).fetch().short_code == "72975"


def test_numbers_come_a_page_at_a_time(sdk: Client) -> None:
    for _ in range(4):
        sdk.incoming_phone_numbers.create(area_code="212")
    listed = [it.phone_number for it in sdk.incoming_phone_numbers.list(page_size=2)]
    assert len(listed) == len(set(listed)) == 6
    assert listed[0] == "+12125550103"
