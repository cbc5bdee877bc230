"""What goes over the wire: camelCase keys, as the platform has them. Nothing that is not declared goes in or out."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from ....connector.payload import json_default

T = TypeVar("T")

MAX_PAGE = 200

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Text = Annotated[str, StringConstraints(max_length=255)]


def _readable(value: Any) -> Any:
    if not isinstance(value, str):
        message = "give a time as text, such as 2026-11-26T09:30:00Z"
        raise ValueError(message)  # noqa: TRY004 (pydantic takes this one)
    return value


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        message = "is before the first year or after the last"
        raise ValueError(message) from None


Moment = Annotated[datetime, BeforeValidator(_readable), AfterValidator(_in_utc)]
"""In UTC; so is one without a zone."""


class Shape(BaseModel):
    """Made from JSON, or from the record of that thing."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="forbid", from_attributes=True
    )


class Page(Shape, Generic[T]):
    """``next`` is the ``before`` of the page after this one; null at the end, and always where a list has but one page."""

    items: list[T]
    next: str | None = None


class Window(Shape):
    """Which part of a list that begins with the newest."""

    before: Annotated[str | None, Field(max_length=64, description="`next` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


class Problem(BaseModel):
    """RFC 9457, ``application/problem+json``. ``kind`` says what to do next; ``mend`` says it in words."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    kind: str
    mend: str
    field: str | None = None
    code: int | None = None
    request_id: str | None = None
    more_info: str | None = None
    retry_after: float | None = None
    problems: list[str] | None = None


def plain(value: Any) -> Any:
    """JSON values; bytes as the platform has them: ``{"type": "Buffer", "data": [69, …]}``."""
    return json.loads(json.dumps(value, default=json_default))
