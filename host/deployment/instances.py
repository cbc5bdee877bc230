"""Instances, as people deploy, upgrade, switch off and remove them; every change is noted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...connector.errors import InvalidInput
from ..definition import model
from ..definition.check import require
from ..integrations.configuration import Configuration
from ..integrations.publication import Integrations
from ..integrations.versions import Versions, renamed
from ..operating.changes import Changes
from ..receiving.invocation import Invocations
from ..registry import Registry
from ..store import Store
from ..store.instances import InstanceRecord
from ..store.names import named, noted
from .registrations import Registrations


@dataclass(frozen=True, kw_only=True)
class Instances:
    """``changed`` is called when what was read before may be another now."""

    store: Store
    registry: Registry
    integrations: Integrations
    versions: Versions
    configuration: Configuration
    registrations: Registrations
    invocations: Invocations
    changes: Changes
    changed: Callable[[], None]

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
        known, called = named("customer", customer), noted("customerName", customer_name)
        name = named("name", name or integration.name)
        customer_id = self.store.customers.ensure(known, called).id
        return self._put(version_id, name, customer_id, values, connections, enabled=enabled)

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
            raise InvalidInput(f"versionId: {version_id!r} is no version of {instance.integration}", field="versionId")
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
        self.changed()
        said = f"{instance.name} for {instance.customer}: version {version.number}"
        self.changes.note("instance.deploy", instance.id, said)
        self.registrations.deploy(instance.id)
        if instance.enabled:
            self.invocations.fire(instance.id, "instanceDeploy", instance.updated_at.isoformat())
        return instance

    def enable(self, instance_id: str, *, enabled: bool) -> None:
        self.store.instances.enable(instance_id, enabled=enabled)
        self.changed()
        self.changes.note("instance.enable" if enabled else "instance.disable", instance_id)

    def remove(self, instance_id: str, *, force: bool = False) -> None:
        """Put back the webhooks that it registered, then remove it. Raises what keeps one from being put back.

        It is switched off then, and goes as soon as they are; with ``force`` it goes at once, and they stay as they are. Where
        a flow is to run on its removal, it takes no more requests, and all this happens when that flow has ended.
        """
        record = self.store.instances.get(instance_id)
        self.changed()
        if record:
            self.changes.note("instance.remove", instance_id, f"{record.name} of {record.customer}")
        if record and not force and (record.removing or self._fire_removal(record)):
            self.store.instances.retire(instance_id)
        else:
            self.registrations.remove(instance_id, force=force)
        self.changed()

    def _fire_removal(self, instance: InstanceRecord) -> bool:
        """Again where it was deployed since a removal that failed, not where only a webhook is still to be put back."""
        if self.store.registrations.is_leaving(instance.id):
            return False
        return bool(self.invocations.fire(instance.id, "instanceRemove", f"removal:{instance.updated_at.isoformat()}"))
