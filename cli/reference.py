"""``docs``: a component's reference, a page of Markdown made from what the component declares."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from itertools import chain
from typing import Any

from ..connector.component import Component, Unit
from ..connector.payload import json_default
from .markdown import anchor, block, code, comment, folded, link, plain, table

_ADDRESS = re.compile(r"https://\S+[\w/]")

Inputs = list[dict[str, Any]]
Group = tuple[str, str, list[Unit]]

TYPES = {"valuelist": "list", "keyvaluelist": "key-value list", "connection": link("connection", "Connections")}
STATUSES = (
    ("2", "input", "Fix the input that the message names; nothing was sent."),
    ("3", "connection", "Fix the connection."),
    ("4", "refused", "The service said no, with its code and a link: do not repeat it."),
    ("5", "retry", "Nothing was done: try again later."),
    ("6", "unknown", "It may have been done: look before repeating it."),
)
FLAGS = {
    "scheduleSupport": "schedule",
    "synchronousResponseSupport": "synchronous response",
}


def page(component: Component) -> str:
    """The whole page."""
    manifest = component.manifest()
    parts = [
        f"# {plain(component.display['label'])}: actions, triggers, data sources and connections",
        _introduction(component),
        *_contents(component),
        "## Errors",
        "What fails says what to do next, by the exit status of the command and the kind of the error:",
        table(("Status", "Kind", "What to do"), ((code(s), code(kind), plain(mend)) for s, kind, mend in STATUSES)),
        *_section("Actions", [_actions(component, manifest)] if component.actions else []),
        *_section("Triggers", (_trigger(unit, manifest) for unit in component.triggers.values())),
        *_section("Data sources", (_data_source(unit, manifest) for unit in component.data_sources.values())),
        *_section("Connections", map(_connection, manifest["connections"])),
    ]
    return "\n\n".join(parts) + "\n"


def _introduction(component: Component) -> str:
    return (
        f"{_sentence(component.display['description'])} Made from the component by `twilio-connector docs`, so edit the "
        f"component instead. The service's own documentation: <{component.documentation_url}>."
    )


def _contents(component: Component) -> Iterator[str]:
    yield "## Contents"
    if component.actions:
        yield table(("Action", "What it does"), chain.from_iterable(map(_listed, _groups(component))))
    others = {
        "Triggers": component.triggers,
        "Data sources": component.data_sources,
        "Connections": component.connections,
    }
    yield "\n".join(
        f"- {link(f'**{name}**', name)}: {', '.join(_linked(unit) for unit in units.values())}"
        for name, units in others.items()
        if units
    )


def _listed(group: Group) -> Iterator[tuple[str, str]]:
    name, _, units = group
    yield link(f"**{plain(name)}**", name), ""
    yield from ((_linked(unit), plain(unit.description)) for unit in units)


def _section(name: str, units: Iterable[Iterator[str]]) -> list[str]:
    parts = list(chain.from_iterable(units))
    return [f"## {name}", *parts] if parts else []


def _groups(component: Component) -> Iterator[Group]:
    """The actions of each module, in the order in which the component first names it: title, docstring, actions."""
    modules: dict[str, list[Unit]] = {}
    for unit in component.actions.values():
        modules.setdefault(unit.entry.partition(":")[0], []).append(unit)
    for module, units in modules.items():
        doc = import_module(f"{component.package}.{module}").__doc__ or ""
        yield _title(module, doc), doc, units


def _title(module: str, doc: str) -> str:
    """The module's name, spelt as its docstring has it."""
    name = module.rpartition(".")[2].replace("_", " ")
    found = re.search(rf"\b{re.escape(name)}\b", doc, re.IGNORECASE)
    spelt = found[0] if found else name
    return spelt[:1].upper() + spelt[1:]


def _heading(unit: Unit) -> str:
    return f"{plain(unit.label)} {code(unit.key)}"


def _linked(unit: Unit) -> str:
    return f"[{code(unit.key)}](#{anchor(_heading(unit))})"


def _actions(component: Component, manifest: Mapping[str, Any]) -> Iterator[str]:
    sources = component.data_sources
    for name, doc, units in _groups(component):
        yield f"### {plain(name)}"
        if links := _ADDRESS.findall(doc):
            yield f"See {', '.join(f'<{address}>' for address in links)}."
        for unit in units:
            said = manifest["actions"][unit.key]
            yield f"#### {_heading(unit)}"
            yield _sentence(unit.description)
            yield _inputs(said["inputs"], sources)
            yield from _example("Example result", said, "data")


def _trigger(unit: Unit, manifest: Mapping[str, Any]) -> Iterator[str]:
    said = manifest["triggers"][unit.key]
    yield f"### {_heading(unit)}"
    yield _sentence(unit.description)
    yield "; ".join(f"{name}: {code(str(said[flag]))}" for flag, name in FLAGS.items() if flag in said)
    yield _inputs(said["inputs"], {})
    yield from _example("Example payload", said, "payload")


def _data_source(unit: Unit, manifest: Mapping[str, Any]) -> Iterator[str]:
    said = manifest["dataSources"][unit.key]
    yield f"### {_heading(unit)}"
    yield _sentence(unit.description)
    yield _inputs(said["inputs"], {})
    yield from _example("Example result", said, "result")


def _connection(said: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {plain(said['label'])} {code(said['key'])}"
    yield _sentence(said["comments"])
    yield _inputs(said["inputs"], {})


def _sentence(text: str) -> str:
    return comment(text if text.endswith(".") else f"{text}.")


def _inputs(inputs: Inputs, sources: Mapping[str, Unit]) -> str:
    if not inputs:
        return "No inputs."
    return table(("Input", "Type", "Default", "Description"), (_row(said, sources) for said in inputs))


def _row(said: Mapping[str, Any], sources: Mapping[str, Unit]) -> tuple[str, ...]:
    default = said.get("default") or ""
    needed = "**required**" if said["required"] and not default else ""
    return (
        f"{code(said['key'])}<br>{plain(said['label'])}",
        TYPES.get(said.get("collection", said["type"]), said["type"]),
        code(default) if default else needed,
        " ".join(_description(said, sources)),
    )


def _description(said: Mapping[str, Any], sources: Mapping[str, Unit]) -> Iterator[str]:
    """What the form says, what may be chosen, and an example."""
    if comments := said.get("comments"):
        yield _sentence(comments)
    if source := sources.get(said.get("dataSource", "")):
        yield f"Chosen from {_linked(source)}."
    if choices := said.get("model"):
        yield f"One of {', '.join(map(_choice, choices))}."
    elif example := said.get("example"):
        yield f"Example: {code(str(example))}"


def _choice(choice: Mapping[str, str]) -> str:
    label, value = choice["label"], choice["value"]
    return code(value) if label == value else f"{code(value)} ({plain(label)})"


def _example(summary: str, said: Mapping[str, Any], key: str) -> Iterator[str]:
    if (example := said.get("examplePayload", {}).get(key)) is not None:
        text = json.dumps(example, default=json_default, ensure_ascii=False, indent=2)
        yield folded(summary, block("json", text))
