"""What went wrong: alerts and notifications.

https://www.twilio.com/docs/usage/monitor-alert, https://www.twilio.com/docs/usage/api/notifications
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from ..connector.context import ActionContext
from ..connector.errors import InvalidInput
from ..connector.inputs import Hint, Trimmed, sid
from ..connector.result import Example
from ..connector.twilio.fields import Moment
from ..connector.twilio.parameters import NOT_SENT, Parameter, parameters
from ..connector.twilio.resource import example_sid
from ..connector.twilio.resources.alerts import ALERTS, NOTIFICATIONS
from .fields import AlertSid, Day, since, until
from .operations import ActionInputs, Limit, PageSize, getting, listing
from .rules import wrong

KEPT = timedelta(days=30)
"""How far back Twilio answers for alerts."""


class OneAlert(ActionInputs):
    """Which alert."""

    sid: AlertSid


LogLevel = Annotated[
    Literal["error", "warning", "notice", "debug"] | None,
    Field(title="Log Level", description="Only alerts of this level.", examples=["error"]),
]


class ListAlerts(ActionInputs):
    """Which alerts."""

    log_level: LogLevel = None
    start_date: Annotated[
        Moment | None,
        Field(
            title="Start Date",
            description="Only alerts at this time (UTC) or after. Twilio answers for the last 30 days only.",
        ),
        Hint(placeholder="2026-03-15T00:00:00Z"),
    ] = None
    end_date: Annotated[
        Moment | None,
        Field(
            title="End Date",
            description="Only alerts at this time (UTC) or before. Twilio answers for the last 30 days only.",
        ),
        Hint(placeholder="2026-03-16T00:00:00Z"),
    ] = None
    limit: Limit = 100
    page_size: PageSize = None

    @model_validator(mode="after")
    def _in_order(self) -> "ListAlerts":
        if self.start_date and self.end_date and self.end_date < self.start_date:
            raise wrong(self, "end_date", "is before startDate")
        return self


def check_reach(now: datetime, **moments: datetime | None) -> None:
    """Raise InvalidInput for the first of these inputs, by name, for which Twilio does not answer any more."""
    oldest = now - KEPT
    for name, moment in moments.items():
        if moment is not None and moment < oldest:
            problem = f"is more than 30 days ago; Twilio answers for {oldest:%Y-%m-%dT%H:%M:%SZ} and later"
            raise InvalidInput(f"{name}: {problem}", field=name)


def list_alerts(
    context: ActionContext, inputs: ListAlerts
) -> Iterator[Annotated[dict[str, Any], Example(dict(ALERTS.example))]]:
    """List alerts. Raises InvalidInput for times that Twilio does not answer for."""
    check_reach(context.clock(), startDate=inputs.start_date, endDate=inputs.end_date)
    client = inputs.client(context)
    yield from client.list(ALERTS, parameters(inputs), limit=inputs.limit, page_size=inputs.page_size)


class OneNotification(ActionInputs):
    """Which notification."""

    sid: AlertSid
    of_call: ClassVar[str] = ""


class NotificationFilters(ActionInputs):
    """Which notifications."""

    call_sid: Annotated[
        Trimmed,
        sid("CA"),
        NOT_SENT,
        Field(
            title="Call SID",
            description="Only notifications of this call (starts with CA).",
            examples=[example_sid("CA")],
        ),
    ] = ""
    log: Annotated[
        Literal["0", "1"] | None,
        BeforeValidator(lambda value: str(value) if isinstance(value, int) else value),
        Field(title="Log", description="Only errors (0), or only warnings (1).", examples=["0"]),
    ] = None
    message_date: Annotated[
        Day | None,
        Field(title="Message Date", description="Only notifications of this day (UTC).", examples=["2026-03-15"]),
    ] = None
    message_date_before: Annotated[
        Day | None,
        Parameter("MessageDate<"),
        until("Before", "notifications", "of this day (UTC)", example="2026-03-16"),
    ] = None
    message_date_after: Annotated[
        Day | None,
        Parameter("MessageDate>"),
        since("After", "notifications", "of this day (UTC)", example="2026-03-14"),
    ] = None

    @property
    def of_call(self) -> str:
        """The part of the path that names the call."""
        return f"Calls/{self.call_sid}/" if self.call_sid else ""


get_alert = getting(ALERTS, OneAlert)
list_notifications = listing(NOTIFICATIONS, NotificationFilters)
get_notification = getting(NOTIFICATIONS, OneNotification)
