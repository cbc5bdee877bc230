"""Where a trigger can register its webhook: the inputs that say so, and which settings of Twilio's each event needs.

Sources: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource,
https://www.twilio.com/docs/messaging/api/service-resource, https://www.twilio.com/docs/usage/api/applications.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ..connector.inputs import Conflict, Hint, Trimmed, sid
from ..connector.twilio.resource import Resource, example_sid
from ..connector.twilio.resources.account import APPLICATIONS
from ..connector.twilio.resources.messaging_services import MESSAGING_SERVICES
from ..connector.twilio.resources.phone_numbers import PHONE_NUMBERS
from .typed import Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of target: the resource, which input names one of them, and under which key it has a name for people."""

    resource: Resource
    input: str
    name: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a resource must say so that an event comes here, by Twilio's names.

    ``url`` takes the address. What is ``beside`` it goes with it; what is ``in_the_way`` would win over it, so that it counts
    as somebody else's unless it has the value here.
    """

    url: str
    beside: Mapping[str, Any] = field(default_factory=dict)
    in_the_way: Mapping[str, Any] = field(default_factory=dict)

    def wanted(self, url: str) -> dict[str, Any]:
        """All that must be so."""
        return {self.url: url, **self.beside, **self.in_the_way}


KINDS: Mapping[str, Kind] = {
    "number": Kind(resource=PHONE_NUMBERS, input="phone_number_sid", name="phoneNumber", label="number"),
    "messagingService": Kind(
        resource=MESSAGING_SERVICES, input="messaging_service_sid", name="friendlyName", label="messaging service"
    ),
    "application": Kind(resource=APPLICATIONS, input="application_sid", name="friendlyName", label="application"),
}
MESSAGES: Mapping[str, Setting] = {
    "number": Setting(url="SmsUrl", beside={"SmsMethod": "POST"}, in_the_way={"SmsApplicationSid": ""}),
    "messagingService": Setting(
        url="InboundRequestUrl",
        beside={"InboundMethod": "POST"},
        in_the_way={"UseInboundWebhookOnNumber": False},
    ),
    "application": Setting(url="SmsUrl", beside={"SmsMethod": "POST"}),
}
MESSAGE_STATUS: Mapping[str, Setting] = {
    "messagingService": Setting(url="StatusCallback"),
    "application": Setting(url="MessageStatusCallback"),
}
CALLS: Mapping[str, Setting] = {
    "number": Setting(
        url="VoiceUrl", beside={"VoiceMethod": "POST"}, in_the_way={"VoiceApplicationSid": "", "TrunkSid": ""}
    ),
    "application": Setting(url="VoiceUrl", beside={"VoiceMethod": "POST"}),
}
CALL_STATUS: Mapping[str, Setting] = {
    kind: Setting(url="StatusCallback", beside={"StatusCallbackMethod": "POST"}) for kind in ("number", "application")
}

_TARGET = Field(
    title="Register At",
    description="What to point at this flow when the instance is deployed, and to put back when it is removed. "
    "none: nothing; enter the flow's address at Twilio yourself.",
    examples=["none"],
)
PhoneNumber = Annotated[
    Annotated[Trimmed, sid("PN")] | None,
    Field(
        title="Phone Number SID",
        description="The phone number (starts with PN) to register at, for the target number. Texts to a sender of a messaging "
        "service go to the service's inbound URL, or are dropped where it has none, unless the service defers to its numbers: "
        "register at the messaging service then.",
    ),
    Hint(placeholder=example_sid("PN"), data_source="selectPhoneNumberSid"),
]
MessagingService = Annotated[
    Annotated[Trimmed, sid("MG")] | None,
    Field(
        title="Messaging Service SID",
        description="The messaging service (starts with MG) to register at, for the target messagingService.",
    ),
    Hint(placeholder=example_sid("MG"), data_source="selectMessagingService"),
]
Application = Annotated[
    Annotated[Trimmed, sid("AP")] | None,
    Field(
        title="Application SID",
        description="The TwiML application (starts with AP) to register at, for the target application.",
    ),
    Hint(placeholder=example_sid("AP"), data_source="selectApplication"),
]


class Registers(Typed):
    """Base of the inputs of a trigger that registers: each narrows ``target`` to the kinds that its ``settings`` have."""

    settings: ClassVar[Mapping[str, Setting]]

    target: str = "none"
    on_conflict: Annotated[
        Literal["fail", "overwrite"],
        Field(
            title="On Conflict",
            description="What to do where the target points elsewhere already: fail and change nothing, or overwrite it.",
            examples=["fail"],
        ),
        Hint(advanced=True),
    ] = "fail"
    restore_on_remove: Annotated[
        bool,
        Field(
            title="Restore On Remove",
            description="Whether to put back what the target pointed at before. Otherwise it points nowhere then.",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = True

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        for name, kind in KINDS.items():
            if name in self.settings:
                _check_sid(self, name, _alias(self, kind.input), given=bool(getattr(self, kind.input)))
        return self

    @property
    def sid(self) -> str:
        """Which one of the target."""
        return str(getattr(self, KINDS[self.target].input))


class RegistersMessages(Registers):
    """At what incoming messages are registered."""

    settings = MESSAGES

    target: Annotated[Literal["none", "number", "messagingService", "application"], _TARGET] = "none"
    phone_number_sid: PhoneNumber = None
    messaging_service_sid: MessagingService = None
    application_sid: Application = None


class RegistersMessageStatus(Registers):
    """At what the statuses of messages are registered."""

    settings = MESSAGE_STATUS

    target: Annotated[Literal["none", "messagingService", "application"], _TARGET] = "none"
    messaging_service_sid: MessagingService = None
    application_sid: Application = None


class RegistersCalls(Registers):
    """At what incoming calls are registered."""

    settings = CALLS

    target: Annotated[Literal["none", "number", "application"], _TARGET] = "none"
    phone_number_sid: PhoneNumber = None
    application_sid: Application = None


class RegistersCallStatus(RegistersCalls):
    """At what the statuses of calls are registered."""

    settings = CALL_STATUS


class RegistersEvents(Typed):
    """Whether Event Streams is told to send its events here."""

    if TYPE_CHECKING:
        event_types: tuple[str, ...]

    target: Annotated[
        Literal["none", "sink"],
        Field(
            title="Register At",
            description="sink: make a webhook sink and a subscription to the event types when the instance is deployed, and "
            "delete them when it is removed. none: make them yourself, with the flow's address.",
            examples=["none"],
        ),
    ] = "none"

    @model_validator(mode="after")
    def _has_types(self) -> Self:
        if self.target == "sink" and not self.event_types:
            raise Conflict(
                "eventTypes", "is required to make a subscription: name the types, or choose the target none"
            )
        return self


def _check_sid(inputs: Registers, kind: str, key: str, *, given: bool) -> None:
    if kind == inputs.target and not given:
        raise Conflict(key, f"is required for the target {kind}")
    if kind != inputs.target and given:
        raise Conflict(
            key, f"has no effect with the target {inputs.target}: leave it blank, or choose the target {kind}"
        )


def _alias(inputs: Registers, name: str) -> str:
    return type(inputs).model_fields[name].alias or name
