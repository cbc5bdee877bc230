"""The host made like a folder: what is missing is made, what differs changed, what is the same left alone.

One thing that fails stops no other. What the folder made before and does not declare any more is removed only when asked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ...connector.errors import ConnectorError
from .. import publication
from ..host import Host, hidden
from ..store.declared import Subject
from ..store.integrations import content_hash
from .model import Checked, DeclaredConnection, DeclaredCustomer, DeclaredInstance, DeclaredIntegration, Kind

Did = Literal["made", "changed", "left", "removed", "undeclared", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``undeclared`` was made by the folder, is declared no more and was not to be removed. ``error`` is why one failed."""

    did: Did
    kind: Kind
    name: str
    error: ConnectorError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """``act`` does it and gives the id of what it is about; None for what removes."""

    did: Did
    kind: Kind
    name: str
    subject_id: str
    act: Callable[[], str | None]


def apply(checked: Checked, host: Host, *, prune: bool = False, dry_run: bool = False) -> Iterator[Outcome]:
    """What was done, as it is done; with ``dry_run`` what would be. Errors are in the outcomes."""
    declared = checked.declarations
    before = {subject for subject, owner in host.store.declared.all().items() if owner == declared.name}
    for plan in _plans(checked, host):
        step = plan()
        before.discard((step.kind, step.subject_id))
        yield _done(host, declared.name, step, dry_run=dry_run)
    for step in _removals(host, before):
        if prune:
            yield _done(host, declared.name, step, dry_run=dry_run)
        else:
            yield Outcome(did="undeclared", kind=step.kind, name=step.name)


def _plans(checked: Checked, host: Host) -> Iterator[Callable[[], _Step]]:
    """In the order in which one needs another; each is asked for when those before it are done."""
    declared = checked.declarations
    yield from (partial(_customer, host, found) for found in declared.customers)
    yield from (partial(_connection, host, found) for found in declared.connections)
    yield from (partial(_integration, host, found) for found in declared.integrations)
    yield from (partial(_instance, host, checked, found) for found in declared.instances)


def _done(host: Host, folder: str, step: _Step, *, dry_run: bool) -> Outcome:
    if step.did != "left" and not dry_run:
        try:
            subject_id = step.act()
        except ConnectorError as error:
            return Outcome(did="failed", kind=step.kind, name=step.name, error=error)
        if step.did == "made" and subject_id and step.kind != "integration":
            host.store.declared.mark(step.kind, subject_id, folder)
        elif step.did == "removed":
            host.store.declared.forget(step.kind, step.subject_id)
    return Outcome(did=step.did, kind=step.kind, name=step.name)


def _customer(host: Host, found: DeclaredCustomer) -> _Step:
    known = host.store.customers.known(found.external_id)
    same = known and found.name in ("", known.name)
    return _Step(
        did="left" if same else "changed" if known else "made",
        kind="customer",
        name=found.external_id,
        subject_id=known.id if known else "",
        act=lambda: host.put_customer(found.external_id, found.name).id,
    )


def _connection(host: Host, found: DeclaredConnection) -> _Step:
    record = host.store.connections.named(found.name)

    def act() -> str:
        if record is None:
            return host.add_connection(
                name=found.name, component=found.component, key=found.key, fields=found.fields
            ).id
        secrets = hidden(host.connection_type(found.component, found.key))
        return host.update_connection(record.id, name=found.name, fields=found.fields, forget=secrets).id

    same = record and host.connection_fields(record) == found.fields
    did: Did = "left" if same else "changed" if record else "made"
    return _Step(did=did, kind="connection", name=found.name, subject_id=record.id if record else "", act=act)


def _integration(host: Host, found: DeclaredIntegration) -> _Step:
    version_id = _version(host, found)
    known = [version for version in host.store.integrations.all() if version.integration == found.name]
    same = any(version.id == version_id for version in known)
    return _Step(
        did="left" if same else "changed" if known else "made",
        kind="integration",
        name=found.name,
        subject_id="",
        act=lambda: host.publish(found.path).id,
    )


def _version(host: Host, found: DeclaredIntegration) -> str:
    files = publication.files(found.definition, found.path, host.settings.limits.definition)
    return content_hash(found.name, found.path.name, files)


def _instance(host: Host, checked: Checked, found: DeclaredInstance) -> _Step:
    customer = host.store.customers.known(found.customer)
    instances = host.store.instances.all() if customer else []
    record = next((i for i in instances if customer and (i.customer_id, i.name) == (customer.id, found.name)), None)
    integration = next(i for i in checked.declarations.integrations if i.name == found.integration)

    def act() -> str:
        deployed = host.deploy(integration.path, customer=found.customer, config=found.config, name=found.name)
        if found.enabled not in (None, deployed.enabled):
            host.enable(deployed.id, enabled=bool(found.enabled))
        return deployed.id

    values, connections = checked.configs[found.customer, found.name]
    same = record and (
        (record.version_id, record.config, record.connections) == (_version(host, integration), values, connections)
        and found.enabled in (None, record.enabled)
    )
    did: Did = "left" if same else "changed" if record else "made"
    name = f"{found.name} of {found.customer}"
    return _Step(did=did, kind="instance", name=name, subject_id=record.id if record else "", act=act)


def _removals(host: Host, gone: set[Subject]) -> Iterator[_Step]:
    """What needs others before those. Versions of integrations stay: what ran on them is on record."""
    customers = {c.id: c.external_id for c in host.store.customers.all()}
    instances = {i.id: f"{i.name} of {customers[i.customer_id]}" for i in host.store.instances.all()}
    connections = {c.id: c.name for c in host.store.connections.all()}
    yield from _removing("instance", instances, gone, host.remove_instance)
    yield from _removing("connection", connections, gone, host.remove_connection)
    yield from _removing("customer", customers, gone, host.remove_customer)


def _removing(kind: Kind, names: dict[str, str], gone: set[Subject], remove: Callable[[str], None]) -> Iterator[_Step]:
    for subject_id, name in names.items():
        if (kind, subject_id) in gone:
            yield _Step(did="removed", kind=kind, name=name, subject_id=subject_id, act=partial(remove, subject_id))
