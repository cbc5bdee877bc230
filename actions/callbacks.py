"""Status callbacks that are flows: the address of another flow of the instance, by its name."""

from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

from pydantic import Field

from ..connector.context import ActionContext
from ..connector.errors import InvalidInput
from ..connector.inputs import Hint
from ..connector.twilio.fields import web_address
from ..connector.twilio.parameters import NOT_SENT
from .operations import ActionInputs

StatusCallbackFlow: TypeAlias = Annotated[
    str | None,
    NOT_SENT,
    Field(
        title="Status Callback Flow",
        description="The flow of this instance that is told of each change of the status, by its name, instead of a status "
        "callback's URL. Its trigger must take Twilio's requests.",
    ),
    Hint(type="flow", placeholder="Delivery Status"),
]

M = TypeVar("M", bound="ToldToFlow")


class ToldToFlow(ActionInputs):
    """Base of what has a status callback, which may be a flow."""

    if TYPE_CHECKING:
        status_callback_flow: str | None

    def given(self) -> set[str]:
        """A flow becomes a status callback."""
        return super().given() | ({"StatusCallback"} if self.status_callback_flow else set())


def told_to_flow(context: ActionContext, inputs: M) -> M:
    """The inputs with the flow's address as their status callback. Raises InvalidInput for a flow that is not there."""
    name = inputs.status_callback_flow
    if not name:
        return inputs
    return inputs.model_copy(update={"status_callback": _address(context, name), "status_callback_flow": None})


def _address(context: ActionContext, flow: str) -> str:
    found = context.webhook_urls.get(flow)
    if found is None:
        known = ", ".join(map(repr, sorted(context.webhook_urls))) or "none"
        message = f"statusCallbackFlow: the instance has no flow {flow!r} with a webhook; there are {known}"
        raise InvalidInput(message, field="statusCallbackFlow")
    try:
        return web_address(found)
    except ValueError:
        message = f"statusCallbackFlow: the flow {flow!r} has no public address: tell the host its public URL"
        raise InvalidInput(message, field="statusCallbackFlow") from None
