"""Actions that follow from their resource: read one, list, create, update, delete.

    get_call = getting(CALLS, OneCall)
    list_calls = listing(CALLS, CallFilters)

A resource is declared once, in ``connector/twilio/resources/``; what an action takes besides is a model here, whose fields
are Twilio's parameters by their own names (``connector/twilio/parameters.py``) or parts of the path. An action that does more
than one operation is a function of its own.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, create_model, model_validator

from ..connections.twilio import TwilioConnection
from ..connector.context import ActionContext
from ..connector.errors import InvalidInput
from ..connector.inputs import Conflict, Hint, Inputs, KeyValues
from ..connector.result import Example
from ..connector.twilio.client import TwilioClient
from ..connector.twilio.parameters import NOT_SENT, parameters
from ..connector.twilio.resource import Resource

Function = Callable[[ActionContext, Any], Any]

Limit = Annotated[
    int,
    NOT_SENT,
    Field(title="Limit", description="How many to read at most. An account may hold millions.", ge=1, examples=["100"]),
]
PageSize = Annotated[
    int | None,
    NOT_SENT,
    Field(
        title="Page Size",
        description="How many to ask Twilio for at once, at most 1000. Blank: as many as the limit needs.",
        ge=1,
        le=1000,
        examples=["1000"],
    ),
    Hint(advanced=True),
]


def _sendable(pairs: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
    if not all(name.strip() and _is_text(name) and _is_text(str(value)) for name, value in pairs):
        message = "has a parameter without a name, or with half of a character in it"
        raise ValueError(message)
    return pairs


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


AdditionalParameters = Annotated[
    KeyValues,
    AfterValidator(_sendable),
    NOT_SENT,
    Field(
        title="Additional Parameters",
        description="Any other parameters that Twilio's API knows, by Twilio's own names; they are sent as they are.",
        examples=['[{"key": "TrafficType", "value": "free"}]'],
    ),
    Hint(advanced=True),
]


_ADDITIONAL = "additionalParameters"


class ActionInputs(Inputs):
    """Base of what an action takes: the connection."""

    twilio_connection: Annotated[TwilioConnection, NOT_SENT]

    @model_validator(mode="after")
    def _nothing_twice(self) -> Self:
        """Of a parameter that is there twice, nobody knows which Twilio takes."""
        more = {name for name, _ in getattr(self, "additional_parameters", ())}
        for name in sorted(self.given() & more) if more else ():
            raise Conflict(_ADDITIONAL, f"gives {name}, which another input gives already: leave one of them out")
        return self

    def parameters(self, *, additional: bool = True) -> Iterator[tuple[str, Any]]:
        """What is sent, by Twilio's names. A model that makes parameters of what are none by themselves adds them."""
        return parameters(self, additional=additional)

    def given(self) -> set[str]:
        """The parameters that inputs of their own give, by Twilio's names."""
        return {name for name, _ in self.parameters(additional=False)}

    def client(self, context: ActionContext) -> TwilioClient:
        """The connection's client."""
        return self.twilio_connection.client(context)


def getting(resource: Resource, model: type[ActionInputs]) -> Function:
    """The action that reads one. ``model`` has ``sid`` and the parents that stand in the path."""

    def get(context: ActionContext, inputs: Any) -> Any:
        return inputs.client(context).fetch(resource, inputs.sid, **resource.parents(inputs))

    return _unit(get, model, _one(resource), f"Read a {resource.name}.")


def listing(resource: Resource, model: type[ActionInputs]) -> Function:
    """The action that lists them, a page at a time as they are taken. The fields of ``model`` are filters."""
    complete = create_model(f"List{model.__name__}", __base__=model, limit=(Limit, 100), page_size=(PageSize, None))

    def list_them(context: ActionContext, inputs: Any) -> Any:
        parents, filters = resource.parents(inputs), inputs.parameters()
        yield from inputs.client(context).list(
            resource, filters, limit=inputs.limit, page_size=inputs.page_size, **parents
        )

    return _unit(list_them, complete, Iterator[_one(resource)], f"List {resource.name}s.")  # type: ignore[misc]


def creating(resource: Resource, model: type[ActionInputs]) -> Function:
    """The action that makes one. Raises OutcomeUnknown if Twilio may have made it."""

    def create(context: ActionContext, inputs: Any) -> Any:
        return inputs.client(context).create(resource, inputs.parameters(), **resource.parents(inputs))

    return _unit(create, _extensible(model), _one(resource), f"Create a {resource.name}.")


def updating(resource: Resource, model: type[ActionInputs]) -> Function:
    """The action that changes one: ``sid``, and what to change."""

    def update(context: ActionContext, inputs: Any) -> Any:
        values = list(inputs.parameters())
        if not values:
            raise InvalidInput(f"{_ADDITIONAL}: nothing is to be changed; give an input", field=_ADDITIONAL)
        return inputs.client(context).update(resource, inputs.sid, values, **resource.parents(inputs))

    return _unit(update, _extensible(model), _one(resource), f"Update a {resource.name}.")


def deleting(resource: Resource, model: type[ActionInputs]) -> Function:
    """The action that deletes one; to find it gone already is an error of the caller's, so Twilio's 404 is raised."""

    def delete(context: ActionContext, inputs: Any) -> Any:
        inputs.client(context).delete(resource, inputs.sid, **resource.parents(inputs))
        return {"sid": inputs.sid, "deleted": True}

    gone = Annotated[dict[str, Any], Example({"sid": resource.example.get("sid", ""), "deleted": True})]
    return _unit(delete, model, gone, f"Delete a {resource.name}.")


def _extensible(model: type[ActionInputs]) -> type[ActionInputs]:
    return create_model(model.__name__, __base__=model, additional_parameters=(AdditionalParameters, ()))


def _one(resource: Resource) -> Any:
    return Annotated[dict[str, Any], Example(dict(resource.example))]


def _unit(function: Function, model: type[Inputs], result: Any, doc: str) -> Function:
    """What the loader reads off a function: the model of its inputs, the example of its result."""
    function.__annotations__ = {"context": ActionContext, "inputs": model, "return": result}
    function.__doc__ = doc
    return function
