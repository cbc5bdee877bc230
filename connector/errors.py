"""What can go wrong, grouped by what the caller should do next.

    ConnectorError
    ├── InvalidInput       fix the input named in ``field``            exit status 2
    ├── ConnectionFailed   fix the connection                          exit status 3
    ├── Refused            the service said no; do not repeat it       exit status 4
    │   └── WebhookRejected   a request that is not provably the service's
    ├── TryLater           repeat it after ``retry_after`` seconds     exit status 5
    ├── OutcomeUnknown     it may have happened; look before repeating exit status 6
    └── InvalidComponent   mend the component.yaml                     exit status 2

Each carries what the service said: the HTTP ``status``, its error ``code``, the ``request_id`` that its support asks for and
``more_info``, the page about the code. No message holds a credential.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

DETAILS: Mapping[str, str] = {
    "field": "field",
    "status": "status",
    "code": "code",
    "request_id": "requestId",
    "more_info": "moreInfo",
    "retry_after": "retryAfter",
}
"""What an error may carry besides its message, and the platform's names for it."""
INSTALL = "pip install '.[all]' from a clone"
"""What brings a library that is missing."""


class ConnectorError(Exception):
    """Base of all that a unit raises on purpose; its text is written for the person who can mend it."""

    kind: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        status: int | None = None,
        code: int | None = None,
        request_id: str | None = None,
        more_info: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.status = status
        self.code = code
        self.request_id = request_id
        self.more_info = more_info
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive pickling: exceptions with keyword-only arguments do not by themselves."""
        return _rebuild, (type(self), self.message, self.details)

    @property
    def details(self) -> dict[str, Any]:
        """What is known besides the message, without the empty ones."""
        return {name: value for name in DETAILS if (value := getattr(self, name)) is not None}

    def to_dict(self) -> dict[str, Any]:
        """The platform's form: camelCase keys, JSON values."""
        return {"kind": self.kind, "message": self.message} | {DETAILS[k]: v for k, v in self.details.items()}


class InvalidInput(ConnectorError):
    """An input is missing or malformed; nothing was sent."""

    kind = "input"
    exit_status = 2


class ConnectionFailed(ConnectorError):
    """The connection's values are wrong, or the account may not do this; nothing was done."""

    kind = "connection"
    exit_status = 3


class Refused(ConnectorError):
    """The service understood and said no; the same request will be refused again."""

    kind = "refused"
    exit_status = 4


class WebhookRejected(Refused):
    """A request that cannot be shown to come from the service; nothing of it reached the flow."""


class TryLater(ConnectorError):
    """Nothing was done; repeating it after ``retry_after`` seconds (None: unknown) is safe."""

    kind = "retry"
    exit_status = 5


class OutcomeUnknown(ConnectorError):
    """The request left and no answer came: it may have been done. Look before repeating it."""

    kind = "unknown"
    exit_status = 6


class InvalidComponent(ConnectorError):
    """A component.yaml, or code that it names, is not as a host needs it."""

    kind = "component"
    exit_status = 2


def is_told(error: BaseException) -> bool:
    """Whether a unit raised it on purpose: a mounted component may bring classes of its own, so ``kind`` tells."""
    return isinstance(getattr(error, "kind", None), str)


def _rebuild(cls: type[ConnectorError], message: str, details: dict[str, Any]) -> ConnectorError:
    return cls(message, **details)
