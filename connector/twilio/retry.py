"""When to try again, and after how long."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ConnectorError, OutcomeUnknown, TryLater

QUEUE_FULL = 21611


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A policy. Times are seconds; ``longest`` bounds the waiting for one request, all attempts together.

    ``Retry-After`` comes before everything else. What may have happened is never repeated.
    """

    attempts: int = 5
    first: float = 0.5
    factor: float = 2.0
    longest: float = 30.0
    jitter: bool = True
    all_errors: bool = False

    def delay(self, failure: ConnectorError, attempt: int, waited: float, random: Callable[[], float]) -> float | None:
        """Seconds to wait after the failure of this attempt, counted from 1; None to give up."""
        if attempt >= self.attempts or not self._may_repeat(failure):
            return None
        wait = self.first * self.factor ** (attempt - 1) * ((1 + random()) / 2 if self.jitter else 1)
        if failure.retry_after is not None:  # all who were told the same must not come back as one
            wait = failure.retry_after + random() * self.first
        return wait if waited + wait <= self.longest else None

    def _may_repeat(self, failure: ConnectorError) -> bool:
        if isinstance(failure, OutcomeUnknown) or failure.code == QUEUE_FULL:
            return False
        return self.all_errors or isinstance(failure, TryLater)
