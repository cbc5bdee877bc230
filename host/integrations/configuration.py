"""The values of an instance's config variables: what the file asks for, what was given, and connections opened for use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import BaseModel

from ...connector.component import Trigger
from ...connector.context import ActionContext, User
from ...connector.errors import ConnectionFailed, InvalidInput, is_told
from ..definition import model, rules, values
from ..definition.expressions import Scope, Withheld, resolve_inputs
from ..definition.timetable import Timetable
from ..registry import Registry
from ..secrets.named_secrets import NamedSecrets
from ..secrets.redact import Redactor
from ..secrets.vault import Vault
from ..store import Store
from ..store.connections import ConnectionRecord
from ..store.schedules import Start


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A connection that is about to be made."""

    id: str
    name: str
    component: str
    key: str


@dataclass(frozen=True)
class Configuration:
    store: Store
    vault: Vault
    secrets: NamedSecrets
    registry: Registry
    redactor: Redactor = field(repr=False)
    expected: Mapping[str, Expected] = field(default_factory=dict)
    """Connections by name that may not be there yet, so that what needs them can be checked before."""

    def check(self, integration: model.Integration, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Values and connection ids for all config variables; connections are given by name or id.

        Raises InvalidInput naming the variable that is missing, unknown or of the wrong kind.
        """
        known = {var.key: var for var in integration.config_vars}
        for name in given.keys() - known.keys():
            raise InvalidInput(f"config variable {name!r}: the integration has {_listed(known)}", field=name)
        connections = {k: self._connection(v, given.get(k)) for k, v in known.items() if v.data_type == "connection"}
        plain = {k: value_of(v, given.get(k)) for k, v in known.items() if v.data_type != "connection"}
        return plain, connections

    def check_one(self, var: model.ConfigVar, given: Any) -> None:
        """One of them by itself. Raises as check does."""
        if var.data_type == "connection":
            self._connection(var, given)
        else:
            value_of(var, given)

    def starts(self, integration: model.Integration, plain: Mapping[str, Any]) -> dict[str, Start]:
        """By flow, when those start that start by themselves. Raises InvalidInput naming the config variable."""
        return {flow.name: self._start(integration, flow, plain) for flow in integration.flows if flow.schedule}

    def _start(self, integration: model.Integration, flow: model.Flow, plain: Mapping[str, Any]) -> Start:
        schedule, ref = cast(model.Schedule, flow.schedule), flow.trigger.action
        var = integration.config_var(schedule.value) if schedule.type == "configVar" else None
        text, zone = (
            (plain[var.key], var.time_zone or schedule.time_zone) if var else (schedule.value, schedule.time_zone)
        )
        return Start(Timetable.parse(text, zone), polling=self.registry[ref.component.key].triggers[ref.key].is_polling)

    def trigger(self, flow: model.Flow) -> Trigger:
        """Raises InvalidInput where its component is not installed any more."""
        ref = flow.trigger.action
        component = self.registry.get(ref.component.key)
        if component is None or ref.key not in component.triggers:
            raise InvalidInput(
                f"no installed component {ref.component.key!r} has a trigger {ref.key!r}: install it again"
            )
        return component.triggers[ref.key]

    def trigger_inputs(
        self,
        integration: model.Integration,
        flow: model.Flow,
        values: Mapping[str, Any],
        connections: Mapping[str, str],
    ) -> BaseModel:
        """The inputs of a flow's trigger, prepared; they hold secrets. Raises what prepare raises."""
        config = with_presets(integration, self.resolve(values, connections))
        inputs: BaseModel = self.trigger(flow).prepare(resolve_inputs(flow.trigger.inputs, Scope(config)))
        return inputs

    def check_triggers(
        self, integration: model.Integration, values: Mapping[str, Any], connections: Mapping[str, str]
    ) -> None:
        """Whether each flow's trigger takes its inputs: what came to one that does not would be lost. Raises InvalidInput.

        A connection that cannot be opened yet, such as one whose secret is to come, keeps nobody from deploying.
        """
        for flow in integration.flows:
            try:
                self.trigger_inputs(integration, flow, values, connections)
            except Exception as error:
                if getattr(error, "kind", None) == ConnectionFailed.kind:
                    continue
                if not is_told(error):
                    raise
                message = f"flow {flow.name!r}: its trigger {flow.trigger.name!r} cannot take its inputs: {error}"
                raise InvalidInput(message, field=getattr(error, "field", None)) from None

    def resolve(
        self, plain: Mapping[str, Any], connections: Mapping[str, str], user: User | None = None
    ) -> dict[str, Any]:
        """All values by config variable; connections as ``{"key", "configVarKey", "fields"}``, known to the redactor.

        Those that are reserved for others than ``user`` are not opened but Withheld. Without a user, which is what a
        trigger's verification does before anybody is known, all are opened.
        """
        records = {k: self.store.connections.require(i) for k, i in connections.items()}
        opened = {k: self._value(k, record, user) for k, record in records.items()}
        return {**plain, **opened}

    def _value(self, name: str, record: ConnectionRecord, user: User | None) -> dict[str, Any] | Withheld:
        if user is None or not record.reserved_for or user.id in record.reserved_for:
            return self.open(record) | {"configVarKey": name}
        who = f"the user {user.external_id!r}" if user.id else "the system"
        return Withheld(
            f"the connection {record.name!r} is reserved, and this execution runs as {who}: "
            "reserve it for them too, or run the flow as another user (runAs)"
        )

    def open(self, record: ConnectionRecord) -> dict[str, Any]:
        """``{"key", "fields"}``, with the secrets that fields call. Raises VaultLocked, ConnectionFailed."""
        fields = self.secrets.resolve(self.vault.unseal(record.id, record.secret))
        self.redactor.learn(self._secrets(record.component, record.key, fields))
        return {"key": record.key, "fields": fields}

    def _secrets(self, component: str, key: str, fields: Mapping[str, Any]) -> Iterator[str]:
        """What the form hides; everything, where the component is gone and cannot tell."""
        known = self.registry.get(component)
        hidden = known.connections[key].secrets if known and key in known.connections else fields.keys()
        yield from (v for k, v in fields.items() if isinstance(v, str) and k in hidden)

    def _connection(self, var: model.ConfigVar, given: Any) -> str:
        wanted, named = var.connection, given or var.scoped
        if not named:
            raise InvalidInput(f"config variable {var.key!r}: choose a connection", field=var.key)
        record = self.expected.get(str(named)) or self.store.connections.named(str(named))
        record = record or self.store.connections.get(str(named))
        if record is None:
            mend = "" if given else "; the integration shares it with others by that name: add it, or choose another"
            raise InvalidInput(f"config variable {var.key!r}: there is no connection {named!r}{mend}", field=var.key)
        if wanted and (record.component, record.key) != (wanted.component.key, wanted.key):
            raise ConnectionFailed(
                f"config variable {var.key!r} wants a connection {wanted.key} of {wanted.component.key}; "
                f"{record.name!r} is {record.key} of {record.component}",
                field=var.key,
            )
        return record.id

    def choices(
        self, integration: model.Integration, key: str, given: Mapping[str, Any], context: ActionContext
    ) -> list[dict[str, str]]:
        """What the data source of a config variable offers, with what is configured so far. Raises ConnectorError."""
        source = _var(integration, key).data_source
        if source is None:
            raise InvalidInput(f"config variable {key!r} has no data source", field=key)
        inputs = _var(integration, key).inputs
        named = {ref.name for value in inputs.values() for ref in rules.refs(value) if ref.name}
        known = {name: self._given(_var(integration, name), given.get(name)) for name in sorted(named)}
        values = resolve_inputs(inputs, Scope(known))
        return self.registry[source.component.key].data_sources[source.key].perform(context, values)

    def _given(self, var: model.ConfigVar, given: Any) -> Any:
        if var.data_type != "connection":
            return value_of(var, given)
        return self.open(self.store.connections.require(self._connection(var, given)))


def with_presets(integration: model.Integration, config: Mapping[str, Any]) -> dict[str, Any]:
    """The values, with what the file presets where a connection leaves a field empty."""
    found = dict(config)
    for var in integration.config_vars:
        connection = config.get(var.key)
        if var.data_type == "connection" and var.inputs and isinstance(connection, Mapping):
            preset = resolve_inputs(var.inputs, Scope(config))
            found[var.key] = {**connection, "fields": preset | connection["fields"]}
    return found


def _var(integration: model.Integration, key: str) -> model.ConfigVar:
    found = integration.config_var(key)
    if found is None:
        raise InvalidInput(f"there is no config variable {key!r}", field=key)
    return found


def value_of(var: model.ConfigVar, given: Any) -> Any:
    """What was given, or the default; only a variable without both is missing. Raises InvalidInput."""
    value = var.default if given is None or given == "" else given
    if value == "" and var.collection:
        return []
    if value == "":
        raise InvalidInput(f"config variable {var.key!r} has no default: give it a value", field=var.key)
    try:
        return values.read(var, value)
    except ValueError as error:
        raise InvalidInput(f"config variable {var.key!r}: {error}", field=var.key) from None


def _listed(names: Any) -> str:
    return ", ".join(map(repr, names)) or "none"
