"""The host made like a folder: what is missing is made, what differs changed, what is the same left alone.

One thing that fails stops no other. What the folder made before and does not declare any more is removed only when asked.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from ...connector.context import Customer, User
from ...connector.errors import ConnectorError
from ..definition.timetable import Timetable
from ..host import Host
from ..integrations import publication
from ..store.connections import ConnectionRecord
from ..store.declared import Mark, Subject
from ..store.instances import InstanceRecord
from ..store.integrations import content_hash
from .model import (
    Checked,
    DeclaredConnection,
    DeclaredCustomer,
    DeclaredInstance,
    DeclaredIntegration,
    DeclaredUser,
    Kind,
    Reserved,
)

_Found = Customer | User | ConnectionRecord | InstanceRecord
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
    """``find`` gives the id of what it is about, if that is there; ``act`` does it."""

    did: Did
    kind: Kind
    name: str
    find: Callable[[], str | None]
    act: Callable[[], object]


def apply(checked: Checked, host: Host, *, prune: bool = False, dry_run: bool = False) -> Iterator[Outcome]:
    """What was done, as it is done; with ``dry_run`` what would be. Errors are in the outcomes.

    What failed is tried again the next time, even if it is by then as it is declared: deploying does more than is stored.
    """
    folder = checked.declarations.name
    marks = host.store.declared.all()
    gone = {subject for subject, mark in marks.items() if mark.made and mark.folder == folder}
    for plan in _plans(checked, host):
        step = plan()
        subject = step.kind, step.find() or ""
        gone.discard(subject)
        if step.did == "left" and subject in marks and marks[subject].failed:
            step = replace(step, did="changed")
        yield _outcome(step) if dry_run else _done(host, folder, step)
    for step in _removals(host, gone):
        yield (
            _outcome(step, "removed" if prune else "undeclared") if dry_run or not prune else _done(host, folder, step)
        )


def _done(host: Host, folder: str, step: _Step) -> Outcome:
    if step.did == "left":
        return _outcome(step)
    before = step.find()
    if before:
        _mark(host, folder, step, before, failed=True)  # should this process not live to see it done
    try:
        step.act()
    except ConnectorError as error:
        _mark(host, folder, step, before, failed=True)
        return Outcome(did="failed", kind=step.kind, name=step.name, error=error)
    _mark(host, folder, step, before, failed=False)
    return _outcome(step)


def _mark(host: Host, folder: str, step: _Step, before: str | None, *, failed: bool) -> None:
    """Versions of integrations bear no mark: they are never removed."""
    after = step.find()
    if before and not after:
        host.store.declared.forget(step.kind, before)
    elif after and step.kind != "integration":
        host.store.declared.put(step.kind, after, Mark(folder=folder, made=before is None, failed=failed))


def _outcome(step: _Step, did: Did | None = None) -> Outcome:
    return Outcome(did=did or step.did, kind=step.kind, name=step.name)


def _plans(checked: Checked, host: Host) -> Iterator[Callable[[], _Step]]:
    """In the order in which one needs another; each is asked for when those before it are done."""
    declared = checked.declarations
    yield from (partial(_customer, host, found) for found in declared.customers)
    yield from (partial(_user, host, user) for found in declared.customers for user in found.users)
    yield from (partial(_connection, host, found) for found in declared.connections)
    yield from (partial(_integration, host, found) for found in declared.integrations)
    yield from (partial(_instance, host, checked, found) for found in declared.instances)


def _customer(host: Host, found: DeclaredCustomer) -> _Step:
    known = host.store.customers.known(found.external_id)
    return _Step(
        did=_did(known, known is not None and found.name in ("", known.name)),
        kind="customer",
        name=found.external_id,
        find=lambda: _id(host.store.customers.known(found.external_id)),
        act=lambda: host.customers.put(found.external_id, found.name),
    )


def _user(host: Host, found: DeclaredUser) -> _Step:
    wanted = {"name": found.name or found.external_id, "email": found.email}

    def known() -> User | None:
        customer = host.store.customers.known(found.customer)
        return host.store.users.find(customer.id, found.external_id) if customer else None

    def act() -> None:
        if user := known():
            host.users.update(user.id, **wanted)
        elif customer := host.store.customers.known(found.customer):
            host.users.add(customer.id, external_id=found.external_id, **wanted)

    user = known()
    return _Step(
        did=_did(user, user is not None and {"name": user.name, "email": user.email} == wanted),
        kind="user",
        name=f"{found.external_id} of {found.customer}",
        find=lambda: _id(known()),
        act=act,
    )


def _connection(host: Host, found: DeclaredConnection) -> _Step:
    record = host.store.connections.named(found.name)

    def act() -> None:
        wanted: dict[str, Any] = {"name": found.name, "fields": found.fields, "elsewhere": True}
        users = None if found.reserved_for is None else [_user_id(host, one) for one in found.reserved_for]
        if record is None:
            host.connections.add(component=found.component, key=found.key, reserved_for=users or (), **wanted)
        else:
            secrets = host.connections.type_of(found.component, found.key).secrets
            host.connections.update(record.id, forget=secrets, reserved_for=users, **wanted)

    same = record is not None and (
        host.connections.fields(record) == found.fields
        and (
            found.reserved_for is None
            or set(record.reserved_for) == {_user_id(host, reserved) for reserved in found.reserved_for}
        )
    )
    return _Step(
        did=_did(record, same),
        kind="connection",
        name=found.name,
        find=lambda: _id(host.store.connections.named(found.name)),
        act=act,
    )


def _user_id(host: Host, found: Reserved) -> str:
    """Empty where they are not made yet, as in a dry run, or could not be: no user has that id."""
    customer = host.store.customers.known(found.customer)
    known = host.store.users.of(customer.id) if customer else []
    return next((user.id for user in known if user.external_id == found.user), "")


def _integration(host: Host, found: DeclaredIntegration) -> _Step:
    version_id = _version(host, found)
    known = [version for version in host.store.integrations.all() if version.integration == found.name]
    return _Step(
        did=_did(known or None, any(version.id == version_id for version in known)),
        kind="integration",
        name=found.name,
        find=lambda: None,
        act=lambda: host.integrations.publish(found.path),
    )


def _version(host: Host, found: DeclaredIntegration) -> str:
    files = publication.files(found.definition, found.path, host.settings.limits.definition)
    return content_hash(found.name, found.path.name, files)


def _instance(host: Host, checked: Checked, found: DeclaredInstance) -> _Step:
    record = _record(host, found)
    integration = next(i for i in checked.declarations.integrations if i.name == found.integration)
    values, connections = checked.configs[found.customer, found.name]
    wanted = _version(host, integration), values, connections
    same = record is not None and (
        (record.version_id, record.config, record.connections) == wanted
        and found.enabled in (None, record.enabled)
        and not list(_other_times(host, record, found))
        and all(webhook.status == "registered" for webhook in host.store.registrations.of(record.id))
    )

    def act() -> None:
        deployed = host.instances.deploy(
            integration.path, customer=found.customer, config=found.config, name=found.name, enabled=found.enabled
        )
        for endpoint_id, timetable in _other_times(host, deployed, found):
            host.endpoints.set_schedule(endpoint_id, timetable)

    return _Step(
        did=_did(record, same),
        kind="instance",
        name=f"{found.name} of {found.customer}",
        find=lambda: _id(_record(host, found)),
        act=act,
    )


def _other_times(host: Host, record: InstanceRecord, found: DeclaredInstance) -> Iterator[tuple[str, Timetable | None]]:
    """The endpoints whose flows start at other times than declared, and those that are."""
    for endpoint in host.store.instances.endpoints(record.id):
        schedule = host.store.schedules.get(endpoint.id)
        if schedule and endpoint.flow in found.schedules:
            timetable = found.schedules[endpoint.flow]
            if schedule.override != (str(timetable) if timetable else None):
                yield endpoint.id, timetable


def _record(host: Host, found: DeclaredInstance) -> InstanceRecord | None:
    customer = host.store.customers.known(found.customer)
    return host.store.instances.of_customer(customer.id, found.name) if customer else None


def _did(known: object, same: bool) -> Did:
    return "made" if known is None else "left" if same else "changed"


def _id(found: _Found | None) -> str | None:
    return found.id if found else None


def _removals(host: Host, gone: set[Subject]) -> Iterator[_Step]:
    """What needs others before those. Versions of integrations stay: what ran on them is on record."""
    customers = {c.id: c.external_id for c in host.store.customers.all()}
    instances = {i.id: f"{i.name} of {customers[i.customer_id]}" for i in host.store.instances.all()}
    connections = {c.id: c.name for c in host.store.connections.all()}
    users = {u.id: f"{u.external_id} of {name}" for id_, name in customers.items() for u in host.store.users.of(id_)}
    yield from _removing("instance", instances, gone, host.store.instances.get, host.instances.remove)
    yield from _removing("connection", connections, gone, host.store.connections.get, host.connections.remove)
    yield from _removing("user", users, gone, host.store.users.get, host.users.remove)
    yield from _removing("customer", customers, gone, host.store.customers.get, host.customers.remove)


def _removing(
    kind: Kind,
    names: Mapping[str, str],
    gone: set[Subject],
    get: Callable[[str], _Found | None],
    remove: Callable[[str], None],
) -> Iterator[_Step]:
    for subject_id, name in names.items():
        if (kind, subject_id) in gone:
            find, act = lambda gone=subject_id: _id(get(gone)), partial(remove, subject_id)
            yield _Step(did="removed", kind=kind, name=name, find=find, act=act)
