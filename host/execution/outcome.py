"""A step's outcome as it is checkpointed. What the flow sees comes from this form the first time too, so a replay agrees."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ...connector import errors
from ...connector.result import ActionResult
from ..store import portable

SEALED = "sealed:"  # how a sealed checkpoint begins; a plain one is JSON and begins with a brace
_CLASSES: Mapping[str, type[errors.ConnectorError]] = {
    cls.kind: cls
    for cls in (
        errors.ConnectorError,
        errors.InvalidInput,
        errors.ConnectionFailed,
        errors.Refused,
        errors.TryLater,
        errors.OutcomeUnknown,
        errors.InvalidComponent,
    )
}


class StepFailed(errors.ConnectorError):
    """A step raised something that is not a connector's error: its own code is at fault."""

    kind = "failed"


class OutputRefused(errors.Refused):
    """The action ran, but what it gave cannot be kept: too large, or not data. So it is not repeated."""


def pack(result: ActionResult, limit: int) -> str:
    """Raises OutputRefused."""
    try:
        text = portable.dumps(
            {"result": {f.name: getattr(result, f.name) for f in fields(ActionResult)}}, portable.DEEPEST
        )
    except portable.NotPortable as error:
        raise OutputRefused(f"the step ran, but {error}") from None
    if len(text) > limit:
        raise OutputRefused(
            f"the step ran, but its output takes {len(text)} bytes and the limit is {limit}: ask for less at a time"
        )
    return text


def pack_error(error: BaseException) -> str:
    return portable.dumps({"error": describe(error)})


def unpack(text: str) -> ActionResult:
    """Raises the error that was packed."""
    content = portable.loads(text)
    if "error" in content:
        raise revive(content["error"])
    return ActionResult(**content["result"])


def describe(error: BaseException) -> dict[str, Any]:
    """JSON values of an error; what is not a connector's error becomes one of kind ``failed`` that names its type."""
    if errors.is_told(error) and callable(to_dict := getattr(error, "to_dict", None)):
        return dict(to_dict())
    return StepFailed(f"{type(error).__name__}: {error}").to_dict()


def revive(described: Mapping[str, Any]) -> errors.ConnectorError:
    """The error again, of the class for its kind."""
    kind, message = described["kind"], described["message"]
    details = {name: described[key] for name, key in errors.DETAILS.items() if key in described}
    cls: type[errors.ConnectorError] = _CLASSES.get(kind) or type("StepFailed", (StepFailed,), {"kind": kind})
    return cls(message, **details)
