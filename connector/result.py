"""What an action gives back beside its data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionResult:
    """The platform's action result. A unit that has only data returns just that; the component wraps it.

    ``branch`` names the branch to take next; ``signal`` ends the loop around the step or the whole execution. The states
    are merged key by key into what the host keeps.
    """

    data: Any = None
    content_type: str | None = None
    status_code: int | None = None
    headers: Mapping[str, str] | None = None
    branch: str | None = None
    signal: Literal["break", "stop"] | None = None
    instance_state: Mapping[str, Any] | None = None
    cross_flow_state: Mapping[str, Any] | None = None
    execution_state: Mapping[str, Any] | None = None
    integration_state: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """An example of what a unit gives, said on its return type: ``-> Annotated[Message, Example({…})]``."""

    value: Any


def example_of(annotation: Any) -> Any:
    """The example that a return type carries; for an iterator or a list of such things, a list of the one. Else None."""
    if get_origin(annotation) is Annotated:
        return next((item.value for item in annotation.__metadata__ if isinstance(item, Example)), None)
    inner = [example_of(argument) for argument in get_args(annotation)]
    return [inner[0]] if inner and inner[0] is not None else None
