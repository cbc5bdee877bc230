from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.errors import InvalidInput, OutcomeUnknown, Refused, TryLater
from twilio_connector.connector.result import ActionResult
from twilio_connector.host.definition.expressions import Copied, Scope
from twilio_connector.host.definition.model import (
    Branch,
    ComponentRef,
    ConfigVarRef,
    ErrorConfig,
    Flow,
    Reference,
    Step,
    Text,
    UnitRef,
)
from twilio_connector.host.execution.runner import Ignored, run

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


def step(name: str, **more) -> Step:
    return Step(name=name, action=UnitRef(component=ComponentRef(key="c"), key=name), **more)


def flow(*steps: Step) -> Flow:
    return Flow(name="F", steps=(step("Start", is_trigger=True), *steps))


class World:
    """Plays the components: what each step gives, by step key, and what was asked of it."""

    def __init__(self, **gives) -> None:
        self.gives = gives
        self.calls = []
        self.records = []
        self.slept = []

    def perform(self, call):
        self.calls.append(call)
        given = self.gives.get(call.step.key)
        given = given(call) if callable(given) else given
        if (
            isinstance(given, list)
            and call.step.body is None
            and given
            and isinstance(given[0], ActionResult | Exception)
        ):
            given = given[call.attempt - 1]
        if isinstance(given, Exception):
            raise given
        return given if isinstance(given, ActionResult) else ActionResult(data=given)

    def run(self, *steps: Step, limit=4 << 20, **scope):
        running = flow(*steps)
        return run(
            running,
            Scope.begin(running, "payload", scope),
            self.perform,
            sleep=self.slept.append,
            observe=self.records.append,
            clock=lambda: NOON,
            limit=limit,
        )

    @property
    def paths(self):
        return [call.path for call in self.calls]

    @property
    def statuses(self):
        return [(record.path, record.status) for record in self.records]


def test_steps_run_in_order_and_the_last_result_is_the_flows():
    world = World(a=1, b=2)
    outcome = world.run(step("A"), step("B"))
    assert world.paths == ["a", "b"]
    assert (outcome.result.data, outcome.stopped) == (2, False)


def test_a_flow_of_a_trigger_alone_gives_nothing_away():
    assert World().run().result == ActionResult()


def test_a_step_sees_the_payload_and_the_results_before_it():
    world = World(a={"x": 5})
    reference = Reference(text="", step="a", field="results", path=("x",))
    world.run(step("A"), step("B", inputs={"n": reference}))
    assert world.calls[1].inputs == {"n": 5}
    assert world.calls[1].results == {"start": "payload", "a": {"x": 5}}


def test_the_branch_that_a_result_names_is_taken_and_the_ways_meet_again():
    ways = (Branch(name="Yes", steps=(step("B"),)), Branch(name="Else", steps=(step("C"),)))
    world = World(a=ActionResult(branch="Yes"), b="yes")
    assert world.run(step("A", branches=ways)).result.data == "yes"
    world = World(a=ActionResult(branch="Else"))
    world.run(step("A", branches=ways), step("D"))
    assert world.paths == ["a", "c", "d"]


def test_else_need_not_be_there_but_any_other_branch_must():
    ways = (Branch(name="Yes"),)
    assert World(a=ActionResult(data="none", branch="Else")).run(step("A", branches=ways)).result.data == "none"
    with pytest.raises(InvalidInput, match="a: there is no branch 'No'; add it, or one called Else, to Yes"):
        World(a=ActionResult(branch="No")).run(step("A", branches=ways))


def test_a_loop_runs_its_steps_for_each_item_and_gives_their_last_results():
    item = Reference(text="", step="loop", field="currentItem")
    world = World(loop=["x", "y"], last=lambda call: call.inputs["v"] * 2)
    outcome = world.run(step("Loop", body=(step("First"), step("Last", inputs={"v": item}))), step("After"))
    assert world.paths == ["loop", "loop[0].first", "loop[0].last", "loop[1].first", "loop[1].last", "after"]
    assert world.calls[-1].results["loop"] == ["xx", "yy"]
    assert "first" not in world.calls[-1].results
    assert outcome.result == ActionResult()


def test_nested_loops_and_branches_have_paths_that_say_the_turns():
    inner = step("Inner", body=(step("Choose", branches=(Branch(name="Yes", steps=(step("Send"),)),)),))
    world = World(outer=[1, 2], inner=[7], choose=ActionResult(branch="Yes"), send="ok")
    outcome = world.run(step("Outer", body=(inner,)))
    assert world.paths[-3:] == ["outer[1].inner", "outer[1].inner[0].choose", "outer[1].inner[0].send"]
    assert outcome.result.data == [["ok"], ["ok"]]


def test_break_ends_the_innermost_loop_and_the_turn_has_no_result():
    def leave(call):
        return ActionResult(signal="break") if call.results["inner"]["index"] == 1 else ActionResult(data="ok")

    inner = step("Inner", body=(step("Leave"), step("Work")))
    world = World(outer=[1, 2], inner=[1, 2, 3], leave=leave, work="done")
    assert world.run(step("Outer", body=(inner,)), step("After")).result.data is None
    assert world.calls[-1].results["outer"] == [["done"], ["done"]]
    assert "outer[1].inner[1].leave" in world.paths
    assert "outer[1].inner[2].leave" not in world.paths


def test_break_without_a_loop_is_an_error():
    with pytest.raises(InvalidInput, match="there is no loop around this step"):
        World(a=ActionResult(signal="break")).run(step("A"))


def test_stop_ends_everything_with_the_result_of_the_step():
    world = World(loop=[1, 2], leave=ActionResult(data="bye", status_code=202, signal="stop"))
    outcome = world.run(step("Loop", body=(step("Leave"),)), step("After"))
    assert (outcome.result.data, outcome.result.status_code, outcome.stopped) == ("bye", 202, True)
    assert world.paths == ["loop", "loop[0].leave"]


def test_what_is_no_list_cannot_be_looped_over():
    with pytest.raises(InvalidInput, match="loop: gave dict to loop over; it must give a list"):
        World(loop={}).run(step("Loop", body=()))


def test_the_first_error_ends_the_flow():
    world = World(a=Refused("no", status=403))
    with pytest.raises(Refused, match="no"):
        world.run(step("A"), step("B"))
    assert world.paths == ["a"]
    assert world.records[0].error == {"kind": "refused", "message": "no", "status": 403}


def test_an_ignored_error_is_the_steps_result():
    world = World(a=Refused("no"))
    world.run(step("A", errors=ErrorConfig(handler="ignore")), step("B"))
    assert world.calls[1].results["a"] == {"error": {"kind": "refused", "message": "no"}}
    assert world.statuses == [("a", "ignored"), ("b", "succeeded")]


RETRY = ErrorConfig(handler="retry", max_attempts=3, delay_seconds=2, exponential=True)


def test_a_retry_repeats_the_step_with_delays_that_double():
    world = World(a=[TryLater("busy"), TryLater("busy"), ActionResult(data="ok")])
    assert world.run(step("A", errors=RETRY)).result.data == "ok"
    assert [call.attempt for call in world.calls] == [1, 2, 3]
    assert world.slept == [2.0, 4.0]
    assert [record.status for record in world.records] == ["retrying", "retrying", "succeeded"]


def test_the_service_may_ask_for_a_longer_delay():
    world = World(a=[TryLater("busy", retry_after=30), ActionResult()])
    world.run(step("A", errors=RETRY))
    assert world.slept == [30.0]


def test_after_the_last_attempt_the_flow_fails_or_goes_on():
    world = World(a=TryLater("busy"))
    with pytest.raises(TryLater):
        world.run(step("A", errors=RETRY))
    assert len(world.calls) == 4
    lenient = ErrorConfig(handler="retry", max_attempts=1, ignore_final_error=True)
    world = World(a=TryLater("busy"))
    world.run(step("A", errors=lenient), step("B"))
    assert world.calls[-1].results["a"]["error"]["kind"] == "retry"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OutcomeUnknown("gone"), "gone (not tried again: it may have been done)"),
        (Refused("no"), "no (not tried again: the service said no)"),
        (InvalidInput("bad"), "bad (not tried again: the same again would fail again)"),
        (
            TryLater("busy", retry_after=901),
            "busy (not tried again: the service asks to wait 901 s, and a step waits 900 s at most)",
        ),
    ],
)
def test_what_repeating_cannot_help_or_might_double_is_not_repeated_and_says_so(error, told):
    world = World(a=error)
    with pytest.raises(type(error)) as caught:
        world.run(step("A", errors=RETRY))
    assert (world.paths, world.slept) == (["a"], [])
    assert caught.value is error
    assert world.records[-1].error == error.to_dict() | {"message": told}


def test_a_step_that_asks_for_no_other_try_is_not_told_of_one():
    world = World(a=Refused("no"))
    world.run(step("A", errors=ErrorConfig(handler="ignore")))
    assert world.records[-1].error["message"] == "no"


def test_an_error_that_was_ignored_long_ago_is_taken_over_without_another_try():
    world = World(a=Ignored({"kind": "retry", "message": "busy"}))
    world.run(step("A", errors=replace(RETRY, ignore_final_error=True)), step("B"))
    assert (world.paths, world.slept) == (["a", "b"], [])
    assert world.calls[-1].results["a"] == {"error": {"kind": "retry", "message": "busy"}}
    assert world.statuses[0] == ("a", "ignored")


def test_errors_without_a_kind_are_the_engines_and_pass_through_all_handling():
    world = World(a=RuntimeError("cancelled"))
    with pytest.raises(RuntimeError):
        world.run(step("A", errors=ErrorConfig(handler="ignore")))
    assert world.records == []


def test_a_loop_that_fails_inside_is_recorded_as_failed():
    world = World(loop=[1, 2], a=lambda call: "ok" if call.path == "loop[0].a" else Refused("no"))
    with pytest.raises(Refused):
        world.run(step("Loop", body=(step("A"),)))
    assert world.statuses == [
        ("loop", "looping"),
        ("loop[0].a", "succeeded"),
        ("loop[1].a", "failed"),
        ("loop", "failed"),
    ]


def test_records_hold_what_went_in_and_out_but_no_secret():
    connection = {"key": "basic", "fields": {"password": "hunter2"}}
    world = World(a="out")
    world.run(step("A", inputs={"to": Text(text="x"), "by": ConfigVarRef(name="Account")}), Account=connection)
    record = world.records[0]
    assert record.inputs == {"to": "x", "by": {"key": "basic", "configVarKey": "Account"}}
    assert (record.path, record.name, record.component, record.action) == ("a", "A", "c", "A")
    assert (record.output, record.attempt, record.started, record.ended) == ("out", 1, NOON, NOON)
    assert world.calls[0].inputs["by"] is connection
    assert "hunter2" not in repr(world.calls) + repr(world.records)


PLANS = st.recursive(
    st.sampled_from(["ok", "busy", "refused", "break"]),
    lambda inner: st.tuples(st.sampled_from(["loop", "branch"]), st.lists(inner, max_size=3), st.integers(0, 3)),
    max_leaves=8,
)


def build(plans):
    """Steps for a plan, and what each of them gives."""
    gives, names = {}, iter(range(1000))

    def one(plan, *, looping):
        name = f"Step{next(names)}"
        if isinstance(plan, str):
            answers = {"ok": ActionResult(data=name), "busy": TryLater("busy"), "refused": Refused("no")}
            broken = ActionResult(signal="break") if looping else ActionResult()
            gives[name.lower()] = answers.get(plan, broken)
            return step(name, errors=ErrorConfig(handler="retry", max_attempts=1, ignore_final_error=True))
        kind, inner, number = plan
        body = tuple(one(item, looping=looping or kind == "loop") for item in inner)
        gives[name.lower()] = list(range(number)) if kind == "loop" else ActionResult(branch="Yes" if number else "No")
        return (
            step(name, body=body)
            if kind == "loop"
            else step(name, branches=(Branch(name="Yes", steps=body), Branch(name="No")))
        )

    return [one(plan, looping=False) for plan in plans], gives


@given(st.lists(PLANS, max_size=4))
def test_a_replay_of_the_same_results_meets_the_same_calls(plans):
    steps, gives = build(plans)
    first, second = World(**gives), World(**gives)
    assert first.run(*steps) == second.run(*steps)
    calls = [(call.path, call.attempt, call.inputs, call.results) for call in first.calls]
    assert calls == [(call.path, call.attempt, call.inputs, call.results) for call in second.calls]
    assert len({(path, attempt) for path, attempt, *_ in calls}) == len(calls)


def test_the_loops_of_an_execution_have_so_many_turns_together(monkeypatch):
    monkeypatch.setattr("twilio_connector.host.execution.runner.MAX_TURNS", 10)
    inner = step("Inner", body=(step("Note"),))
    World(outer=[1, 2], inner=[1, 2, 3, 4]).run(step("Outer", body=(inner,)))
    world = World(outer=[1, 2], inner=[1, 2, 3, 4, 5])
    with pytest.raises(Refused, match=r"outer\[1\].inner: the loops of this execution took 10 turns"):
        world.run(step("Outer", body=(inner,)))
    assert world.statuses[-2:] == [("outer[1].inner", "failed"), ("outer", "failed")]


def test_the_results_of_a_loop_are_kept_where_they_are_no_larger_together_than_one_steps():
    world = World(loop=list(range(10)), give="x" * 38)
    assert world.run(step("Loop", body=(step("Give"),)), limit=400).result.data == ["x" * 38] * 10
    assert world.run(step("Loop", body=(step("Give"),)), limit=399).result.data.note == {"$tooLarge": 400}


def test_a_loop_whose_results_are_too_large_takes_all_its_turns_and_only_who_asks_for_them_fails():
    results = Reference(text="", step="loop", field="results")
    world = World(loop=list(range(10)), give="x" * 38)
    with pytest.raises(
        Refused, match="loop: the results of its turns take more than 399 bytes together and were not kept"
    ):
        world.run(step("Loop", body=(step("Give"),)), step("A"), step("B", inputs={"all": results}), limit=399)
    assert [path for path, status in world.statuses if status == "succeeded"] == [
        *(f"loop[{turn}].give" for turn in range(10)),
        "loop",
        "a",
    ]
    assert world.records[-1].path == "b"
    (loop,) = [record for record in world.records if (record.path, record.status) == ("loop", "succeeded")]
    assert loop.output == {"$tooLarge": 400}
    with pytest.raises(Refused, match="were not kept"):
        Copied(world.calls[-1].results)["loop"]


def test_what_a_loop_inside_did_not_keep_the_loop_around_it_does_not_keep_either():
    world = World(outer=[1], inner=[1, 2], give="x" * 38)
    outcome = world.run(step("Outer", body=(step("Inner", body=(step("Give"),)),)), limit=79)
    assert outcome.result.data.note == {"$tooLarge": 80}
