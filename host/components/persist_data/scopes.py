"""The same actions for each of the platform's four scopes.

Their only effect is the state that they return, which a host stores together with their outcome; so they say ``readOnly``,
and a host that died repeats them. An action that looks at the state before it changes it has the state to itself while it runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from twilio_connector.connector.context import ActionContext, utc_text
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.inputs import Inputs, KeyValues, read_json
from twilio_connector.connector.payload import same
from twilio_connector.connector.result import ActionResult

Key = Annotated[
    str, Field(title="Key", description="The name of the stored value.", examples=["lastSync"], max_length=255)
]
Value = Annotated[Any, Field(title="Value", description="What to store. Nothing removes the key.")]
Member = Annotated[Any, Field(title="Value", description="The value, compared as JSON has it.")]
Amount = Annotated[int, Field(title="Amount", description="By how much.")]


def _listed(value: Any) -> Any:
    value = read_json(value)
    return value if isinstance(value, list | tuple) else [value]


Items = Annotated[tuple[Any, ...], BeforeValidator(_listed)]


class OneKey(Inputs):
    """Which value."""

    key_input: Key


class Save(Inputs):
    """What to store, and under which name."""

    key_input: Annotated[str, Field(title="Key", description="The name of the stored value.", max_length=255)] = ""
    value_input: Value = None
    key_value_input: Annotated[
        KeyValues,
        Field(title="Key/Values", description="Several names with their values; key and value are then ignored."),
    ] = ()


class Get(Inputs):
    """Which value, and what to give where there is none."""

    key_input: Key
    default_value_input: Annotated[Any, Field(title="Default Value", description="Given where nothing is stored.")] = (
        None
    )


class Remove(Inputs):
    """Which values."""

    key_input: Annotated[str, Field(title="Key", description="The name of the stored value.", max_length=255)] = ""
    multiple_keys: Annotated[
        Items, Field(title="Multiple Keys", description="Several names; the key is then ignored.")
    ] = ()


class OneMember(Inputs):
    """Which list or set, and which value in it."""

    key_input: Key
    value_input: Member = None


class Members(Inputs):
    """Which list, and what to append."""

    key_input: Key
    values_input: Annotated[Items, Field(title="Values", description="The values to append.")] = ()
    dynamic_values: Annotated[
        Items, Field(title="Dynamic Values", description="A list, also as JSON; the values are then ignored.")
    ] = ()
    flatten_values: Annotated[bool, Field(title="Flatten Values", description="Append the members of lists.")] = False


class Step(Inputs):
    """Which number, and by how much."""

    key_input: Key
    amount: Amount = 1


@dataclass(frozen=True)
class State:
    """The actions for the state that contexts and results call ``scope``, such as ``instance_state``."""

    scope: str

    def _state(self, context: ActionContext) -> Mapping[str, Any]:
        found: Mapping[str, Any] = getattr(context, self.scope)
        return found

    def _changed(self, values: Mapping[str, Any], data: Any = None) -> ActionResult:
        changes: dict[str, Any] = {self.scope: values}
        return ActionResult(data=data, **changes)

    def save(self, _context: ActionContext, inputs: Save) -> ActionResult:
        if not (inputs.key_input or inputs.key_value_input):
            raise InvalidInput("keyInput: is required", field="keyInput")
        return self._changed(dict(inputs.key_value_input) or {inputs.key_input: inputs.value_input})

    def get(self, context: ActionContext, inputs: Get) -> Any:
        return self._state(context).get(inputs.key_input, inputs.default_value_input)

    def remove(self, _context: ActionContext, inputs: Remove) -> ActionResult:
        keys = [str(key) for key in inputs.multiple_keys] or [inputs.key_input]
        if not all(keys):
            raise InvalidInput("keyInput: is required", field="keyInput")
        return self._changed(dict.fromkeys(keys))

    def clear(self, context: ActionContext, _inputs: Inputs) -> ActionResult:
        return self._changed(dict.fromkeys(self._state(context)))

    def list_keys(self, context: ActionContext, _inputs: Inputs) -> list[str]:
        return sorted(self._state(context))

    def save_time(self, context: ActionContext, inputs: OneKey) -> ActionResult:
        now = utc_text(context.clock())
        return self._changed({inputs.key_input: now}, now)

    def _add(self, context: ActionContext, key: str, amount: int) -> ActionResult:
        before = self._state(context).get(key, 0)
        if isinstance(before, bool) or not isinstance(before, int | float):
            raise InvalidInput(f"keyInput: {key!r} holds {type(before).__name__}, not a number", field="keyInput")
        return self._changed({key: before + amount}, before + amount)

    def increment(self, context: ActionContext, inputs: Step) -> ActionResult:
        return self._add(context, inputs.key_input, inputs.amount)

    def decrement(self, context: ActionContext, inputs: Step) -> ActionResult:
        return self._add(context, inputs.key_input, -inputs.amount)

    def _members(self, context: ActionContext, key: str) -> list[Any]:
        found = self._state(context).get(key, [])
        if not isinstance(found, list):
            raise InvalidInput(f"keyInput: {key!r} holds {type(found).__name__}, not a list", field="keyInput")
        return found

    def append(self, context: ActionContext, inputs: OneMember) -> ActionResult:
        key = inputs.key_input
        return self._changed({key: [*self._members(context, key), inputs.value_input]})

    def append_all(self, context: ActionContext, inputs: Members) -> ActionResult:
        given = [*(inputs.dynamic_values or inputs.values_input)]
        flat = [item for one in given for item in (one if isinstance(one, list | tuple) else [one])]
        key = inputs.key_input
        return self._changed({key: [*self._members(context, key), *(flat if inputs.flatten_values else given)]})

    def remove_member(self, context: ActionContext, inputs: OneMember) -> ActionResult:
        key = inputs.key_input
        return self._changed(
            {key: [item for item in self._members(context, key) if not same(item, inputs.value_input)]}
        )

    def add_to_set(self, context: ActionContext, inputs: OneMember) -> ActionResult:
        key = inputs.key_input
        found = self._members(context, key)
        is_there = any(same(item, inputs.value_input) for item in found)
        return self._changed({key: found if is_there else [*found, inputs.value_input]})


execution = State("execution_state")
instance = State("instance_state")
cross_flow = State("cross_flow_state")
integration = State("integration_state")
