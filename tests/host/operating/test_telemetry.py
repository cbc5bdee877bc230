"""Traces and the structured log: where something happened, and no secret in either."""

import io
import json
import logging

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from twilio_connector.host.operating.logs import JsonLines
from twilio_connector.host.operating.telemetry import exporter_is_named
from twilio_connector.host.operating.tracing import Spans

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
CONFIG = (
    "requiredConfigVars:\n  - {key: Token, dataType: connection, "
    "connection: {component: {key: probe, isPublic: true, version: LATEST}, key: token}}\n"
)


@pytest.fixture
def ended(host, integration, step, call, tmp_path):
    """Run a flow whose first step knows a secret and whose second fails with it in its message."""

    def run():
        host.connections.add(
            name="mine", component="probe", key="token", fields={"account": "A1", "token": "/nowhere/hunter2"}
        )
        path = integration(
            step("Note", "note", file=str(tmp_path / "f"), line="+15551234567", token="#Token"),
            step("Fail", "fail", file="$note.results.seen"),
            config=CONFIG,
        )
        return call(
            host.instances.deploy(path, customer="acme", config={"Token": "mine"}), b'{"text": "private words"}'
        )

    return run


def test_an_attempt_is_a_span_with_its_steps_below(host, ended):
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    host.telemetry.listeners.append(Spans(provider).heard)
    execution_id = ended().execution_id
    note, fail, flow = kept.get_finished_spans()
    assert (flow.name, note.name, fail.name) == ("Inbound", "probe.note", "probe.fail")
    assert {note.parent.span_id, fail.parent.span_id} == {flow.context.span_id}
    assert flow.attributes["twilio_connector.execution_id"] == execution_id
    assert (note.status.is_ok, fail.status.is_ok, flow.status.is_ok) == (True, False, False)
    assert flow.start_time <= note.start_time <= note.end_time <= fail.end_time <= flow.end_time
    told = " ".join(span.to_json() for span in (note, fail, flow))
    assert not [word for word in ("hunter2", "+1555", "private words") if word in told]


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_traces_leave_only_where_the_environment_names_a_collector(settings, environ, named):
    assert exporter_is_named(environ) is named


def test_a_line_of_the_log_says_where_it_came_from_and_holds_no_secret(settings, host, ended):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("twilio_connector.flow")
    logger.addHandler(handler)
    handler.addFilter(host._filter)
    try:
        execution_id = ended().execution_id
    finally:
        logger.removeHandler(handler)
    (line,) = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (line["execution_id"], line["instance"], line["flow"]) == (execution_id, "Probe", "Inbound")
    assert (line["level"], line["logger"]) == ("WARNING", "twilio_connector.flow")
    assert "No such file" in line["error"]
    assert "hunter2" not in stream.getvalue()
