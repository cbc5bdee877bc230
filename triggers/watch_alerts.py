"""Alerts of Twilio's debugger. https://www.twilio.com/docs/usage/monitor-alert."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from ..actions.alerts import KEPT, LogLevel, check_reach
from ..actions.rules import wrong
from ..connector.context import ActionContext
from ..connector.inputs import Hint
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from ..connector.twilio.fields import Moment
from ..connector.twilio.parameters import NOT_SENT
from ..connector.twilio.resources.alerts import ALERTS
from .polling import Starting, Watching, example, watch
from .watching import CREATED, Watched

WATCHED = Watched(
    key="watchAlerts",
    resource=ALERTS,
    since="StartDate",
    until="EndDate",
    dated=("dateGenerated", CREATED),
    reach=KEPT,
)


class AlertsWatched(Watching):
    """Which alerts."""

    log_level: LogLevel = None


class WatchAlerts(Starting, AlertsWatched):
    """Which alerts to give, from when on and until when."""

    end_date: Annotated[
        Moment | None,
        NOT_SENT,
        Field(title="End Date", description="Only alerts at this time (UTC) or before. Blank: for good."),
        Hint(placeholder="2026-03-16T00:00:00Z"),
    ] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start_date and self.end_date and self.end_date < self.start_date:
            raise wrong(self, "end_date", "is before startDate")
        return self


def watch_alerts(
    context: ActionContext, request: WebhookRequest, inputs: WatchAlerts
) -> Annotated[TriggerResult, Example(example(ALERTS))]:
    """Give the alerts since the poll before. Raises InvalidInput where the first poll would ask for what is too old."""
    del request  # a poll asks, nobody asks it
    if WATCHED.key not in context.instance_state:
        check_reach(context.clock(), startDate=inputs.start_date, endDate=inputs.end_date)
    return watch(context, inputs, WATCHED, until=inputs.end_date)
