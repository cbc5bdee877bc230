"""Phone numbers: buy, read, list, change, release. https://www.twilio.com/docs/phone-numbers/api."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ..connector.inputs import Hint, Trimmed, sid
from ..connector.twilio.fields import Address, WebAddress
from ..connector.twilio.resource import example_sid
from ..connector.twilio.resources.phone_numbers import PHONE_NUMBERS
from .fields import ApplicationSid, Method, PhoneNumberSid, StatusCallback, StatusCallbackMethod
from .operations import ActionInputs, creating, deleting, getting, listing, updating
from .rules import exactly_one, excludes

_BESIDE_SMS = ("sms_url", "sms_method", "sms_fallback_url", "sms_fallback_method")
_BESIDE_VOICE = ("voice_url", "voice_method", "voice_fallback_url", "voice_fallback_method")


class OneNumber(ActionInputs):
    """Which phone number of the account."""

    sid: PhoneNumberSid


NumbersLike = Annotated[
    Trimmed,
    Field(
        title="Phone Number",
        description="Only numbers that match this: a number or part of one; * stands for any digit.",
        examples=["+1555*"],
    ),
]


class NumberFilters(ActionInputs):
    """Which phone numbers of the account."""

    phone_number: NumbersLike = ""
    friendly_name: Annotated[
        str,
        Field(title="Friendly Name", description="Only numbers with exactly this name.", examples=["Reception"]),
    ] = ""
    beta: Annotated[
        bool | None,
        Field(
            title="Beta",
            description="Whether to list numbers that are new to Twilio. Blank: yes.",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = None
    origin: Annotated[
        Literal["twilio", "hosted"] | None,
        Field(
            title="Origin",
            description="Only numbers that are Twilio's (twilio), or another carrier's (hosted).",
            examples=["twilio"],
        ),
        Hint(advanced=True),
    ] = None


class NumberSettings(ActionInputs):
    """What a phone number does."""

    friendly_name: Annotated[
        str,
        Field(
            title="Friendly Name",
            description="A name for the number, at most 64 characters.",
            max_length=64,
            examples=["Reception"],
        ),
    ] = ""
    sms_url: Annotated[
        WebAddress,
        Field(
            title="SMS URL",
            description="The URL that Twilio calls when a message comes in.",
            examples=["https://example.com/sms"],
        ),
    ] = ""
    sms_method: Annotated[
        Method | None,
        Field(title="SMS Method", description="How Twilio calls the SMS URL. Blank: POST.", examples=["POST"]),
        Hint(advanced=True),
    ] = None
    sms_fallback_url: Annotated[
        WebAddress,
        Field(
            title="SMS Fallback URL",
            description="The URL that Twilio calls if the SMS URL fails.",
            examples=["https://example.com/sms-fallback"],
        ),
        Hint(advanced=True),
    ] = ""
    sms_fallback_method: Annotated[
        Method | None,
        Field(title="SMS Fallback Method", description="How Twilio calls the SMS fallback URL.", examples=["POST"]),
        Hint(advanced=True),
    ] = None
    sms_application_sid: Annotated[
        ApplicationSid,
        Field(
            title="SMS Application SID",
            description="The application (starts with AP) that handles messages instead of the SMS URLs.",
        ),
        Hint(advanced=True),
    ] = ""
    voice_url: Annotated[
        WebAddress,
        Field(
            title="Voice URL",
            description="The URL that Twilio calls when a call comes in.",
            examples=["https://example.com/voice"],
        ),
    ] = ""
    voice_method: Annotated[
        Method | None,
        Field(title="Voice Method", description="How Twilio calls the voice URL. Blank: POST.", examples=["POST"]),
        Hint(advanced=True),
    ] = None
    voice_fallback_url: Annotated[
        WebAddress,
        Field(
            title="Voice Fallback URL",
            description="The URL that Twilio calls if the voice URL fails.",
            examples=["https://example.com/voice-fallback"],
        ),
        Hint(advanced=True),
    ] = ""
    voice_fallback_method: Annotated[
        Method | None,
        Field(title="Voice Fallback Method", description="How Twilio calls the voice fallback URL.", examples=["POST"]),
        Hint(advanced=True),
    ] = None
    voice_application_sid: Annotated[
        ApplicationSid,
        Field(
            title="Voice Application SID",
            description="The application (starts with AP) that handles calls instead of the voice URLs.",
        ),
        Hint(advanced=True),
    ] = ""
    voice_caller_id_lookup: Annotated[
        bool | None,
        Field(
            title="Caller ID Lookup",
            description="Whether to look the caller's name up (costs money).",
            examples=["false"],
        ),
        Hint(advanced=True),
    ] = None
    voice_receive_mode: Annotated[
        Literal["voice", "fax"] | None,
        Field(title="Receive Mode", description="Whether the number takes calls or faxes.", examples=["voice"]),
        Hint(advanced=True),
    ] = None
    status_callback: StatusCallback = ""
    status_callback_method: StatusCallbackMethod = None
    trunk_sid: Annotated[
        Trimmed,
        sid("TK"),
        Field(
            title="Trunk SID",
            description="The SIP trunk (starts with TK) that takes the calls instead of voice URL and application.",
        ),
        Hint(placeholder="Enter trunk SID", advanced=True),
    ] = ""
    emergency_status: Annotated[
        Literal["Active", "Inactive"] | None,
        Field(
            title="Emergency Status",
            description="Whether emergency calls may be made from the number.",
            examples=["Inactive"],
        ),
        Hint(advanced=True),
    ] = None
    emergency_address_sid: Annotated[
        Trimmed,
        sid("AD"),
        Field(
            title="Emergency Address SID",
            description="The address (starts with AD) given for emergency calls.",
            examples=[example_sid("AD")],
        ),
        Hint(advanced=True),
    ] = ""
    address_sid: Annotated[
        Trimmed,
        sid("AD"),
        Field(
            title="Address SID",
            description="The address (starts with AD) that the number's country asks for.",
            examples=[example_sid("AD")],
        ),
        Hint(advanced=True),
    ] = ""
    identity_sid: Annotated[
        Trimmed,
        sid("RI"),
        Field(
            title="Identity SID",
            description="The identity (starts with RI) that the number's country asks for.",
            examples=[example_sid("RI")],
        ),
        Hint(advanced=True),
    ] = ""
    bundle_sid: Annotated[
        Trimmed,
        sid("BU"),
        Field(
            title="Bundle SID",
            description="The regulatory bundle (starts with BU) that the number's country asks for.",
            examples=[example_sid("BU")],
        ),
        Hint(advanced=True),
    ] = ""

    @model_validator(mode="after")
    def _one_handler(self) -> "NumberSettings":
        excludes(self, "sms_application_sid", _BESIDE_SMS, "the application has its own")
        excludes(self, "voice_application_sid", _BESIDE_VOICE, "the application has its own")
        excludes(self, "trunk_sid", ["voice_url", "voice_application_sid"], "calls go to the trunk")
        return self


class NumberToBuy(ActionInputs):
    """Which number to buy."""

    phone_number: Annotated[
        Address | None,
        Field(
            title="Phone Number",
            description="The number to buy, in E.164 format, as searchAvailableNumbers gives it. "
            "Give either this or an area code.",
            examples=["+18085550143"],
        ),
    ] = None
    area_code: Annotated[
        Trimmed,
        Field(
            title="Area Code",
            description="Buy any number with this area code (US and Canada).",
            pattern="^[0-9]{3}$",
        ),
        Hint(placeholder="808"),
    ] = ""


class BuyNumber(NumberSettings, NumberToBuy):
    """Which number to buy, and what it does."""

    @model_validator(mode="after")
    def _one_number(self) -> "BuyNumber":
        exactly_one(self, "phone_number", "area_code")
        return self


class UpdateNumber(NumberSettings, OneNumber):
    """Which number to change, and how. A blank changes nothing; to clear a URL, give it blank as an additional parameter."""

    account_sid: Annotated[
        Trimmed,
        sid("AC"),
        Field(
            title="Move To Account SID",
            description="The account or subaccount (starts with AC) to hand the number over to.",
        ),
        Hint(placeholder="Enter account SID", data_source="selectSubaccount", advanced=True),
    ] = ""


list_phone_numbers = listing(PHONE_NUMBERS, NumberFilters)
get_phone_number = getting(PHONE_NUMBERS, OneNumber)
buy_phone_number = creating(PHONE_NUMBERS, BuyNumber)
update_phone_number = updating(PHONE_NUMBERS, UpdateNumber)
release_phone_number = deleting(PHONE_NUMBERS, OneNumber)
