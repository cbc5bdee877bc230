"""Actions and data sources, run over HTTP. A key makes an action be done at most once: see host/execution/api_actions.py."""

import json
from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from ....connector.result import ActionResult
from ...execution.api_actions import Asked
from .catalogue import component_of
from .route import Call, Route, found
from .shapes import Shape, Text, plain


class ConnectionValue(Shape):
    """A connection that is not kept here."""

    key: Text
    fields: dict[str, Any]


Connection = Annotated[
    Text | ConnectionValue | None,
    Field(description="The name or id of one that is kept here, or one that is not, with its fields."),
]


class ActionCall(Shape):
    """What to run an action with. ``connection`` is for each input that takes one."""

    connection: Connection = None
    inputs: dict[str, Any] = Field(default_factory=dict)


class ActionGave(Shape):
    """The platform's action result: ``data``, and what else it says. Bytes are ``{"type": "Buffer", "data": [69, …]}``."""

    data: Any
    content_type: str | None = None
    status_code: int | None = None
    headers: dict[str, str] | None = None
    branch: str | None = None


class Choice(Shape):
    """One of what a form may offer."""

    label: str
    key: str


class Choices(Shape):
    """What a data source offers."""

    result: list[Choice]


def action(call: Call) -> Response:
    unit = found(component_of(call).actions.get(call.path["action"]), "action")
    result, repeated = call.host.api_actions.perform(unit, _asked(call))
    text = call.host.redactor.strike(json.dumps(plain(_gave(result))))
    headers = {"idempotent-replayed": "true"} if repeated else None
    return Response(text, headers=headers, media_type="application/json")


def data_source(call: Call) -> dict[str, Any]:
    unit = found(component_of(call).data_sources.get(call.path["source"]), "data source")
    return {"result": call.host.api_actions.choices(unit, _asked(call))}


def _asked(call: Call) -> Asked:
    given: ActionCall = call.body
    connection = given.connection
    value = connection.model_dump() if isinstance(connection, ConnectionValue) else connection
    return Asked(who=call.who, connection=value or None, inputs=given.inputs, key=call.key)


def _gave(result: ActionResult) -> dict[str, Any]:
    said = {field.alias or name: getattr(result, name) for name, field in ActionGave.model_fields.items()}
    return {name: value for name, value in said.items() if value is not None or name == "data"}


TAG = "actions"
ROUTES = (
    Route(
        method="POST",
        path="/components/{component}/actions/{action}",
        handle=action,
        takes=ActionCall,
        gives=ActionGave,
        slow=True,
        keyed=True,
        summary="Run an action",
        tag=TAG,
    ),
    Route(
        method="POST",
        path="/components/{component}/data-sources/{source}",
        handle=data_source,
        takes=ActionCall,
        gives=Choices,
        slow=True,
        summary="Ask for what a form may offer",
        tag=TAG,
    ),
)
