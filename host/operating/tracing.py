"""A span for each attempt at an execution and for each of its steps, by OpenTelemetry. Extra ``tracing``.

Exported when the environment names where to, by OpenTelemetry's own variables: ``OTEL_EXPORTER_OTLP_ENDPOINT`` or
``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT``. Attributes are names and ids; no input, output, error message or number is among them.
"""

import threading
from collections import defaultdict
from datetime import datetime

from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.util.types import Attributes

from .telemetry import AttemptEnded, Event, StepEnded

_OPEN = 10_000  # steps of attempts that never end here, because another process took them over, are forgotten at last


def exporting() -> TracerProvider:
    """As OpenTelemetry's variables say."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = Resource({SERVICE_NAME: "twilio-connector"}).merge(Resource.create())
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class Spans:
    """Listens to the host. Spans are made when an attempt has ended, with the times that it had."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer: Tracer = provider.get_tracer("twilio_connector")
        self._steps: dict[str, list[StepEnded]] = defaultdict(list)
        self._lock = threading.Lock()

    def heard(self, event: Event) -> None:
        if isinstance(event, StepEnded):
            with self._lock:
                while len(self._steps) >= _OPEN:
                    del self._steps[next(iter(self._steps))]
                self._steps[event.execution_id].append(event)
        elif isinstance(event, AttemptEnded):
            with self._lock:
                steps = self._steps.pop(event.execution_id, [])
            self._export(event, steps)

    def _export(self, attempt: AttemptEnded, steps: list[StepEnded]) -> None:
        facts: Attributes = {
            "twilio_connector.execution_id": attempt.execution_id,
            "twilio_connector.attempt": attempt.attempt,
            "twilio_connector.instance_id": attempt.instance_id,
            "twilio_connector.integration": attempt.integration,
            "twilio_connector.flow": attempt.flow,
        }
        span = self._tracer.start_span(attempt.flow, start_time=_nanoseconds(attempt.started), attributes=facts)
        for step in steps:
            self._step(step, set_span_in_context(span))
        span.set_status(_status(attempt.outcome))
        span.end(_nanoseconds(attempt.ended))

    def _step(self, step: StepEnded, parent: Context) -> None:
        facts: Attributes = {
            "twilio_connector.step": step.path,
            "twilio_connector.attempt": step.attempt,
            "twilio_connector.component": step.component,
            "twilio_connector.action": step.action,
            "twilio_connector.outcome": step.outcome,
        }
        began = _nanoseconds(step.started)
        span = self._tracer.start_span(f"{step.component}.{step.action}", parent, start_time=began, attributes=facts)
        span.set_status(_status(step.outcome))
        span.end(_nanoseconds(step.ended))


def _status(outcome: str) -> Status:
    return Status(StatusCode.OK) if outcome == "succeeded" else Status(StatusCode.ERROR, outcome)


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1e9)
