"""Verify: send a code, check it, cancel. https://www.twilio.com/docs/verify/api."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from ..connector.context import ActionContext
from ..connector.inputs import Hint, Trimmed, sid
from ..connector.result import Example
from ..connector.twilio.fields import Address
from ..connector.twilio.parameters import NOT_SENT
from ..connector.twilio.resource import example_sid
from ..connector.twilio.resources.verify import VERIFICATION_CHECKS, VERIFICATIONS, VERIFY_SERVICES
from .fields import JsonObject, VerifyServiceSid
from .operations import ActionInputs, creating, listing
from .rules import exactly_one, needs, wrong

MAX_TAGS = 10


class OfService(ActionInputs):
    """Which Verify service."""

    service_sid: VerifyServiceSid


class EveryVerifyService(ActionInputs):
    """All of the account."""


def _tags(text: str) -> str:
    tags = json.loads(text)
    if len(tags) > MAX_TAGS:
        message = f"has {len(tags)} tags; Twilio keeps at most {MAX_TAGS}"
        raise ValueError(message)
    return text


Amount = Annotated[
    Trimmed,
    Field(title="Amount", description="The amount of the payment that is confirmed (PSD2).", examples=["39.99"]),
    Hint(advanced=True),
]
Payee = Annotated[
    str,
    Field(title="Payee", description="Who receives the payment that is confirmed (PSD2).", examples=["ACME"]),
    Hint(advanced=True),
]


class StartVerification(OfService):
    """Whom to send a code, and how."""

    to: Annotated[
        Address,
        Field(
            title="To",
            description="The phone number in E.164 format, or the e-mail address, to verify.",
            examples=["+15551234567"],
        ),
        Hint(placeholder="Enter phone number or e-mail address"),
    ]
    channel: Annotated[
        Literal["sms", "call", "email", "whatsapp", "sna", "auto"],
        Field(
            title="Channel",
            description="How the code travels. sna: silently by the mobile network; auto: as suits the recipient best.",
            examples=["sms"],
        ),
        Hint(required=True),
    ] = "sms"
    locale: Annotated[
        Trimmed,
        Field(
            title="Locale",
            description="The language of the message. Blank: that of the number's country.",
            pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
            examples=["en"],
        ),
    ] = ""
    custom_friendly_name: Annotated[
        str,
        Field(
            title="Custom Friendly Name",
            description="A name that the message shows instead of the service's.",
            examples=["Example Shop"],
        ),
    ] = ""
    custom_code: Annotated[
        Trimmed,
        Field(
            title="Custom Code",
            description="Your own code, 4 to 10 characters, where the service allows it.",
            pattern=r"^\S{4,10}$",
            examples=["4711"],
        ),
        Hint(advanced=True),
    ] = ""
    custom_message: Annotated[
        str,
        Field(title="Custom Message", description="Deprecated by Twilio: the text of the message.", examples=["Hello"]),
        Hint(advanced=True),
    ] = ""
    send_digits: Annotated[
        Trimmed,
        Field(
            title="Send Digits",
            description="For calls: keys to press once connected, such as an extension; w waits half a second.",
            pattern="^[0-9A-D#*wW]{1,32}$",
        ),
        Hint(placeholder="1234#", advanced=True),
    ] = ""
    app_hash: Annotated[
        Trimmed,
        Field(
            title="App Hash",
            description="For texts to an Android app that reads the code by itself: the app's hash.",
            examples=["He42w354ol9"],
        ),
        Hint(advanced=True),
    ] = ""
    amount: Amount = ""
    payee: Payee = ""
    rate_limits: Annotated[
        JsonObject | None,
        Field(
            title="Rate Limits",
            description="Values for the service's rate limits: a JSON object by their unique names.",
            examples=['{"end_user_ip_address": "203.0.113.7"}'],
        ),
        Hint(type="code", language="json", advanced=True),
    ] = None
    channel_configuration: Annotated[
        JsonObject | None,
        Field(
            title="Channel Configuration",
            description="For e-mail: a JSON object with from, from_name, substitutions …",
            examples=['{"from": "hello@example.com"}'],
        ),
        Hint(type="code", language="json", advanced=True),
    ] = None
    template_sid: Annotated[
        Trimmed,
        sid("HJ"),
        Field(
            title="Template SID",
            description="The template (starts with HJ) to use instead of the service's; texts and calls only.",
            examples=[example_sid("HJ")],
        ),
        Hint(advanced=True),
    ] = ""
    template_custom_substitutions: Annotated[
        JsonObject | None,
        Field(
            title="Template Substitutions",
            description="Values for the template's variables: a JSON object.",
            examples=['{"name": "Ada"}'],
        ),
        Hint(type="code", language="json", advanced=True),
    ] = None
    device_ip: Annotated[
        Trimmed,
        Field(
            title="Device IP",
            description="The IP address of the person's device; helps the channel auto to choose.",
            pattern="^[0-9A-Fa-f.:]{3,45}$",
            examples=["203.0.113.7"],
        ),
        Hint(advanced=True),
    ] = ""
    enable_sna_client_token: Annotated[
        bool | None,
        Field(
            title="Enable SNA Client Token",
            description="For sna: whether the check must bring the token that the phone was given.",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = None
    risk_check: Annotated[
        Literal["enable", "disable"] | None,
        Field(
            title="Risk Check",
            description="Whether Twilio may refuse what looks like fraud. Blank: as the service says.",
            examples=["enable"],
        ),
        Hint(advanced=True),
    ] = None
    tags: Annotated[
        JsonObject | None,
        AfterValidator(lambda value: _tags(value) if value else value),
        Field(
            title="Tags",
            description="At most 10 tags to find the verification by: a JSON object. Put no personal data into it.",
            examples=['{"campaign": "spring"}'],
        ),
        Hint(type="code", language="json", advanced=True),
    ] = None

    @model_validator(mode="after")
    def _suits_the_channel(self) -> "StartVerification":
        if (self.channel == "email") != ("@" in self.to):
            raise wrong(self, "to", "must be an e-mail address for the channel email, and a number for the others")
        if self.send_digits and self.channel != "call":
            raise wrong(self, "send_digits", "has no effect: the channel is not call")
        needs(self, ["amount"], "payee")
        needs(self, ["payee"], "amount")
        return self


class CheckVerification(OfService):
    """Which code to check, and whose."""

    to: Annotated[
        Address | None,
        Field(
            title="To",
            description="The phone number or e-mail address that is verified. Give either this or the verification SID.",
            examples=["+15551234567"],
        ),
    ] = None
    verification_sid: Annotated[
        Trimmed,
        sid("VE"),
        Field(
            title="Verification SID", description="The verification (starts with VE), as startVerification gives it."
        ),
        Hint(placeholder="Enter verification SID"),
    ] = ""
    code: Annotated[
        Trimmed,
        Field(
            title="Code",
            description="The code that the person gives, 4 to 10 characters. Blank only with an SNA client token.",
            pattern=r"^\S{4,10}$",
            examples=["123456"],
        ),
        Hint(placeholder="Enter code"),
    ] = ""
    amount: Amount = ""
    payee: Payee = ""
    sna_client_token: Annotated[
        Trimmed,
        Field(
            title="SNA Client Token",
            description="For silent network authentication: the token that the phone was given, instead of a code.",
        ),
        Hint(placeholder="Enter token", advanced=True),
    ] = ""

    @model_validator(mode="after")
    def _whose(self) -> "CheckVerification":
        exactly_one(self, "to", "verification_sid")
        exactly_one(self, "code", "sna_client_token")
        needs(self, ["amount"], "payee")
        needs(self, ["payee"], "amount")
        return self


class CancelVerification(OfService):
    """Which verification to cancel."""

    sid: Annotated[
        Trimmed,
        sid("VE"),
        NOT_SENT,
        Field(
            title="Verification SID",
            description="The verification (starts with VE), as startVerification gives it.",
            examples=[example_sid("VE")],
        ),
        Hint(placeholder="Enter verification SID"),
    ]


def cancel_verification(
    context: ActionContext, inputs: CancelVerification
) -> Annotated[dict[str, Any], Example(VERIFICATIONS.example | {"status": "canceled"})]:
    """Cancel a verification, so that its code is good for nothing."""
    client, parents = inputs.client(context), VERIFICATIONS.parents(inputs)
    canceled: dict[str, Any] = client.update(VERIFICATIONS, inputs.sid, {"Status": "canceled"}, **parents)
    return canceled


start_verification = creating(VERIFICATIONS, StartVerification)
check_verification = creating(VERIFICATION_CHECKS, CheckVerification)
list_verify_services = listing(VERIFY_SERVICES, EveryVerifyService)
