"""What is written down of a step: that it begins, and how it ended; the second is told as well."""

from dataclasses import dataclass, replace

from ...connector.context import utc_now
from ..definition.expressions import shown
from ..operating.telemetry import StepEnded
from ..store.steps import StepRow, end_step
from .past import REUSED, Past
from .runner import StepCall, StepRecord
from .runtime import Assignment, Runtime, record_text


@dataclass(frozen=True)
class StepRecords:
    """Those of one attempt at an execution."""

    runtime: Runtime
    assignment: Assignment
    past: Past

    def begun(self, call: StepCall) -> StepRow:
        now = utc_now()
        ref = call.step.action
        record = StepRecord(
            path=call.path,
            attempt=call.attempt,
            name=call.step.name,
            component=ref.component.key,
            action=ref.key,
            started=now,
            ended=now,
            inputs=shown(call.step.inputs, call.inputs),
        )
        return replace(self._row(record), ended_at=None)

    def observe(self, record: StepRecord) -> None:
        row = self._row(record)
        self.runtime.records.put_later(lambda connection: end_step(connection, row))
        self.runtime.telemetry.tell(
            StepEnded(
                execution_id=self.assignment.execution_id,
                path=record.path,
                attempt=record.attempt,
                component=record.component,
                action=record.action,
                outcome=str((record.error or {}).get("kind", "succeeded")),
                started=record.started,
                ended=record.ended,
            )
        )

    def _row(self, record: StepRecord) -> StepRow:
        is_past = not self.past.reached and record.status == "succeeded"
        return StepRow(
            execution_id=self.assignment.execution_id,
            flow_attempt=self.assignment.attempt,
            path=record.path,
            attempt=record.attempt,
            name=record.name,
            component=record.component,
            action=record.action,
            status=REUSED if is_past else record.status,
            inputs=record_text(record.inputs, self.runtime),
            output=None if record.output is None else record_text(record.output, self.runtime),
            error=None if record.error is None else self.runtime.redactor.strike_all(dict(record.error)),
            started_at=record.started,
            ended_at=record.ended,
        )
