"""Whether a folder can be deployed on this host: all problems at once, and nothing changed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ...connector.errors import ConnectorError, InvalidInput
from ..definition.check import check as check_definition
from ..definition.cursor import Cursor
from ..definition.model import Integration
from ..definition.names import did_you_mean
from ..definition.problems import Problem
from ..host import Host
from ..integrations import publication
from ..integrations.configuration import Expected
from .files import FOLDERS
from .model import (
    NEW,
    Checked,
    Declarations,
    DeclarationsInvalid,
    DeclaredConnection,
    DeclaredInstance,
    DeclaredIntegration,
    Reserved,
)

D = TypeVar("D")


def check(declared: Declarations, host: Host) -> Checked:
    """What is to be applied. Raises DeclarationsInvalid with all that is wrong, what could not be read included."""
    checking = _Check(declared, host)
    checking.run()
    if declared.problems:
        raise DeclarationsInvalid(declared.problems)
    return Checked(declarations=declared, configs=checking.configs)


class _Check:
    def __init__(self, declared: Declarations, host: Host) -> None:
        self._declared, self._host = declared, host
        self._whole = {folder for folder in FOLDERS if declared.whole(folder)}  # of these, what is not there is missing
        self._integrations = {found.name: found.definition for found in declared.integrations}
        self._customers = {known.external_id: known.id for known in host.store.customers.all()}
        self._owners = {subject: mark.folder for subject, mark in host.store.declared.all().items() if mark.made}
        self._connections = {found.name: self._expected(found) for found in declared.connections}
        self.configs: dict[tuple[str, str], tuple[Mapping[str, Any], Mapping[str, str]]] = {}

    def run(self) -> None:
        declared = self._declared
        self._twins(declared.connections, lambda found: found.name, lambda found: _place(found.source, "name"))
        self._twins(
            declared.customers, lambda found: found.external_id, lambda found: _place(found.source, "externalId")
        )
        self._twins(declared.integrations, lambda found: found.name, _head)
        self._twins(declared.instances, lambda i: (i.customer, i.name), lambda found: _place(found.source, "name"))
        for connection in declared.connections:
            self._connection(connection)
        for customer in declared.customers:
            self._twins(
                customer.users, lambda found: found.external_id, lambda found: _place(found.source, "externalId")
            )
            self._ours("customer", self._customers.get(customer.external_id), customer.source, "externalId")
        for integration in declared.integrations:
            declared.problems.extend(check_definition(integration.definition, self._host.registry))
            self._files(integration)
        for instance in declared.instances:
            self._instance(instance)

    def _files(self, found: DeclaredIntegration) -> None:
        """That all which belongs to it can be read, and is not too much."""
        try:
            publication.files(found.definition, found.path, self._host.settings.limits.definition)
        except InvalidInput as error:
            problem = Problem(str(found.path), 1, "", str(error).removeprefix("file: "))
            self._declared.problems.append(problem)

    def _expected(self, found: DeclaredConnection) -> Expected:
        """As it is stored, or as it will be."""
        record = self._host.store.connections.named(found.name)
        if record:
            return Expected(id=record.id, name=record.name, component=record.component, key=record.key)
        return Expected(id=NEW + found.name, name=found.name, component=found.component, key=found.key)

    def _twins(self, found: Iterable[D], name: Callable[[D], object], place: Callable[[D], Problem]) -> None:
        first: dict[object, D] = {}
        for item in found:
            other = first.setdefault(name(item), item)
            if other is not item:
                at, there = place(item), place(other)
                message = f"is declared in {there.file}:{there.line} too; names are unique, choose another"
                self._declared.problems.append(replace(at, message=message))

    def _connection(self, found: DeclaredConnection) -> None:
        record = self._connections[found.name]
        if (record.component, record.key) != (found.component, found.key):
            what = f"{record.key} of {record.component}"
            _note(found.source, "name", f"the host has a connection of this name that is {what}; choose another name")
        self._ours("connection", record.id, found.source, "name")
        try:
            self._host.connections.check(found.component, found.key, found.fields)
        except ConnectorError as error:
            place = found.places.get(error.field or "", found.source)
            place.problem(str(error).removeprefix(f"{error.field}: " if place is not found.source else ""))
        for reserved in found.reserved_for or ():
            self._reserved(reserved)

    def _reserved(self, found: Reserved) -> None:
        """For users that the folder declares, or that the host has."""
        if "customers" not in self._whole:
            return
        declared = [customer for customer in self._declared.customers if customer.external_id == found.customer]
        customers = {*self._customers, *(customer.external_id for customer in self._declared.customers)}
        if found.customer not in customers:
            known = did_you_mean(found.customer, customers)
            found.source.problem(f"there is no customer of the external id {found.customer!r}; {known}")
            return
        users = {user.external_id for customer in declared for user in customer.users}
        users |= {user.external_id for user in self._host.store.users.of(self._customers.get(found.customer, ""))}
        if found.user not in users:
            known = did_you_mean(found.user, users)
            found.source.problem(
                f"the customer {found.customer!r} has no user of the external id {found.user!r}; {known}"
            )

    def _instance(self, found: DeclaredInstance) -> None:
        definition = self._integrations.get(found.integration)
        if definition is None and "integrations" in self._whole:
            known = did_you_mean(found.integration, self._integrations)
            _note(found.source, "integration", f"the folder declares no integration {found.integration!r}; {known}")
        declared = {customer.external_id for customer in self._declared.customers}
        if found.customer not in declared | self._customers.keys() and "customers" in self._whole:
            known = did_you_mean(found.customer, declared | self._customers.keys())
            _note(found.source, "customer", f"there is no customer of the external id {found.customer!r}; {known}")
        if definition:
            self._config(found, definition)
        self._against_the_host(found)

    def _config(self, found: DeclaredInstance, definition: Integration) -> None:
        values: dict[str, Any] = {}
        connections: dict[str, str] = {}
        known = {var.key for var in definition.config_vars}
        for key in found.config.keys() - known:
            _note(
                found.source, f"config.{key}", f"is no config variable of the integration; {did_you_mean(key, known)}"
            )
        configuration = replace(self._host.configuration, expected=self._connections)
        for var in definition.config_vars:  # one by one, so that each is told what is wrong with it
            given = {var.key: found.config[var.key]} if var.key in found.config else {}
            if var.data_type == "connection" and given and "connections" not in self._whole:
                continue
            try:
                one = configuration.check(replace(definition, config_vars=(var,)), given)
            except ConnectorError as error:
                _note(found.source, f"config.{var.key}", str(error))
            else:
                values, connections = values | one[0], connections | one[1]
        self.configs[found.customer, found.name] = values, connections
        starting = {flow.name for flow in definition.flows if flow.schedule}
        for flow in found.schedules.keys() - starting:
            message = f"no flow of this name starts at times of its own; {did_you_mean(flow, starting)}"
            _note(found.source, f"schedules.{flow}", message)

    def _against_the_host(self, found: DeclaredInstance) -> None:
        customer_id = self._customers.get(found.customer)
        record = self._host.store.instances.of_customer(customer_id, found.name) if customer_id else None
        if record and record.integration != found.integration:
            message = f"the customer has an instance of this name, of {record.integration!r}; choose another name"
            _note(found.source, "name", message)
        self._ours("instance", record.id if record else None, found.source, "name")

    def _ours(self, kind: str, subject_id: str | None, source: Cursor, key: str) -> None:
        owner = self._owners.get((kind, subject_id or ""))
        if owner and owner != self._declared.name:
            _note(
                source,
                key,
                f"the folder {owner!r} made it and keeps it; declare it in one of them, or choose another name",
            )


def _note(source: Cursor, path: str, message: str) -> None:
    """At the key, such as ``config.Opening Hours``; at the whole, where the file does not have it."""
    at: Cursor | None = source
    for key in path.split(".", 1):
        at = at.find(key) if at else None
    (at or source).problem(message)


def _place(source: Cursor, key: str) -> Problem:
    at = source.find(key) or source
    return Problem(source.notes.file, at.at.line, at.at.path, "")


def _head(found: DeclaredIntegration) -> Problem:
    return Problem(str(found.path), found.definition.at.line, "name", "")
