"""Messaging services and their senders: https://www.twilio.com/docs/messaging/api/service-resource."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from ..connector.context import ActionContext
from ..connector.inputs import Hint, Trimmed, sid
from ..connector.result import Example
from ..connector.twilio.fields import WebAddress
from ..connector.twilio.parameters import NOT_SENT
from ..connector.twilio.resource import Resource, example_sid
from ..connector.twilio.resources.messaging_services import (
    MESSAGING_SERVICES,
    SERVICE_ALPHA_SENDERS,
    SERVICE_PHONE_NUMBERS,
    SERVICE_SHORT_CODES,
)
from .fields import MessagingServiceSid, Method, StatusCallback
from .operations import (
    ActionInputs,
    AdditionalParameters,
    Limit,
    PageSize,
    creating,
    deleting,
    getting,
    listing,
    updating,
)
from .rules import needs

_SID = re.compile(r"(PN|SC)[0-9a-fA-F]{32}")
_ALPHA = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +_&-]{1,11}")

SENDERS: Mapping[str, Resource] = {
    "phoneNumber": SERVICE_PHONE_NUMBERS,
    "shortCode": SERVICE_SHORT_CODES,
    "alphaSender": SERVICE_ALPHA_SENDERS,
}
_KINDS: Mapping[str, str] = {"PN": "phoneNumber", "SC": "shortCode", "AI": "alphaSender"}
_PARAMETERS: Mapping[str, str] = {
    "phoneNumber": "PhoneNumberSid",
    "shortCode": "ShortCodeSid",
    "alphaSender": "AlphaSender",
}


class OneService(ActionInputs):
    """Which messaging service."""

    sid: MessagingServiceSid


class EveryService(ActionInputs):
    """All of the account."""


class NewName(ActionInputs):
    """The name of a new service."""

    friendly_name: Annotated[
        str,
        Field(
            title="Friendly Name",
            description="A name for the service, at most 64 characters.",
            max_length=64,
            examples=["Reminders"],
        ),
    ]


class ServiceSettings(ActionInputs):
    """What a messaging service does."""

    inbound_request_url: Annotated[
        WebAddress,
        Field(
            title="Inbound Request URL",
            description="The URL that Twilio calls when a message comes in for one of the senders.",
            examples=["https://example.com/sms"],
        ),
    ] = ""
    inbound_method: Annotated[
        Method | None,
        Field(title="Inbound Method", description="How Twilio calls the inbound URL. Blank: POST.", examples=["POST"]),
        Hint(advanced=True),
    ] = None
    fallback_url: Annotated[
        WebAddress,
        Field(
            title="Fallback URL",
            description="The URL that Twilio calls if the inbound URL fails.",
            examples=["https://example.com/fallback"],
        ),
        Hint(advanced=True),
    ] = ""
    fallback_method: Annotated[
        Method | None,
        Field(title="Fallback Method", description="How Twilio calls the fallback URL.", examples=["POST"]),
        Hint(advanced=True),
    ] = None
    status_callback: StatusCallback = ""
    sticky_sender: Annotated[
        bool | None,
        Field(
            title="Sticky Sender",
            description="Whether a recipient always hears from the same sender.",
            examples=["true"],
        ),
    ] = None
    smart_encoding: Annotated[
        bool | None,
        Field(
            title="Smart Encoding",
            description="Whether to replace Unicode characters by similar ones of the smaller GSM-7 alphabet.",
            examples=["true"],
        ),
    ] = None
    mms_converter: Annotated[
        bool | None,
        Field(
            title="MMS Converter",
            description="Whether media for recipients who cannot receive MMS become a link.",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = None
    area_code_geomatch: Annotated[
        bool | None,
        Field(
            title="Area Code Geomatch",
            description="Whether to prefer senders with the recipient's area code.",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = None
    fallback_to_long_code: Annotated[
        bool | None,
        Field(
            title="Fallback To Long Code",
            description="Obsolete at Twilio: whether to use a long number where a short code cannot.",
            examples=["false"],
        ),
        Hint(advanced=True),
    ] = None
    scan_message_content: Annotated[
        Literal["inherit", "enable", "disable"] | None,
        Field(
            title="Scan Message Content",
            description="Whether Twilio may look at messages: as the account says (inherit), yes, or no.",
            examples=["inherit"],
        ),
        Hint(advanced=True),
    ] = None
    validity_period: Annotated[
        int | None,
        Field(
            title="Validity Period",
            description="How many seconds a message may wait to be sent, at most 36000. Blank: 36000.",
            ge=1,
            le=36000,
            examples=["14400"],
        ),
        Hint(advanced=True),
    ] = None
    synchronous_validation: Annotated[
        bool | None,
        Field(title="Synchronous Validation", description="Reserved by Twilio.", examples=["false"]),
        Hint(advanced=True),
    ] = None
    usecase: Annotated[
        Literal["notifications", "marketing", "verification", "discussion", "poll", "undeclared"] | None,
        Field(title="Use Case", description="What the service is used for.", examples=["notifications"]),
    ] = None
    use_inbound_webhook_on_number: Annotated[
        bool | None,
        Field(
            title="Use Webhook On Number",
            description="Whether incoming messages go to the URL of the number instead of the service's.",
            examples=["false"],
        ),
        Hint(advanced=True),
    ] = None

    @model_validator(mode="after")
    def _consistent(self) -> "ServiceSettings":
        needs(self, ["inbound_method"], "inbound_request_url")
        needs(self, ["fallback_method"], "fallback_url")
        return self


class CreateService(ServiceSettings, NewName):
    """The messaging service to make."""


class UpdateService(ServiceSettings, OneService):
    """Which messaging service to change, and how. A blank changes nothing."""

    friendly_name: Annotated[
        str,
        Field(
            title="Friendly Name",
            description="A new name for the service, at most 64 characters.",
            max_length=64,
            examples=["Reminders"],
        ),
    ] = ""


create_messaging_service = creating(MESSAGING_SERVICES, CreateService)
get_messaging_service = getting(MESSAGING_SERVICES, OneService)
list_messaging_services = listing(MESSAGING_SERVICES, EveryService)
update_messaging_service = updating(MESSAGING_SERVICES, UpdateService)
delete_messaging_service = deleting(MESSAGING_SERVICES, OneService)

Sender = Annotated[dict[str, Any], Example(dict(SERVICE_PHONE_NUMBERS.example))]


def _sender(value: str) -> str:
    if _SID.fullmatch(value) or _ALPHA.fullmatch(value):
        return value
    message = (
        "must be the SID of a phone number (PN…) or of a short code (SC…), "
        "or an alphanumeric sender: at most 11 letters, digits and blanks, with a letter among them"
    )
    raise ValueError(message)


class OfService(ActionInputs):
    """Whose senders."""

    service_sid: MessagingServiceSid


class AddSender(OfService):
    """The sender to add, and to what."""

    sender: Annotated[
        Trimmed,
        AfterValidator(_sender),
        NOT_SENT,
        Field(
            title="Sender",
            description="The SID of a phone number (PN…) or of a short code (SC…) of the account, or an alphanumeric sender.",
            examples=[example_sid("PN")],
        ),
        Hint(placeholder="Enter sender", data_source="selectPhoneNumberSid"),
    ]
    additional_parameters: AdditionalParameters = ()


def add_sender(context: ActionContext, inputs: AddSender) -> Sender:
    """Add a sender to a messaging service. Raises OutcomeUnknown if Twilio may have added it."""
    kind = _KINDS[inputs.sender[:2]] if _SID.fullmatch(inputs.sender) else "alphaSender"
    values = [(_PARAMETERS[kind], inputs.sender), *inputs.additional_parameters]
    made: dict[str, Any] = inputs.client(context).create(SENDERS[kind], values, service_sid=inputs.service_sid)
    return made


class ListSenders(OfService):
    """Which senders."""

    sender_type: Annotated[
        Literal["all", "phoneNumber", "shortCode", "alphaSender"],
        Field(title="Sender Type", description="Which kind of sender to list.", examples=["all"]),
    ] = "all"
    limit: Limit = 100
    page_size: PageSize = None


def list_senders(context: ActionContext, inputs: ListSenders) -> Iterator[Sender]:
    """List the senders of a messaging service: phone numbers, then short codes, then alphanumeric senders."""
    client, kinds = inputs.client(context), SENDERS if inputs.sender_type == "all" else [inputs.sender_type]
    of_each = (
        client.list(SENDERS[kind], limit=inputs.limit, page_size=inputs.page_size, service_sid=inputs.service_sid)
        for kind in kinds
    )
    yield from islice(chain.from_iterable(of_each), inputs.limit)


class RemoveSender(OfService):
    """The sender to take out."""

    sid: Annotated[
        Trimmed,
        sid("PN", "SC", "AI"),
        Field(
            title="Sender SID",
            description="The SID of the phone number (PN…), the short code (SC…) or the alphanumeric sender (AI…).",
            examples=[example_sid("PN")],
        ),
        Hint(placeholder="Enter sender SID", data_source="selectPhoneNumberSid"),
    ]


def remove_sender(
    context: ActionContext, inputs: RemoveSender
) -> Annotated[dict[str, Any], Example({"sid": example_sid("PN"), "deleted": True})]:
    """Take a sender out of a messaging service; the account keeps it."""
    inputs.client(context).delete(SENDERS[_KINDS[inputs.sid[:2]]], inputs.sid, service_sid=inputs.service_sid)
    return {"sid": inputs.sid, "deleted": True}
