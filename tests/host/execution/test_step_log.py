"""What steps write to their log is kept with the execution: which step, how loud, capped, and without secrets."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from twilio_connector.host.execution.step_log import LogBook
from twilio_connector.host.store.logs import Logs

from ..engine.test_cancel import eventually

LOG = (
    "{{name: Say, action: {{component: {{key: log, isPublic: true, version: LATEST}}, key: writeLog}}, inputs: {{{}}}}}"
)


def line(message, level="info"):
    return LOG.format(f"message: {{type: value, value: '{message}'}}, level: {{type: value, value: {level}}}")


def test_lines_are_kept_with_their_step_and_without_secrets(host, integration, call):
    host.redactor.learn(["a-word-of-power"])
    done = call(host.instances.deploy(integration(line("it is a-word-of-power <b>", "debug")), customer="acme"))
    eventually(lambda: host.store.logs.of(done.execution_id))
    (kept,) = host.store.logs.of(done.execution_id)
    assert (kept.path, kept.level, kept.message) == ("say", "debug", "it is [secret] <b>")


@pytest.mark.parametrize("error", [sa.exc.OperationalError("SELECT", {}, Exception("refused")), sa.exc.TimeoutError()])
def test_a_line_waits_for_a_database_that_is_away_and_does_not_fail_its_step(
    host, integration, call, monkeypatch, error
):
    count, answers = Logs.count, iter([False])

    def count_or_not(logs, execution_id):
        if next(answers, True):
            return count(logs, execution_id)
        raise error

    monkeypatch.setattr(Logs, "count", count_or_not)
    assert call(host.instances.deploy(integration(line("hi")), customer="acme")).status == "succeeded"
    assert next(answers, None) is None


def test_only_so_many_lines_are_kept_of_an_execution(host, integration, call):
    done = call(host.instances.deploy(integration(line("first")), customer="acme"))
    runtime = replace(host.engine._runtime, limits=replace(host.settings.limits, log_lines=3))
    for _ in range(2):  # as two processes would, one after the other
        host._records.put(lambda _: None).result()
        book = LogBook(runtime, done.execution_id, 1)
        logger = book.logger("say", 1)
        for number in range(5):
            logger.info("line %s %s", *[number])  # arguments that do not fit
    eventually(lambda: host.store.logs.count(done.execution_id) >= 4)
    host._records.put(lambda _: None).result()
    messages = [kept.message for kept in host.store.logs.of(done.execution_id)]
    assert len(messages) == 4
    assert messages[-1] == "more was written than the 3 lines that are kept of an execution"
