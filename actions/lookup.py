"""Lookup: what is known of a phone number. https://www.twilio.com/docs/lookup/v2-api."""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AfterValidator, Field, model_validator

from ..connector.context import ActionContext
from ..connector.inputs import Hint, Trimmed, Values, sid
from ..connector.result import Example
from ..connector.twilio.fields import Address
from ..connector.twilio.parameters import NOT_SENT, parameters
from ..connector.twilio.resource import example_sid
from ..connector.twilio.resources.lookups import LOOKUPS
from .fields import Country, among
from .operations import ActionInputs
from .rules import wrong

FIELDS = (
    "validation",
    "caller_name",
    "sim_swap",
    "call_forwarding",
    "line_status",
    "line_type_intelligence",
    "identity_match",
    "reassigned_number",
    "sms_pumping_risk",
    "phone_number_quality_score",
    "pre_fill",
)
_NUMBER = re.compile(r"\+?\d{3,20}")


def _number(address: str) -> str:
    if _NUMBER.fullmatch(address):
        return address
    message = "must be a phone number, such as +15551234567"
    raise ValueError(message)


class Lookup(ActionInputs):
    """Which number, and what to find out."""

    phone_number: Annotated[
        Address,
        AfterValidator(_number),
        NOT_SENT,
        Field(
            title="Phone Number",
            description="The number in E.164 format, or in national format together with its country.",
            examples=["+15551234567"],
        ),
        Hint(placeholder="Enter phone number"),
    ]
    fields: Annotated[
        Values,
        among(FIELDS),
        NOT_SENT,
        Field(
            title="Fields",
            description=f"What to find out besides whether the number is valid; each costs money: {', '.join(FIELDS)}.",
            examples=[
                '["line_type_intelligence", "identity_match", "reassigned_number", "sms_pumping_risk", "pre_fill"]'
            ],
        ),
    ] = ()
    country_code: Annotated[
        Country,
        Field(
            title="Country",
            description="The country (two letters) of a number in national format.",
            pattern="^[A-Z]{2}$",
            examples=["US"],
        ),
    ] = ""
    first_name: Annotated[
        str, Field(title="First Name", description="For identity_match: the first name.", examples=["Ada"])
    ] = ""
    last_name: Annotated[
        str, Field(title="Last Name", description="For identity_match: the last name.", examples=["Lovelace"])
    ] = ""
    address_line1: Annotated[
        str,
        Field(
            title="Address Line 1",
            description="For identity_match: street and house number.",
            examples=["12 Example Street"],
        ),
        Hint(advanced=True),
    ] = ""
    address_line2: Annotated[
        str,
        Field(title="Address Line 2", description="For identity_match: flat or floor.", examples=["Flat 3"]),
        Hint(advanced=True),
    ] = ""
    city: Annotated[
        str,
        Field(title="City", description="For identity_match: the city.", examples=["Hilo"]),
        Hint(advanced=True),
    ] = ""
    state: Annotated[
        str,
        Field(title="State", description="For identity_match: state or province.", examples=["HI"]),
        Hint(advanced=True),
    ] = ""
    postal_code: Annotated[
        str,
        Field(title="Postal Code", description="For identity_match: the postal code.", examples=["96720"]),
        Hint(advanced=True),
    ] = ""
    address_country_code: Annotated[
        Country,
        Field(
            title="Address Country",
            description="For identity_match: the country (two letters).",
            pattern="^[A-Z]{2}$",
            examples=["US"],
        ),
        Hint(advanced=True),
    ] = ""
    national_id: Annotated[
        str,
        Field(
            title="National ID",
            description="For identity_match: the number of the identity card or the like.",
            examples=["ID-0001"],
        ),
        Hint(advanced=True),
    ] = ""
    date_of_birth: Annotated[
        Trimmed,
        Field(
            title="Date of Birth",
            description="For identity_match: the date of birth as YYYYMMDD.",
            pattern="^[0-9]{8}$",
            examples=["19900131"],
        ),
        Hint(advanced=True),
    ] = ""
    last_verified_date: Annotated[
        Trimmed,
        Field(
            title="Last Verified Date",
            description="For reassigned_number: when you last knew the number to be this person's, as YYYYMMDD.",
            pattern="^[0-9]{8}$",
            examples=["20260131"],
        ),
        Hint(advanced=True),
    ] = ""
    verification_sid: Annotated[
        Trimmed,
        sid("VE"),
        Field(
            title="Verification SID",
            description="For pre_fill: the verification (starts with VE) of this number.",
            examples=[example_sid("VE")],
        ),
        Hint(advanced=True),
    ] = ""
    partner_sub_id: Annotated[
        str,
        Field(
            title="Partner Sub ID",
            description="For sms_pumping_risk: which of your customers or senders it is for.",
            examples=["customer-7"],
        ),
        Hint(advanced=True),
    ] = ""

    @model_validator(mode="after")
    def _asked_for(self) -> "Lookup":
        for name, package in PACKAGES.items():
            if getattr(self, name) and package not in self.fields:
                raise wrong(self, name, f"has no effect without {package} among the fields")
        return self


_IDENTITY = (
    "first_name",
    "last_name",
    "address_line1",
    "address_line2",
    "city",
    "state",
    "postal_code",
    "address_country_code",
    "national_id",
    "date_of_birth",
)
PACKAGES: Mapping[str, str] = {
    **dict.fromkeys(_IDENTITY, "identity_match"),
    "last_verified_date": "reassigned_number",
    "verification_sid": "pre_fill",
    "partner_sub_id": "sms_pumping_risk",
}
"""The field without which Twilio does not look at an input."""


def lookup_phone_number(
    context: ActionContext, inputs: Lookup
) -> Annotated[dict[str, Any], Example(dict(LOOKUPS.example))]:
    """Look a phone number up. A number that cannot exist is a result too: ``valid`` is false, and why."""
    values = [*parameters(inputs), *([("Fields", ",".join(inputs.fields))] if inputs.fields else [])]
    found: dict[str, Any] = inputs.client(context).fetch(LOOKUPS, quote(inputs.phone_number, safe=""), values)
    return found
