"""Loops, branches, triggers and code: what may stand where, by the flags of the units that are installed."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...connector.errors import InvalidInput
from . import code, model
from .cursor import Notes
from .names import did_you_mean
from .problems import Where

Flags = Mapping[str, Any]
_LOOPS = frozenset({"loopOverItems", "loopNTimes"})


def note_trigger(flow: model.Flow, step: model.Step, flags: Flags, notes: Notes) -> None:
    """Note a trigger that this host cannot run, or not in this flow."""
    support = flags.get("synchronousResponseSupport", "valid")
    if flow.synchronous and support == "invalid":
        notes.add(flow.at.key("isSynchronous"), f"{step.action.key} cannot answer its caller; make it false")
    if not flow.synchronous and support == "required":
        notes.add(flow.at.key("isSynchronous"), f"{step.action.key} must answer its caller; make it true")
    wanted = flags.get("scheduleSupport", "valid")
    if wanted == "required" and flow.schedule is None:
        mend = "write schedule: {type: value, value: '*/15 * * * *', meta: {scheduleType: custom}} at this step"
        notes.add(step.at.key("schedule"), f"is required; {step.action.key} runs by a schedule: {mend}")
    if wanted == "invalid" and flow.schedule is not None:
        notes.add(flow.schedule.at, f"{step.action.key} waits for requests and takes no schedule; remove it")


def note_step(step: model.Step, flags: Flags, notes: Notes) -> None:
    """Note steps inside a step that does not run them, and branches that do not fit."""
    loops = step.action.component.key == "loop" and step.action.key in _LOOPS
    if step.body is not None and not loops:
        notes.add(step.at.key("steps"), f"{step.action.key} does not loop; move the steps after it")
    if step.body is None and loops:
        notes.add(step.at.key("steps"), "is required; a loop has the steps that it repeats")
    if step.branches is not None and not flags.get("allowsBranching"):
        notes.add(step.at.key("branches"), f"{step.action.key} does not branch; move the steps after it")
    if step.branches is None and flags.get("allowsBranching"):
        notes.add(step.at.key("branches"), "is required; a branching step has branches, each with its steps")
    if (loops or step.branches is not None) and step.errors.handler != "fail":
        mend = "handle errors at the steps inside it"
        notes.add(step.errors.at, f"error handling of a loop or branch does not reach the steps inside; {mend}")
    _branch_names(step, notes)


def _branch_names(step: model.Step, notes: Notes) -> None:
    """Every branch that a choice names is there, and every branch that is there is named."""
    named = {name: at for value in step.inputs.values() for name, at in _choices(value)}
    branches = {branch.name: branch.at for branch in step.branches or ()}
    if step.branches is None or not named:
        return
    for name in sorted(named.keys() - branches.keys() - {"Else"}):
        notes.add(named[name], f"there is no branch {name!r} in branches; {did_you_mean(name, branches)}")
    for name in sorted(branches.keys() - named.keys() - {"Else"}):
        notes.add(branches[name], f"nothing leads to the branch {name!r}; remove it or name it in the inputs")


def note_code(value: model.Input, folder: Path | None, notes: Notes) -> None:
    """Note what is no Python function of the integration's folder."""
    if not isinstance(value, model.Text):
        notes.add(value.at, "must be of type value, so that the code is known when the file is loaded")
    elif folder is not None:
        try:
            code.find(folder, value.text)
        except InvalidInput as error:
            notes.add(value.at, str(error))


def note_run_as(flow: model.Flow, folder: Path | None, notes: Notes) -> None:
    """Note a script that is none."""
    if flow.run_as.type == "script" and folder is not None:
        try:
            code.find(folder, flow.run_as.value)
        except InvalidInput as error:
            notes.add(flow.run_as.at.key("value"), str(error))


def note_breaks(steps: tuple[model.Step, ...], notes: Notes, *, in_loop: bool) -> None:
    """Note each step that breaks a loop where there is none."""
    for step in steps:
        is_break = (step.action.component.key, step.action.key) == ("loop", "breakLoop")
        if is_break and not in_loop:
            notes.add(step.at, "there is no loop around this step to break; move it into one")
        note_breaks(step.body or (), notes, in_loop=True)
        for branch in step.branches or ():
            note_breaks(branch.steps, notes, in_loop=in_loop)


def note_invoked(step: model.Step, integration: model.Integration, notes: Notes) -> None:
    """Note a flow that is invoked by its name and is not there, or answers a caller that waits."""
    value = step.inputs.get("flowName")
    if (step.action.component.key, step.action.key) != ("cross-flow", "invokeFlow") or not isinstance(
        value, model.Text
    ):
        return
    flows = {flow.name: flow for flow in integration.flows}
    if value.text and value.text not in flows:
        notes.add(value.at, f"there is no flow {value.text!r}; {did_you_mean(value.text, flows)}")
    elif value.text and flows[value.text].synchronous:
        notes.add(
            value.at, f"{value.text!r} is synchronous, and its answer is not waited for; make isSynchronous false"
        )


def _choices(value: model.Input) -> Iterator[tuple[str, Where]]:
    match value:
        case model.KeyValueList(items=pairs):
            yield from ((pair.name, pair.value.at) for pair in pairs if isinstance(pair.name, str))
        case model.Conditional(branches=branches):
            yield from ((name, group.at) for name, group in branches)
