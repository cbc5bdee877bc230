"""What a host tells a unit about the execution it runs in: the platform's context, as frozen data."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from .claims import Claims, ClaimsInMemory
from .errors import InvalidInput
from .http import Transport
from .journal import Journal, NoJournal


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Whose instance runs."""

    id: str = ""
    external_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An integration deployed for a customer."""

    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """On whose behalf the execution runs; empty for the system."""

    id: str = ""
    email: str = ""
    name: str = ""
    external_id: str = ""

    def to_json(self) -> dict[str, str]:
        """As a payload's ``user``."""
        return {"id": self.id, "email": self.email, "name": self.name, "externalId": self.external_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """The definition that runs. ``folder`` holds the files that came with it, such as the modules of code steps."""

    id: str = ""
    name: str = ""
    version_sequence_id: str = ""
    external_version: str = ""
    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The flow of the integration that runs."""

    id: str = ""
    name: str = ""
    stable_id: str = ""


def no_host(flow: str, _data: Any = None) -> str:
    """Flows of a plain script: there are none."""
    raise InvalidInput(f"flowName: there is no host that could invoke the flow {flow!r}", field="flowName")


def utc_now() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


def utc_text(moment: datetime) -> str:
    """An aware time as ``2026-03-15T14:32:10.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


LONGEST_WAIT = 900.0
"""Seconds that a step may wait inside, which holds up a worker; as long as an execution lasts on the platform."""


@dataclass(frozen=True, kw_only=True)
class ActionContext:
    """Handed to every unit. Everything has a default, so a unit can be called from a plain script.

    ``results`` maps step keys to the results of the steps before this one. ``clock`` gives aware UTC; ``sleep`` takes seconds.
    ``invoke_flow(name, data)`` starts another flow of the instance, whose trigger gives ``data`` as its body, and returns the
    id of its execution: one for each call, also where the step is run again after a crash. ``first_attempt`` is when a process
    began this very step and died: what it does may be done. None: it is not.

    ``database`` is a SQLAlchemy Engine for tables of the integration's own, the customer's alone; None where the host gives
    none. A step may run twice, so a row that is to be there once has a primary key made of ``execution_id`` and ``step_id``,
    and is inserted ``ON CONFLICT DO NOTHING``: see ``examples/save-texts``.
    """

    logger: logging.Logger = field(default_factory=lambda: logging.getLogger("twilio_connector"))
    transport: Transport = field(default_factory=Transport)
    clock: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    customer: Customer = Customer()
    instance: Instance = Instance()
    user: User = User()
    integration: Integration = Integration()
    flow: Flow = Flow()
    step_id: str = ""
    execution_id: str = ""
    started_at: str = ""
    first_attempt: datetime | None = None
    claims: Claims = field(default_factory=ClaimsInMemory, repr=False)
    journal: Journal = NoJournal()
    database: Any = field(default=None, repr=False)
    config_vars: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)
    webhook_urls: Mapping[str, str] = field(default_factory=dict)
    webhook_api_keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    invoke_url: str = ""
    invoke_flow: Callable[[str, Any], str] = field(default=no_host, repr=False)
    debug: bool = False
    instance_state: Mapping[str, Any] = field(default_factory=dict)
    cross_flow_state: Mapping[str, Any] = field(default_factory=dict)
    execution_state: Mapping[str, Any] = field(default_factory=dict)
    integration_state: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def surroundings(self) -> Mapping[str, Any]:
        """What an envelope says of where it was received, by the platform's keys: alike for all requests of a flow."""
        return {
            "webhookUrls": dict(self.webhook_urls),
            "webhookApiKeys": {flow: list(keys) for flow, keys in self.webhook_api_keys.items()},
            "invokeUrl": self.invoke_url,
            "customer": {
                "id": self.customer.id,
                "externalId": self.customer.external_id,
                "name": self.customer.name,
            },
            "instance": {"id": self.instance.id, "name": self.instance.name},
            "user": self.user.to_json(),
            "integration": {
                "id": self.integration.id,
                "name": self.integration.name,
                "versionSequenceId": self.integration.version_sequence_id,
                "externalVersion": self.integration.external_version,
            },
            "flow": {"id": self.flow.id, "name": self.flow.name, "stableId": self.flow.stable_id},
            "globalDebug": self.debug,
        }

    def of_execution(self, execution_id: str, started_at: str) -> "ActionContext":
        """The same for one execution; as ``replace`` gives it, in a tenth of the time, for it is done for every webhook."""
        made = object.__new__(type(self))
        made.__dict__.update(
            self.__dict__, execution_id=execution_id, started_at=started_at, surroundings=self.surroundings
        )
        return made
