"""What the web asks of the host: all it knows of what is behind it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ...connector.payload import TriggerResult, WebhookRequest
from ..definition.model import Flow
from ..engine import Ended
from ..inbox import Accepted
from ..registry import Registry
from ..settings import Settings
from ..store import Store
from ..store.connections import ConnectionRecord


class Endpoint(Protocol):
    """An address that the outside calls: one flow of one instance, ready to receive."""

    @property
    def id(self) -> str: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def synchronous(self) -> bool: ...

    def admits(self, key: str | None) -> bool:
        """Whether the flow asks for no API key, or this is one of its keys."""

    def receive(self, request: WebhookRequest, execution_id: str) -> TriggerResult:
        """Verify and normalise. Raises WebhookRejected."""


class Host(Protocol):
    """The assembly behind the pages. What is not ``async`` may wait for the database, so it is called in a thread."""

    @property
    def settings(self) -> Settings: ...
    @property
    def store(self) -> Store: ...
    @property
    def registry(self) -> Registry: ...

    async def endpoint(self, endpoint_id: str) -> Endpoint | None: ...
    async def accept(self, endpoint: Endpoint, execution_id: str, result: TriggerResult) -> Accepted:
        """Returns when it is on disk. Raises Busy."""

    async def result(self, execution_id: str, timeout: float) -> Ended:  # noqa: ASYNC109
        """How it ended. Raises TimeoutError when it has not within ``timeout`` seconds."""

    def save_connection(
        self, *, name: str, component: str, key: str, fields: Mapping[str, Any], connection_id: str | None = None
    ) -> ConnectionRecord: ...
    def connection_fields(self, connection_id: str) -> Mapping[str, Any]: ...
    def test_connection(self, connection_id: str) -> ConnectionRecord: ...
    def flows(self, version_id: str) -> Sequence[Flow]: ...
