"""The host without its web: its parts, put together. What the pages and the command do is in the parts, by subject."""

import logging
from typing import Any, Self

from ..connector.http import Transport
from ..connector.payload import WebhookRequest
from .administration.connections import Connections
from .administration.credentials import Credentials
from .administration.custody import Custody
from .administration.customers import Customers, Users
from .administration.password import Password
from .deployment.endpoints import Endpoints
from .deployment.instances import Instances
from .deployment.registrations import Registrations
from .engine.engine import Engine
from .engine.executions import Executions
from .engine.replays import Replays
from .engine.scheduler import Scheduler
from .execution.api_actions import ApiActions
from .execution.databases import Databases
from .execution.runtime import Runtime
from .execution.trials import Trials
from .integrations.configuration import Configuration
from .integrations.publication import Integrations
from .integrations.versions import Versions
from .loggers import LOGGERS
from .operating import backup
from .operating.changes import Changes
from .operating.telemetry import Telemetry
from .processes.locks import Locks
from .processes.presence import Presence
from .receiving.inbox import Inbox
from .receiving.invocation import Invocations
from .receiving.reception import KeyRefused, NoSuchEndpoint, Received, Reception, TooLarge
from .receiving.results import Ended
from .receiving.routes import Routes
from .registry import Registry, components
from .secrets.named_secrets import NamedSecrets
from .secrets.redact import RedactingFilter, Redactor
from .secrets.vault import Vault
from .settings import Settings
from .store import Store
from .store.commit import GroupCommit
from .store.database import Write


class Host:
    """Made by :meth:`open`; executes after :meth:`start`; a context manager that starts and stops.

    ``integrations``, ``instances``, ``endpoints``, ``executions``, ``api_actions``, ``trials``, ``connections``, ``customers``,
    ``users``, ``custody`` and ``credentials`` are what people do with it, each act with errors that say what to mend. ``store``
    is for reading.
    """

    def __init__(self, settings: Settings, store: Store, vault: Vault, registry: Registry) -> None:
        self.settings, self.store, self.vault, self.registry = settings, store, vault, registry
        self.transport = Transport()
        self.redactor = Redactor()
        self.secrets = NamedSecrets(store.named_secrets, vault, settings.secrets, settings.secrets_folder)
        self.presence = Presence(store.engine, settings.data)
        self.telemetry = Telemetry()
        self.changes = Changes(store.engine, self.redactor)
        self._records: GroupCommit[Write, Any] = GroupCommit(store.engine, _apply, depth=0, batch=settings.limits.batch)
        self._filter, self._filtered = RedactingFilter(self.redactor), list[logging.Filterer]()
        self._integrating()
        self._receiving()
        self._executing()
        self._deploying()
        self._administering()

    def _integrating(self) -> None:
        store, settings = self.store, self.settings
        self.versions = Versions(store, settings.data / "versions")
        self.configuration = Configuration(store, self.vault, self.secrets, self.registry, self.redactor)
        self.integrations = Integrations(
            store=store,
            registry=self.registry,
            changes=self.changes,
            limit=settings.limits.definition,
            folder=settings.data,
        )

    def _receiving(self) -> None:
        store, limits = self.store, self.settings.limits
        self.routes = Routes(
            store=store,
            versions=self.versions,
            configuration=self.configuration,
            transport=self.transport,
            address=self.address,
        )
        self.inbox = Inbox(store.engine, limits, arrived=lambda: self.engine.wake())  # noqa: PLW0108 (it is made later)
        self.invocations = Invocations(store=store, routes=self.routes, inbox=self.inbox, limits=limits)
        self.reception = Reception(
            routes=self.routes,
            inbox=self.inbox,
            records=self._records,
            refusals=store.refusals,
            limits=limits,
            telemetry=self.telemetry,
        )

    def _executing(self) -> None:
        store, settings = self.store, self.settings
        runtime = Runtime(
            store=store,
            registry=self.registry,
            versions=self.versions,
            configuration=self.configuration,
            routes=self.routes,
            records=self._records,
            databases=Databases(settings),
            limits=settings.limits,
            invocations=self.invocations,
            restored=backup.restored(store.engine),
            telemetry=self.telemetry,
        )
        self.api_actions = ApiActions(runtime, self.transport, self.presence, self.changes)
        self.trials = Trials(
            store=store,
            configuration=self.configuration,
            transport=self.transport,
            redactor=self.redactor,
            changes=self.changes,
            limit=settings.limits.step,
        )
        self.engine = Engine(settings, runtime)
        self.scheduler = Scheduler(runtime, self.engine.wake)
        self.replays = Replays(store, self.versions, self.registry, self.engine.wake)
        self.executions = Executions(
            store=store, replays=self.replays, results=self.engine.results, changes=self.changes
        )

    def _deploying(self) -> None:
        store = self.store
        self.registrations = Registrations(
            store=store,
            versions=self.versions,
            configuration=self.configuration,
            routes=self.routes,
            locks=Locks(store.engine, self.settings.data),
        )
        self.instances = Instances(
            store=store,
            registry=self.registry,
            integrations=self.integrations,
            versions=self.versions,
            configuration=self.configuration,
            registrations=self.registrations,
            invocations=self.invocations,
            changes=self.changes,
            changed=self.routes.forget,
        )
        self.endpoints = Endpoints(
            store=store,
            registrations=self.registrations,
            changes=self.changes,
            address=self.address,
            changed=self.routes.forget,
        )

    def _administering(self) -> None:
        store, changed = self.store, self.routes.forget
        self.connections = Connections(
            store=store,
            vault=self.vault,
            secrets=self.secrets,
            registry=self.registry,
            configuration=self.configuration,
            redactor=self.redactor,
            transport=self.transport,
            changes=self.changes,
            changed=changed,
        )
        self.customers = Customers(store=store, changes=self.changes)
        self.users = Users(store=store, changes=self.changes, changed=changed)
        self.custody = Custody(
            settings=self.settings,
            store=store,
            vault=self.vault,
            secrets=self.secrets,
            changes=self.changes,
            changed=changed,
        )
        self.credentials = Credentials(
            password=Password(store.engine), tokens=store.tokens, sessions=store.sessions, changes=self.changes
        )

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Raises DatabaseUnusable, VaultLocked or InvalidComponent, each with what to do."""
        registry = components(settings.components)
        store = Store.open(settings)
        try:
            return cls(settings, store, Vault.open(settings, store.engine), registry)
        except BaseException:
            store.close()
            raise

    def start(self, *, works: bool = True, serves: bool = True) -> None:
        """Execute what is accepted, beginning with what the last process left, and register the webhooks of what is deployed.

        A process that does not work leaves the first to others, one that does not serve the second.
        """
        if works:
            self.engine.start()
            self.scheduler.start()
            self.replays.start()
        self._filtered = [*LOGGERS, *(handler for logger in LOGGERS for handler in logger.handlers)]
        self._filtered += (
            [logging.lastResort] if logging.lastResort else []
        )  # where all goes if nobody configured a log
        for place in self._filtered:
            place.addFilter(self._filter)
        if serves:
            self.registrations.start()

    def stop(self) -> None:
        """Accept nothing more, end what runs or leave it to the next start, close everything."""
        self.registrations.stop(self.settings.limits.stop_deadline)
        self.inbox.close()
        self.scheduler.stop()
        self.replays.stop()
        if self.engine.executor:
            self.engine.stop()
        self._records.close()
        self.transport.close()
        self.presence.end()
        self.store.close()
        for place in self._filtered:
            place.removeFilter(self._filter)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def address(self, endpoint_id: str) -> str:
        """The webhook URL of an endpoint, as senders see and sign it."""
        return f"{self.settings.public_url}/trigger/{endpoint_id}"

    async def receive(
        self, endpoint_id: str, request: WebhookRequest, *, api_key: str | None = None, source: str = ""
    ) -> Received:
        """Verify, normalise and accept; when it returns, the request is on disk. Raises as Reception.receive does."""
        return await self.reception.receive(endpoint_id, request, api_key=api_key, source=source)

    async def result(self, execution_id: str, timeout: float | None = None) -> Ended:  # noqa: ASYNC109
        """How an execution ended. Raises TimeoutError after ``timeout`` seconds, by default the synchronous deadline."""
        seconds = self.settings.limits.sync_deadline if timeout is None else timeout
        return await self.engine.results.wait(execution_id, seconds)


def _apply(connection: Any, changes: Any) -> list[Any]:
    return [change(connection) for change in changes]


__all__ = ["Ended", "Host", "KeyRefused", "NoSuchEndpoint", "Received", "TooLarge"]
