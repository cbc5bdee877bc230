"""Components: a component.yaml and the units that it names, each imported only when it is used."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from inspect import signature
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from . import manifest
from .context import ActionContext
from .errors import ConnectionFailed, InvalidComponent, InvalidInput
from .payload import TriggerResult, WebhookRequest
from .result import ActionResult, example_of
from .webhooks import Change, Ledger

if TYPE_CHECKING:  # pydantic, half the time of a start: whoever only lists a component does not wait for it
    from pydantic import BaseModel

    from .inputs import Connection

U = TypeVar("U", bound="Unit")

ENTRY_POINT_GROUP = "twilio_connector.components"


@dataclass(frozen=True, eq=False)
class Unit:
    """What component.yaml says of one connection, action, trigger or data source.

    ``entry`` is ``module:name`` or ``module:name.method``.
    """

    key: str
    label: str
    description: str
    entry: str
    flags: Mapping[str, Any]
    component: "Component" = field(repr=False)

    @cached_property
    def target(self) -> Any:
        """The function or class that ``entry`` names, imported now. Raises InvalidComponent."""
        return self._import(self.entry)

    @cached_property
    def model(self) -> "type[BaseModel]":
        """The model of the inputs: the type of the function's last parameter."""
        from pydantic import BaseModel

        from .inputs import Inputs

        parameters = list(signature(self.target).parameters)
        model = get_type_hints(self.target).get(parameters[-1]) if parameters else None
        return model if isinstance(model, type) and issubclass(model, BaseModel) else Inputs

    @cached_property
    def example(self) -> Any:
        """An example of what it gives, from its return type; None where that says none."""
        return example_of(get_type_hints(self.target, include_extras=True).get("return"))

    def prepare(self, values: Mapping[str, Any]) -> Any:
        """Clean, complete and check what a host or a person gives. Raises InvalidInput or ConnectionFailed."""
        from pydantic import ValidationError

        from .inputs import explain

        try:
            return self.model.model_validate(dict(self._with_connections(values)))
        except ValidationError as error:
            raise explain(error, self.model, InvalidInput) from None

    @cached_property
    def connection_inputs(self) -> tuple[str, ...]:
        """The keys of the inputs that take a connection."""
        fields = self.model.model_fields.items()
        return tuple(f.alias or name for name, f in fields if manifest.input_type(f.annotation) == "connection")

    def _with_connections(self, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, value in values.items():
            is_connection = value is not None and value != "" and name in self.connection_inputs
            yield name, self.component.connect(value) if is_connection else value

    def _import(self, entry: str) -> Any:
        module_name, _, name = entry.partition(":")
        full_name = f"{self.component.package}.{module_name}"
        try:
            module = import_module(full_name)
        except ModuleNotFoundError as error:
            if not full_name.startswith(error.name or " "):  # a module that the unit itself imports is missing
                raise
            problem = f"there is no module {module_name}"
        else:
            try:
                return attrgetter(name)(module)
            except AttributeError:
                problem = f"module {module_name} has no {name}"
        file = self.component.root / manifest.FILE_NAME
        raise InvalidComponent(f"{file}: {self.key}: entry {entry}: {problem}", field=self.key)


class ConnectionType(Unit):
    """A kind of credential: the model that is its form."""

    @cached_property
    def model(self) -> "type[Connection]":
        """The model itself."""
        found: type[Connection] = self.target
        return found

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """The form, in the platform's shape."""
        return manifest.inputs_of(self.model)

    @cached_property
    def secrets(self) -> frozenset[str]:
        """The fields whose values are never shown."""
        return frozenset(item["key"] for item in self.inputs if item["type"] == "password")

    def build(self, fields: Mapping[str, Any]) -> "Connection":
        """Clean and check the fields. Raises ConnectionFailed naming the field."""
        from pydantic import ValidationError

        from .inputs import explain

        try:
            return self.model.model_validate(dict(fields))
        except ValidationError as error:
            raise explain(error, self.model, ConnectionFailed) from None

    def test(self, fields: Mapping[str, Any], context: ActionContext) -> str:
        """Try the connection for real; a sentence that says what it reaches. Raises ConnectorError."""
        return self.build(fields).test(context)


class Action(Unit):
    """A function that does one thing at the service."""

    @property
    def pure(self) -> bool:
        """True where the result follows from the inputs alone, so that a replay may compute it again."""
        return bool(self.flags.get("pure", False))

    @property
    def repeatable(self) -> bool:
        """True where doing it again changes nothing: it only reads, or only computes."""
        return self.pure or bool(self.flags.get("readOnly", False))

    @property
    def looks_first(self) -> bool:
        """True where it does nothing twice: told of a first attempt, it looks for what that did (``context.first_attempt``)."""
        return bool(self.flags.get("looksFirst", False))

    def may_repeat(self, values: Mapping[str, Any]) -> bool:
        """Whether it may be done again when it is not known to be done: by what it is, or by what its inputs say."""
        said = values.get(self.flags.get("repeatableInput", ""))
        return self.repeatable or self.looks_first or str(said).lower() == "true"

    def run(self, context: ActionContext, values: Mapping[str, Any]) -> Any:
        """Run it and give back what it gives: for lists an iterator that fetches as it is read."""
        return self.target(context, self.prepare(values))

    def perform(self, context: ActionContext, values: Mapping[str, Any]) -> ActionResult:
        """Run it. Raises ConnectorError, whose kind says what to do next."""
        result = self.run(context, values)
        if isinstance(result, ActionResult):
            return result
        return ActionResult(data=list(result) if isinstance(result, Iterator) else result)


class Trigger(Unit):
    """A function that turns what the service says into a payload."""

    def receive(
        self, context: ActionContext, request: WebhookRequest, values: Mapping[str, Any] | None = None
    ) -> TriggerResult:
        """Verify and normalise a request. Raises WebhookRejected; nothing of a rejected request may reach a flow."""
        return self.emit(context, request, self.prepare(values or {}))

    def emit(self, context: ActionContext, request: WebhookRequest, inputs: "BaseModel") -> TriggerResult:
        """Like receive, with inputs that were prepared once for many requests."""
        result: TriggerResult = self.target(context, request, inputs)
        return result

    def sign(self, request: WebhookRequest, connection: "Connection") -> WebhookRequest:
        """The request as the service would send it with this connection's secrets: for tests and simulations."""
        signer = self.flags.get("sign")
        signed: WebhookRequest = request if signer is None else self._import(signer)(request, connection)
        return signed

    @property
    def fires_on(self) -> str:
        """``instanceDeploy`` or ``instanceRemove`` for a trigger that the host fires then, and no request; else empty."""
        return str(self.flags.get("firesOn", ""))

    @property
    def registers(self) -> bool:
        """True where it points the service at its webhook itself, if its inputs ask for that."""
        return "webhookCreate" in self.flags

    def create_webhook(self, context: ActionContext, inputs: "BaseModel", ledger: Ledger) -> tuple[Change, ...]:
        """Point the service at ``context.invoke_url``; what is changed there now. Raises ConnectorError; see webhooks."""
        return tuple(self._import(self.flags["webhookCreate"])(context, inputs, ledger))

    def delete_webhook(self, context: ActionContext, inputs: "BaseModel", ledger: Ledger) -> tuple[Change, ...]:
        """Put back what the ledger holds; what was put back or left. Raises ConnectorError; see webhooks."""
        return tuple(self._import(self.flags["webhookDelete"])(context, inputs, ledger))

    @property
    def is_polling(self) -> bool:
        """True for a trigger that asks instead of being told."""
        return bool(self.flags.get("isPollingTrigger", False))

    @property
    def takes_requests(self) -> bool:
        """False for a trigger that only its schedule or the host starts: a request to the flow's URL then starts nothing."""
        return not (self.is_polling or self.fires_on) and self.flags.get("scheduleSupport") != "required"


class DataSource(Unit):
    """A function that offers values for a form."""

    def perform(self, context: ActionContext, values: Mapping[str, Any]) -> list[dict[str, str]]:
        """The choices: ``{"label", "key"}`` each."""
        return list(self.target(context, self.prepare(values)))


@dataclass(frozen=True, eq=False)
class Component:
    """A loaded component. Listing it imports none of its units."""

    key: str
    public: bool
    display: Mapping[str, str]
    documentation_url: str
    root: Path
    package: str
    connections: Mapping[str, ConnectionType] = field(repr=False, default_factory=dict)
    actions: Mapping[str, Action] = field(repr=False, default_factory=dict)
    triggers: Mapping[str, Trigger] = field(repr=False, default_factory=dict)
    data_sources: Mapping[str, DataSource] = field(repr=False, default_factory=dict)

    def manifest(self) -> dict[str, Any]:
        """The resolved manifest, in the platform's stored-definition shape. Imports every unit."""
        return manifest.resolve(self)

    def connect(self, value: Any) -> "Connection":
        """The connection of a connection value, ``{"key": …, "fields": {…}}``. Raises ConnectionFailed."""
        from .inputs import Connection

        match value:
            case Connection():
                return value
            case {"key": str(key), "fields": Mapping() as fields} if key in self.connections:
                return self.connections[key].build(fields)
        known = ", ".join(self.connections)
        raise ConnectionFailed(f'a connection is {{"key": one of {known}, "fields": {{…}}}}', field="key")


def load(source: str | Path) -> Component:
    """Load a component from an installed package's name or from a folder.

    A folder is checked against the schema each time; an installed distribution was checked by its own contract suite, so only
    a document that cannot be built is explained by it. Raises InvalidComponent.
    """
    folder = Path(source)
    if isinstance(source, Path) or folder.is_dir():
        return _load_folder(folder.resolve())
    spec = find_spec(source) if source.isidentifier() else None
    locations = list(spec.submodule_search_locations or ()) if spec else []
    root = next((Path(p) for p in locations if (Path(p) / manifest.FILE_NAME).is_file()), None)
    if root is None:
        raise InvalidComponent(f"{source!r} is neither a folder nor an installed package with a {manifest.FILE_NAME}")
    document = manifest.read(root / manifest.FILE_NAME)
    try:
        return _build(document, root, source)
    except (KeyError, TypeError, AttributeError):
        manifest.check(document)
        raise


def discover(folders: Iterable[Path] = ()) -> Mapping[str, Component]:
    """All components by key, those of installed distributions and of ``folders``. Two with one key: InvalidComponent."""
    from importlib.metadata import entry_points

    found: dict[str, Component] = {}
    installed = sorted({point.value for point in entry_points(group=ENTRY_POINT_GROUP)})
    for component in [*map(load, installed), *(load(Path(folder)) for folder in folders)]:
        twin = found.setdefault(component.key, component)
        if twin is not component:
            raise InvalidComponent(
                f"two components have the key {component.key!r}: {twin.root} and {component.root}; remove one",
                field="key",
            )
    return MappingProxyType(found)


def _load_folder(root: Path) -> Component:
    document = manifest.read(root / manifest.FILE_NAME)
    manifest.check(document)
    return _build(document, root, _package_of(root))


def _package_of(root: Path) -> str:
    """The import name of a folder: that of this distribution for its own root, else one made from its path.

    The folder becomes a package of its own in ``sys.modules``; ``sys.path`` stays as it is.
    """
    own = __name__.rpartition(".connector.")[0]
    if root == Path(__file__).resolve().parents[1]:
        return own
    name = re.sub(r"\W", "_", f"component_{root.name}_{sha256(str(root).encode()).hexdigest()[:12]}")
    if name not in sys.modules:
        _add_package(name, root)
        if (root / "connector" / Path(__file__).name).is_file():
            _share_core(f"{own}.connector", f"{name}.connector", root / "connector")
    return name


def _share_core(ours: str, theirs: str, folder: Path) -> None:
    """Let a mounted copy of this distribution stand on the host's core, so that errors and models are the host's too.

    What is not the core, such as ``connector.twilio``, is the copy's own.
    """
    _add_package(theirs, folder)
    for module in Path(__file__).parent.glob("[a-z]*.py"):
        sys.modules[f"{theirs}.{module.stem}"] = import_module(f"{ours}.{module.stem}")


def _add_package(name: str, folder: Path) -> None:
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    sys.modules[name] = module_from_spec(spec)


def _build(document: manifest.Document, root: Path, package: str) -> Component:
    content = document.content
    connections: dict[str, ConnectionType] = {}
    actions: dict[str, Action] = {}
    triggers: dict[str, Trigger] = {}
    sources: dict[str, DataSource] = {}
    component = Component(
        key=content["key"],
        public=content.get("public", False),
        display=MappingProxyType(dict(content["display"])),
        documentation_url=content["documentationUrl"],
        root=root,
        package=package,
        connections=MappingProxyType(connections),
        actions=MappingProxyType(actions),
        triggers=MappingProxyType(triggers),
        data_sources=MappingProxyType(sources),
    )
    connections.update(_units(ConnectionType, "connections", component, content))
    actions.update(_units(Action, "actions", component, content))
    triggers.update(_units(Trigger, "triggers", component, content))
    sources.update(_units(DataSource, "dataSources", component, content))
    return component


def _units(kind: type[U], name: str, component: Component, content: Mapping[str, Any]) -> dict[str, U]:
    return {key: _unit(kind, key, said, component) for key, said in (content.get(name) or {}).items()}


def _unit(kind: type[U], key: str, said: Mapping[str, Any], component: Component) -> U:
    plain = {"label", "description", "comments", "entry"}
    return kind(
        key=key,
        label=said["label"],
        description=said.get("description") or said["comments"],
        entry=said["entry"],
        flags=MappingProxyType({name: value for name, value in said.items() if name not in plain}),
        component=component,
    )
