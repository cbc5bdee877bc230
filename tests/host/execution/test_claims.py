"""What a step made at a service, and what it wrote down as it went, outlive it; no other step takes them for its own."""

from dataclasses import dataclass

import pytest
from twilio_connector.host.execution.claims import StepClaims
from twilio_connector.host.execution.journal import PAGE, StepJournal
from twilio_connector.host.host import Host
from twilio_connector.host.processes.life import Stopping


@dataclass
class Place:
    """A host, and the executions in it that steps belong to."""

    host: Host
    executions: list[str]

    def claims(self, execution=0, step="1/send#1", component="twilio"):
        runtime = self.host.engine._runtime
        return StepClaims(runtime=runtime, component=component, execution_id=self.executions[execution], step=step)

    def journal(self, execution=0, step="1/send#1"):
        return StepJournal(self.host.engine._runtime, self.executions[execution], step)


@pytest.fixture
def place(host, integration, step, call):
    instance = host.instances.deploy(integration(step("Give", "give", what="x")), customer="acme")
    return Place(host, [call(instance).execution_id for _ in range(2)])


def test_what_one_step_made_no_other_takes(place):
    assert place.claims().take("SM1")
    assert not place.claims(execution=1).take("SM1")
    assert not place.claims(step="1/send#2").take("SM1")
    assert not place.claims().take("SM1", "another use")
    assert place.claims(component="other").take("SM1")


def test_what_a_call_made_no_step_takes_and_the_other_way_round(place):
    row = {"key_digest": None, "fingerprint": "", "who": "api:t", "component": "twilio", "action": "send", "owner": "x"}
    call, _ = place.host.store.api_actions.begin(**row, takes_over=lambda _: False)
    runtime = place.host.engine._runtime
    claims = StepClaims(runtime=runtime, component="twilio", call_id=call.id, step="call")
    assert claims.take("SM1")
    assert claims.take("SM1")
    assert claims.mine() == "SM1"
    assert not place.claims().take("SM1")
    assert not place.claims().is_free("SM1")
    assert place.claims().take("SM2")
    assert not claims.take("SM2")
    assert not claims.is_free("SM2")


def test_the_step_itself_takes_it_again_and_finds_it(place):
    assert place.claims().take("SM1", "7")
    assert place.claims().take("SM1", "7")
    assert (place.claims().mine("7"), place.claims().mine("8"), place.claims().mine()) == ("SM1", None, None)


def test_what_is_free_is_free_for_all_and_what_is_taken_only_for_its_own(place):
    assert place.claims(execution=1).is_free("SM1")
    place.claims().take("SM1")
    assert place.claims().is_free("SM1")
    assert not place.claims(execution=1).is_free("SM1")


def test_a_journal_is_read_by_the_next_process_in_order_and_goes_on_behind_it(place):
    first = place.journal()
    first.append([{"line": number} for number in range(PAGE + 1)])
    first.append([{"to": "“Ada”"}], sync=False)
    second = place.journal()
    second.append([{"line": -1}])
    assert list(place.journal().read()) == [*({"line": n} for n in range(PAGE + 1)), {"to": "“Ada”"}, {"line": -1}]
    assert list(place.journal(execution=1).read()) == []
    assert list(place.journal(step="2/send#1").read()) == []


def test_a_host_that_stops_does_not_let_the_step_say_that_nothing_was_done(place):
    claims, journal = place.claims(), place.journal()
    place.host._records.close()
    with pytest.raises(Stopping):
        claims.take("SM1")
    with pytest.raises(Stopping):
        journal.append([{}])
