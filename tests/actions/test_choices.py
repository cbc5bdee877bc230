from urllib.parse import parse_qs, urlsplit

import pytest

API = "https://api.twilio.com/2010-04-01/Accounts/ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
MAIN = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"

SOURCES = [
    ("selectMessagingService", "https://messaging.twilio.com/v1/Services", "services", "MG"),
    ("selectContentTemplate", "https://content.twilio.com/v1/Content", "contents", "HX"),
    ("selectVerifyService", "https://verify.twilio.com/v2/Services", "services", "VA"),
    ("selectApplication", f"{API}/Applications.json", "applications", "AP"),
    ("selectSubaccount", "https://api.twilio.com/2010-04-01/Accounts.json", "accounts", "AC"),
]


def listed(twilio, url, key, items):
    twilio.get(url, json={key: items, "meta": {"key": key}})


@pytest.mark.parametrize("kind", SOURCES, ids=[source for source, *_ in SOURCES])
def test_what_has_a_name_is_chosen_by_it(harness, twilio, kind):
    source, url, key, prefix = kind
    items = [
        {"sid": f"{prefix}1", "friendly_name": "Grüße"},
        {"sid": f"{prefix}2", "friendly_name": ""},
        {"sid": None, "friendly_name": "broken"},
    ]
    listed(twilio, url, key, items)
    assert harness.choices(source) == [
        {"label": "Grüße", "key": f"{prefix}1"},
        {"label": f"{prefix}2", "key": f"{prefix}2"},
    ]


NUMBERS = [
    {"sid": "PN1", "phone_number": "+15557654321", "friendly_name": "Reception"},
    {"sid": "PN2", "phone_number": "+15557654322", "friendly_name": "+15557654322"},
]


def test_numbers_are_chosen_by_number_or_by_sid(harness, twilio):
    listed(twilio, f"{API}/IncomingPhoneNumbers.json", "incoming_phone_numbers", NUMBERS)
    labels = ["Reception (+15557654321)", "+15557654322"]
    by_number, by_sid = harness.choices("selectPhoneNumber"), harness.choices("selectPhoneNumberSid")
    assert [choice["label"] for choice in by_number] == [choice["label"] for choice in by_sid] == labels
    assert [choice["key"] for choice in by_number] == ["+15557654321", "+15557654322"]
    assert [choice["key"] for choice in by_sid] == ["PN1", "PN2"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("recep", ["PN1"]),
        ("RECEPTION 4321", ["PN1"]),
        ("555765", ["PN1", "PN2"]),
        ("pn2", ["PN2"]),
        ("nobody", []),
        ("  ", ["PN1", "PN2"]),
    ],
)
def test_a_search_narrows_the_choices(harness, twilio, search, found):
    listed(twilio, f"{API}/IncomingPhoneNumbers.json", "incoming_phone_numbers", NUMBERS)
    assert [choice["key"] for choice in harness.choices("selectPhoneNumberSid", {"search": search})] == found


def page_size(twilio):
    return parse_qs(urlsplit(twilio.calls[0].request.url).query)["PageSize"]


def test_a_form_is_offered_and_a_search_looks_through_a_whole_page(harness, twilio):
    many = [{"sid": f"AP{number}", "friendly_name": f"App {number}"} for number in range(1001)]
    listed(twilio, f"{API}/Applications.json", "applications", many)
    assert len(harness.choices("selectApplication")) == 1000
    assert page_size(twilio) == ["1000"]
    assert len(harness.choices("selectApplication", {"search": "app"})) == 1000
    assert [choice["key"] for choice in harness.choices("selectApplication", {"search": "App 999"})] == ["AP999"]


def test_of_messages_the_newest_are_offered_and_a_search_looks_further(harness, twilio):
    many = [{"sid": f"SM{number}", "body": f"Text {number}", "to": "+15551234567"} for number in range(60)]
    listed(twilio, f"{API}/Messages.json", "messages", many)
    assert len(harness.choices("selectMessage")) == 50
    assert [choice["key"] for choice in harness.choices("selectMessage", {"search": "text 59"})] == ["SM59"]


def test_the_account_is_none_of_its_subaccounts(harness, twilio):
    accounts = [
        {"sid": MAIN, "owner_account_sid": MAIN, "friendly_name": "Main"},
        {"sid": "AC1", "owner_account_sid": MAIN, "friendly_name": "Store"},
    ]
    listed(twilio, "https://api.twilio.com/2010-04-01/Accounts.json", "accounts", accounts)
    assert harness.choices("selectSubaccount") == [{"label": "Store", "key": "AC1"}]


def test_every_picker_that_a_form_names_exists(harness):
    manifest = harness.component.manifest()
    named = {
        each["dataSource"]
        for action in manifest["actions"].values()
        for each in action["inputs"]
        if "dataSource" in each
    }
    assert named <= manifest["dataSources"].keys()
    assert {"selectPhoneNumber", "selectMessagingService", "selectVerifyService", "selectApplication"} <= named
