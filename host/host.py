"""The host without its web: what the pages and the command do is here, each with errors that say what to mend."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from ..connector.context import ActionContext, utc_now
from ..connector.errors import InvalidInput, WebhookRejected
from ..connector.http import Transport
from ..connector.payload import WebhookRequest
from .administration.connections import Connections
from .administration.credentials import Credentials
from .administration.custody import Custody
from .administration.customers import Customers, Users
from .administration.password import Password
from .definition import model
from .definition.check import require
from .definition.timetable import Timetable
from .deployment.registrations import Registrations
from .engine.engine import Engine
from .engine.executions import Executions
from .engine.replays import Replays
from .engine.scheduler import Scheduler
from .execution.calls import Calls
from .execution.databases import Databases
from .execution.trials import Trials
from .execution.workshop import Workshop
from .integrations.configuration import Configuration
from .integrations.publication import Integrations
from .integrations.versions import Versions, renamed
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
from .store.instances import InstanceRecord

_PARTS = ("", ".flow", ".engine", ".registrations", ".schedules", ".webhooks")
_OURS = ("", "dbos", *(f"twilio_connector{name}" for name in _PARTS))
_LOGGERS = tuple(logging.getLogger(name) for name in _OURS)


class Host:
    """Made by :meth:`open`; executes after :meth:`start`; a context manager that does both and stops."""

    def __init__(self, settings: Settings, store: Store, vault: Vault, registry: Registry) -> None:
        self.settings, self.store, self.vault, self.registry = settings, store, vault, registry
        self.redactor = Redactor()
        self.telemetry = Telemetry()
        self.transport = Transport()
        self.versions = Versions(store, settings.data / "versions")
        self.secrets = NamedSecrets(store.named_secrets, vault, settings.secrets, settings.secrets_folder)
        self.changes = Changes(store.engine, self.redactor)
        self.credentials = Credentials(
            password=Password(store.engine), tokens=store.tokens, sessions=store.sessions, changes=self.changes
        )
        self.configuration = Configuration(store, vault, self.secrets, registry, self.redactor)
        self._records: GroupCommit[Write, Any] = GroupCommit(store.engine, _apply, depth=0, batch=settings.limits.batch)
        self.routes = Routes(
            store=store,
            versions=self.versions,
            configuration=self.configuration,
            transport=self.transport,
            address=self.address,
        )
        self.inbox = Inbox(store.engine, settings.limits, self._wake)
        self.invocations = Invocations(store=store, routes=self.routes, inbox=self.inbox, limits=settings.limits)
        self.custody = Custody(
            settings=settings,
            store=store,
            vault=vault,
            secrets=self.secrets,
            changes=self.changes,
            changed=self.routes.forget,
        )
        workshop = Workshop(
            store=store,
            registry=registry,
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
        self.engine = Engine(settings, workshop)
        self.presence = Presence(store.engine, settings.data)
        self.calls = Calls(workshop, self.transport, self.presence, self.changes)
        self.scheduler = Scheduler(workshop, self.engine.wake)
        self.replays = Replays(store, self.versions, registry, self.engine.wake)
        self.reception = Reception(
            routes=self.routes,
            inbox=self.inbox,
            records=self._records,
            refusals=store.refusals,
            limits=settings.limits,
            telemetry=self.telemetry,
        )
        self.registrations = Registrations(
            store=store,
            versions=self.versions,
            configuration=self.configuration,
            routes=self.routes,
            locks=Locks(store.engine, settings.data),
        )
        self.trials = Trials(
            store=store,
            configuration=self.configuration,
            transport=self.transport,
            redactor=self.redactor,
            changes=self.changes,
            limit=settings.limits.step,
        )
        self.integrations = Integrations(
            store=store,
            registry=registry,
            changes=self.changes,
            limit=settings.limits.definition,
            folder=settings.data,
        )
        self.connections = Connections(
            store=store,
            vault=vault,
            secrets=self.secrets,
            registry=registry,
            configuration=self.configuration,
            redactor=self.redactor,
            transport=self.transport,
            changes=self.changes,
            changed=self.routes.forget,
        )
        self.customers = Customers(store=store, changes=self.changes)
        self.users = Users(store=store, changes=self.changes, changed=self.routes.forget)
        self.executions = Executions(
            store=store, replays=self.replays, results=self.engine.results, changes=self.changes
        )
        self._filter, self._filtered = RedactingFilter(self.redactor), list[logging.Filterer]()

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

    def _wake(self) -> None:
        self.engine.wake()

    def start(self, *, works: bool = True, serves: bool = True) -> None:
        """Execute what is accepted, beginning with what the last process left, and register the webhooks of what is deployed.

        A process that does not work leaves the first to others, one that does not serve the second.
        """
        if works:
            self.engine.start()
            self.scheduler.start()
            self.replays.start()
        self._filtered = [*_LOGGERS, *(handler for logger in _LOGGERS for handler in logger.handlers)]
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

    def addresses(self, instance_id: str) -> dict[str, str]:
        """Webhook URL by flow."""
        return {e.flow: self.address(e.id) for e in self.store.instances.endpoints(instance_id)}

    # ── webhooks ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def receive(
        self, endpoint_id: str, request: WebhookRequest, *, api_key: str | None = None, source: str = ""
    ) -> Received:
        """Verify, normalise and accept; when it returns, the request is on disk. Raises as Reception.receive does."""
        return await self.reception.receive(endpoint_id, request, api_key=api_key, source=source)

    async def result(self, execution_id: str, timeout: float | None = None) -> Ended:  # noqa: ASYNC109
        """How an execution ended. Raises TimeoutError after ``timeout`` seconds, by default the synchronous deadline."""
        seconds = self.settings.limits.sync_deadline if timeout is None else timeout
        return await self.engine.results.wait(execution_id, seconds)

    # ── instances ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def deploy(
        self,
        path: Path,
        *,
        customer: str,
        config: Mapping[str, Any] | None = None,
        name: str = "",
        customer_name: str = "",
        enabled: bool | None = None,
    ) -> InstanceRecord:
        """Publish an integration file and deploy it for a customer, in one act; raises what the two raise."""
        version = self.integrations.publish(path)
        return self.deploy_version(
            version.id, customer=customer, config=config, name=name, customer_name=customer_name, enabled=enabled
        )

    def deploy_version(
        self,
        version_id: str,
        *,
        customer: str,
        config: Mapping[str, Any] | None = None,
        name: str = "",
        customer_name: str = "",
        enabled: bool | None = None,
    ) -> InstanceRecord:
        """Deploy a version for the customer of that external id; once more gives the instance of that name this version.

        ``config`` maps config variables to values, those of connections to a connection's name or id. Without ``enabled`` a
        new instance is on and another stays as it is. Raises InvalidInput for a config variable, IntegrationInvalid for a
        version that cannot run here any more, and what keeps a trigger from registering its webhook: the instance is
        deployed then, and deploying again mends it.
        """
        integration = self.versions.load(version_id)
        require(integration, self.registry)
        values, connections = self.configuration.check(integration, config or {})
        customer_id = self.store.customers.ensure(customer, customer_name).id
        named = name or integration.name
        return self._put(version_id, named, customer_id, values, connections, enabled=enabled)

    def upgrade(
        self, instance_id: str, *, version_id: str = "", config: Mapping[str, Any] | None = None
    ) -> InstanceRecord:
        """Give an instance another version, by default the newest, with the configuration that it has and what is given.

        What runs ends on the version that it began with. Flows and config variables that were renamed keep their address
        and their value. Raises what deploy_version raises.
        """
        instance = self.store.instances.require(instance_id)
        wanted = version_id or self.store.integrations.newest(instance.integration_id).id
        kept, new = self.carried(instance, wanted), self.versions.load(wanted)
        require(new, self.registry)
        values, connections = self.configuration.check(new, kept | dict(config or {}))
        return self._put(wanted, instance.name, instance.customer_id, values, connections)

    def carried(self, instance: InstanceRecord, version_id: str) -> dict[str, Any]:
        """Of an instance's configuration, what another version of its integration still asks for, by its names.

        Raises InvalidInput for a version of another integration.
        """
        if self.store.integrations.version(version_id).integration_id != instance.integration_id:
            raise InvalidInput(f"version {version_id} is not one of {instance.integration}", field="version")
        old, new = self.versions.load(instance.version_id), self.versions.load(version_id)
        names = renamed(old, new).config_vars
        kept = {names.get(key, key): value for key, value in {**instance.config, **instance.connections}.items()}
        return {key: value for key, value in kept.items() if new.config_var(key)}

    def _put(
        self,
        version_id: str,
        name: str,
        customer_id: str,
        values: Mapping[str, Any],
        connections: Mapping[str, str],
        *,
        enabled: bool | None = None,
    ) -> InstanceRecord:
        version, integration = self.store.integrations.version(version_id), self.versions.load(version_id)
        self.configuration.check_triggers(integration, values, connections)
        before = self.store.instances.of_customer(customer_id, name)
        renames = renamed(self.versions.load(before.version_id), integration) if before else model.Renames()
        instance = self.store.instances.put(
            name=name,
            version_id=version_id,
            integration_id=version.integration_id,
            customer_id=customer_id,
            config=values,
            connections=connections,
            flows=[flow.name for flow in integration.flows],
            registering=self.registrations.flows(integration),
            starts=self.configuration.starts(integration, values),
            renamed=renames.flows,
            enabled=enabled,
        )
        self.routes.forget()
        said = f"{instance.name} for {instance.customer}: version {version.number}"
        self.changes.note("instance.deploy", instance.id, said)
        self.registrations.deploy(instance.id)
        if instance.enabled:
            self.invocations.fire(instance.id, "instanceDeploy", instance.updated_at.isoformat())
        return instance

    def choices(self, integration: model.Integration, key: str, given: Mapping[str, Any]) -> list[dict[str, str]]:
        """``{"label", "key"}`` of each value that a config variable's data source offers. Raises ConnectorError."""
        return self.configuration.choices(integration, key, given, ActionContext(transport=self.transport))

    def enable(self, instance_id: str, *, enabled: bool) -> None:
        self.store.instances.enable(instance_id, enabled=enabled)
        self.routes.forget()
        self.changes.note("instance.enable" if enabled else "instance.disable", instance_id)

    def remove_instance(self, instance_id: str, *, force: bool = False) -> None:
        """Put back the webhooks that it registered, then remove it. Raises what keeps one from being put back.

        It is switched off then, and goes as soon as they are; with ``force`` it goes at once, and they stay as they are. Where
        a flow is to run on its removal, it takes no more requests, and all this happens when that flow has ended.
        """
        record = self.store.instances.get(instance_id)
        self.routes.forget()
        if record:
            self.changes.note("instance.remove", instance_id, f"{record.name} of {record.customer}")
        if record and not force and self.invocations.fire(instance_id, "instanceRemove", "removal"):
            self.store.instances.retire(instance_id)
        else:
            self.registrations.remove(instance_id, force=force)
        self.routes.forget()

    def register_again(self, endpoint_id: str) -> None:
        """Register the webhook of a flow anew, or put it back if it is to go. Raises what keeps it from that."""
        self.routes.forget()
        self.changes.note("webhook.register", f"{endpoint_id[:6]}…")
        self.registrations.again(endpoint_id)

    def set_schedule(self, endpoint_id: str, timetable: Timetable | None) -> None:
        """Start the flow at times of this instance's own, from now; None: at those of the integration file."""
        self.store.schedules.override(endpoint_id, timetable, utc_now())
        times = str(timetable) if timetable else "as in the integration"
        self.changes.note("schedule.set", f"{endpoint_id[:6]}…", times)

    def run_now(self, endpoint_id: str) -> None:
        """Start the flow once more, beside its times. Raises InvalidInput while it cannot be."""
        self.store.schedules.run_now(endpoint_id, utc_now())
        self.changes.note("schedule.run", f"{endpoint_id[:6]}…")

    def add_key(self, endpoint_id: str) -> str:
        """A new API key of the endpoint, to be shown once."""
        key = self.store.instances.add_key(endpoint_id)
        self.routes.forget()
        self.changes.note("key.add", f"{endpoint_id[:6]}…")  # whole, it is itself a permission
        return key

    def remove_key(self, key_id: str) -> None:
        self.store.instances.remove_key(key_id)
        self.routes.forget()
        self.changes.note("key.remove", key_id)


def _apply(connection: Any, changes: Any) -> list[Any]:
    return [change(connection) for change in changes]


__all__ = ["Ended", "Host", "KeyRefused", "NoSuchEndpoint", "Received", "TooLarge", "WebhookRejected"]
