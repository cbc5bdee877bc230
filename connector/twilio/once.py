"""Send once. Twilio has no idempotency key for messages and calls, so what may have been sent is looked for.

    first attempt ── answered ────────────────────────────▶ claimed, returned
        │ no answer, or the process died
        ▼
    look for it ── found, and nobody else's ──────────────▶ claimed, returned
        │ not found for SETTLING seconds, or    │ cannot be told
        │ UNAWAITED ones; the looks of          │
        │ processes that died are counted       │
        ▼                                       ▼
    send again, SENDS times in all,         OutcomeUnknown
    then TryLater: it was not sent

Messages that are alike are interchangeable: each use claims one of them, so there are as many as there were uses, whichever
of them claims which. Ours may so be another's, and a newer one is left for us: it was not sent only where a list shows none
but what others had claimed before it was read.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from ..context import ActionContext
from ..errors import ConnectorError, OutcomeUnknown, TryLater
from .client import TwilioClient, Values
from .likeness import KINDS, Likeness, Sent, filters, sent_values
from .resource import Resource, form_pairs

T = TypeVar("T")

SENDS = 3
SETTLING = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Seconds to wait before each look: what Twilio took is listed after five at the latest, or it was not taken."""
PATIENCE = (2.0, 4.0, 8.0, 16.0)
"""Seconds to wait before asking again, where Twilio did not answer: only a look that succeeds tells."""
IN_WORK = 15.0
"""Seconds for which Twilio may be at work on what it was sent."""
UNAWAITED = (*SETTLING, 2.0, 2.0, 2.0, 2.0, 2.0)
"""The same as SETTLING where nobody waited so long: the sender died, or has a short timeout. They take IN_WORK seconds."""
MARGIN = timedelta(seconds=60)
"""How far our clock may be from Twilio's, where its answers do not tell its time."""
TWILIOS_CLOCKS = timedelta(seconds=3)
"""How far Twilio's own clocks may be from each other, with its times in whole seconds."""
RIVALS = 20
"""How many lists are read in a row while others claim what each of them has."""
LOOKED_AT = 1000
"""How many of the newest are looked at. Where there were more since, it cannot be told."""


def send_once(
    client: TwilioClient,
    context: ActionContext,
    resource: Resource,
    values: Values,
    *,
    use: str = "",
    first_attempt: datetime | None = None,
) -> Any:
    """Create a message or a call, never twice.

    ``first_attempt``, or the context's, tells that it may have been sent since; ``use`` tells apart what one step sends.
    Raises OutcomeUnknown where it cannot be told whether it was sent, TryLater where it was tried again and again and was not,
    and whatever else creating one raises.
    """
    pairs = tuple(form_pairs(values))
    began = first_attempt or context.first_attempt
    search = Search(client, context, resource, sent_values(pairs), use, client.elapsed(), began)
    if began and (found := search.claimed() or search.settle(UNAWAITED)):
        return found
    for _ in range(SENDS):
        search.note(sending=True)
        sent_at = client.elapsed()
        try:
            made = _known(client.create(resource, pairs))
        except OutcomeUnknown as error:
            unknown = error
        else:
            if context.claims.take(made["sid"], use):
                return made
            unknown = OutcomeUnknown("it was sent, but others take for theirs what was")
        gave_up = client.elapsed() - sent_at >= client.timeout  # otherwise the request ended at Twilio
        context.logger.warning("%s: looking for what may have been sent: %s", resource.name, unknown)
        if found := search.settle(UNAWAITED if gave_up and client.timeout < IN_WORK else SETTLING):
            return found
    message = f"{resource.name}: it was sent {SENDS} times and did not reach Twilio: try again later"
    raise TryLater(message, status=unknown.status, code=unknown.code)


class LookFailed(OutcomeUnknown):
    """Twilio did not say whether it is there; it may when it is asked again."""


@dataclass(frozen=True, slots=True)
class Search:
    """For one thing that may have been sent since this process ``started``, or since another one ``began`` before it."""

    client: TwilioClient
    context: ActionContext
    resource: Resource
    sent: Sent
    use: str
    started: float
    began: datetime | None = None
    others: set[str] = field(default_factory=set)  # what is alike and known to be claimed

    def claimed(self) -> Any:
        """What a process that died has claimed for this use already. Raises OutcomeUnknown."""
        sid = self.context.claims.mine(self.use)
        if sid is None:
            return None
        for pause in (0.0, *PATIENCE):
            self.context.sleep(pause)
            try:
                return self.client.fetch(self.resource, sid)
            except TryLater as error:
                failed: ConnectorError = error
            except ConnectorError as error:
                failed = error
                break
        raise OutcomeUnknown(f"{sid} was made for this, but reading it failed: {failed}", code=failed.code)

    def settle(self, pauses: Sequence[float]) -> Any:
        """Look until it is there or would be. None: it was not sent. Raises OutcomeUnknown."""
        if self._likeness.hidden(self.sent):
            raise OutcomeUnknown(
                f"the {self.resource.name} may have been sent, and its number is not kept: look for it"
            )
        since, before = self._patiently(self._since), min(self._looked(), len(pauses) - 1)
        for number, pause in enumerate(pauses[before:], before + 1):
            self.context.sleep(pause)
            if found := self._patiently(lambda: self._look(since)):
                return found
            self.note(looked=number)
        return None

    def _patiently(self, ask: Callable[[], T]) -> T:
        """What Twilio says once it answers; raises the LookFailed of the last time."""
        for pause in PATIENCE:
            with suppress(LookFailed):
                return ask()
            self.context.sleep(pause)
        return ask()

    def note(self, **entry: Any) -> None:
        """Write down how far it is, for the next process if this one dies too: only what was resumed has come to that."""
        if self.began and not self.use:  # what has a use is in the journal of who sends many
            self.context.journal.append([entry])

    def _looked(self) -> int:
        """How many looks a process before this one has made and sent nothing since; the last is made again."""
        if not self.began or self.use:
            return 0
        last = next(iter(deque(self.context.journal.read(), maxlen=1)), {})
        return int(last.get("looked", 0))

    def _since(self) -> datetime:
        """From when on it may have been made, by Twilio's clock, whose times are whole seconds.

        As Twilio's own answers tell its time, where they do: what somebody else sent a moment earlier is not taken for ours,
        and a clock of ours that is wrong, or is set meanwhile, does not hide what we sent. Raises as a look does.
        """
        if self.began:
            return self.began - MARGIN
        told = self._asked(lambda: self.client.time(self.resource))
        passed = timedelta(seconds=self.client.elapsed() - self.started)
        return self.context.clock() - passed - MARGIN if told is None else told - passed - TWILIOS_CLOCKS

    @property
    def _likeness(self) -> Likeness:
        return KINDS[self.resource.name]

    def _look(self, since: datetime) -> Any:
        for _ in range(RIVALS):
            candidates = self._asked(lambda: list(self._candidates(since)))
            alike = [found for found in reversed(candidates) if self._may_be_ours(found)]
            for found in alike:  # the oldest first: those that look at once meet in one order
                if self.context.claims.take(found["sid"], self.use):
                    return found
                self.others.add(found["sid"])
            if not alike:
                self._require_no_doubt(candidates)
                return None
        message = f"others claim each {self.resource.name} that may be what was sent"
        raise LookFailed(message)

    def _may_be_ours(self, found: Any) -> bool:
        return found["sid"] not in self.others and self._likeness.compare(self.sent, found) == "same"

    def _require_no_doubt(self, candidates: Iterable[Any]) -> None:
        for found in candidates:
            if self._likeness.compare(self.sent, found) == "perhaps" and self._is_free(found):
                message = f"{found['sid']} may be what was sent, or not: look at it before repeating this"
                raise OutcomeUnknown(message)

    def _asked(self, ask: Callable[[], T]) -> T:
        """What Twilio says. Raises LookFailed where it may say it when it is asked again, else OutcomeUnknown."""
        try:
            return ask()
        except ConnectorError as error:
            message = f"the {self.resource.name} may have been sent, and looking for it failed: {error}"
            kind = LookFailed if isinstance(error, TryLater) else OutcomeUnknown
            raise kind(message, status=error.status, code=error.code) from None

    def _candidates(self, since: datetime) -> Iterator[Any]:
        """What was created since, newest first."""
        listed = self.client.list(self.resource, filters(self.sent), limit=LOOKED_AT + 1, page_size=100)
        for found in islice(listed, LOOKED_AT):
            if _is_before(found.get(self._likeness.moved), since):
                return
            if "sid" in found and not _is_before(found.get("dateCreated"), since):
                yield found
        if next(listed, None) is not None:
            message = f"more than {LOOKED_AT} were made since"
            raise OutcomeUnknown(message)

    def _is_free(self, found: Any) -> bool:
        return self.context.claims.is_free(found["sid"], self.use)


def _is_before(moment: Any, since: datetime) -> bool:
    """What has no time is new."""
    return isinstance(moment, str) and _moment(moment) < since


def _known(made: Any) -> Any:
    if isinstance(made, Mapping) and "sid" in made:
        return made
    raise OutcomeUnknown("Twilio answered, but without a SID: it was probably done; look for it")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
