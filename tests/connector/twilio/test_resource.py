from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.twilio.resource import form_pairs, iso_date
from twilio_connector.connector.twilio.resources.account import ACCOUNTS, BALANCE
from twilio_connector.connector.twilio.resources.messages import MESSAGES


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Thu, 01 Apr 2010 00:00:00 +0000", "2010-04-01T00:00:00.000Z"),
        ("Fri, 24 May 2019 17:44:46 +0000", "2019-05-24T17:44:46.000Z"),
        ("Fri, 24 May 2019 19:44:46 +0200", "2019-05-24T17:44:46.000Z"),
        ("Fri, 24 May 2019 17:44:46 GMT", "2019-05-24T17:44:46.000Z"),
        ("2015-07-30T20:00:00Z", "2015-07-30T20:00:00.000Z"),
        ("2015-07-30T20:00:00.123456Z", "2015-07-30T20:00:00.123Z"),
        ("2015-07-30T22:00:00+02:00", "2015-07-30T20:00:00.000Z"),
        (None, None),
        ("", ""),
        ("soon", "soon"),
        (7, 7),
        ("Fri, 99 Foo 2019 17:44:46 +0000", "Fri, 99 Foo 2019 17:44:46 +0000"),
        ("Sun, 31 Feb 2019 17:44:46 +0000", "Sun, 31 Feb 2019 17:44:46 +0000"),
        ("Fri, 24 May 2019 27:44:46 +0000", "Fri, 24 May 2019 27:44:46 +0000"),
        ("Fri, ٢٤ May 2019 17:44:46 +0000", "2019-05-24T17:44:46.000Z"),
    ],
)
def test_dates_of_both_apis_become_iso_8601_and_the_rest_stays(value, expected):
    assert iso_date(value) == expected


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_every_rfc_2822_date_keeps_its_moment(moment):
    text = moment.strftime("%a, %d %b %Y %H:%M:%S +0000")
    assert iso_date(text) == moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_an_odd_answer_is_kept_and_never_raises(answer):
    shaped = MESSAGES.shape(answer)
    assert not isinstance(answer, dict) or len(shaped) <= len(answer)


def test_only_the_keys_of_the_resource_itself_become_camel_case():
    found = MESSAGES.shape(
        {"num_media": "0", "subresource_uris": {"media_list": "x"}, "brand_new": {"a_b": 1}, "price": None}
    )
    assert found == {"numMedia": "0", "subresourceUris": {"media_list": "x"}, "brandNew": {"a_b": 1}, "price": None}


def test_form_values_are_written_as_twilio_reads_them():
    values = {
        "MediaUrl": ["a", "b"],
        "ProvideFeedback": True,
        "SendAt": datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1))),
        "Day": date(2026, 1, 2),
        "MaxPrice": 0.5,
        "Year": datetime(999, 1, 2, tzinfo=UTC),
        "Limit": Decimal("1E+3"),
        "Object": {"text": "x", "when": datetime(2026, 1, 2, tzinfo=UTC)},
        "Nothing": None,
        "Empty": "",
    }
    assert list(form_pairs(values)) == [
        ("MediaUrl", "a"),
        ("MediaUrl", "b"),
        ("ProvideFeedback", "true"),
        ("SendAt", "2026-01-02T02:04:05Z"),
        ("Day", "2026-01-02"),
        ("MaxPrice", "0.5"),
        ("Year", "0999-01-02T00:00:00Z"),
        ("Limit", "1000"),
        ("Object", '{"text": "x", "when": "2026-01-02T00:00:00.000Z"}'),
        ("Empty", ""),
    ]


def test_what_is_secret_never_leaves():
    found = ACCOUNTS.shape({"sid": "AC1", "auth_token": "its-auth-token", "friendly_name": "Store"})
    assert found == {"sid": "AC1", "friendlyName": "Store"}


def test_the_path_of_the_only_one_has_no_identifier():
    parents = {"account": "AC1"}
    assert BALANCE.item(parents, "") == "/2010-04-01/Accounts/AC1/Balance.json"
    assert MESSAGES.item(parents, "SM1") == "/2010-04-01/Accounts/AC1/Messages/SM1.json"
