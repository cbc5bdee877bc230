"""An integration file as frozen data: the platform's definition grammar, versions 6 and 7.

Every node carries ``at``, its place in the file, for messages; it takes no part in equality.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .names import camel_case
from .problems import Where

_NOWHERE = Where(0)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Something with a place in the file."""

    at: Where = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Text(Placed):
    """``type: value``: always text; booleans are ``true`` and ``false``. Empty text means "not given"."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ConfigVarRef(Placed):
    """``type: configVar``, or ``{{#Name}}`` in a template. An empty name means "not given"."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Reference(Placed):
    """``type: reference``: a step's key, then ``results``, ``currentItem`` or ``index``, then a path."""

    text: str
    step: str
    field: Literal["results", "currentItem", "index"]
    path: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Template(Placed):
    """``type: template``: literal text, references and config variables, in order."""

    text: str
    parts: tuple[str | Reference | ConfigVarRef, ...]


@dataclass(frozen=True, kw_only=True)
class ValueList(Placed):
    """``type: complex`` with values only."""

    items: tuple["Input", ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pair:
    """An entry of a key-value list. ``name`` is an input where the file computes it."""

    name: "str | Input"
    value: "Input"


@dataclass(frozen=True, kw_only=True)
class KeyValueList(Placed):
    """``type: complex`` with names."""

    items: tuple[Pair, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Term(Placed):
    """``[equal, left, right]``; ``right`` is None where the operator takes one operand."""

    operator: str
    left: "Input"
    right: "Input | None" = None


@dataclass(frozen=True, kw_only=True)
class Group(Placed):
    """``[and, …]`` or ``[or, …]``."""

    operator: Literal["and", "or"]
    terms: tuple["Term | Group", ...] = ()


@dataclass(frozen=True, kw_only=True)
class Conditional(Placed):
    """``type: complex`` of branches with their conditions, tried in order."""

    branches: tuple[tuple[str, Group], ...] = ()


Collection = ValueList | KeyValueList | Conditional
Input = Text | ConfigVarRef | Reference | Template | Collection
Inputs = Mapping[str, Input]


@dataclass(frozen=True, kw_only=True)
class ComponentRef(Placed):
    """Which component. ``version`` counts the platform's publications; a host runs the one that is installed."""

    key: str
    version: str = "LATEST"
    signature: str = ""


@dataclass(frozen=True, kw_only=True)
class UnitRef(Placed):
    """An action, trigger, connection or data source of a component."""

    component: ComponentRef
    key: str
    template: str = ""


@dataclass(frozen=True, kw_only=True)
class Schedule(Placed):
    """When a trigger fires by itself: what a :class:`~.timetable.Timetable` reads, or the config variable that holds it."""

    type: Literal["value", "configVar"]
    value: str
    schedule_type: str = "custom"
    time_zone: str = ""

    @property
    def is_on(self) -> bool:
        """False for one that is written down but switched off."""
        return self.schedule_type != "none"


@dataclass(frozen=True, kw_only=True)
class ErrorConfig(Placed):
    """What to do when a step fails. Delays are seconds."""

    handler: Literal["fail", "ignore", "retry"] = "fail"
    max_attempts: int = 0
    delay_seconds: int = 0
    exponential: bool = False
    ignore_final_error: bool = False


@dataclass(frozen=True, kw_only=True)
class Branch(Placed):
    """A named way through a branching step."""

    name: str
    steps: tuple["Step", ...] = ()


@dataclass(frozen=True, kw_only=True)
class Step(Placed):
    """A step. ``body`` is None unless it loops, ``branches`` is None unless it branches."""

    name: str
    action: UnitRef
    description: str = ""
    stable_key: str = ""
    is_trigger: bool = False
    inputs: Inputs = field(default_factory=dict)
    body: tuple["Step", ...] | None = None
    branches: tuple[Branch, ...] | None = None
    schedule: Schedule | None = None
    errors: ErrorConfig = ErrorConfig()

    @property
    def key(self) -> str:
        """The name by which references call it."""
        return camel_case(self.name)

    def walk(self) -> Iterator["Step"]:
        """The step and all within it, in the order of the file."""
        yield self
        for step in (*(self.body or ()), *(inner for branch in self.branches or () for inner in branch.steps)):
            yield from step.walk()


@dataclass(frozen=True, kw_only=True)
class RetryConfig(Placed):
    """Repeat a failed execution from its start. Delays are minutes."""

    max_attempts: int = 0
    delay_minutes: int = 0
    exponential: bool = False
    unique_request_id: Reference | None = None


@dataclass(frozen=True, kw_only=True)
class QueueConfig(Placed):
    """In which order, and how many at a time, executions of a flow run."""

    fifo: bool = False
    concurrency_limit: int | None = None
    dedupe_id: Reference | None = None
    singleton: bool = False


@dataclass(frozen=True, kw_only=True)
class RunAs(Placed):
    """On whose behalf a flow runs: the system, a user of the customer by id, or whom ``module:function`` names."""

    type: Literal["system", "user", "script"] = "system"
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Flow(Placed):
    """A trigger and the steps after it. ``declared`` has the keys of the file that only :mod:`check` looks at."""

    name: str
    steps: tuple[Step, ...]
    description: str = ""
    stable_key: str = ""
    synchronous: bool = False
    agent: bool = False
    security: str = "customer_optional"
    organization_api_keys: tuple[str, ...] = ()
    retry: RetryConfig | None = None
    queue: QueueConfig | None = None
    run_as: RunAs = RunAs()
    declared: Mapping[str, Where] = field(default_factory=dict, compare=False, repr=False)

    @property
    def trigger(self) -> Step:
        """The first step."""
        return self.steps[0]

    @property
    def schedule(self) -> Schedule | None:
        """When the flow starts by itself, if it does."""
        found = self.steps[0].schedule if self.steps else None
        return found if found and found.is_on else None

    def walk(self) -> Iterator[Step]:
        """All steps, in the order of the file."""
        for step in self.steps:
            yield from step.walk()


@dataclass(frozen=True, kw_only=True)
class ConfigVar(Placed):
    """What a customer configures. The key is the name that people see."""

    key: str
    data_type: str
    stable_key: str = ""
    description: str = ""
    default: str = ""
    default_at: Where | None = field(default=None, compare=False, repr=False)
    org_only: bool = False
    pick_list: tuple[str, ...] = ()
    collection: Literal["", "valuelist", "keyvaluelist"] = ""
    schedule_type: str = ""
    time_zone: str = ""
    code_language: str = ""
    connection: UnitRef | None = None
    data_source: UnitRef | None = None
    scoped: str = ""
    on_premise: str = "disallowed"
    inputs: Inputs = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PageElement(Placed):
    """A config variable by its key, or HTML."""

    type: Literal["configVar", "htmlElement", "jsonForm"]
    value: str


@dataclass(frozen=True, kw_only=True)
class ConfigPage(Placed):
    """One page of the configuration wizard."""

    name: str
    tagline: str = ""
    user_level: bool = False
    elements: tuple[PageElement, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Renames:
    """Old names by which earlier versions called what is still the same: new name by old one."""

    flows: Mapping[str, str] = field(default_factory=dict)
    config_vars: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Integration(Placed):
    """A whole file. ``folder`` is where it lies, None if it came as bytes."""

    name: str
    flows: tuple[Flow, ...]
    definition_version: int = 7
    description: str = ""
    documentation: str = ""
    category: str = ""
    labels: tuple[str, ...] = ()
    version: str = ""
    endpoint_type: str = "flow_specific"
    config_vars: tuple[ConfigVar, ...] = ()
    config_pages: tuple[ConfigPage, ...] = ()
    renames: Renames = Renames()
    file: str = "integration.yaml"
    folder: Path | None = field(default=None, compare=False)
    declared: Mapping[str, Where] = field(default_factory=dict, compare=False, repr=False)

    def flow(self, name: str) -> Flow:
        """The flow of that name. Raises KeyError."""
        return {flow.name: flow for flow in self.flows}[name]

    def config_var(self, key: str) -> ConfigVar | None:
        """The config variable of that name."""
        return next((var for var in self.config_vars if var.key == key), None)
