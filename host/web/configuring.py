"""The pages of a configuration: which inputs each asks for, what was entered so far, and what is wrong with it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...connector.context import ActionContext
from ...connector.errors import ConnectorError, is_told
from ..definition import values
from ..definition.model import ConfigVar, Integration
from ..definition.timetable import Timetable
from ..host import Host
from .body import BodyRefused
from .forms import with_choices
from .markup import plain_text, sentence
from .schedule_form import inputs_of as schedule_inputs
from .schedule_form import text_of

Entered = Mapping[str, Any]
"""What the forms hold, by the names of their fields: ``v0`` is the first config variable, ``v0-zone`` its time zone."""
_WRITTEN = {
    "timestamp": "In UTC.",
    "objectSelection": 'As JSON: a list of objects, such as [{"object": {"key": "contact"}, "fields": []}].',
    "objectFieldMap": 'As JSON, such as {"fields": [{"field": {"key": "phone"}, "mappedField": {"key": "mobile"}}]}.',
    "jsonForm": "As JSON.",
}
_KINDS = {"boolean": "boolean", "code": "code", "number": "number", "date": "date", "timestamp": "timestamp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A page of the wizard. ``texts`` are its HTML elements as plain text; ``config_vars`` by the names of their fields."""

    title: str
    tagline: str = ""
    texts: Sequence[str] = ()
    config_vars: Mapping[str, ConfigVar]


def steps_of(integration: Integration) -> list[Step]:
    """The file's pages in their order, then one of what is on no page."""
    keys = {var.key: f"v{n}" for n, var in enumerate(integration.config_vars)}
    left = dict(keys)
    steps = []
    for page in integration.config_pages:
        texts = [text for item in page.elements if item.type == "htmlElement" and (text := plain_text(item.value))]
        names = [item.value for item in page.elements if item.type != "htmlElement" and item.value in left]
        asked = {left.pop(name): integration.config_var(name) for name in dict.fromkeys(names)}
        if asked or texts:
            known = {key: var for key, var in asked.items() if var}
            steps.append(Step(title=page.name, tagline=page.tagline, texts=texts, config_vars=known))
    rest = {key: var for name, key in left.items() if (var := integration.config_var(name))}
    more = [Step(title="More" if steps else "Configuration", config_vars=rest)] if rest else []
    return [*steps, *more]


def by_name(integration: Integration, entered: Entered) -> dict[str, Any]:
    """Values by config variable; what was left empty is left out."""
    named = {f"v{n}": var for n, var in enumerate(integration.config_vars)}
    found = {v.key: text_of(entered, k) if v.data_type == "schedule" else entered.get(k) for k, v in named.items()}
    return {name: value for name, value in found.items() if value not in (None, "", [])}


def begun(integration: Integration, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the forms hold at first: the defaults, or a configuration by config variable."""
    found: dict[str, Any] = {}
    for n, var in enumerate(integration.config_vars):
        value = var.default if config is None or var.key not in config else config[var.key]
        if var.data_type == "schedule":
            found |= _schedule(f"v{n}", var, str(value))
        elif value != "":
            found[f"v{n}"] = _listed(var, value) if var.collection else value
    return {key: value for key, value in found.items() if _fits(integration, key, value)}


def remembered(integration: Integration, text: str) -> dict[str, Any]:
    """What the form of another page carries along. Raises BodyRefused."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        found = None
    if (
        not isinstance(found, dict)
        or not values.is_writable(found)
        or not all(_fits(integration, key, value) for key, value in found.items())
    ):
        raise BodyRefused(400, "the form cannot be read: what was entered before is damaged")
    return found


def about(name: str, error: Exception) -> str:
    """What an error says about the config variable of that name, beside which it will stand."""
    return str(error).removeprefix(f"config variable {name!r}").removeprefix(" has no default").removeprefix(": ")


def _schedule(key: str, var: ConfigVar, text: str) -> dict[str, str]:
    try:
        timetable = Timetable.parse(text, var.time_zone)
    except ValueError:  # none, or what an older version took for something else
        return {key: text, f"{key}-zone": var.time_zone}
    return {key: timetable.line, f"{key}-zone": timetable.zone}


def _listed(var: ConfigVar, value: Any) -> Any:
    try:
        return values.read(var, value)
    except ValueError:
        return None


def _fits(integration: Integration, key: str, value: Any) -> bool:
    """Whether a field of that name can show the value at all; whether it is right is asked later."""
    var = {f"v{n}": var for n, var in enumerate(integration.config_vars)}.get(key)
    if var is None or var.data_type == "schedule":
        return isinstance(value, str)
    if var.collection == "valuelist":
        return isinstance(value, list) and all(map(_is_plain, value))
    if var.collection:
        return isinstance(value, list) and all(_is_pair(item) for item in value)
    return _is_plain(value) or var.data_type in values.JSON_TYPES


def _is_pair(item: Any) -> bool:
    return isinstance(item, dict) and item.keys() == {"key", "value"} and all(map(_is_plain, item.values()))


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


@dataclass(frozen=True, slots=True)
class Asking:
    """A configuration on its way: what is asked for, and what was entered so far."""

    host: Host
    integration: Integration
    entered: Entered

    @property
    def given(self) -> dict[str, Any]:
        """By config variable."""
        return by_name(self.integration, self.entered)

    def inputs(self, step: Step, *, offered: bool = True) -> list[Mapping[str, Any]]:
        """The form of a page; ``offered`` asks the data sources. Config variables are named for people, fields are not."""
        return [item for key, var in step.config_vars.items() for item in self._inputs(key, var, offered=offered)]

    def wrong(self, step: Step) -> dict[str, str]:
        """What is wrong on a page, by the names of its fields."""
        given, found = self.given, {}
        for key, var in step.config_vars.items():
            try:
                self.host.configuration.check_one(var, given.get(var.key))
            except ConnectorError as error:
                found[key] = about(var.key, error)
        return found

    def _inputs(self, key: str, var: ConfigVar, *, offered: bool) -> Sequence[Mapping[str, Any]]:
        required, comments = not var.default and not var.collection, var.description
        if var.data_type == "schedule":
            return schedule_inputs(key, var.key, f"{var.key}: time zone", required=required, comments=comments)
        comments = f"{comments} {_WRITTEN.get(var.data_type, '')}".strip()
        shared = {"key": key, "label": var.key, "comments": comments, "collection": var.collection or None}
        if var.data_type == "connection":
            return [shared | self._connection(var)]
        kind = "code" if var.data_type in values.JSON_TYPES else _KINDS.get(var.data_type, "string")
        options = [{"label": choice, "value": choice} for choice in var.pick_list]
        drawn = shared | {"type": kind, "model": options or None, "required": required, "default": var.default}
        if var.data_source is None:
            return [drawn]
        drawn |= {"dataSource": var.data_source.key}
        return [self._offered(var, drawn) if offered else drawn]

    def _connection(self, var: ConfigVar) -> dict[str, Any]:
        connections = self.host.store.connections
        if var.connection is None:
            options = [{"label": item.name, "value": item.name} for item in connections.all()]
            comments = f"{var.description} The integration shares it with others by the name {var.scoped}.".strip()
            return {"required": False, "model": options, "comments": comments}
        component, kind = var.connection.component.key, var.connection.key
        found = [item for item in connections.all(component) if item.key == kind]
        none = "" if found else f" There is none of this kind ({component}.{kind}) yet; add one first."
        options = [{"label": item.name, "value": item.id} for item in found]
        return {"required": True, "model": options, "comments": var.description + none}

    def _offered(self, var: ConfigVar, drawn: dict[str, Any]) -> dict[str, Any]:
        """With what the data source offers, once what it asks for is chosen; until then any text."""
        given = self.given
        try:
            context = ActionContext(transport=self.host.transport)
            choices = self.host.configuration.choices(self.integration, var.key, given, context)
            return with_choices(drawn, choices, given.get(var.key))
        except Exception as error:
            if not is_told(error):
                raise
            wait = "Choose what it depends on, then load the choices, or enter it yourself."
            return drawn | {"comments": f"{var.description} {sentence(str(error)) if given else wait}".strip()}
