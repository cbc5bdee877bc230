from __future__ import annotations

import pytest
from twilio.rest import Client

from .conftest import refused


def test_a_number_is_looked_up(sdk: Client) -> None:
    found = sdk.lookups.v2.phone_numbers("+14155550123").fetch()
    assert (found.valid, found.country_code, found.national_format) == (True, "US", "(415) 555-0123")
    assert (found.calling_country_code, found.validation_errors, found.caller_name) == ("1", [], None)


def test_what_is_asked_for_is_told_and_the_same_each_time(sdk: Client) -> None:
    def fetch() -> dict[str, str]:
        number = sdk.lookups.v2.phone_numbers("+14155550123")
        return dict(number.fetch(fields="line_type_intelligence,caller_name").line_type_intelligence)

    assert fetch()["type"] == "mobile"
    assert fetch() == fetch()


def test_a_national_number_is_read_by_its_country(sdk: Client) -> None:
    found = sdk.lookups.v2.phone_numbers("07700900123").fetch(country_code="GB")
    assert (found.phone_number, found.valid, found.national_format) == ("+447700900123", True, "07700900123")


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("+1415", "TOO_SHORT"),
        ("+141555501234", "TOO_LONG"),
        ("+abc", "NOT_A_NUMBER"),
        ("+0123456789", "INVALID_COUNTRY_CODE"),
    ],
)
def test_a_number_that_cannot_be_is_told_so(sdk: Client, number: str, error: str) -> None:
    found = sdk.lookups.v2.phone_numbers(number).fetch(fields="line_type_intelligence")
    assert (found.valid, found.validation_errors, found.line_type_intelligence) == (False, [error], None)


def test_an_unknown_field_is_refused(sdk: Client) -> None:
    with refused(60200):
        sdk.lookups.v2.phone_numbers("+14155550123").fetch(fields="shoe_size")
