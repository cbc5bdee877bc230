"""Phone numbers: search, buy, read, list, change, release. https://www.twilio.com/docs/phone-numbers/api."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from ..connector.inputs import Hint, Trimmed, sid
from ..connector.twilio.fields import Address, WebAddress
from ..connector.twilio.parameters import NOT_SENT
from ..connector.twilio.resource import example_sid
from ..connector.twilio.resources.phone_numbers import AVAILABLE_NUMBERS, PHONE_NUMBERS
from .fields import ApplicationSid, Country, Method, PhoneNumberSid, StatusCallback, StatusCallbackMethod
from .operations import ActionInputs, creating, deleting, getting, listing, updating
from .rules import at_most_one, exactly_one, excludes, needs

KINDS: Mapping[str, str] = {"local": "Local", "mobile": "Mobile", "tollFree": "TollFree"}


_NORTH_AMERICAN = (
    "area_code",
    "near_number",
    "near_lat_long",
    "distance",
    "in_postal_code",
    "in_region",
    "in_rate_center",
    "in_lata",
)
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


class NumberSearch(ActionInputs):
    """What the number to buy should be like."""

    country_code: Annotated[
        Country,
        NOT_SENT,
        Field(
            title="Country",
            description="The country's two letters (ISO 3166-1), such as US, GB or DE.",
            pattern="^[A-Z]{2}$",
            examples=["US"],
        ),
    ]
    number_type: Annotated[
        Literal["local", "mobile", "tollFree"],
        NOT_SENT,
        Field(title="Type", description="The kind of number.", examples=["local"]),
        Hint(required=True),
    ] = "local"
    area_code: Annotated[
        int | None,
        Field(
            title="Area Code",
            description="Only numbers with this area code (US and Canada).",
            ge=200,
            le=999,
            examples=["808"],
        ),
    ] = None
    contains: Annotated[
        Trimmed,
        Field(
            title="Contains",
            description="Only numbers that match this: 2 to 16 digits or letters; * is any digit, % any digits, "
            "+ at the start and $ at the end stand for the ends.",
            pattern=r"^[0-9A-Za-z*%+$]{2,18}$",
            examples=["555"],
        ),
    ] = ""
    sms_enabled: Annotated[
        bool | None,
        Field(title="SMS", description="Only numbers that can, or cannot, receive texts.", examples=["true"]),
    ] = None
    mms_enabled: Annotated[
        bool | None,
        Field(title="MMS", description="Only numbers that can, or cannot, receive MMS.", examples=["true"]),
    ] = None
    voice_enabled: Annotated[
        bool | None,
        Field(title="Voice", description="Only numbers that can, or cannot, receive calls.", examples=["true"]),
    ] = None
    fax_enabled: Annotated[
        bool | None,
        Field(title="Fax", description="Only numbers that can, or cannot, receive faxes.", examples=["false"]),
        Hint(advanced=True),
    ] = None
    exclude_all_address_required: Annotated[
        bool | None,
        Field(
            title="Exclude Any Address Required",
            description="Leave out numbers that need an address.",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = None
    exclude_local_address_required: Annotated[
        bool | None,
        Field(
            title="Exclude Local Address Required",
            description="Leave out numbers that need an address in their country.",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = None
    exclude_foreign_address_required: Annotated[
        bool | None,
        Field(
            title="Exclude Foreign Address Required",
            description="Leave out numbers that need an address abroad.",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = None
    beta: Annotated[
        bool | None,
        Field(
            title="Beta",
            description="Whether to offer numbers that are new to Twilio. Blank: yes.",
            examples=["false"],
        ),
        Hint(advanced=True),
    ] = None
    near_number: Annotated[
        Address | None,
        Field(
            title="Near Number",
            description="Only numbers within the distance of this number (US and Canada).",
            examples=["+18085550143"],
        ),
    ] = None
    near_lat_long: Annotated[
        Trimmed,
        AfterValidator(lambda place: place.replace(" ", "")),
        Field(
            title="Near Latitude, Longitude",
            description="Only numbers within the distance of this place (US and Canada).",
            pattern=r"^-?\d{1,2}(\.\d+)? *, *-?\d{1,3}(\.\d+)?$",
        ),
        Hint(placeholder="19.72,-155.09"),
    ] = ""
    distance: Annotated[
        int | None,
        Field(
            title="Distance",
            description="How near, in miles, at most 500. Blank: 25.",
            ge=1,
            le=500,
            examples=["50"],
        ),
    ] = None
    in_postal_code: Annotated[
        Trimmed,
        Field(title="Postal Code", description="Only numbers of this postal code (US and Canada).", examples=["96720"]),
        Hint(advanced=True),
    ] = ""
    in_region: Annotated[
        Trimmed,
        Field(title="Region", description="Only numbers of this state or province (US and Canada).", examples=["HI"]),
        Hint(advanced=True),
    ] = ""
    in_rate_center: Annotated[
        Trimmed,
        Field(
            title="Rate Center",
            description="Only numbers of this rate center; needs the LATA too (US and Canada).",
            examples=["HILO"],
        ),
        Hint(advanced=True),
    ] = ""
    in_lata: Annotated[
        Trimmed,
        Field(
            title="LATA",
            description="Only numbers of this local access and transport area (US and Canada).",
            pattern="^[0-9]{3,5}$",
            examples=["834"],
        ),
        Hint(advanced=True),
    ] = ""
    in_locality: Annotated[
        Trimmed,
        Field(title="Locality", description="Only numbers of this city.", examples=["Hilo"]),
        Hint(advanced=True),
    ] = ""

    @property
    def kind(self) -> str:
        """The part of the path that names the type."""
        return KINDS[self.number_type]

    @model_validator(mode="after")
    def _known_there(self) -> "NumberSearch":
        at_most_one(self, "near_number", "near_lat_long")
        if not self.near_lat_long:
            needs(self, ["distance"], "near_number")
        needs(self, ["in_rate_center"], "in_lata")
        if self.country_code not in {"US", "CA"}:
            excludes(self, "country_code", _NORTH_AMERICAN, "Twilio knows it for US and CA only")
        return self


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
search_available_numbers = listing(AVAILABLE_NUMBERS, NumberSearch)
buy_phone_number = creating(PHONE_NUMBERS, BuyNumber)
update_phone_number = updating(PHONE_NUMBERS, UpdateNumber)
release_phone_number = deleting(PHONE_NUMBERS, OneNumber)
